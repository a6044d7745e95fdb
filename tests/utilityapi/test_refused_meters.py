"""Meters whose data is refused though they are listed: they are named, and all others' comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_utility_energy.utilityapi.meter_requests import MOST_REFUSALS
from tests.http.raw import RawServer, config, response
from tests.support import TapRunner

BILLS, INTERVALS = "utilityapi_bills", "utilityapi_intervals"
KEYS = {BILLS: "bills", INTERVALS: "intervals"}
NOT_FOUND = json.dumps({"error": "not_found", "error_description": "No such meter."}).encode()


class Vendor:
    """Lists meters, and answers 404 to any request that names a bad one.

    Args:
        meters: How many there are; their uids are the numbers from 100 on.
        bad: Those whose data is refused.
        body: What a refusal says.
        status: What it is answered with.
    """

    def __init__(
        self, meters: int, bad: set[str], body: bytes = NOT_FOUND, status: str = "404 Not Found"
    ) -> None:
        self._meters = [str(100 + number) for number in range(meters)]
        self._bad = bad
        self._body, self._status = body, status

    def __call__(self, path: str) -> Iterator[bytes]:
        url = urlsplit(path)
        query = {name: values[0].split(",") for name, values in parse_qs(url.query).items()}
        if url.path == "/meters":
            wanted = query.get("uids", self._meters)
            yield self._list("meters", [meter(uid) for uid in wanted])
        elif self._bad.intersection(query["meters"]):
            yield response(self._body, status=self._status)
        else:
            yield self._list(url.path[1:], [data(uid) for uid in query["meters"]])

    def _list(self, key: str, records: list[dict[str, Any]]) -> bytes:
        return response(json.dumps({key: records, "next": None}).encode())


def meter(uid: str) -> dict[str, Any]:
    return {"uid": uid, "authorization_uid": "a", "bill_count": 1, "interval_count": 1}


def data(uid: str) -> dict[str, Any]:
    return {"uid": f"{uid}-2-1", "meter_uid": uid}


@pytest.mark.parametrize(("stream", "requests"), [(BILLS, 14), (INTERVALS, 7)])
@pytest.mark.parametrize("body", [NOT_FOUND, b"<html>no</html>"])
def test_one_bad_meter_costs_itself_alone(
    tap: TapRunner, stream: str, requests: int, body: bytes
) -> None:
    with RawServer(Vendor(100, {"142"}, body)) as server:
        run = tap(config(server), streams=[stream])

    came = {row["meter_uid"] for row in run.records(stream)}
    assert run.exit == 1
    assert came == {str(uid) for uid in range(100, 200)} - {"142"}
    assert run.last_line.startswith(
        f"{stream}: the data of these meters did not come, though UtilityAPI lists them: 142; "
        "that of all others did. For the first of them, UtilityAPI answered 404"
    )
    assert set(run.state["bookmarks"][stream]["meters"]) == came
    chunks = 100 // (100 if stream == BILLS else 10)
    of_data = [path for path in server.asked if not path.startswith("/meters")]
    assert len(of_data) <= chunks + requests
    assert len(server.asked) - len(of_data) <= 3


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_a_bad_meter_is_told_by_the_errors_name_too(tap: TapRunner, status: str) -> None:
    with RawServer(Vendor(4, {"102"}, status=status)) as server:
        run = tap(config(server), streams=[BILLS])

    assert [row["meter_uid"] for row in run.records(BILLS)] == ["100", "101", "103"]
    assert run.last_line.startswith(f"{BILLS}: the data of these meters did not come")
    assert "lists them: 102; that of all others did." in run.last_line


def test_the_next_run_asks_for_the_bad_meter_alone(tap: TapRunner) -> None:
    with RawServer(Vendor(100, {"142"})) as server:
        state = tap(config(server), streams=[BILLS]).state
    with RawServer(Vendor(100, set())) as server:
        run = tap(config(server), streams=[BILLS], state=state)

    assert run.exit == 0, run.stderr
    assert [row["meter_uid"] for row in run.records(BILLS)] == ["142"]


def test_several_bad_meters_are_all_named(tap: TapRunner) -> None:
    bad = {"100", "101", "150", "199"}
    with RawServer(Vendor(100, bad)) as server:
        run = tap(config(server), streams=[BILLS, "utilityapi_bill_line_items"])

    assert len(run.records(BILLS)) == 96
    assert "lists them: 100, 101, 150, 199; " in run.last_line
    assert run.last_line.startswith("utilityapi_bill_line_items, utilityapi_bills: ")


def test_a_list_that_is_refused_altogether_is_given_up(tap: TapRunner) -> None:
    with RawServer(Vendor(1000, {str(uid) for uid in range(100, 1100)})) as server:
        run = tap(config(server), streams=[INTERVALS])

    assert run.exit == 1
    assert "UtilityAPI answered 404" in run.last_line
    assert not run.records(INTERVALS)
    assert len(server.asked) < 2 * MOST_REFUSALS + 2
