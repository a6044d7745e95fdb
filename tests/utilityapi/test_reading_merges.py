"""Readings of intervals that overlap, merged over pages as in the plainest way."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_utility_energy.tap import TapUtilityEnergy
from tap_utility_energy.utilityapi.reading_rows import intervals_by_meter
from tap_utility_energy.utilityapi.streams import IntervalReadingsStream
from tests.support import catalog

READINGS = "utilityapi_interval_readings"
KEY = ("meter_uid", "start", "end")

instants = st.integers(0, 5).map(lambda hour: f"2026-01-01T0{hour}:00:00.000000+00:00")
readings = st.fixed_dictionaries({
    "start": instants,
    "end": instants,
    "kwh": st.integers(0, 2),
})
intervals = st.fixed_dictionaries({
    "meter_uid": st.sampled_from(["1", "2"]),
    "updated": st.sampled_from([None, "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00+00:00"]),
    "readings": st.lists(readings, max_size=6),
})
chunks = st.lists(st.lists(intervals, max_size=4), min_size=1, max_size=4)


def naively(chunk: list[dict[str, Any]]) -> dict[tuple[Any, ...], int]:
    """Every reading of a chunk: a later one wins only if its interval was updated later."""
    best: dict[tuple[Any, ...], tuple[str, int]] = {}
    for interval in chunk:
        updated = (interval["updated"] or "").replace("Z", "+00:00")
        for reading in interval["readings"]:
            key = interval["meter_uid"], reading["start"], reading["end"]
            if key not in best or updated > best[key][0]:
                best[key] = updated, reading["kwh"]
    return {key: kwh for key, (_, kwh) in best.items()}


def disputed(chunk: list[dict[str, Any]]) -> set[str]:
    """The meters of a chunk that have a reading with two values."""
    values = defaultdict[tuple[Any, ...], set[int]](set)
    for interval in chunk:
        for reading in interval["readings"]:
            values[interval["meter_uid"], reading["start"], reading["end"]].add(reading["kwh"])
    return {meter for (meter, *_), kwhs in values.items() if len(kwhs) > 1}


@pytest.fixture(scope="module")
def stream() -> IntervalReadingsStream:
    tap = TapUtilityEnergy(config={}, catalog=catalog([READINGS]), validate_config=False)
    return cast("IntervalReadingsStream", tap.streams[READINGS])


@settings(deadline=None)
@given(chunks=st.lists(chunks, max_size=3))
def test_merging_over_pages_is_as_the_plainest_way(
    stream: IntervalReadingsStream, chunks: list[list[list[Any]]]
) -> None:
    pages = [page for chunk in chunks for page in chunk]
    for number, interval in enumerate(interval for page in pages for interval in page):
        interval["uid"] = str(number)
    ends = {sum(map(len, chunks[:number])) for number in range(1, len(chunks) + 1)}
    warned = Warnings()
    logging.root.addHandler(warned)
    try:
        rows = [
            row
            for page in intervals_by_meter(pages, ends.__contains__)
            for record in page
            for row in stream.rows_of(record)
        ]
    finally:
        logging.root.removeHandler(warned)

    expected: list[tuple[Any, ...]] = []
    meters: list[str] = []
    for chunk in chunks:
        listed = [interval for page in chunk for interval in page]
        expected += [(*key, kwh) for key, kwh in naively(listed).items()]
        meters += disputed(listed)
    assert sorted((*(row[name] for name in KEY), row["kwh"]) for row in rows) == sorted(expected)
    assert sorted(warned.meters) == sorted(meters)


class Warnings(logging.Handler):
    """The meters that warnings named."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.meters: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        self.meters.append(str(record.args[0]))
