"""Rows of bills when EnergyCAP refuses a filter half-way, or repeats rows: each of them once."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from tests.energycap.bill_answers import (
    BILLS,
    BOOKMARK,
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
from tests.support import TapRunner

OLD = "2020-01-01T00:00:00"
RECENT = "2026-06-21T00:00:00"
#: Twenty new bills that a range asks for, and two that a list asks for.
IN_RANGE, IN_LIST, UNCHANGED = range(1, 21), (30, 50), (29, 40)
LISTED = [bill(number, RECENT) for number in (*IN_RANGE, *IN_LIST)] + [
    bill(number, OLD, createdDate=OLD) for number in UNCHANGED
]


@pytest.mark.parametrize("status", [400, 404, 414, 431])
def test_bills_that_were_read_before_a_filter_was_refused_are_not_read_twice(
    tap: TapRunner, status: int
) -> None:
    whole = [row(number) for number in (*IN_RANGE, *UNCHANGED, *IN_LIST)]
    faults = [
        NO_CHANGES,
        page_of(LISTED, BILLS),
        page_of([row(number) for number in IN_RANGE], "between"),
        {"status": status, "path": "one+of", "times": None},
        page_of(whole, ROWS),
    ]
    run = run_with(tap, faults, STATE)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(number, 7, 0) for number in (*IN_RANGE, *IN_LIST)]
    assert "refused the filter \"billId one of '30'|'50'\". All rows are read" in run.stderr


def test_a_filter_that_is_ignored_is_noticed_by_ids_with_a_fraction_too(tap: TapRunner) -> None:
    rows = [row(number) | {"billId": float(number)} for number in (*IN_LIST, *UNCHANGED)]
    faults = [NO_CHANGES, page_of(LISTED[-4:], BILLS), page_of(rows, ROWS)]
    run = run_with(tap, faults, STATE)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(30, 7, 0), (50, 7, 0)]
    assert "which the filter" in run.stderr


def test_a_refusal_after_rows_are_out_fails_the_stream(tap: TapRunner) -> None:
    old = bill(1, RECENT, endDate=OLD)
    size = {"PageSize": 1, "TotalPages": 2, "TotalNumberOfRecords": 2}
    faults = [
        NO_CHANGES,
        page_of([old], BILLS),
        REFUSED_BILLS,
        page_of([row(1)], ROWS + "?pageNumber=1", **size),
        {"status": 400, "path": ROWS + "?pageNumber=2", "times": None},
    ]
    run = run_with(tap, faults, STATE, energycap_page_size=1)

    assert run.exit == 1
    assert emitted(run) == [(1, 7, 0)]
    bookmark = run.state["bookmarks"][METERS]["replication_key_value"]
    assert bookmark == BOOKMARK["replication_key_value"]


def pages_of(rows: list[dict[str, Any]], part: str, size: int) -> list[dict[str, Any]]:
    """The pages of rows of this size, for a filter that begins with this."""
    pages = [rows[start : start + size] for start in range(0, len(rows), size)]
    counts = {"PageSize": size, "TotalPages": len(pages), "TotalNumberOfRecords": len(rows)}
    return [
        page_of(page, f"?pageNumber={number}&pageSize=2&filter={part}", number, **counts)
        for number, page in enumerate(pages, 1)
    ]


#: The filter for the bills of `IN_LIST`.
BOTH = "billId+one+of+%2730%27%7C%2750%27"


@pytest.mark.parametrize(
    "rows",
    [
        [row(30), row(50), row(50), row(50, 8)],
        [row(30), row(30), row(30, 8), row(30, 8), row(50)],
    ],
    ids=["of a bill on two pages", "beside each other"],
)
def test_rows_that_are_alike_are_not_lost_between_pages(
    tap: TapRunner, rows: list[dict[str, Any]]
) -> None:
    faults = [NO_CHANGES, page_of(LISTED[-4:], BILLS), *pages_of(rows, BOTH, 2)]
    for number in IN_LIST:
        own = [each for each in rows if each["billId"] == number]
        faults += pages_of(own, f"billId+one+of+%27{number}%27", 2)
    run = run_with(tap, faults, STATE, energycap_page_size=2)

    assert run.exit == 0, run.stderr
    assert len(emitted(run)) == len(set(emitted(run))) == len(rows)
    bookmark = run.state["bookmarks"][METERS]["replication_key_value"]
    assert bookmark != BOOKMARK["replication_key_value"]


def test_a_row_that_comes_again_on_another_page_is_read_with_fewer_bills(tap: TapRunner) -> None:
    moved = [row(30), row(30, 8), row(30, 8), row(50)]
    faults = [NO_CHANGES, page_of(LISTED[-4:], BILLS), *pages_of(moved, BOTH, 2)]
    faults += pages_of([row(30), row(30, 8), row(30, 9)], "billId+one+of+%2730%27", 3)
    faults += pages_of([row(50)], "billId+one+of+%2750%27", 3)
    run = run_with(tap, faults, STATE, energycap_page_size=2)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(30, 7, 0), (30, 8, 0), (30, 9, 0), (50, 7, 0)]


@pytest.mark.parametrize(
    ("narrowed", "is_range"),
    [
        ({"energycap_filters": {"energycap_bills": "accountCode like 'A'"}}, False),
        ({"start_date": "2026-05-01T00:00:00Z"}, False),
        ({}, True),
    ],
)
def test_no_range_holds_bills_that_were_narrowed_away(
    tap: TapRunner, narrowed: dict[str, Any], *, is_range: bool
) -> None:
    listed = []
    for number in range(20):
        listed += [bill(2 * number + 1, RECENT), bill(2 * number + 2, RECENT, endDate=OLD)]
    if "energycap_filters" in narrowed:
        listed = listed[::2]
    with Sandbox(meters=0) as box:
        box.set_faults([page_of(listed, BILLS), page_of([], ROWS, TotalPages=0)])
        run = tap(box.tap_config(**narrowed), streams=[METERS])
        (asked,) = requested(box, ROWS)

    assert run.exit == 0, run.stderr
    assert ("between" in asked) == is_range
    assert ("one+of" in asked) != is_range


def test_a_total_that_never_fits_is_named_once(tap: TapRunner) -> None:
    lying = page_of([row(number) for number in IN_RANGE], "between", TotalNumberOfRecords=25)
    other = page_of([row(number) for number in IN_LIST], "one+of", TotalNumberOfRecords=9)
    run = run_with(tap, [NO_CHANGES, page_of(LISTED, BILLS), lying, other], STATE)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(number, 7, 0) for number in (*IN_RANGE, *IN_LIST)]
    assert "EnergyCAP counted 25 rows and sent 20, twice in a row" in run.stderr
    assert run.stderr.count("twice in a row") == 1


def test_a_message_does_not_list_all_bills_of_a_filter(tap: TapRunner) -> None:
    listed = [bill(number, RECENT, endDate=OLD) for number in range(1, 11)]
    run = run_with(tap, [page_of(listed, BILLS), REFUSED_BILLS, page_of([row(1)], ROWS)])

    assert run.exit == 0, run.stderr
    assert "refused the filter \"billId one of '1'|'2'|'3'|… and lastNYears equals" in run.stderr


def test_rows_that_come_again_in_a_list_of_all_rows_keep_the_bookmark(tap: TapRunner) -> None:
    size = {"PageSize": 2, "TotalPages": 2, "TotalNumberOfRecords": 4}
    first = page_of([row(30), row(30, 8)], ROWS + "?pageNumber=1", **size)
    moved = page_of([row(30, 8), row(50)], ROWS + "?pageNumber=2", 2, **size)
    faults = [NO_CHANGES, page_of(LISTED[-4:], BILLS), REFUSED_BILLS, first, moved]
    run = run_with(tap, faults, STATE, energycap_page_size=2)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(30, 7, 0), (30, 8, 0), (50, 7, 0)]
    assert "Rows may have moved between pages" in run.stderr
    bookmark = run.state["bookmarks"][METERS]["replication_key_value"]
    assert bookmark == BOOKMARK["replication_key_value"]
