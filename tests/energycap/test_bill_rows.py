"""Rows of bills by meter and line by line: each once, and again when its bill has changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.energycap.streams.bills import BILL_ROWS
from tests.energycap.bill_answers import (
    BILLS,
    METERS,
    NO_CHANGES,
    REFUSED_BILLS,
    ROWS,
    STATE,
    bill,
    emitted,
    page_of,
    requested,
    row,
    run_with,
)
from tests.support import TapRunner, by_key, catalog, flat

LINES = "energycap_bill_lines"
NAMES = [stream.name for stream in BILL_ROWS]
OWN = ("accountId", "meterId", "position", "void", "accrual", "estimated", "modifiedDate")


def sent(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Rows as the vendor sent them, in an order of their own."""
    flat_rows = [{k: v for k, v in flat(row).items() if k not in OWN} for row in rows]
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in flat_rows)


def sums(
    rows: Iterable[dict[str, Any]], amount: str, *names: str
) -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for each in rows:
        found[tuple(each[name] for name in names)] += each[amount]
    return {key: total for key, total in found.items() if total}


@pytest.mark.parametrize("stream", NAMES)
def test_every_row_arrives_as_it_was_sent(tap: TapRunner, box: Sandbox, stream: str) -> None:
    run = tap(box.tap_config(energycap_page_size=40), streams=[stream])

    assert run.exit == 0, run.stderr
    rows = run.records(stream)
    assert sent(rows) == sent(box.truth(only=stream)[stream])
    keys = next(each.primary_keys for each in BILL_ROWS if each.name == stream)
    by_key(rows, *keys)  # type: ignore[misc]
    bills = by_key(box.truth(only="energycap_bills")["energycap_bills"], "billId")
    for each in rows:
        its = bills[each["billId"],]
        assert each["void"] == its["void"]
        assert each["modifiedDate"] == its["modifiedDate"]


def test_bills_add_up_to_their_totals_and_to_the_months_of_the_digest(
    tap: TapRunner, box: Sandbox
) -> None:
    digest, years = "meter_digest_monthly_results", {"energycap_number_of_years": 9}
    run = tap(box.tap_config(**years), streams=[METERS, LINES, digest, "energycap_bills"])

    assert run.exit == 0, run.stderr
    rows, lines = run.records(METERS), run.records(LINES)
    totals = sums(run.records("energycap_bills"), "totalCost", "billId")
    assert sums(rows, "directCost", "billId") == sums(lines, "cost", "billId") == totals
    months = [
        {**row, "billingPeriod": row["calendarYear"] * 100 + row["calendarPeriod"]}
        for row in run.records(digest)
    ]
    counted = [row for row in rows if not row["void"]]
    for amount, total in (("directCost", "totalCost"), ("nativeUse", "nativeUse")):
        of_months = sums(months, total, "meterId", "billingPeriod")
        of_bills = sums(counted, amount, "meterId", "billingPeriod")
        # The digest ends nine years ago at the latest; the list of bills does not.
        assert of_months.keys() <= of_bills.keys()
        assert {key: of_bills[key] for key in of_months} == of_months


def test_what_changes_between_runs_arrives_with_few_requests(tap: TapRunner) -> None:
    with Sandbox(meters=12, billing_summaries=0) as box:
        config = box.tap_config()
        state = tap(config, streams=[METERS]).state
        for _ in range(2):
            changed, new = box.advance("modify_bill"), box.advance("new_bills")
            box.clear_requests()
            run = tap(config, streams=[METERS], state=state)
            state = run.state

            assert run.exit == 0, run.stderr
            assert len(requested(box, ROWS)) <= 2
            truth = box.truth(only=METERS)[METERS]
            due = {changed["billId"], *new["billIds"]}
            rows = run.records(METERS)
            assert due <= {row["billId"] for row in rows}
            assert len(rows) < len(truth) / 4
            read = {row["billId"] for row in rows}
            assert sent(rows) == sent(row for row in truth if row["billId"] in read)


def test_a_run_with_nothing_new_asks_for_a_handful_beyond_the_list_of_bills(tap: TapRunner) -> None:
    with Sandbox(meters=12, billing_summaries=0) as box:
        state = tap(box.tap_config(), streams=NAMES).state
        box.clear_requests()
        run = tap(box.tap_config(), streams=NAMES, state=state)

        assert run.exit == 0, run.stderr
        others = [each["target"] for each in box.requests() if BILLS not in each["target"]]
    assert len(others) <= 2 * len(NAMES)
    assert run.state == state


def test_rows_of_the_same_ids_are_numbered_and_none_is_lost(tap: TapRunner) -> None:
    twins = [row(1, cost=5), row(1, cost=5), row(1, 8), row(1, billingPeriod=202601)]
    run = run_with(tap, [page_of([bill(1)], BILLS), page_of(twins, ROWS)])

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(1, 7, 0), (1, 7, 1), (1, 8, 0), (1, 7, 2)]


def test_a_row_without_a_meter_is_named_and_all_others_arrive(tap: TapRunner) -> None:
    odd = [row(1), row(1) | {"meter": None}, row(1, 8) | {"account": {"accountId": "x"}}]
    run = run_with(tap, [page_of([bill(1)], BILLS), page_of(odd, ROWS)])

    assert run.exit == 1
    assert emitted(run) == [(1, 7, 0)]
    assert "a row of bill 1 has no meterId; a row of bill 1 has no accountId" in run.last_line


def test_fields_of_the_tap_that_are_also_sent_are_kept(tap: TapRunner) -> None:
    own = row(1, void=None, position=4, accountId=3, estimated=True, billId=1)
    run = run_with(tap, [page_of([bill(1, void=True)], BILLS), page_of([own], ROWS)])

    (found,) = run.records(METERS)
    assert (found["accountId"], found["position"], found["void"]) == (3, 0, True)
    assert found["extra"] == {"sent.position": 4, "sent.void": None, "sent.estimated": True}


def test_values_of_another_type_arrive_under_extra(tap: TapRunner) -> None:
    odd = row(1, nativeUse="12", days=5.5, more={"a": 1}) | {"meter": {"meterId": 7.0}}
    faults = [page_of([bill(1, void="no")], BILLS), page_of([odd], ROWS)]
    run = run_with(tap, faults)

    assert run.exit == 0, run.stderr
    (found,) = run.records(METERS)
    assert (found["nativeUse"], found["days"], found["void"]) == (None, None, None)
    assert found["extra"] == {
        "nativeUse": "12",
        "days": Decimal("5.5"),
        "more": {"a": 1},
        "void": "no",
    }


REFUSED_YEARS = {"status": 400, "path": "lastNYears", "times": None}


def test_years_that_are_not_sent_are_not_deleted_by_a_version(tap: TapRunner) -> None:
    old = bill(1, endDate="2019-05-31T00:00:00")
    with Sandbox(meters=0) as box:
        box.set_faults([page_of([old], BILLS), REFUSED_YEARS, page_of([row(1)], ROWS)])
        whole = catalog([METERS], replication_method="FULL_TABLE")
        config = box.tap_config(emit_activate_version_messages=True)
        run = tap(config, "--catalog", tap.file("whole.json", whole))

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(1, 7, 0)]
    versions = [each for each in run.messages if each["type"] == "ACTIVATE_VERSION"]
    assert not versions
    assert "EnergyCAP sends rows of the latest years only" in run.stderr


@pytest.mark.parametrize(
    ("refused", "is_whole", "says"),
    [
        ([REFUSED_BILLS], True, "All rows are read instead"),
        ([REFUSED_BILLS | {"status": 414}], True, "All rows are read instead"),
        ([REFUSED_YEARS], False, "more than four years ago may be missing"),
        ([REFUSED_BILLS, REFUSED_YEARS], False, "more than four years ago may be missing"),
    ],
)
def test_a_filter_that_is_refused_costs_no_row_but_the_oldest(
    tap: TapRunner, refused: list[dict[str, Any]], says: str, *, is_whole: bool
) -> None:
    with Sandbox(meters=12, billing_summaries=0) as box:
        truth = box.truth(only=METERS)[METERS]
        box.set_faults(refused)
        run = tap(box.tap_config(energycap_page_size=100), streams=[METERS])

    assert run.exit == 0, run.stderr
    recent = [each for each in truth if is_whole or each["endDate"] >= "2023"]
    assert sent(run.records(METERS)) == sent(recent)
    assert says in run.stderr
    assert run.state["bookmarks"][METERS]["replication_key_value"]


def test_a_filter_that_is_ignored_is_noticed(tap: TapRunner) -> None:
    listed = [bill(1), bill(2, "2026-06-19T00:00:00")]
    run = run_with(
        tap, [NO_CHANGES, page_of(listed, BILLS), page_of([row(1), row(2)], ROWS)], STATE
    )

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(2, 7, 0)]
    assert "sent bill 1, which the filter \"billId one of '2'\" leaves out" in run.stderr


def test_the_users_own_filter_that_is_refused_fails_the_stream(tap: TapRunner) -> None:
    refused = {"status": 400, "path": "billaccountmeter", "times": None}
    filters = {"energycap_filters": {METERS: "nonsense"}}
    run = run_with(tap, [page_of([bill(1)], BILLS), refused], **filters)

    assert run.exit == 1
    assert "energycap_filters" in run.last_line


@pytest.mark.parametrize(
    "second",
    [
        page_of([row(1, 8), row(1, 9)], ROWS + "?pageNumber=2", 2, TotalNumberOfRecords=4),
        page_of([row(1, 9)], ROWS + "?pageNumber=2", 2, TotalNumberOfRecords=3),
    ],
    ids=["repeats a row", "lacks a row"],
)
def test_rows_that_moved_between_pages_are_read_again(
    tap: TapRunner, second: dict[str, Any]
) -> None:
    size = {"PageSize": 2, "TotalPages": 2, "TotalNumberOfRecords": 4}
    first = page_of([row(1, 7), row(1, 8)], ROWS + "?pageNumber=1", **size)
    right = page_of([row(1, 9), row(1, 10)], ROWS + "?pageNumber=2", 2, **size)
    second = {**second, "headers": second["headers"] | {"PageSize": "2", "TotalPages": "2"}}
    faults = [page_of([bill(1)], BILLS), first, second | {"times": 1}, right]
    run = run_with(tap, faults, energycap_page_size=2)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(1, 7, 0), (1, 8, 0), (1, 9, 0), (1, 10, 0)]
    assert run.state["bookmarks"][METERS]["replication_key_value"]


def test_a_walk_that_fails_moves_no_bookmark(tap: TapRunner) -> None:
    with Sandbox(meters=12, billing_summaries=0) as box:
        state = tap(box.tap_config(), streams=[METERS]).state
        box.advance("modify_bill")
        box.set_faults([{"status": 403, "path": ROWS, "times": None}])
        failed = tap(box.tap_config(), streams=[METERS], state=state)

    assert failed.exit == 1
    assert failed.errors[-1].startswith(f"{METERS}: EnergyCAP answered 403")
    found = failed.state["bookmarks"][METERS]
    assert found["replication_key_value"] == state["bookmarks"][METERS]["replication_key_value"]


def test_start_date_and_filters_narrow_the_rows(tap: TapRunner) -> None:
    filters = {"energycap_filters": {METERS: "void equals 'false'"}}
    with Sandbox(meters=12, billing_summaries=0) as box:
        truth = box.truth(only=METERS)[METERS]
        whole = tap(box.tap_config(), streams=[METERS])
        first = tap(box.tap_config(**filters), streams=[METERS], state=whole.state)
        config = box.tap_config(start_date="2025-01-01T00:00:00Z", **filters)
        second = tap(config, streams=[METERS], state=first.state)

    assert first.exit == second.exit == 0
    not_void = [row for row in whole.records(METERS) if not row["void"]]
    assert len(whole.records(METERS)) == len(truth) > len(not_void)
    assert sent(first.records(METERS)) == sent(not_void)
    recent = [row for row in not_void if row["endDate"] >= "2025"]
    assert sent(second.records(METERS)) == sent(recent)


def test_the_list_of_bills_is_read_once_for_all_its_streams(tap: TapRunner, box: Sandbox) -> None:
    box.clear_requests()
    run = tap(box.tap_config(), streams=["energycap_bills", *NAMES])

    assert run.exit == 0, run.stderr
    pages = requested(box, BILLS)
    assert len(pages) == len(set(pages))


def test_a_test_of_the_connection_asks_for_one_page_of_bills(tap: TapRunner) -> None:
    with Sandbox(meters=25, billing_summaries=0) as box:
        run = tap(box.tap_config(energycap_page_size=50), "--test")

        assert run.exit == 0, run.stderr
        assert len(requested(box, ROWS)) <= 2
