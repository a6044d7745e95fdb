"""Reading only the latest readings of meters that were read before.

A meter's new readings are requested from `utilityapi_interval_lookback_days` before its latest one
known. An answer is used only if it shows that nothing earlier has changed; else more is read.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from tap_utility_energy.utilityapi.interval_versions import IntervalUid
from tap_utility_energy.utilityapi.json_values import meter_of, objects
from tap_utility_energy.utilityapi.known_readings import (
    A_DAY,
    LONGEST_SECONDS,
    KnownReadings,
    Start,
    basis_of,
    count_of,
    lacking_in,
)
from tap_utility_energy.utilityapi.reading_times import ReadingTimes, readings_since

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.http.page import Page


class ReadingWindows:
    """From when on the readings of each meter are requested, and what came of them.

    Args:
        lookback_days: How many days before the latest reading known are read again.
        window: Query parameters that restrict the data of all meters.
        clock: Tells the date.
    """

    def __init__(
        self, lookback_days: int, window: Mapping[str, Sequence[str]], clock: Clock
    ) -> None:
        self._lookback_days = lookback_days
        self._window = window
        self._clock = clock
        #: What is known now of the meters that were read in this run, as the state holds it.
        self.known_now: dict[str, list[int | str]] = {}
        self._meters: Mapping[str, Record] = {}
        self._lacking: dict[str, int | None] = {}
        self._known: dict[str, KnownReadings] = {}
        self._starts: dict[str, Start] = {}
        self._received = defaultdict[str, ReadingTimes](self._times)
        self._leaves_out = False

    def begin(
        self, meters: Mapping[str, Record], known: Mapping[str, object], read: Iterable[str]
    ) -> None:
        """Begin a run.

        Args:
            meters: All meters that are listed.
            known: What the state holds of each meter.
            read: The meters of which the latest readings can be enough.
        """
        self._meters = meters
        self._received.clear()
        self.known_now = {}
        self._lacking = {uid: lacking_in(each) for uid, each in known.items()}
        found = {uid: KnownReadings.from_state(known.get(uid)) for uid in read if uid in meters}
        self._known = {uid: each for uid, each in found.items() if each and self._holds(uid, each)}
        self._starts = {uid: each.lookback for uid, each in self._known.items()}
        self._leaves_out = False

    def start_of(self, meter: str) -> Start | None:
        """From when on a meter is requested next; None for all of it."""
        if self._leaves_out and meter in self._starts:
            self._starts[meter] = self._known[meter].boundary
        return self._starts.get(meter)

    def expected(self, meter: str) -> int:
        """How many readings of a meter its next request brings, as far as the counts tell."""
        counted = count_of(self._meters[meter]) or 0
        if not (start := self._starts.get(meter)):
            return counted
        return start.known + counted - self._known[meter].counted

    def parameters(self, moment: int | None) -> dict[str, Sequence[str]]:
        """Query parameters for data from a moment on."""
        if moment is None:
            return dict(self._window)
        start = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {**self._window, "start": [start]}

    def receive(self, records: Iterable[object]) -> None:
        """Take the intervals of a page, the latest first, which tells what is not needed."""
        for interval in sorted(objects(list(records)), key=_named_end, reverse=True):
            if meter := meter_of(interval):
                times = self._received[meter]
                times.add(interval, None if meter in self._starts else self._needed_from(times))

    def verified(self, meters: Iterable[str]) -> set[str]:
        """Those of the meters whose answer explains what has changed.

        The others are requested from an earlier start next, or as a whole.
        """
        good = set()
        for meter in meters:
            times, start = self._received[meter], self._starts[meter]
            if self._known[meter].explains(times, start, self._meters[meter]):
                good.add(meter)
            else:
                self._start_earlier(meter, start, times)
                del self._received[meter]
        return good

    def without_partial(self, meters: Iterable[str], left_out: Iterable[str], page: Page) -> Page:
        """A page without the readings that an answer may have only a part of.

        Args:
            meters: The meters that are used.
            left_out: Those that are not.
            page: A page of the answer.
        """
        moments = {meter: self._starts[meter].moment for meter in meters}
        return replace(page, records=list(_parts(page.records, moments, set(left_out))))

    def remember(self, meters: Iterable[str]) -> None:
        """Note what is known of meters whose data has all come, and forget all else."""
        for meter in meters:
            self.known_now.pop(meter, None)
            if known := self._known_of(meter):
                self.known_now[meter] = known
        self._received.clear()

    def _known_of(self, meter: str) -> list[int | str] | None:
        """What the state is to hold of a meter after a read; None for nothing.

        If fewer or more readings came than the meter counts, the list may have lagged behind, and
        the next read is of all again, until two in a row have lacked the same.
        """
        times, listed, before = self._received[meter], self._meters[meter], self._lacking.get(meter)
        if start := self._starts.get(meter):
            lacking, since = self._known[meter].lacking, start.moment
        else:
            lacking, since = (count_of(listed) or 0) - times.number, None
        if lacking and lacking != before:
            return [lacking]
        known = KnownReadings.of(times, listed, self._lookback_days, since, lacking)
        return known.as_state() if known else None

    def _holds(self, meter: str, known: KnownReadings) -> bool:
        """Whether what is known of a meter can be enough for this run."""
        counted, listed = count_of(self._meters[meter]), self._meters[meter]
        is_far_enough = known.lookback.moment <= known.latest.start - self._lookback_days * A_DAY
        is_within = all(
            known.boundary.moment > datetime.fromisoformat(f"{day}T23:59Z").timestamp()
            for day in self._window.get("start", ())
        )
        is_same = counted is not None and known.basis == basis_of(listed)
        return is_same and is_far_enough and is_within and known.counted <= cast("int", counted)

    def _start_earlier(self, meter: str, start: Start, times: ReadingTimes) -> None:
        """Choose where a meter is requested from, after an answer that explains too little."""
        boundary = self._known[meter].boundary
        has_fewer = times.number_since(start.moment) < start.known
        if has_fewer and boundary.moment < start.moment:
            # The vendor seems to leave out the interval that this start is in the middle of.
            self._leaves_out = True
            self._starts[meter] = boundary
        else:
            del self._starts[meter]

    def _needed_from(self, times: ReadingTimes) -> int | None:
        """Readings that end before this moment are not needed for what is known later."""
        if times.latest is None:
            return None
        return times.latest.start - self._lookback_days * A_DAY - LONGEST_SECONDS

    def _times(self) -> ReadingTimes:
        # A reading of the far future is no reason to leave out those of today.
        tomorrow = self._clock.local_now() + timedelta(days=1)
        return ReadingTimes(int(tomorrow.timestamp()))


def _named_end(interval: Record) -> int:
    """The end of an interval by its uid, or the end of time."""
    named = IntervalUid.parse(str(interval.get("uid")))
    return named.end if named else sys.maxsize


def _parts(
    records: Iterable[object], moments: Mapping[str, int], left_out: set[str]
) -> Iterator[object]:
    for record in records:
        meter = meter_of(record) if isinstance(record, dict) else None
        if meter in left_out:
            continue
        part = record
        if isinstance(record, dict) and meter is not None and meter in moments:
            part = readings_since(record, moments[meter])
        if part is not None or record is None:
            yield part
