"""Many days of a vendor whose data grows, fills up, changes and moves: the table stays true."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.utilityapi.streams import INTERVALS as LIST
from tests.support import Run, TapRunner
from tests.utilityapi.meter_data import vendor
from tests.utilityapi.reading_table import BOTH, READINGS, Table, assert_true, true_table, upsert


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
    monkeypatch.setattr(VendorStream, "STATE_MSG_FREQUENCY", 100)
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
