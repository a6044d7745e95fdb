"""Chunks of meters in flight together: the same rows and state as one after the other."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi.answer_sizes import MOST_BYTES
from tap_utility_energy.utilityapi.streams import BILLS as BILL_LIST
from tap_utility_energy.utilityapi.streams import INTERVALS as LIST
from tests.http.raw import RawServer, config, measured, response
from tests.support import TapRunner, catalog, start
from tests.utilityapi.meter_data import BILLS, INTERVALS, ITEMS, landed, sync, truth, vendor

READINGS = "utilityapi_interval_readings"
KEY = ("meter_uid", "start", "end")
WIDTH = "utilityapi_max_parallel_requests"


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small chunks."""
    for endpoint in (LIST, BILL_LIST):
        monkeypatch.setattr(endpoint, "meters_at_once", 1)
        monkeypatch.setattr(endpoint, "most_meters", 2)


def intervals_in_flight(box: Sandbox) -> int:
    return max(request["in_flight"] for request in box.requests())


def test_rows_and_state_are_those_of_one_after_the_other(tap: TapRunner) -> None:
    options = {"interval_meters": 6, "interval_days": 2, "billing_summaries": 150}
    streams = [BILLS, ITEMS, INTERVALS, READINGS]
    with vendor(**options, latency_ms=30) as box:
        one = sync(tap, box, None, *streams, **{WIDTH: 1})
        assert intervals_in_flight(box) == 1
        many = sync(tap, box, None, *streams, **{WIDTH: 4})
        assert 2 <= intervals_in_flight(box) <= 4
        again = sync(tap, box, many, *streams, **{WIDTH: 4})

        assert one.exit == many.exit == 0, many.stderr
        assert landed(many) == truth(box)
    for stream in streams:
        assert many.records(stream) == one.records(stream)
        assert not again.records(stream)
    assert many.state == one.state


def test_new_days_are_read_by_windows_in_flight_together(tap: TapRunner) -> None:
    settings = {WIDTH: 4, "utilityapi_mixed_intervals": True}
    with vendor(interval_meters=6, interval_days=2, billing_summaries=150) as box:
        runs = [sync(tap, box, None, READINGS, **settings)]
        for event in ("grow_intervals", "older_readings", "grow_intervals"):
            box.advance(event)
            runs.append(sync(tap, box, runs[-1], READINGS, **settings))
        true = box.truth(only="interval_readings")["interval_readings"]
    rows = [row for run in runs for row in run.records(READINGS)]
    found = {tuple(row[name] for name in KEY): row["datapoints"] for row in rows}
    assert found == {tuple(row[name] for name in KEY): row["datapoints"] for row in true}
    assert len(runs[-1].records(READINGS)) < len(true)


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 500, "times": None}])
def test_a_failure_keeps_what_came_before_it(
    tap: TapRunner, box: Sandbox, fault: dict[str, Any]
) -> None:
    box.set_faults([{**fault, "path": "/bills", "at": 8}])
    first = sync(tap, box, None, BILLS, **{WIDTH: 4}, max_wait_seconds=3)
    assert first.exit == 1
    assert first.last_line.startswith(f"{BILLS}: UtilityAPI")
    known = first.state["bookmarks"][BILLS]["meters"]
    rows = {bill["meter_uid"] for bill in landed(first).values()}
    assert rows <= known.keys()
    box.set_faults([])
    second = sync(tap, box, first, BILLS, **{WIDTH: 4})

    assert 0 < len(landed(first)) < len(truth(box))
    assert landed(first, second) == truth(box)


def test_a_consent_that_ends_costs_its_meters_alone(tap: TapRunner, box: Sandbox) -> None:
    bills = truth(box)
    gone = next(iter(bills.values()))["authorization_uid"]
    box.advance("revoke_authorization", authorization=gone, after_requests=3)
    run = sync(tap, box, None, BILLS, **{WIDTH: 4})

    assert run.exit == 0, run.stderr
    assert "the consent for these meters ended during the run" in run.stderr
    left = {key: bill for key, bill in bills.items() if bill["authorization_uid"] != gone}
    assert left.items() <= landed(run).items()


METERS = [str(number) for number in range(24)]


class BigServer:
    """Meters with large answers; it knows how many of these are asked for at the same time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0
        #: Whether the first was answered before another one was asked for.
        self.first_alone = False
        self.release = threading.Event()

    def answer(self, path: str) -> Iterator[bytes]:
        if path.startswith("/meters"):
            meters = [{"uid": uid, "authorization_uid": "a", "interval_count": 9} for uid in METERS]
            yield response(json.dumps({"meters": meters, "next": None}).encode())
            return
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        uids = parse_qs(urlsplit(path).query)["meters"][0].split(",")
        rows = [
            {"uid": uid, "meter_uid": uid, "updated": "", "readings": [], "x": "x" * self._size}
            for uid in uids
        ]
        self.release.wait(0.3)
        with self._lock:
            self.first_alone = self.first_alone or self._now == self.most == 1
            self._now -= 1
        yield response(json.dumps({"intervals": rows, "next": None}).encode())


def test_the_answers_in_flight_are_together_no_larger_than_one_may_be(tmp_path: Path) -> None:
    size = 7 << 20
    server = BigServer(size)
    with RawServer(server.answer) as raw:
        code, line, _ = measured(tmp_path, raw, [READINGS], **{WIDTH: 16})

    assert code == 0, line
    # The first ten meters share a request, as nobody knows of their size.
    assert server.first_alone
    assert 2 <= server.most <= MOST_BYTES // size + 1


def test_a_signal_ends_a_run_while_many_answers_are_awaited(
    tmp_path: Path, warm_tap: tuple[str, ...]
) -> None:
    asked = threading.Event()
    server = BigServer(1)

    def answer(path: str) -> Iterator[bytes]:
        if path.startswith("/intervals") and server.most:
            asked.set()
            server.release.wait(60)
        yield from server.answer(path)

    with RawServer(answer) as raw:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config(raw, **{WIDTH: 16})), "utf-8")
        chosen = tmp_path / "chosen.json"
        chosen.write_text(json.dumps(catalog([READINGS])), "utf-8")
        process = start(path, "--catalog", str(chosen), command=warm_tap)
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        server.release.set()

    assert process.returncode == 143
    assert [json.loads(line)["type"] for line in out.splitlines()][-1] == "STATE"
