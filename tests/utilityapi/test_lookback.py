"""A new day of a meter costs a day and the lookback, and the table of readings stays true.

Whether the vendor's ``start`` cuts readings off intervals or leaves out whole ones is unknown, so
every test runs under both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi.streams import INTERVALS as LIST
from tap_utility_energy.utilityapi.streams import IntervalReadingsStream
from tests.support import Run, TapRunner, by_key, catalog
from tests.utilityapi.meter_data import FAST, INTERVALS, instead, sync, vendor

READINGS = "utilityapi_interval_readings"
KEY = ("meter_uid", "start", "end")
BOTH = partial(sync, utilityapi_mixed_intervals=True)
Table = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture(params=[False, True], ids=["leaves out", "cuts"])
def cuts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


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


def true_table(box: Sandbox) -> Table:
    return by_key(box.truth(only="interval_readings")["interval_readings"], *KEY)


def upsert(table: Table, run: Run) -> Run:
    """Load a run into a table that merges by key."""
    assert run.exit == 0, run.stderr
    table |= {tuple(row[name] for name in KEY): row for row in run.records(READINGS)}
    return run


def assert_true(box: Sandbox, table: Table, stale: set[tuple[Any, ...]] = frozenset()) -> None:  # type: ignore[assignment]
    expected = true_table(box)
    assert table.keys() == expected.keys()
    for key, row in table.items():
        sent = {name: row[name] for name in expected[key]}
        assert sent == expected[key] or key in stale, key


def starts(box: Sandbox) -> list[str | None]:
    """The ``start`` of each request for intervals; None for all."""
    urls = [urlsplit(request["target"]) for request in box.requests()]
    queries = [parse_qs(url.query) for url in urls if url.path.endswith("/intervals")]
    return [query.get("start", [None])[0] for query in queries]


def test_a_new_day_of_three_years_costs_a_day_and_the_lookback(
    tap: TapRunner, boxes: Sandbox
) -> None:
    counts = {m["interval_count"]: m["uid"] for m in boxes.truth(only="meters")["meters"]}
    meter = counts[max(counts)]  # of quarter-hours
    boxes.advance("older_readings", meter=meter, days=1000, each=10)
    only = partial(BOTH, utilityapi_meters=[meter])
    table: Table = {}
    first = upsert(table, only(tap, boxes, None, READINGS))
    assert len(table) > 103_680
    boxes.advance("grow_intervals", meter=meter, new=True)
    second = upsert(table, only(tap, boxes, first, READINGS))
    boxes.advance("grow_intervals", meter=meter)
    third = upsert(table, only(tap, boxes, second, READINGS))

    a_day = 96
    for run in (second, third):
        assert len(run.records(READINGS)) <= (1 + 35 + 31) * a_day
    if boxes.options.start_cuts:
        assert len(third.records(READINGS)) == (1 + 35) * a_day + 1
    assert table.keys() == {key for key in true_table(boxes) if key[0] == meter}


def test_one_interval_that_grows_for_years_is_read_as_the_vendor_allows(
    tap: TapRunner, box: Sandbox
) -> None:
    table: Table = {}
    box.advance("grow_intervals", days=40)
    run = upsert(table, BOTH(tap, box, None, READINGS, utilityapi_interval_lookback_days=5))
    total = len(table)
    box.advance("grow_intervals")
    run = upsert(table, BOTH(tap, box, run, READINGS, utilityapi_interval_lookback_days=5))

    cuts = box.options.start_cuts
    assert len(run.records(READINGS)) == (6 * 24 + 1 if cuts else total + 24)
    assert starts(box)[0]
    assert len(starts(box)) == (1 if cuts else 2)
    assert_true(box, table)


def test_a_lookback_of_no_days_reads_the_latest_reading_and_what_is_new(
    tap: TapRunner, box: Sandbox
) -> None:
    table: Table = {}
    settings = {"utilityapi_interval_lookback_days": 0}
    box.advance("grow_intervals", new=True)
    run = upsert(table, BOTH(tap, box, None, READINGS, **settings))
    box.advance("grow_intervals")
    run = upsert(table, BOTH(tap, box, run, READINGS, **settings))

    assert len(run.records(READINGS)) == (25 if box.options.start_cuts else 48)
    assert_true(box, table)


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
    tap: TapRunner, box: Sandbox, event: str, details: dict[str, Any]
) -> None:
    settings = {"utilityapi_interval_lookback_days": 2}
    table: Table = {}
    box.advance("grow_intervals", late=4, new=True)
    box.advance("grow_intervals", days=6, new=True)
    run = upsert(table, BOTH(tap, box, None, READINGS, **settings))
    box.advance(event, **details)
    box.advance("grow_intervals")
    run = upsert(table, BOTH(tap, box, run, READINGS, **settings))

    assert len(run.records(READINGS)) == len(true_table(box))
    assert_true(box, table)
    box.advance("grow_intervals")
    run = upsert(table, BOTH(tap, box, run, READINGS, **settings))
    assert len(run.records(READINGS)) < len(table) / 2
    assert_true(box, table)


@pytest.mark.parametrize(
    "change",
    [
        {"start_date": "2026-01-01T00:00:00Z"},
        {"utilityapi_mixed_intervals": False},
        {"utilityapi_interval_lookback_days": 36},
    ],
)
def test_other_settings_read_all(tap: TapRunner, box: Sandbox, change: dict[str, Any]) -> None:
    first = BOTH(tap, box, None, READINGS)
    box.advance("grow_intervals")
    settings = {"utilityapi_mixed_intervals": True, **change}
    sync(tap, box, first, READINGS, **settings)

    assert starts(box) == ["2025-10-31" if "start_date" in change else None]


def test_a_start_date_that_stays_bounds_the_first_read_alone(tap: TapRunner, box: Sandbox) -> None:
    first = BOTH(tap, box, None, READINGS, start_date="2026-01-01T00:00:00Z")
    box.advance("grow_intervals", new=True)
    second = BOTH(tap, box, first, READINGS, start_date="2026-01-01T00:00:00Z")

    (start,) = starts(box) if box.options.start_cuts else starts(box)[-1:]
    assert start
    assert start > "2026-03"
    assert 0 < len(second.records(READINGS)) < len(first.records(READINGS))


def test_a_start_date_after_the_lookback_is_kept(tap: TapRunner, box: Sandbox) -> None:
    first = BOTH(tap, box, None, READINGS, start_date="2026-06-09T00:00:00Z")
    box.advance("grow_intervals", new=True)
    BOTH(tap, box, first, READINGS, start_date="2026-06-09T00:00:00Z")

    assert starts(box) == ["2026-04-08"]


def test_a_full_table_is_read_whole(tap: TapRunner, box: Sandbox) -> None:
    first = BOTH(tap, box, None, READINGS)
    box.advance("grow_intervals")
    path = tap.file("full.json", catalog([READINGS], replication_method="FULL_TABLE"))
    config = box.tap_config(**FAST, utilityapi_mixed_intervals=True)
    second = tap(config, "--catalog", path, state=first.state)

    table: Table = {}
    upsert(table, second)
    assert_true(box, table)


def test_intervals_are_read_whole_and_so_are_readings_with_them(
    tap: TapRunner, box: Sandbox
) -> None:
    table: Table = {}
    first = upsert(table, BOTH(tap, box, None, READINGS, INTERVALS))
    box.advance("grow_intervals")
    second = upsert(table, BOTH(tap, box, first, READINGS, INTERVALS))
    assert starts(box) == [None]
    total = len(second.records(READINGS))
    assert sum(len(row["readings"] or ()) for row in second.records(INTERVALS)) == total

    # Without the intervals, the readings go on from what was read with them.
    box.advance("grow_intervals")
    third = upsert(table, BOTH(tap, box, second, READINGS))
    assert None not in starts(box)
    assert 0 < len(third.records(READINGS)) < total
    assert_true(box, table)


def test_a_meter_that_is_removed_from_the_state_is_read_whole(tap: TapRunner, box: Sandbox) -> None:
    run = BOTH(tap, box, None, READINGS)
    state = run.state
    (meter,) = state["bookmarks"][READINGS]["readings"]
    del state["bookmarks"][READINGS]["meters"][meter]
    run.messages[:] = [{"type": "STATE", "value": state}]
    again = BOTH(tap, box, run, READINGS)

    assert starts(box) == [None]
    assert len(again.records(READINGS)) == len(true_table(box))


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
        [*GOOD[:2], 10**30, 10**30, *GOOD[4:]],
        [*GOOD[:2], 4102444800, 4102448400, *GOOD[4:]],
        [*GOOD[:4], -(10**30), 9, -(10**30), 9],
        [*GOOD[:4], 1.5, 9, 1775455200, 9],
        GOOD,
    ],
)
def test_an_odd_state_leads_to_a_whole_read(tap: TapRunner, box: Sandbox, odd: object) -> None:
    run = BOTH(tap, box, None, READINGS)
    state = run.state
    bookmark = state["bookmarks"][READINGS]
    (meter,) = bookmark["readings"]
    if isinstance(odd, list) and len(odd) == len(GOOD) and odd is not GOOD:
        odd[0] = bookmark["readings"][meter][0] if odd[0] else odd[0]
    bookmark["readings"][meter] = odd
    run.messages[:] = [{"type": "STATE", "value": state}]
    box.advance("grow_intervals")
    table: Table = {}
    upsert(table, BOTH(tap, box, run, READINGS))

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


@pytest.mark.parametrize("odd", [None, 5, [], {"other": 1}])
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


def test_a_reading_of_the_far_future_does_not_hide_those_of_today(
    tap: TapRunner, box: Sandbox
) -> None:
    (meter,) = {uid for uid, *_ in true_table(box)}
    rows = box.truth(only="intervals")["intervals"]
    future = {"start": "2099-01-01T00:00:00Z", "end": "2099-01-01T01:00:00Z"}
    odd = {**rows[0], "uid": "odd", "readings": [future]}
    box.set_faults([instead("/intervals", {"intervals": [odd, *rows], "next": None})])
    run = BOTH(tap, box, None, READINGS, utilityapi_meters=[meter])
    assert len(run.records(READINGS)) == len(true_table(box)) + 1
    box.set_faults([])
    box.advance("grow_intervals", new=True)
    table: Table = {}
    upsert(table, run)
    upsert(table, BOTH(tap, box, run, READINGS, utilityapi_meters=[meter]))

    assert starts(box)[0]
    assert starts(box)[0] < "2026-05"
    assert len(table) == len(true_table(box)) + 1


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


# Many days.


def day(box: Sandbox, rng: Random, lookback: int) -> set[tuple[Any, ...]]:
    """Let something happen; the readings whose correction need not be seen."""
    stale = set()
    before = true_table(box)
    meters = sorted({uid for uid, *_ in before})
    meter = rng.choice(meters)
    event = rng.choice([
        "grow",
        "grow",
        "grow",
        "late",
        "gap",
        "correct",
        "correct",
        "renew",
        "older",
        "repeat",
    ])
    if event in {"grow", "late"}:
        late = rng.randint(1, 20) if event == "late" else 0
        box.advance("grow_intervals", meter=meter, late=late, new=rng.random() < 0.3)
    elif event == "gap":
        late = [m for m in meters if _advance(box, "fill_gaps", meter=m, merge=rng.random() < 0.5)]
        event += f" {late}"
    elif event == "correct":
        box.advance("correct_reading", meter=meter, oldest=rng.random() < 0.5)
    elif event == "renew":
        box.advance("renew_authorization", meter=meter)
    elif event == "older":
        box.advance("older_readings", meter=meter, days=rng.randint(1, 3))
    else:
        _advance(box, "repeat_readings", meter=meter, count=5, differing=rng.random() < 0.5)
    after = true_table(box)
    latest = {uid: start for uid, start, _ in sorted(before)}
    for key, reading in before.items():
        age = datetime.fromisoformat(latest[key[0]]) - datetime.fromisoformat(key[1])
        is_corrected = after[key]["datapoints"] != reading["datapoints"]
        if is_corrected and age > timedelta(days=lookback):
            stale.add(key)
    return stale


def _advance(box: Sandbox, event: str, **details: Any) -> bool:
    try:
        box.advance(event, **details)
    except Exception:  # noqa: BLE001 - it cannot happen now, as without gaps
        return False
    return True


@pytest.mark.parametrize("seed", range(2))
def test_many_days_leave_true_tables_whatever_is_killed(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, seed: int, *, cuts: bool
) -> None:
    few = {"interval_meters": 2, "billing_summaries": 25, "interval_days": 6}
    with vendor(**few, start_cuts=cuts) as box:
        many_days(tap, box, monkeypatch, Random(seed))


def many_days(tap: TapRunner, box: Sandbox, monkeypatch: pytest.MonkeyPatch, rng: Random) -> None:
    monkeypatch.setattr(IntervalReadingsStream, "STATE_MSG_FREQUENCY", 100)
    monkeypatch.setattr(LIST, "meters_at_once", 2)
    monkeypatch.setattr(LIST, "most_meters", 2)
    lookback = 4
    settings = {"utilityapi_interval_lookback_days": lookback}
    table: Table = {}
    stale = set[tuple[Any, ...]]()
    run = upsert(table, BOTH(tap, box, None, READINGS, **settings))
    read = 0
    for _ in range(8):
        for _ in range(rng.randint(1, 3)):
            stale |= day(box, rng, lookback)
        now = BOTH(tap, box, run, READINGS, **settings)
        if rng.random() < 0.3:
            ends = [n for n, line in enumerate(now.messages) if line["type"] == "STATE"]
            end = rng.choice(ends)
            run = upsert(table, Run(0, "\n".join(now.stdout.splitlines()[: end + 1]), ""))
            now = BOTH(tap, box, run, READINGS, **settings)
        run = upsert(table, now)
        read += len(now.records(READINGS))
        assert_true(box, table, stale)

    known = run.state["bookmarks"][READINGS]["readings"]
    assert known.keys() == {uid for uid, *_ in table}
    assert max(len(json.dumps(each)) for each in known.values()) < 100
    assert read < 8 * len(table) / 2, "most runs read a part"
