"""UtilityAPI's objects: every field as it was sent, ids that join, sums that agree."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

import pytest

from sandbox import Sandbox
from tap_utility_energy import utilityapi
from tap_utility_energy.core.schema import key, record, text, th
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tap_utility_energy.utilityapi.bill_rows import charge_lists
from tests.odd_values import restored
from tests.support import SUMMARIES, Run, TapRunner, answer, by_key, flat

vendor = partial(Sandbox, billing_summaries=200, cache_seconds=0, utilityapi_rate_limit=0, meters=0)
FAST = {"utilityapi_requests_per_minute": 100_000}
OBJECTS = ("authorizations", "meters", "billing_accounts", "bills", "intervals")
STREAMS = tuple(f"utilityapi_{name}" for name in OBJECTS)
ITEMS, READINGS = "utilityapi_bill_line_items", "utilityapi_interval_readings"
#: Streams of what is nested in bills, by the bill's field.
NESTED = {name: f"utilityapi_bill_{name}" for name in ("tiers", "tou", "demand")}
OF_BILL = ("meter_uid", "authorization_uid", "updated")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with vendor(hard_numbers=True, utilityapi_page_limit=9, data_page_limit=40) as box:
        yield box


@pytest.fixture
def run(tap: TapRunner, box: Sandbox) -> Run:
    """A first run of everything, intervals of all durations included."""
    config = box.tap_config(**FAST, utilityapi_mixed_intervals=True)
    run = tap(config, streams=(*STREAMS, ITEMS, *NESTED.values(), READINGS, SUMMARIES))
    assert run.exit == 0, run.stderr
    return run


def test_every_record_comes_once_as_it_was_sent(run: Run, box: Sandbox) -> None:
    truth = box.truth(only=",".join(OBJECTS))

    for name, stream in zip(OBJECTS, STREAMS, strict=True):
        rows = by_key(run.records(stream), "uid")
        assert {key: flat(row) for key, row in rows.items()} == by_key(truth[name], "uid")
        assert rows, name


def test_charges_are_rows_and_add_up_to_the_bill(run: Run, box: Sandbox) -> None:
    rows = by_key(run.records(ITEMS), "bill_uid", "position")
    sums = defaultdict[str, Decimal](Decimal)

    for bill in box.truth(only="bills")["bills"]:
        charges = [(item, where) for listed, where in charge_lists(bill) for item in listed]
        for position, (item, where) in enumerate(charges):
            row = rows.pop((bill["uid"], position))
            assert {name: row[name] for name in item} == item
            assert (row["source"], row.get("supplier_name")) == (
                where["source"],
                where.get("supplier_name"),
            )
            assert row["updated"] == bill["updated"]
            sums[bill["uid"]] += item["cost"] or 0
        total = bill["base"]["bill_total_cost"]
        if total is not None and not bill["notes"]:
            assert sums[bill["uid"]] == total
    assert not rows


@pytest.mark.parametrize("block", NESTED)
def test_what_is_nested_in_bills_is_rows(run: Run, box: Sandbox, block: str) -> None:
    bills = box.truth(only="bills")["bills"]
    expected = {
        (bill["uid"], position): item | {name: bill[name] for name in OF_BILL}
        for bill in bills
        for position, item in enumerate(bill.get(block) or [])
    }

    rows = by_key(run.records(NESTED[block]), "bill_uid", "position")

    assert expected
    assert {key: without_key(row) for key, row in rows.items()} == expected


def without_key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row.keys() - {"bill_uid", "position"}}


ITEM = {"name": "Delivery", "cost": 1}
SUPPLIER = {"supplier_name": "Co-op", "supplier_line_items": None}


@pytest.mark.parametrize(
    ("odd", "rows"),
    [
        ({"line_items": [None, ITEM, []]}, [(0, 1)]),
        ({"line_items": {"name": "Delivery"}, "suppliers": "none"}, [(0, None)]),
        ({"suppliers": [None, SUPPLIER, {"supplier_line_items": [None, ITEM]}]}, [(0, 1)]),
    ],
)
def test_what_is_no_charge_does_not_keep_the_charges_back(
    tap: TapRunner, box: Sandbox, odd: dict[str, Any], rows: list[Any]
) -> None:
    meter = box.truth(only="bills")["bills"][0]["meter_uid"]
    bill = {"uid": "1", "meter_uid": meter, **odd}
    box.set_faults([answer(json.dumps({"bills": [bill], "next": None}), {}, path="/bills")])
    chosen = [ITEMS, "utilityapi_bills"]
    config = box.tap_config(**FAST, utilityapi_meters=[meter], fail_on_bad_records=False)
    run = tap(config, streams=chosen)

    assert run.exit == 0, run.stderr
    assert list(map(restored, run.records("utilityapi_bills"))) == [bill]
    assert [(row["position"], row.get("cost")) for row in run.records(ITEMS)] == rows


def test_readings_are_rows(run: Run, box: Sandbox) -> None:
    rows = by_key(run.records(READINGS), "meter_uid", "start", "end")
    intervals = by_key(box.truth(only="intervals")["intervals"], "uid")

    for reading in box.truth(only="interval_readings")["interval_readings"]:
        row = rows.pop((reading["meter_uid"], reading["start"], reading["end"]))
        assert {name: row[name] for name in reading} == reading
        interval = intervals[row["interval_uid"],]
        assert row["updated"] == interval["updated"]
        assert reading["start"] in {sent["start"] for sent in interval["readings"]}
    assert not rows


def test_bills_meters_accounts_and_summaries_join(run: Run) -> None:
    meters = by_key(run.records("utilityapi_meters"), "uid")
    accounts = by_key(run.records("utilityapi_billing_accounts"), "uid")
    consents = by_key(run.records("utilityapi_authorizations"), "uid")
    bills = defaultdict[tuple[str, str], list[Decimal | None]](list)
    for bill in run.records("utilityapi_bills"):
        assert (bill["meter_uid"],) in meters
        assert (bill["authorization_uid"],) in consents
        period = bill["meter_uid"], bill["base"]["bill_end_date"][:10]
        bills[period].append(bill["base"]["bill_total_cost"])

    agreed = 0
    for summary in run.records(SUMMARIES):
        account = accounts[summary["billing_account_uid"],]
        uids = summary.get("meter_uids") or []
        assert set(uids) <= set(account["meter_uids"])
        base = summary.get("base") or {}
        day = (base.get("statement_date") or "")[:10]
        costs = [cost for uid in uids for cost in bills[uid, day]]
        if costs and base["new_charges_amount"] is not None:
            assert sum(cost or 0 for cost in costs) == base["new_charges_amount"]
            agreed += 1
    assert agreed > 100


def test_the_meters_are_listed_once_and_nothing_is_asked_for_twice(
    tap: TapRunner, box: Sandbox
) -> None:
    box.clear_requests()
    tap(box.tap_config(**FAST), streams=(*STREAMS, ITEMS, READINGS))

    targets = [request["target"] for request in box.requests()]
    assert len(targets) == len(set(targets))


@pytest.mark.parametrize(
    ("setting", "stream", "field"),
    [
        ("utilityapi_authorizations", "utilityapi_authorizations", "uid"),
        ("utilityapi_authorizations", "utilityapi_meters", "authorization_uid"),
        ("utilityapi_authorizations", "utilityapi_bills", "authorization_uid"),
        ("utilityapi_meters", "utilityapi_meters", "uid"),
        ("utilityapi_meters", "utilityapi_bills", "meter_uid"),
        ("utilityapi_billing_accounts", "utilityapi_billing_accounts", "uid"),
    ],
)
def test_a_filter_applies_wherever_the_endpoint_takes_it(
    tap: TapRunner, box: Sandbox, setting: str, stream: str, field: str
) -> None:
    truth = box.truth(only=",".join(OBJECTS))[stream.removeprefix("utilityapi_")]
    wanted = sorted({row[field] for row in truth})[:3]
    run = tap(box.tap_config(**FAST, **{setting: wanted}), streams=[stream])

    assert {row[field] for row in run.records(stream)} == set(wanted)


class ReferralsStream(UtilityAPIStream):
    """A stream of the vendor that the tap does not have."""

    name = "utilityapi_referrals"
    docs_url = "https://utilityapi.com/docs/api/authorizations"
    path = "/authorizations"
    records_key = "authorizations"
    schema: ClassVar[dict[str, Any]] = record(
        key("uid", th.StringType, "The authorization."), text("utility", "The utility.")
    )
    filters: ClassVar[dict[str, str]] = {"uids": "utilityapi_authorizations"}


def test_a_new_stream_is_ten_lines(
    tap: TapRunner, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utilityapi, "STREAMS", (*utilityapi.STREAMS, ReferralsStream))
    run = tap(box.tap_config(**FAST), streams=[ReferralsStream.name])

    rows = by_key(run.records(ReferralsStream.name), "uid")
    truth = by_key(box.truth(only="authorizations")["authorizations"], "uid")
    assert {key: flat(row) for key, row in rows.items()} == truth
