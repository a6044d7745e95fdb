"""Intervals whose uid changes from run to run: no old version keeps its readings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.support import TapRunner
from tests.utilityapi.meter_data import INTERVALS, instead, landed, sync, vendor


@pytest.mark.parametrize("hours", [[(0, 3)], [(0, 2), (2, 5)], [(2, 7)], [(0, 5)], [(0, 6)]])
@pytest.mark.parametrize("vanishes", [False, True])
def test_no_old_version_of_an_interval_keeps_its_readings(
    tap: TapRunner, hours: list[tuple[int, int]], *, vanishes: bool
) -> None:
    old, new = [(0, 5), (10, 15)], [*hours, (10, 15)]
    run, rows = None, {}
    with vendor(billing_summaries=1) as box:
        for day, periods in enumerate([old, [], new] if vanishes else [old, new]):
            meter = {"uid": "1", "status_ts": f"2026-01-0{day + 2}T00:00:00+00:00"}
            intervals = [hourly("1", *period) for period in periods]
            box.set_faults([
                instead("/meters", {"meters": [meter] if periods else [], "next": None}),
                instead("/intervals", {"intervals": intervals, "next": None}),
            ])
            run = sync(tap, box, run, INTERVALS)
            rows |= landed(run, stream=INTERVALS)

    stored = [reading for row in rows.values() for reading in row.get("readings") or []]
    listed = [reading for interval in intervals for reading in interval["readings"]]
    assert sorted(r["start"] for r in stored) == sorted(r["start"] for r in listed)


def hourly(meter: str, first: int, end: int) -> dict[str, Any]:
    """An interval of hourly readings, with the uid that the vendor gives it."""
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    times = [midnight + timedelta(hours=hour) for hour in range(first, end + 1)]
    readings = [{"start": a.isoformat(), "end": b.isoformat()} for a, b in pairwise(times)]
    uid = f"{meter}-{times[-1].timestamp():.0f}-{times[0].timestamp():.0f}"
    return {"uid": uid, "meter_uid": meter, "readings": readings}
