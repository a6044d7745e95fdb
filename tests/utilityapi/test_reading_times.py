"""The times of readings, and intervals without the earlier ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_utility_energy.http.lazy_records import LazyRecord, fully_decoded, lazy_records
from tap_utility_energy.utilityapi.meter_requests import HEAD_FIELDS
from tap_utility_energy.utilityapi.reading_times import (
    ReadingTimes,
    Span,
    readings_since,
    spans_of,
)

HOURS = [
    {"start": f"2026-01-01T0{hour}:00:00Z", "end": f"2026-01-01T0{hour + 1}:00:00Z", "kwh": hour}
    for hour in range(4)
]


def interval(*readings: object, **more: Any) -> dict[str, Any]:
    return {"uid": "1", "meter_uid": "1", "updated": "", "readings": list(readings), **more}


def lazily(record: dict[str, Any]) -> dict[str, Any]:
    decode = lazy_records("all", "uid", str, HEAD_FIELDS)
    (found,) = decode(json.dumps({"all": [record]}).encode())["all"]
    assert isinstance(found, LazyRecord)
    return found


@pytest.mark.parametrize("make", [lazily, dict])
def test_earlier_readings_are_taken_out(make: Any) -> None:
    record = make(interval(*HOURS, more=5))
    begin = next(spans_of(record)).start

    assert readings_since(record, begin) is record
    assert readings_since(record, begin + 9 * 3600) is None
    part = readings_since(record, begin + 2 * 3600)
    assert part
    assert fully_decoded(part) == interval(*HOURS[2:], more=5)
    assert (part["uid"], part["meter_uid"]) == ("1", "1")


@pytest.mark.parametrize("make", [lazily, dict])
def test_readings_without_times_stay_where_they_are_reported(make: Any) -> None:
    record = make(interval({"kwh": 1}, None, *HOURS, {"start": None, "end": "x"}))
    begin = min(spans_of(record)).start
    part = readings_since(record, begin + 3 * 3600)

    assert part
    found = [each for each in fully_decoded(part)["readings"] if each]
    assert found == [{"kwh": 1}, HOURS[3], {"start": None, "end": "x"}]


@pytest.mark.parametrize("odd", ["2026-01-01", "yesterday", "2026-01-01T00:00:00"])
@pytest.mark.parametrize("make", [lazily, dict])
def test_a_time_that_is_no_moment_makes_a_meter_unclear(make: Any, odd: str) -> None:
    times = ReadingTimes()
    times.add(make(interval(*HOURS, {"start": odd, "end": odd})))
    assert not times.are_clear


def test_an_interval_that_ended_long_ago_is_not_looked_into() -> None:
    times = ReadingTimes()
    times.add({"uid": "1-20-10", "meter_uid": "1", "readings": [{"start": "x", "end": "y"}]}, 20)
    assert times.are_clear
    assert times.bounds == [Span(10, 20)]
    times.add({"uid": "1-21-10", "meter_uid": "1", "readings": [{"start": "x", "end": "y"}]}, 20)
    assert not times.are_clear


def test_readings_that_are_no_longer_needed_are_only_counted() -> None:
    times = ReadingTimes()
    times.add(interval(*HOURS))
    last = max(times.spans)
    times.add(interval(HOURS[3]), last.start)

    assert times.spans == {last}
    assert times.number == len(HOURS)
