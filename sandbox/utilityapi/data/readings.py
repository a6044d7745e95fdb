"""A meter's readings, and the Interval objects that UtilityAPI lists them in."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate, pairwise
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sandbox.utilityapi.data.ledger import Statement
    from sandbox.utilityapi.data.services import Service

_TINY = Decimal("1E-20")
Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Reading:
    """What a meter counted from one moment (UTC) to another, kWh."""

    start: dt.datetime
    end: dt.datetime
    kwh: Decimal

    @property
    def span(self) -> Span:
        """What tells it from the meter's other readings."""
        return self.start, self.end


@dataclass(frozen=True)
class Interval:
    """Readings, oldest first, that the vendor lists as one object; moments are UTC."""

    service: Service
    readings: tuple[Reading, ...]
    created: dt.datetime
    updated: dt.datetime

    @property
    def start(self) -> dt.datetime:
        """When its first reading starts."""
        return self.readings[0].start

    @property
    def end(self) -> dt.datetime:
        """When its last reading ends."""
        return self.readings[-1].end

    @property
    def uid(self) -> str:
        """Made of its meter and bounds, as in a real answer: another one whenever it grows."""
        return f"{self.service.uid}-{self.end.timestamp():.0f}-{self.start.timestamp():.0f}"

    @property
    def is_mixed(self) -> bool:
        """Whether its readings are not of the meter's primary duration."""
        seconds = (self.readings[0].end - self.start).total_seconds()
        return seconds != self.service.reading_seconds


@dataclass(frozen=True)
class Period:
    """A bill's period with readings, so many seconds long, and when they were collected.

    Unless `days` is 0, it is only so many days at the end of the bill's.
    """

    statement: Statement
    seconds: int
    created: dt.datetime
    days: int

    def span(self, service: Service) -> Span:
        """From when to when, for a meter."""
        zone, start, end = service.zone, self.statement.start, self.statement.end
        if self.days:
            start = max(start, end - dt.timedelta(days=self.days))
        return midnight(zone, start), midnight(zone, end)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that touch as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


@dataclass
class Metering:
    """The readings of a meter: the true ones, those that come late, and the Intervals listed."""

    intervals: list[Interval] = field(default_factory=list)
    true: dict[Span, Reading] = field(default_factory=dict)
    late: dict[Span, Reading] = field(default_factory=dict)

    @property
    def newest(self) -> Interval:
        """The Interval that ends last."""
        return max(self.intervals, key=attrgetter("end", "start"))

    def coverage(self) -> list[Span]:
        """The periods that there are readings of, those that touch as one."""
        return joined(self.true)

    def collect(self, service: Service, readings: Iterable[Reading], created: dt.datetime) -> None:
        """List the readings of a bill's period that are not there yet, as an Interval.

        One that grew into the period from its start on, grows on.
        """
        readings = list(readings)
        known = self.true.keys() | self.late.keys()
        new = [reading for reading in readings if reading.span not in known]
        if not new:
            return
        self._add_true(new)
        for interval in self.intervals:
            if interval.end == new[0].start and interval.start >= readings[0].start:
                self._replace(interval, [*interval.readings, *new], created)
                return
        self.intervals.append(Interval(service, tuple(new), created, created))

    def grow(self, readings: Sequence[Reading], moment: dt.datetime, *, is_new: bool) -> None:
        """Put the latest readings into the newest Interval, or into a new one."""
        self._add_true(readings)
        newest = self.newest
        if is_new:
            interval = Interval(newest.service, tuple(readings), moment, moment)
            self.intervals.append(interval)
        else:
            self._replace(newest, [*newest.readings, *readings], moment)

    def add_older(self, service: Service, readings: Sequence[Reading], moment: dt.datetime) -> None:
        """List readings from before all others, as an Interval."""
        self._add_true(readings)
        self.intervals.append(Interval(service, tuple(readings), moment, moment))

    def fill_gaps(self, moment: dt.datetime, *, merge: bool) -> None:
        """Let the late readings arrive: in the middle of an Interval, or before its first one.

        With ``merge``, an Interval that was filled up to the one before it becomes one with it.
        """
        for span, reading in sorted(self.late.items()):
            around = [i for i in self.intervals if i.start <= span[0] and span[1] <= i.end]
            after = [i for i in self.intervals if i.start >= span[1]]
            interval = (around or sorted(after, key=attrgetter("start")))[0]
            self._add_true([reading])
            self._replace(interval, sorted([*interval.readings, reading], key=_start), moment)
        self.late.clear()
        if merge:
            self._merge(moment)

    def _merge(self, moment: dt.datetime) -> None:
        for before, interval in pairwise(sorted(self.intervals, key=attrgetter("start"))):
            if before.end == interval.start and interval.updated == moment:
                self.intervals.remove(before)
                self._replace(interval, [*before.readings, *interval.readings], moment)
                return

    def correct(self, interval: Interval, moment: dt.datetime) -> Reading:
        """Change the first reading of an Interval."""
        first = interval.readings[0]
        changed = dataclasses.replace(first, kwh=first.kwh + 1)
        self._add_true([changed])
        self._replace(interval, [changed, *interval.readings[1:]], moment)
        return changed

    def repeat(self, count: int, moment: dt.datetime, *, differing: bool) -> Interval:
        """List the last readings of the newest Interval in one more, corrected or as they are."""
        more = 1 if differing else 0
        newest = self.newest
        again = [dataclasses.replace(r, kwh=r.kwh + more) for r in newest.readings[-count:]]
        self._add_true(again)
        self.intervals.append(Interval(newest.service, tuple(again), moment, moment))
        return self.intervals[-1]

    def _add_true(self, readings: Iterable[Reading]) -> None:
        self.true |= {reading.span: reading for reading in readings}

    def _replace(
        self, interval: Interval, readings: Iterable[Reading], updated: dt.datetime
    ) -> None:
        """Put an Interval as it is now, with the true readings, in the place of what it was."""
        now = tuple(self.true[reading.span] for reading in readings)
        index = self.intervals.index(interval)
        self.intervals[index] = dataclasses.replace(interval, readings=now, updated=updated)


def _start(reading: Reading) -> dt.datetime:
    return reading.start


def period_readings(
    service: Service, statement: Statement, seconds: int, *, hard_numbers: bool
) -> Iterator[Reading]:
    """Yield the readings, so many seconds long, of a bill's period: they add up to its volume."""
    start, end = (midnight(service.zone, day) for day in (statement.start, statement.end))
    step = dt.timedelta(seconds=seconds)
    values = _split(service, statement, (end - start) // step)
    if hard_numbers:
        # No double holds these, and their sum is as it was.
        values[:2] = values[0] + _TINY, values[1] - _TINY
    for number, value in enumerate(values):
        yield Reading(start + number * step, start + (number + 1) * step, value)


def _split(service: Service, statement: Statement, count: int) -> list[Decimal]:
    """Split the volume, kWh, into so many values of whole Wh that add up to it."""
    rng = Random(f"intervals:{service.uid}:{statement.end}")
    total = int(statement.month_of(service.meter).volume * 1_000)
    sums = list(accumulate((rng.randint(20, 100) for _ in range(count)), initial=0))
    ends = [total * part // sums[-1] for part in sums]
    return [Decimal(later - earlier).scaleb(-3) for earlier, later in pairwise(ends)]
