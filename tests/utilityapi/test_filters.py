"""Filters that are too long for one URL: what is read, and in how many requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_utility_energy.http.filters import LONGEST_URL, MOST_REQUESTS, plan
from tests.http.raw import RawServer, config, response
from tests.support import SUMMARIES, TapRunner

FIELDS = {
    "uids": "uid",
    "authorizations": "authorization_uid",
    "billing_accounts": "billing_account_uid",
    "meters": "meter_uids",
}
METERS, SELECTED = "utilityapi_meters", ["utilityapi_meters", "utilityapi_bills"]


def uids(number: int, first: int = 1_000_000) -> list[str]:
    return [str(first + each) for each in range(number)]


def matching(records: Sequence[dict[str, Any]], path: str) -> list[dict[str, Any]]:
    """The records that match every filter of a request, as the vendor documents."""
    filters = {
        name: set(values[0].split(",")) for name, values in parse_qs(urlsplit(path).query).items()
    }
    filters.pop("expand_meter_blocks", None)
    return [
        record
        for record in records
        if all(wanted & {*as_list(record.get(FIELDS[name]))} for name, wanted in filters.items())
    ]


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def listing(key: str, records: Sequence[dict[str, Any]]) -> Any:
    def answer(path: str) -> Iterator[bytes]:
        found = matching(records, path)
        yield response(json.dumps({key: found, "next": None}).encode())

    return answer


def test_long_filters_take_the_sum_of_their_requests_and_not_the_product(tap: TapRunner) -> None:
    many = uids(3000)
    records = [
        {
            "uid": f"s{number}",
            "authorization_uid": many[number],
            "billing_account_uid": many[number * 2],
            "meter_uids": ["1", many[number * 3]],
        }
        for number in range(900)
    ]
    wanted = [many[:1000], many[:1200], many[:1500]]
    filters = dict(zip(("authorizations", "billing_accounts", "meters"), wanted, strict=True))
    with RawServer(listing(SUMMARIES, records)) as server:
        settings = {f"utilityapi_{name}": values for name, values in filters.items()}
        run = tap(config(server, **settings), streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert [row["uid"] for row in run.records(SUMMARIES)] == [f"s{number}" for number in range(500)]
    parts = [len(plan("http://127.0.0.1:99999/x", {"x": values}, {}).reads[0]) for values in wanted]
    assert len(server.asked) <= sum(parts) + 8
    assert (
        f"the list takes {len(server.asked)} requests, and one for each further page" in run.stderr
    )
    assert "utilityapi_authorizations, utilityapi_billing_accounts, utilityapi_meters" in run.stderr


def test_a_record_without_uid_is_named_whatever_the_filters(tap: TapRunner) -> None:
    records = [
        {"uid": each, "authorization_uid": uids(1)[0], "meter_uids": uids(1)}
        for each in ("1", None)
    ]
    settings = {"utilityapi_authorizations": uids(600), "utilityapi_meters": uids(600)}
    with RawServer(listing(SUMMARIES, records)) as server:
        run = tap(config(server, **settings), streams=[SUMMARIES])

    assert [row["uid"] for row in run.records(SUMMARIES)] == ["1"]
    assert "1 record" in run.last_line
    assert run.exit == 1


def test_a_list_that_is_shared_is_filtered_for_each_of_its_streams(tap: TapRunner) -> None:
    many = uids(1200)
    meters = [
        {"uid": uid, "authorization_uid": uid if int(uid) % 2 else "x", "bill_count": 1}
        for uid in many[:20]
    ]
    bills = [{"uid": f"b{uid}", "meter_uids": [uid], "meter_uid": uid} for uid in many[:20]]

    def answer(path: str) -> Iterator[bytes]:
        is_meters = path.startswith("/meters")
        yield from listing(*(("meters", meters) if is_meters else ("bills", bills)))(path)

    settings = {"utilityapi_authorizations": many, "utilityapi_meters": many}
    with RawServer(answer) as server:
        run = tap(config(server, **settings), streams=SELECTED)

    assert run.exit == 0, run.stderr
    odd = [uid for uid in many[:20] if int(uid) % 2]
    assert [row["uid"] for row in run.records("utilityapi_meters")] == odd
    assert [row["uid"] for row in run.records("utilityapi_bills")] == [f"b{uid}" for uid in odd]


def test_filters_that_take_too_many_requests_are_refused(tap: TapRunner) -> None:
    with RawServer(listing(SUMMARIES, [])) as server:
        run = tap(config(server, utilityapi_meters=uids(500_000)), streams=[SUMMARIES])

    assert run.exit == 1
    assert not server.asked
    assert run.last_line == (
        f"{SUMMARIES}: the filters take more than 2,000 requests, which is the most for a list. "
        "Name fewer uids in utilityapi_meters, or leave a filter out."
    )


@pytest.mark.parametrize("lengths", [(3000,), (3000, 2), (300, 300, 300), (2000, 100, 2000)])
def test_every_combination_is_asked_for_in_short_urls(lengths: tuple[int, ...]) -> None:
    filters = {f"f{number}": uids(length) for number, length in enumerate(lengths)}

    found = plan("https://host/list", filters, {})

    assert found.requests <= min(MOST_REQUESTS, 3 * sum(lengths) // 100)
    for read in found.reads:
        queries = [parse_qs(urlsplit(url).query) for url in read]
        assert all(len(url) <= LONGEST_URL for url in read)
        for name, values in filters.items():
            asked = [query[name][0].split(",") for query in queries if name in query]
            assert not asked or {each for part in asked for each in part} == set(values)
    assert {
        name for read in found.reads for url in read for name in parse_qs(urlsplit(url).query)
    } == (set(filters))
