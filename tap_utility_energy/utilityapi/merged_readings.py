"""Merging the readings of a meter's intervals, so that each comes once.

An interval's ``uid`` changes as it grows, and two intervals of a meter may share readings. So a
reading is told from another by its meter, start and end alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from tap_utility_energy.utilityapi.json_values import items

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Record

Instant = datetime | str

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class MeterReadings:
    """The readings of one meter."""

    #: Every reading, ``start`` and ``end`` in one form, with the interval that it was taken from.
    rows: list[tuple[Record, Record]]
    #: How many readings are listed with different values.
    differing: int
    #: Intervals, and how many of their readings have no start or end and are not among the rows.
    without_time: list[tuple[Record, int]]


def merge_readings(intervals: Iterable[Record]) -> MeterReadings:
    """Merge the readings of a meter's intervals, which are given in the order of the list.

    Of a reading that several intervals list, the one of the interval with the latest ``updated``
    is kept; of those of one interval, or of intervals with the same ``updated``, the first listed.

    >>> one = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z", "kwh": 1}
    >>> two = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T01:00:00+00:00", "kwh": 2}
    >>> old = {"updated": "2026-01-02T00:00:00+00:00", "readings": [one]}
    >>> new = {"updated": "2026-01-03T00:00:00+00:00", "readings": [two]}
    >>> merged = merge_readings([old, new])
    >>> [(reading["kwh"], interval is new) for reading, interval in merged.rows], merged.differing
    ([(2, True)], 1)
    """
    kept: dict[tuple[Instant, Instant], tuple[Record, Record]] = {}
    differing = set[tuple[Instant, Instant]]()
    read = cache(read_time)  # the end of a reading is the start of another
    without_time: list[tuple[Record, int]] = []
    for interval in sorted(intervals, key=_updated, reverse=True):
        left_out = 0
        for reading in items(interval.get("readings")):
            sent = reading if isinstance(reading, dict) else {}
            start, end = sent.get("start"), sent.get("end")
            if not (isinstance(start, str) and isinstance(end, str) and start and end):
                left_out += 1
                continue
            (since, start), (until, end) = read(start), read(end)
            if known := kept.get((since, until)):
                if _values(known[0]) != _values(sent):
                    differing.add((since, until))
            else:
                kept[since, until] = sent | {"start": start, "end": end}, interval
        if left_out:
            without_time.append((interval, left_out))
    return MeterReadings(list(kept.values()), len(differing), without_time)


def read_time(time: str) -> tuple[Instant, str]:
    """Read the instant that a text tells, and write it in the form that the vendor documents.

    That form has microseconds and a numeric offset. The offset stays, because it tells the
    utility's local time. A text that tells no instant stands for itself.

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


def _values(reading: Record) -> Record:
    return {name: value for name, value in reading.items() if name not in {"start", "end"}}
