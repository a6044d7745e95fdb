"""Dates as vendors write them, with the daylight saving rule of the United States since 2007."""

from __future__ import annotations

import calendar
import datetime as dt

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STANDARD_OFFSET = {"pacific": -8, "mountain": -7, "central": -6, "eastern": -5}


def _nth_sunday(year: int, month: int, nth: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def utc_offset(zone: str, day: dt.date) -> int:
    """Hours from UTC at noon of a day; `zone` is pacific, mountain, central or eastern."""
    summer = _nth_sunday(day.year, 3, 2) <= day < _nth_sunday(day.year, 11, 1)
    return _STANDARD_OFFSET[zone] + summer


def local_midnight(zone: str, day: dt.date, *, micros: bool = True) -> str:
    """Write the start of a day in a utility's own offset (UtilityAPI, docs/formats)."""
    fraction = ".000000" if micros else ""
    return f"{day.isoformat()}T00:00:00{fraction}{utc_offset(zone, day):+03d}:00"


def utc_stamp(moment: dt.datetime) -> str:
    """Write a platform timestamp: UTC with microseconds (UtilityAPI, docs/formats)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def months_back(day: dt.date, months: int) -> dt.date:
    """Return the same day of an earlier month, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
