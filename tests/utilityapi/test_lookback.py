"""A new day of a meter costs a day and the lookback, and the table of readings stays true.

Whether the vendor's ``start`` cuts readings off intervals or leaves out whole ones is unknown, so
every test runs under both.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import TapRunner, catalog
from tests.utilityapi.meter_data import FAST, INTERVALS, instead, sync, vendor
from tests.utilityapi.reading_table import (
    BOTH,
    READINGS,
    Table,
    assert_true,
    starts,
    true_table,
    upsert,
)


def test_a_new_day_of_three_years_costs_a_day_and_the_lookback(
    tap: TapRunner, three_meters: Sandbox
) -> None:
    counts = {m["interval_count"]: m["uid"] for m in three_meters.truth(only="meters")["meters"]}
    meter = counts[max(counts)]  # of quarter-hours
    three_meters.advance("older_readings", meter=meter, days=1000, each=10)
    only = partial(BOTH, utilityapi_meters=[meter])
    table: Table = {}
    first = upsert(table, only(tap, three_meters, None, READINGS))
    assert len(table) > 103_680
    three_meters.advance("grow_intervals", meter=meter, new=True)
    second = upsert(table, only(tap, three_meters, first, READINGS))
    three_meters.advance("grow_intervals", meter=meter)
    third = upsert(table, only(tap, three_meters, second, READINGS))

    a_day = 96
    for run in (second, third):
        assert len(run.records(READINGS)) <= (1 + 35 + 31) * a_day
    if three_meters.options.start_cuts:
        assert len(third.records(READINGS)) == (1 + 35) * a_day + 1
    assert table.keys() == {key for key in true_table(three_meters) if key[0] == meter}


def test_one_interval_that_grows_for_years_is_read_as_the_vendor_allows(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    table: Table = {}
    one_meter.advance("grow_intervals", days=40)
    run = upsert(table, BOTH(tap, one_meter, None, READINGS, utilityapi_interval_lookback_days=5))
    total = len(table)
    one_meter.advance("grow_intervals")
    run = upsert(table, BOTH(tap, one_meter, run, READINGS, utilityapi_interval_lookback_days=5))

    cuts = one_meter.options.start_cuts
    assert len(run.records(READINGS)) == (6 * 24 + 1 if cuts else total + 24)
    assert starts(one_meter)[0]
    assert len(starts(one_meter)) == (1 if cuts else 2)
    assert_true(one_meter, table)


def test_a_lookback_of_no_days_reads_the_latest_reading_and_what_is_new(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    table: Table = {}
    settings = {"utilityapi_interval_lookback_days": 0}
    one_meter.advance("grow_intervals", new=True)
    run = upsert(table, BOTH(tap, one_meter, None, READINGS, **settings))
    one_meter.advance("grow_intervals")
    run = upsert(table, BOTH(tap, one_meter, run, READINGS, **settings))

    assert len(run.records(READINGS)) == (25 if one_meter.options.start_cuts else 48)
    assert_true(one_meter, table)


# What is read whole all the same.


@pytest.mark.parametrize(
    ("event", "details"),
    [
        ("older_readings", {"days": 20}),
        ("renew_authorization", {}),
        ("fill_gaps", {}),
        ("fill_gaps", {"merge": True}),
    ],
)
def test_what_changes_before_the_lookback_is_read(
    tap: TapRunner, one_meter: Sandbox, event: str, details: dict[str, Any]
) -> None:
    settings = {"utilityapi_interval_lookback_days": 2}
    table: Table = {}
    one_meter.advance("grow_intervals", late=4, new=True)
    one_meter.advance("grow_intervals", days=6, new=True)
    run = upsert(table, BOTH(tap, one_meter, None, READINGS, **settings))
    one_meter.advance(event, **details)
    one_meter.advance("grow_intervals")
    run = upsert(table, BOTH(tap, one_meter, run, READINGS, **settings))

    assert len(run.records(READINGS)) == len(true_table(one_meter))
    assert_true(one_meter, table)
    one_meter.advance("grow_intervals")
    run = upsert(table, BOTH(tap, one_meter, run, READINGS, **settings))
    assert len(run.records(READINGS)) < len(table) / 2
    assert_true(one_meter, table)


@pytest.mark.parametrize(
    "change",
    [
        {"start_date": "2026-01-01T00:00:00Z"},
        {"utilityapi_mixed_intervals": False},
        {"utilityapi_interval_lookback_days": 36},
    ],
)
def test_other_settings_read_all(
    tap: TapRunner, one_meter: Sandbox, change: dict[str, Any]
) -> None:
    first = BOTH(tap, one_meter, None, READINGS)
    one_meter.advance("grow_intervals")
    settings = {"utilityapi_mixed_intervals": True, **change}
    sync(tap, one_meter, first, READINGS, **settings)

    assert starts(one_meter) == ["2025-10-31" if "start_date" in change else None]


def test_a_start_date_that_stays_bounds_the_first_read_alone(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    first = BOTH(tap, one_meter, None, READINGS, start_date="2026-01-01T00:00:00Z")
    one_meter.advance("grow_intervals", new=True)
    first = BOTH(tap, one_meter, first, READINGS, start_date="2026-01-01T00:00:00Z")
    one_meter.advance("grow_intervals", new=True)
    second = BOTH(tap, one_meter, first, READINGS, start_date="2026-01-01T00:00:00Z")

    (start,) = starts(one_meter) if one_meter.options.start_cuts else starts(one_meter)[-1:]
    assert start
    assert start > "2026-03"
    assert 0 < len(second.records(READINGS)) < len(first.records(READINGS))


def test_a_start_date_after_the_lookback_is_kept(tap: TapRunner, one_meter: Sandbox) -> None:
    first = BOTH(tap, one_meter, None, READINGS, start_date="2026-06-09T00:00:00Z")
    one_meter.advance("grow_intervals", new=True)
    BOTH(tap, one_meter, first, READINGS, start_date="2026-06-09T00:00:00Z")

    assert starts(one_meter) == ["2026-04-08"]


def test_a_full_table_is_read_whole(tap: TapRunner, one_meter: Sandbox) -> None:
    first = BOTH(tap, one_meter, None, READINGS)
    one_meter.advance("grow_intervals")
    path = tap.file("full.json", catalog([READINGS], replication_method="FULL_TABLE"))
    config = one_meter.tap_config(**FAST, utilityapi_mixed_intervals=True)
    second = tap(config, "--catalog", path, state=first.state)

    table: Table = {}
    upsert(table, second)
    assert_true(one_meter, table)


def test_intervals_are_read_whole_and_so_are_readings_with_them(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    table: Table = {}
    first = upsert(table, BOTH(tap, one_meter, None, READINGS, INTERVALS))
    one_meter.advance("grow_intervals")
    second = upsert(table, BOTH(tap, one_meter, first, READINGS, INTERVALS))
    assert starts(one_meter) == [None]
    total = len(second.records(READINGS))
    assert sum(len(row["readings"] or ()) for row in second.records(INTERVALS)) == total

    # Without the intervals, the readings go on from what was read with them.
    one_meter.advance("grow_intervals")
    third = upsert(table, BOTH(tap, one_meter, second, READINGS))
    assert None not in starts(one_meter)
    assert 0 < len(third.records(READINGS)) < total
    assert_true(one_meter, table)


def test_a_meter_that_is_removed_from_the_state_is_read_whole(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    run = BOTH(tap, one_meter, None, READINGS)
    state = run.state
    (meter,) = state["bookmarks"][READINGS]["readings"]
    del state["bookmarks"][READINGS]["meters"][meter]
    run.messages[:] = [{"type": "STATE", "value": state}]
    again = BOTH(tap, one_meter, run, READINGS)

    assert starts(one_meter) == [None]
    assert len(again.records(READINGS)) == len(true_table(one_meter))


def test_a_reading_of_the_far_future_does_not_hide_those_of_today(
    tap: TapRunner, one_meter: Sandbox
) -> None:
    (meter,) = {uid for uid, *_ in true_table(one_meter)}
    rows = one_meter.truth(only="intervals")["intervals"]
    future = {"start": "2099-01-01T00:00:00Z", "end": "2099-01-01T01:00:00Z"}
    rows[-1]["readings"][-1] = future
    one_meter.set_faults([instead("/intervals", {"intervals": rows, "next": None})])
    run = BOTH(tap, one_meter, None, READINGS, utilityapi_meters=[meter])
    assert len(run.records(READINGS)) == len(true_table(one_meter))
    one_meter.set_faults([])
    one_meter.advance("grow_intervals", new=True)
    table: Table = {}
    upsert(table, run)
    upsert(table, BOTH(tap, one_meter, run, READINGS, utilityapi_meters=[meter]))

    assert starts(one_meter)[0]
    assert starts(one_meter)[0] < "2026-05"
    assert len(table) == len(true_table(one_meter))


def test_more_than_was_requested_is_not_used(tap: TapRunner, one_meter: Sandbox) -> None:
    # A part of the earlier intervals may have come, and with it values that others replace.
    settings = {"utilityapi_interval_lookback_days": 3}
    table: Table = {}
    run = upsert(table, BOTH(tap, one_meter, None, READINGS, **settings))
    one_meter.advance("grow_intervals")
    one_meter.set_faults([
        instead("/intervals", one_meter.truth(only="intervals") | {"next": None})
    ])
    run = upsert(table, BOTH(tap, one_meter, run, READINGS, **settings))

    assert len(run.records(READINGS)) == (1 + 3) * 24 + 1
    assert len(starts(one_meter)) == 1
    assert_true(one_meter, table)


@pytest.mark.parametrize("odd", [{}, {"meter_uid": None}, {"meter_uid": 5, "readings": [5, None]}])
def test_an_interval_of_no_meter_does_not_spoil_a_window(
    tap: TapRunner, one_meter: Sandbox, odd: dict[str, Any]
) -> None:
    table: Table = {}
    settings = {"fail_on_bad_records": False}
    run = upsert(table, BOTH(tap, one_meter, None, READINGS, **settings))
    one_meter.advance("grow_intervals")
    rows = one_meter.truth(only="intervals")["intervals"]
    one_meter.set_faults([instead("/intervals", {"intervals": [odd, *rows, None], "next": None})])
    run = upsert(table, BOTH(tap, one_meter, run, READINGS, **settings))

    assert 0 < len(run.records(READINGS)) < len(table) / 2
    assert_true(one_meter, table)


# How many requests it takes.


def test_meters_of_one_week_share_requests(tap: TapRunner, *, cuts: bool) -> None:
    with vendor(interval_meters=40, billing_summaries=900, interval_days=2, start_cuts=cuts) as box:
        table: Table = {}
        settings = {"utilityapi_interval_lookback_days": 3}
        run = upsert(table, BOTH(tap, box, None, READINGS, **settings))
        box.advance("grow_intervals", new=True)
        upsert(table, BOTH(tap, box, run, READINGS, **settings))

        changed = {uid for uid, *_ in table}
        assert len(changed) > 30
        assert None not in starts(box)
        assert len(starts(box)) < len(changed) / 2
        assert_true(box, table)
