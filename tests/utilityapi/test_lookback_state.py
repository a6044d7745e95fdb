"""States that were edited, or that no longer fit: the meters are read whole."""

from __future__ import annotations

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi.known_readings import KnownReadings
from tests.support import TapRunner
from tests.utilityapi.meter_data import instead
from tests.utilityapi.reading_table import (
    BOTH,
    READINGS,
    Table,
    assert_true,
    starts,
    true_table,
    upsert,
)

GOOD = ["0a1b2c3d", 9, 0, 1778479200, 1778482800, 1775455200, 9, 1775455200, 9]


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
        [*GOOD[:3], 10**30, 10**30, *GOOD[5:]],
        [*GOOD[:3], GOOD[4], GOOD[3], *GOOD[5:]],
        [*GOOD[:5], -(10**30), 9, -(10**30), 9],
        [*GOOD[:5], GOOD[4], *GOOD[6:]],
        [*GOOD[:5], 1.5, *GOOD[6:]],
        [*GOOD[:6], 0, *GOOD[7:]],
        [*GOOD[:6], 10, *GOOD[7:]],
    ],
)
def test_what_no_run_has_written_is_not_taken(odd: object) -> None:
    assert KnownReadings.from_state(odd) is None


def test_what_a_run_has_written_is_taken() -> None:
    known = KnownReadings.from_state(GOOD)
    assert known
    assert known.as_state() == GOOD


@pytest.mark.parametrize("latest", [1778479200, 4102444800])
def test_an_edited_state_leads_to_a_whole_read(
    tap: TapRunner, one_meter: Sandbox, latest: int
) -> None:
    run = BOTH(tap, one_meter, None, READINGS)
    state = run.state
    (known,) = state["bookmarks"][READINGS]["readings"].values()
    known[1:] = [9, 0, latest, latest + 3600, latest - 35 * 86400, 9, latest - 35 * 86400, 9]
    run.messages[:] = [{"type": "STATE", "value": state}]
    one_meter.advance("grow_intervals")
    table: Table = {}
    upsert(table, BOTH(tap, one_meter, run, READINGS))

    assert len(starts(one_meter)) > 1
    assert starts(one_meter)[-1] is None
    assert_true(one_meter, table)


def test_the_latest_known_reading_has_to_come_again(tap: TapRunner, one_meter: Sandbox) -> None:
    run = BOTH(tap, one_meter, None, READINGS)
    state = run.state
    (known,) = state["bookmarks"][READINGS]["readings"].values()
    known[3:5] = [known[3] + 60, known[4] + 60]
    run.messages[:] = [{"type": "STATE", "value": state}]
    one_meter.advance("grow_intervals", new=True)
    table: Table = {}
    upsert(table, BOTH(tap, one_meter, run, READINGS))

    assert starts(one_meter)[-1] is None
    assert len(starts(one_meter)) > 1, "its counts add up"
    assert_true(one_meter, table)


def test_a_meter_that_is_no_longer_listed_is_forgotten(
    tap: TapRunner, three_meters: Sandbox
) -> None:
    first = BOTH(tap, three_meters, None, READINGS)
    consents = {row["authorization_uid"]: row["meter_uid"] for row in first.records(READINGS)}
    gone, meter = next(iter(consents.items()))
    three_meters.advance("revoke_authorization", authorization=gone)
    second = BOTH(tap, three_meters, first, READINGS)

    before, after = (run.state["bookmarks"][READINGS]["readings"] for run in (first, second))
    assert meter in before
    assert meter not in after
    assert after


@pytest.mark.parametrize("odd", [None, []])
def test_an_odd_list_of_meters_does_too(tap: TapRunner, one_meter: Sandbox, odd: object) -> None:
    run = BOTH(tap, one_meter, None, READINGS)
    state = run.state
    state["bookmarks"][READINGS]["readings"] = odd
    run.messages[:] = [{"type": "STATE", "value": state}]
    one_meter.advance("grow_intervals")
    table: Table = {}
    upsert(table, BOTH(tap, one_meter, run, READINGS))

    assert starts(one_meter) == [None]
    assert_true(one_meter, table)


def test_a_list_that_lags_behind_the_count_is_read_whole_until_it_has_caught_up(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    rows = one_meter.truth(only="intervals")["intervals"]
    table: Table = {}
    one_meter.set_faults([instead("/intervals", {"intervals": rows[:-1], "next": None})])
    run = upsert(table, BOTH(tap, one_meter, None, READINGS))
    assert len(table) < len(true_table(one_meter))
    one_meter.set_faults([])
    asked = []
    for _ in range(2):
        one_meter.advance("grow_intervals", new=True)
        run = upsert(table, BOTH(tap, one_meter, run, READINGS))
        asked.append(starts(one_meter))
        assert_true(one_meter, table)

    assert asked[0] == [None]
    assert None not in asked[1]


def test_what_two_reads_in_a_row_have_lacked_is_taken_as_it_is(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    run, asked = None, []
    for _ in range(3):
        run = BOTH(tap, one_meter, run, READINGS, start_date="2026-01-01T00:00:00Z")
        asked.append(starts(one_meter))
        one_meter.advance("grow_intervals", new=True)

    assert asked[:2] == [["2025-10-31"]] * 2
    assert asked[2] != asked[0]
    assert "2025-10-31" not in asked[2]
