"""How long readings are, in minutes, so that those of mixed durations can be told apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

#: Where the date ends in the form that the vendor documents for times.
DATE_LENGTH = 10
ANY_DATE = "2000-01-01"
MINUTE = timedelta(minutes=1)


def minutes_between(start: str, end: str) -> float | None:
    """The minutes from one timestamp to another; None unless both tell a moment.

    >>> minutes_between("2026-03-08T01:00:00-08:00", "2026-03-08T03:00:00-07:00")
    60
    >>> minutes_between("2026-03-08T01:00:00Z", "2026-03-08T01:00:15Z")
    0.25
    """
    try:
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError:
        return None
    return _minutes(last - first) if first.tzinfo and last.tzinfo else None


def minutes_of(start: str, end: str) -> float | None:
    """The same as `minutes_between`, quickly, for two times of the form that is documented.

    Most readings begin and end on the same day, and the next day's at the same times.
    """
    if start[:DATE_LENGTH] == end[:DATE_LENGTH]:
        return _minutes_in_day(start[DATE_LENGTH:], end[DATE_LENGTH:])
    return minutes_between(start, end)


@lru_cache(10_000)
def _minutes_in_day(start: str, end: str) -> float | None:
    return minutes_between(ANY_DATE + start, ANY_DATE + end)


@lru_cache
def _minutes(length: timedelta) -> float:
    whole, rest = divmod(length, MINUTE)
    return length / MINUTE if rest else whole
