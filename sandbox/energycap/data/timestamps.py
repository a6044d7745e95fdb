"""Timestamps in every format that the API's pages show."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.options import SandboxOptions

# The vendor's local time is taken to be this far from UTC, and is never said to be.
OFFSET = dt.timedelta(hours=-4)


def updates(options: SandboxOptions) -> Callable[[int, dt.date], str | None]:
    """Return what tells, for the `n`-th thing and today, the `updated` of its digest.

    It is some days before today, goes on with the day and says nothing of a change (no page says
    that it would). The vendor's own client cannot read the oddities.
    """
    oddities = ("{day} 14:22:00", "{day}") if options.date_oddities else ()
    shapes: tuple[str | None, ...] = (
        "{day}T04:12:{second:02d}",
        "{day}T04:12:09.{fraction:03d}",
        "{day}T08:58:57.3042129-04:00",
        "{day}T14:22:00-04:00",
        "{day}T14:22:00Z",
        *oddities,
        None,
    )

    def updated(n: int, today: dt.date) -> str | None:
        shape = shapes[n % len(shapes)]
        day = today - dt.timedelta(days=n % 13)
        return shape.format(day=day, second=n % 60, fraction=n % 1000) if shape else None

    return updated


def shaped(n: int, local: dt.datetime | None) -> str | None:
    """Write a local time in the `n`-th format: without offset, with the local offset, or in UTC."""
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
