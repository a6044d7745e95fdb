"""When the readings of a meter start and end, without decoding anything else of them."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.http.lazy_records import LazyRecord, fully_decoded
from tap_utility_energy.http.page import with_some_records
from tap_utility_energy.utilityapi.interval_versions import IntervalUid
from tap_utility_energy.utilityapi.json_values import items
from tap_utility_energy.utilityapi.merged_readings import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Record
    from typing_extensions import Buffer


class Span(NamedTuple):
    """A period, in seconds since 1970."""

    start: int
    end: int


class SentPeriod(msgspec.Struct, gc=False):
    """The start and end of a reading, as they were sent."""

    start: str
    end: str


class _Interval(msgspec.Struct, gc=False):
    readings: list[SentPeriod] | None = None


class _Listed(msgspec.Struct, gc=False):
    readings: list[msgspec.Raw]


_decode_periods = msgspec.json.Decoder(_Interval).decode
_decode_listed = msgspec.json.Decoder(_Listed).decode


def sent_periods(interval: Buffer) -> list[SentPeriod]:
    """The periods of an interval's readings, from its raw JSON.

    Raises:
        msgspec.MsgspecError: A reading has no start or end that is text.
    """
    return _decode_periods(interval).readings or []


@dataclass
class ReadingTimes:
    """The readings that were received of a meter, whatever intervals listed them.

    >>> readings = [{"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}]
    >>> times = ReadingTimes()
    >>> times.add({"uid": "1-1767229200-1767225600", "meter_uid": "1", "readings": readings})
    >>> times.spans
    {Span(start=1767225600, end=1767229200)}
    """

    #: Readings that end after this moment are not taken for the latest one.
    horizon: int = sys.maxsize
    #: The latest reading.
    latest: Span | None = None
    spans: set[Span] = field(default_factory=set)
    #: The periods of the intervals.
    bounds: list[Span] = field(default_factory=list)
    #: How many readings were not looked into.
    others: int = 0
    #: Whether every reading has a time that can be compared.
    are_clear: bool = True
    _forgotten: int = -sys.maxsize

    def add(self, interval: Record, needed_from: int | None = None) -> None:
        """Take the readings of an interval.

        Args:
            interval: The interval.
            needed_from: Readings that end before this moment are not needed; an interval whose uid
                says so is not looked into.
        """
        if needed_from is not None and needed_from > self._forgotten:
            self._forget(needed_from)
        named = IntervalUid.parse(str(interval.get("uid")))
        if named and needed_from is not None and named.end <= needed_from:
            self.bounds.append(Span(named.start, named.end))
            self.others += _number_in(interval)
            return
        try:
            spans = set(spans_of(interval))
        except ValueError:
            self.are_clear = False
            return
        self.spans |= spans
        past = [span for span in (*spans, self.latest) if span and span.end <= self.horizon]
        self.latest = max(past, key=lambda span: (span.end, span.start), default=None)
        periods = [*spans, *([Span(named.start, named.end)] if named else [])]
        if periods:
            ends = (end for _, end in periods)
            self.bounds.append(Span(min(periods).start, max(ends)))

    def _forget(self, moment: int) -> None:
        """Forget readings that are no longer needed, apart from their number."""
        self._forgotten = moment
        kept = {span for span in self.spans if span.end > moment}
        self.others += len(self.spans) - len(kept)
        self.spans = kept

    @property
    def number(self) -> int:
        """How many readings came; one is counted twice if two old intervals list it."""
        return len(self.spans) + self.others

    def number_since(self, moment: int) -> int:
        """How many readings start then or later."""
        return sum(start >= moment for start, _ in self.spans)

    def boundary(self, moment: int) -> int:
        """The latest moment, not after this one, at which no interval is in its middle.

        >>> ReadingTimes(bounds=[Span(0, 10), Span(8, 20), Span(20, 30)]).boundary(15)
        0
        """
        found = moment
        while starts := [start for start, end in self.bounds if start < found < end]:
            found = min(starts)
        return found


def spans_of(interval: Record) -> Iterator[Span]:
    """The periods of an interval's readings, without those that lack a start or end.

    Raises:
        ValueError: One is no moment.
    """
    readings: list[tuple[object, object]]
    if isinstance(interval, LazyRecord):
        try:
            decoded = sent_periods(interval.raw)
        except msgspec.MsgspecError:
            interval = fully_decoded(interval)
        else:
            yield from (Span(_seconds(each.start), _seconds(each.end)) for each in decoded)
            return
    readings = [
        (as_key(each.get("start"), str), as_key(each.get("end"), str))
        for each in items(interval.get("readings"))
        if isinstance(each, dict)
    ]
    for start, end in readings:
        if isinstance(start, str) and isinstance(end, str):
            yield Span(_seconds(start), _seconds(end))


def _number_in(interval: Record) -> int:
    if isinstance(interval, LazyRecord):
        with suppress(msgspec.MsgspecError):
            return len(_decode_listed(interval.raw).readings)
    return len(items(fully_decoded(interval).get("readings")))


def readings_since(interval: Record, moment: int) -> Record | None:
    """An interval with only those readings that start then or later; None if there is none."""
    starts = [start for start, _ in spans_of(interval)]
    if starts and min(starts) >= moment:
        return interval
    if not any(start >= moment for start in starts):
        return None
    record = fully_decoded(interval)
    sent = items(record.get("readings"))
    are_kept = [_starts_since(each, moment) for each in sent]
    if not isinstance(interval, LazyRecord) or len(sent) != len(record["readings"]):
        kept = zip(sent, are_kept, strict=True)
        return {**record, "readings": [each for each, is_kept in kept if is_kept]}
    part = LazyRecord(interval)
    part.raw = msgspec.Raw(with_some_records(bytes(interval.raw), "readings", are_kept))
    return part


def _starts_since(reading: object, moment: int) -> bool:
    """Whether a reading starts then or later; one without times is reported where rows are made."""
    sent = reading if isinstance(reading, dict) else {}
    start, end = as_key(sent.get("start"), str), as_key(sent.get("end"), str)
    return start is None or end is None or _seconds(start) >= moment


@lru_cache(10_000)  # the end of a reading is the start of another
def _seconds(time: str) -> int:
    instant, _ = read_time(time)
    if isinstance(instant, str):
        raise ValueError("not a moment")  # noqa: TRY004 - of the text
    return int(instant.timestamp())
