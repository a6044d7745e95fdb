"""States that were edited, or that no longer fit: the meters are read whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi.known_readings import KnownReadings
from tests.support import TapRunner
from tests.utilityapi.meter_data import vendor
from tests.utilityapi.reading_table import BOTH, READINGS, Table, assert_true, starts, upsert


@pytest.fixture
def box(*, cuts: bool) -> Iterator[Sandbox]:
    """One meter with hourly readings, in intervals of a month."""
    with vendor(interval_meters=0, billing_summaries=25, start_cuts=cuts) as box:
        yield box


@pytest.fixture
def boxes(*, cuts: bool) -> Iterator[Sandbox]:
    """Three meters with readings, of hours and quarter-hours, one of them with both."""
    with vendor(interval_meters=2, billing_summaries=25, start_cuts=cuts) as box:
        yield box


GOOD = ["0a1b2c3d", 9, 1778479200, 1778482800, 1775455200, 9, 1775455200, 9]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "text",
        {},
        [],
        [1],
        GOOD[:-1],
        [*GOOD, 1],
        [None, *GOOD[1:]],
        ["0a1b2c3d", True, *GOOD[2:]],
        ["0a1b2c3d", "9", *GOOD[2:]],
        ["0a1b2c3d", -1, *GOOD[2:]],
        [*GOOD[:2], 10**30, 10**30, *GOOD[4:]],
        [*GOOD[:2], GOOD[3], GOOD[2], *GOOD[4:]],
        [*GOOD[:4], -(10**30), 9, -(10**30), 9],
        [*GOOD[:4], GOOD[3], *GOOD[5:]],
        [*GOOD[:4], 1.5, *GOOD[5:]],
        [*GOOD[:5], 0, *GOOD[6:]],
        [*GOOD[:5], 10, *GOOD[6:]],
    ],
)
def test_what_no_run_has_written_is_not_taken(odd: object) -> None:
    assert KnownReadings.from_state(odd) is None


def test_what_a_run_has_written_is_taken() -> None:
    known = KnownReadings.from_state(GOOD)
    assert known
    assert known.as_state() == GOOD


@pytest.mark.parametrize("latest", [1778479200, 4102444800])
def test_an_edited_state_leads_to_a_whole_read(tap: TapRunner, box: Sandbox, latest: int) -> None:
    run = BOTH(tap, box, None, READINGS)
    state = run.state
    (known,) = state["bookmarks"][READINGS]["readings"].values()
    known[1:] = [9, latest, latest + 3600, latest - 35 * 86400, 9, latest - 35 * 86400, 9]
    run.messages[:] = [{"type": "STATE", "value": state}]
    box.advance("grow_intervals")
    table: Table = {}
    upsert(table, BOTH(tap, box, run, READINGS))

    assert len(starts(box)) > 1
    assert starts(box)[-1] is None
    assert_true(box, table)


def test_the_latest_known_reading_has_to_come_again(tap: TapRunner, box: Sandbox) -> None:
    run = BOTH(tap, box, None, READINGS)
    state = run.state
    (known,) = state["bookmarks"][READINGS]["readings"].values()
    known[2:4] = [known[2] + 60, known[3] + 60]
    run.messages[:] = [{"type": "STATE", "value": state}]
    box.advance("grow_intervals", new=True)
    table: Table = {}
    upsert(table, BOTH(tap, box, run, READINGS))

    assert starts(box)[-1] is None
    assert len(starts(box)) > 1, "its counts add up"
    assert_true(box, table)


def test_a_meter_that_is_no_longer_listed_is_forgotten(tap: TapRunner, boxes: Sandbox) -> None:
    first = BOTH(tap, boxes, None, READINGS)
    box = boxes
    consents = {row["authorization_uid"]: row["meter_uid"] for row in first.records(READINGS)}
    gone, meter = next(iter(consents.items()))
    box.advance("revoke_authorization", authorization=gone)
    second = BOTH(tap, box, first, READINGS)

    before, after = (run.state["bookmarks"][READINGS]["readings"] for run in (first, second))
    assert meter in before
    assert meter not in after
    assert after


@pytest.mark.parametrize("odd", [None, []])
def test_an_odd_list_of_meters_does_too(tap: TapRunner, box: Sandbox, odd: object) -> None:
    run = BOTH(tap, box, None, READINGS)
    state = run.state
    state["bookmarks"][READINGS]["readings"] = odd
    run.messages[:] = [{"type": "STATE", "value": state}]
    box.advance("grow_intervals")
    table: Table = {}
    upsert(table, BOTH(tap, box, run, READINGS))

    assert starts(box) == [None]
    assert_true(box, table)
