"""Dates as vendors write them, with the daylight saving rule of the United States since 2007."""

from __future__ import annotations

import calendar
import datetime as dt
import functools

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STANDARD_OFFSET = {"pacific": -8, "mountain": -7, "central": -6, "eastern": -5}


def _nth_sunday(year: int, month: int, nth: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


@functools.cache
def utc_offset(zone: str, day: dt.date) -> int:
    """Hours from UTC at noon of a day; `zone` is pacific, mountain, central or eastern."""
    summer = _nth_sunday(day.year, 3, 2) <= day < _nth_sunday(day.year, 11, 1)
    return _STANDARD_OFFSET[zone] + summer


def local_midnight(zone: str, day: dt.date, *, micros: bool = True) -> str:
    """Write the start of a day in a utility's own offset (UtilityAPI, docs/formats)."""
    fraction = ".000000" if micros else ""
    return f"{day.isoformat()}T00:00:00{fraction}{_midnight_offset(zone, day):+03d}:00"


def _midnight_offset(zone: str, day: dt.date) -> int:
    """Clocks change at two in the morning, so that midnight is still as the day before."""
    return utc_offset(zone, day - dt.timedelta(days=1))


@functools.cache
def midnight(zone: str, day: dt.date) -> dt.datetime:
    """Return the moment (UTC) at which a day starts in a zone."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return start - dt.timedelta(hours=_midnight_offset(zone, day))


def local_stamp(zone: str, moment: dt.datetime) -> str:
    """Write a moment (UTC) in a zone's own offset."""
    standard = moment + dt.timedelta(hours=_STANDARD_OFFSET[zone])
    # By standard time the clocks change at two in spring and at one in autumn.
    early = standard.hour < (2 if standard.month < 7 else 1)
    offset = utc_offset(zone, standard.date() - dt.timedelta(days=early))
    local = moment + dt.timedelta(hours=offset)
    return f"{local:%Y-%m-%dT%H:%M:%S.000000}{offset:+03d}:00"


def has_clock_change(start: dt.date, end: dt.date) -> bool:
    """Tell whether the clocks change from one day to before another."""
    days = (_nth_sunday(end.year, 3, 2), _nth_sunday(start.year, 11, 1))
    return any(start <= day < end for day in days)


def utc_stamp(moment: dt.datetime) -> str:
    """Write a platform timestamp: UTC with microseconds (UtilityAPI, docs/formats)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def months_back(day: dt.date, months: int) -> dt.date:
    """Return the same day of an earlier month, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
