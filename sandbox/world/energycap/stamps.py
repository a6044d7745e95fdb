"""Moments in every shape seen anywhere in the API: no page shows a real value of its own."""

from __future__ import annotations

import datetime as dt

# The vendor's local time is taken to be this far from UTC, and is never said to be.
OFFSET = dt.timedelta(hours=-4)


def updated(n: int, today: dt.date) -> str | None:
    """Return what a digest of the `n`-th thing has for `updated`: some days before today.

    It goes on with the day and says nothing of a change (no page says that it would).
    """
    day = today - dt.timedelta(days=n % 13)
    return (
        f"{day}T04:12:{n % 60:02d}",
        f"{day}T04:12:09.{n % 1000:03d}",
        f"{day}T08:58:57.3042129-04:00",
        f"{day}T14:22:00-04:00",
        f"{day}T14:22:00Z",
        f"{day} 14:22:00",
        f"{day}",
        None,
    )[n % 8]


def moment(n: int, local: dt.datetime | None) -> str | None:
    """Write a moment of local time in the `n`-th shape: no offset, the right one, or UTC."""
    if local is None:
        return None
    seconds = f"{local:%Y-%m-%dT%H:%M:%S}"
    return (
        seconds,
        f"{seconds}.{local.microsecond // 1000:03d}",
        f"{seconds}.{local.microsecond:06d}7",
        f"{seconds}.{local.microsecond:06d}7-04:00",
        f"{local - OFFSET:%Y-%m-%dT%H:%M:%S}Z",
    )[n % 5]


def midnight(day: dt.date | None) -> str | None:
    """Write a date as the date-time that the pages declare."""
    return f"{day}T00:00:00" if day else None


def read(text: str) -> dt.datetime:
    """Read a client's date or date-time as local time; ValueError if it is neither."""
    given = dt.datetime.fromisoformat(text)
    if given.tzinfo is None:
        return given
    return given.astimezone(dt.UTC).replace(tzinfo=None) + OFFSET
