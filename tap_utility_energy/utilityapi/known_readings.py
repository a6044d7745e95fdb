"""What the state holds of a meter's readings, so that a later run reads only the latest again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from tap_utility_energy.core.json_types import LARGEST_INTEGER
from tap_utility_energy.utilityapi.reading_times import Span

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.utilityapi.reading_times import ReadingTimes

A_DAY = 86_400  # seconds
#: Readings are expected from then on. A server may not handle the year 1.
EARLIEST = date(1900, 1, 1)
EARLIEST_MOMENT = int(datetime.combine(EARLIEST, time.min, UTC).timestamp())
LATEST_MOMENT = int(datetime(9000, 1, 1, tzinfo=UTC).timestamp())
#: The vendor may leave out periods that begin before ``start``; few are longer than this.
LONGEST_PERIOD = timedelta(days=62)
LONGEST_SECONDS = int(LONGEST_PERIOD.total_seconds())
COUNT_FIELD = "interval_count"


class Start(NamedTuple):
    """A moment from which on readings are requested, and how many are known since."""

    moment: int
    known: int


class KnownReadings(NamedTuple):
    """What is known of a meter whose readings were all read.

    The vendor does not document whether its ``start`` cuts readings off an interval, or leaves out
    the whole of an interval that begins before it. So two starts are known.
    """

    #: The meter's own count of readings.
    counted: int
    #: How many of them did not come in the last read of all.
    lacking: int
    #: Hash of the consent and the start of coverage: if it changes, the meter is read whole.
    basis: str
    latest: Span
    #: So many days before the latest reading.
    lookback: Start
    #: `lookback`, moved back to a moment that no interval spans.
    boundary: Start

    @classmethod
    def of(
        cls,
        times: ReadingTimes,
        meter: Record,
        lookback_days: int,
        since: int | None,
        lacking: int,
    ) -> Self | None:
        """What is known of a meter after a read; None if that is not enough.

        Args:
            times: The readings that came.
            meter: The record of the meter.
            lookback_days: How many days are read again.
            since: The moment from which on all have come; None if all have.
            lacking: How many did not come in the last read of all.
        """
        counted, latest = count_of(meter), times.latest
        if counted is None or latest is None or not times.are_clear:
            return None
        moment = latest.start - lookback_days * A_DAY
        boundary = times.boundary(moment)
        earliest = EARLIEST_MOMENT if since is None else since
        if moment < earliest:
            return None
        if boundary < max(earliest, moment - LONGEST_SECONDS):
            boundary = moment
        first, second = (Start(each, times.number_since(each)) for each in (moment, boundary))
        return cls(counted, lacking, basis_of(meter), latest, first, second)

    @classmethod
    def from_state(cls, value: object) -> Self | None:
        """What was written to the state; None if it is anything else, as in an edited state."""
        if not isinstance(value, list) or len(value) != 9:  # noqa: PLR2004 - as written below
            return None
        basis, *numbers = value
        are_numbers = all(type(number) is int for number in numbers)
        if not isinstance(basis, str) or not are_numbers:
            return None
        counted, lacking, start, end, moment, known, boundary, known_since = numbers
        is_possible = EARLIEST_MOMENT <= boundary <= moment <= start <= end < LATEST_MOMENT
        if not is_possible or not 0 < known <= known_since or counted < 0:
            return None
        return cls(
            counted,
            lacking,
            basis,
            Span(start, end),
            Start(moment, known),
            Start(boundary, known_since),
        )

    def as_state(self) -> list[int | str]:
        """As it is written to the state, which holds one per meter."""
        return [
            self.basis,
            self.counted,
            self.lacking,
            *self.latest,
            *self.lookback,
            *self.boundary,
        ]

    def explains(self, times: ReadingTimes, start: Start, meter: Record) -> bool:
        """Whether nothing before a start has changed, as far as an answer from there on tells.

        The latest reading known has to come again, and as many new ones as the meter now counts
        more.

        Args:
            times: The readings that came.
            start: Where the answer starts.
            meter: The record of the meter.
        """
        new = times.number_since(start.moment) - start.known
        is_added_up = count_of(meter) == self.counted + new
        return times.are_clear and self.latest in times.spans and is_added_up


def lacking_in(value: object) -> int | None:
    """How many readings did not come in the last read of all, as the state holds it."""
    known = KnownReadings.from_state(value)
    if known:
        return known.lacking
    is_alone = isinstance(value, list) and [type(each) for each in value] == [int]
    return cast("list[int]", value)[0] if is_alone else None


def count_of(meter: Record, field: str = COUNT_FIELD) -> int | None:
    """The meter's own count of its readings, or of other data; None if it is no number."""
    count = meter.get(field)
    return count if type(count) is int and 0 <= count < LARGEST_INTEGER else None


def basis_of(meter: Record) -> str:
    """A hash of a meter's consent, and of where its coverage begins."""
    coverage = meter.get("interval_coverage")
    periods = coverage if isinstance(coverage, list) else []
    begins = [str(period[0]) for period in periods if isinstance(period, list) and period]
    basis = [meter.get("authorization_uid"), min(begins, default=None)]
    return sha256(json.dumps(basis, default=str).encode()).hexdigest()[:8]
