"""Merging the readings of a meter's intervals, so that each comes once.

An interval's ``uid`` changes as it grows, and two intervals of a meter may share readings. So a
reading is identified by its meter, start and end only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.http.lazy_records import fully_decoded
from tap_utility_energy.utilityapi.json_values import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

Instant = datetime | str

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class MergedReadings:
    """The readings of a meter's intervals, each once, with the interval that it was taken from.

    Of a reading that several intervals list, the one of the interval with the latest ``updated``
    is kept; of those of one interval, or of intervals with the same ``updated``, the first listed.
    One interval at a time is in memory; of each reading two numbers are remembered.

    >>> one = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z", "kwh": 1}
    >>> two = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T01:00:00+00:00", "kwh": 2}
    >>> old = {"updated": "2026-01-02T00:00:00+00:00", "readings": [one]}
    >>> new = {"updated": "2026-01-03T00:00:00+00:00", "readings": [two]}
    >>> merged = MergedReadings([old, new])
    >>> [(reading["kwh"], interval is new) for reading, interval in merged], merged.differing
    ([(2, True)], 1)

    Args:
        intervals: The intervals, in the order of the list.
    """

    def __init__(self, intervals: Iterable[Record]) -> None:
        self._intervals = sorted(intervals, key=_updated, reverse=True)
        self._intervals.reverse()  # each is taken from the end
        self._values: dict[object, int] = {}
        self._differing = set[object]()
        self._read = lru_cache(1000)(read_time)  # the end of a reading is the start of another
        #: Each interval with readings that lack a start or end, and the number of these readings.
        self.without_time: list[tuple[Record, int]] = []

    @property
    def differing(self) -> int:
        """How many readings are listed with different values, as far as they were read."""
        return len(self._differing)

    def __iter__(self) -> Iterator[tuple[Record, Record]]:
        """Every reading, ``start`` and ``end`` in one form, and its interval; once."""
        while self._intervals:
            interval = fully_decoded(self._intervals.pop())
            for reading in self._new_in(interval):
                yield reading, interval

    def _new_in(self, interval: Record) -> Iterator[Record]:
        left_out = 0
        for reading in items(interval.get("readings")):
            sent = reading if isinstance(reading, dict) else {}
            start, end = as_key(sent.get("start"), str), as_key(sent.get("end"), str)
            if start is None or end is None:
                left_out += 1
                continue
            (since, start), (until, end) = self._read(start), self._read(end)
            if self._is_new(_key(since, until), _values_of(sent)):
                yield sent | {"start": start, "end": end}
        if left_out:
            named = {name: interval.get(name) for name in ("uid", "meter_uid")}
            self.without_time.append((named, left_out))

    def _is_new(self, key: object, values: int) -> bool:
        known = self._values.get(key)
        if known is None:
            self._values[key] = values
        elif known != values:
            self._differing.add(key)
        return known is None


def read_time(time: str) -> tuple[Instant, str]:
    """Parse a timestamp, and format it as the vendor documents it.

    That form has microseconds and a numeric offset. The offset stays, because it tells the
    utility's local time. A text that is not a timestamp is returned unchanged, twice.

    >>> read_time("2026-03-08T01:00Z")[1]
    '2026-03-08T01:00:00.000000+00:00'
    >>> read_time("2026-03-08")
    ('2026-03-08', '2026-03-08')
    """
    try:
        instant = datetime.fromisoformat(time)
    except ValueError:
        return time, time
    return (instant, instant.isoformat(timespec="microseconds")) if instant.tzinfo else (time, time)


def _updated(interval: Record) -> datetime:
    updated, _ = read_time(str(interval.get("updated")))
    return updated if isinstance(updated, datetime) else LONG_AGO


def _key(since: Instant, until: Instant) -> object:
    """A small object that is the same for the same two instants."""
    if isinstance(since, str) or isinstance(until, str):
        return since, until
    return _microseconds(since) << 64 | _microseconds(until)


def _microseconds(instant: datetime) -> int:
    return (instant - LONG_AGO) // timedelta(microseconds=1)


def _values_of(reading: Record) -> int:
    return _hash({name: value for name, value in reading.items() if name not in {"start", "end"}})


def _hash(value: Any) -> int:
    """A hash of a JSON value, the same for equal ones."""
    if isinstance(value, dict):
        return hash(frozenset((name, _hash(item)) for name, item in value.items()))
    if isinstance(value, list):
        return hash(tuple(map(_hash, value)))
    return hash(value)
