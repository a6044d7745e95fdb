"""Which bills are read again, by what EnergyCAP says of their changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Sandbox
from tests.energycap.bill_answers import (
    BILLS,
    BOOKMARK,
    METERS,
    NO_CHANGES,
    ROWS,
    STATE,
    bill,
    emitted,
    page_of,
    requested,
    row,
    run_with,
)
from tests.support import TapRunner, answer


@pytest.mark.parametrize(
    ("found", "activity", "is_read"),
    [
        (bill(1), [], False),
        (bill(1, "2026-06-18T00:00:00"), [], True),
        (bill(1), [{"id": 1, "reason": "Modified"}], True),
        (bill(1), [{"id": 1.0}], True),
        (bill(1), [{"id": "1"}], True),
        (bill(1), [{"id": 2}, {"id": -1}, {"id": 2**64 + 1}, {"id": True}, {"id": "x"}], False),
        (bill(1, None), [], False),
        (bill(1, None, createdDate="2026-06-19T00:00:00"), [], True),
        (bill(1, None, createdDate=None), [], True),
        (bill(1, analyzing=True), [], True),
    ],
)
def test_when_the_rows_of_a_bill_are_read_again(
    tap: TapRunner, found: dict[str, Any], activity: list[Any], *, is_read: bool
) -> None:
    feed = answer(json.dumps(activity), path="activity/bill", times=None)
    faults = [feed, page_of([found, bill(9)], BILLS), page_of([row(1)], ROWS)]
    run = run_with(tap, faults, STATE)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(1, 7, 0)] * is_read


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_without_the_feed_of_changes_nothing_is_missed(tap: TapRunner, status: int) -> None:
    feed = {"status": status, "path": "activity/bill", "times": None}
    listed = [bill(1), bill(2, None), bill(3, "2026-06-19T00:00:00")]
    run = run_with(tap, [feed, page_of(listed, BILLS), page_of([row(2), row(3)], ROWS)], STATE)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(2, 7, 0), (3, 7, 0)]
    assert f"EnergyCAP's feed of changed bills cannot be read ({status})" in run.stderr


def test_a_feed_of_changes_that_is_down_fails_the_stream(tap: TapRunner) -> None:
    feed = {"status": 503, "path": "activity/bill", "times": None}
    run = run_with(tap, [feed, page_of([bill(1)], BILLS)], STATE, max_wait_seconds=5)

    assert run.exit == 1
    assert run.state["bookmarks"][METERS]["replication_key_value"] == "2026-06-20T00:00:00+00:00"


@pytest.mark.parametrize("late", [{"analyzing": True}, {}], ids=["analyzed", "without rows"])
def test_rows_that_come_late_are_read_in_a_later_run(tap: TapRunner, late: dict[str, Any]) -> None:
    listed = [bill(1, "2026-06-25T00:00:00", **late), bill(2, "2026-06-28T00:00:00")]
    newer = [bill(1, "2026-06-25T00:00:00"), bill(2, "2026-06-28T00:00:00")]
    first = run_with(tap, [page_of(listed, BILLS), page_of([row(2)], ROWS)])
    second = run_with(
        tap, [NO_CHANGES, page_of(newer, BILLS), page_of([row(1), row(2)], ROWS)], first.state
    )
    third = run_with(
        tap, [NO_CHANGES, page_of(newer, BILLS), page_of([row(2)], ROWS)], second.state
    )

    assert first.exit == second.exit == third.exit == 0
    assert emitted(first) == [(2, 7, 0)]
    assert "1" in first.state["bookmarks"][METERS]["pending"]
    assert emitted(second) == [(1, 7, 0), (2, 7, 0)]
    assert "pending" not in second.state["bookmarks"][METERS]
    assert emitted(third) == [(2, 7, 0)]  # within the lookback, the other one is not


def test_rows_that_never_come_are_not_waited_for_longer_than_two_weeks(tap: TapRunner) -> None:
    listed = [bill(1, "2026-06-10T00:00:00"), bill(2, "2026-06-20T00:00:00")]
    pending = {"1": "2026-06-16T11:00:00+00:00", "5": "2026-06-15T00:00:00+00:00", "x": 5, "2": "y"}
    state = {"bookmarks": {METERS: {**BOOKMARK, "scope": "", "pending": pending}}}
    run = run_with(tap, [NO_CHANGES, page_of(listed, BILLS), page_of([row(2)], ROWS)], state)

    assert run.exit == 0, run.stderr
    assert "pending" not in run.state["bookmarks"][METERS]


def test_changes_without_the_id_of_a_bill_are_named(tap: TapRunner) -> None:
    changes = [{"id": 1}, {"reason": "Modified"}, {"id": None}, None]
    feed = answer(json.dumps(changes), path="activity/bill", times=None)
    run = run_with(tap, [feed, page_of([bill(1)], BILLS), page_of([row(1)], ROWS)], STATE)

    assert run.exit == 0, run.stderr
    assert emitted(run) == [(1, 7, 0)]
    assert "EnergyCAP's feed of changed bills has 3 changes without the id of a bill" in run.stderr


BIG = 2**63 - 1


@pytest.mark.parametrize("since", ["2026-06-25T00:00:00+00:00", "2099-01-01T00:00:00+00:00"])
def test_a_bill_that_is_missing_from_one_list_is_waited_for_all_the_same(
    tap: TapRunner, since: str
) -> None:
    listed = [bill(2, "2026-06-20T00:00:00")]
    state = {"bookmarks": {METERS: {**BOOKMARK, "scope": "", "pending": {str(BIG): since}}}}
    first = run_with(tap, [NO_CHANGES, page_of(listed, BILLS), page_of([row(2)], ROWS)], state)
    found = [*listed, bill(BIG, "2026-06-10T00:00:00")]
    rows = page_of([row(2), row(BIG)], ROWS)
    second = run_with(tap, [NO_CHANGES, page_of(found, BILLS), rows], first.state)

    assert first.exit == second.exit == 0
    assert first.state["bookmarks"][METERS]["pending"].keys() == {str(BIG)}
    assert first.state["bookmarks"][METERS]["pending"][str(BIG)] < "2026-07-02"
    assert emitted(second) == [(2, 7, 0), (BIG, 7, 0)]


def test_dates_in_the_year_1_stand_for_none(tap: TapRunner) -> None:
    none = "0001-01-01T00:00:00"
    listed = [bill(1, none, createdDate=none, endDate=none), bill(2, none, createdDate=none)]
    rows = page_of([row(1), row(2)], ROWS)
    with Sandbox(meters=0) as box:
        box.set_faults([page_of(listed, BILLS), rows])
        first = tap(box.tap_config(), streams=[METERS])
        second = tap(box.tap_config(), streams=[METERS], state=first.state)
        asked = requested(box, "activity/bill") + requested(box, "lastNYears")

    assert first.exit == second.exit == 0, second.stderr
    assert emitted(first) == [(1, 7, 0), (2, 7, 0)]
    assert asked == ["/energycap/api/v3/activity/bill?date=1969-12-29T00%3A00%3A00"]
