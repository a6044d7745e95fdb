"""Readings that are told apart by their order alone are distinct."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_utility_energy.utilityapi.reading_order import are_distinct

Period = tuple[str, str]


def at(hour: int, offset: str = "-05:00") -> str:
    return f"2026-01-01T{hour:02}:00:00.000000{offset}"


def sent(periods: list[Period]) -> bytes:
    return json.dumps({"readings": [{"start": a, "end": b} for a, b in periods]}).encode()


hours = st.integers(0, 6)
periods = st.builds(
    lambda hour, offset: (at(hour, offset), at(hour + 1, offset)),
    hours,
    st.sampled_from(["-05:00", "-05:00", "-04:00"]),
)
ordered = st.lists(periods, max_size=4).map(sorted)
intervals = st.lists(st.one_of(st.lists(periods, max_size=4), ordered), max_size=3)


@given(intervals)
def test_no_reading_of_distinct_ones_comes_twice(found: list[list[Period]]) -> None:
    starts = [datetime.fromisoformat(start) for interval in found for start, _ in interval]

    if are_distinct(map(sent, found)):
        assert len(set(starts)) == len(starts)


@pytest.mark.parametrize("step", [1, -1])
def test_readings_in_order_are_distinct(step: int) -> None:
    first = [(at(hour), at(hour + 1)) for hour in range(3)]
    second = [(at(hour), at(hour + 1)) for hour in (3, 5)]
    clocks_back = [(at(10, "-04:00"), at(11, "-04:00")), (at(10), at(11))]

    assert are_distinct(map(sent, [second[::step], first[::step], clocks_back[::step], []]))


@pytest.mark.parametrize(
    "found",
    [
        [[(at(1), at(2)), (at(2), at(3))], [(at(2), at(3))]],
        [[(at(1), at(2)), (at(1), at(2))]],
        [[(at(2), at(3)), (at(1), at(2)), (at(3), at(4))]],
        [[(at(1), at(2))], [(at(2, "-04:00"), at(3, "-04:00"))]],
        [[("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z")]],
        [[(at(1, "-00:00"), at(2, "-00:00"))]],
        [[("2026-01-01T24:00:00.000000-05:00", at(2))]],
    ],
)
def test_in_doubt_they_are_not(found: list[list[Period]]) -> None:
    assert not are_distinct(map(sent, found))
