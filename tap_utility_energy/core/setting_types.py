"""Building blocks of setting definitions."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

Settings = tuple[th.Property[Any], ...]


def uids(name: str, title: str, what: str, more: str = "") -> th.Property[list[Any]]:
    """A filter by the uids of one kind of object."""
    return th.Property(
        name,
        th.ArrayType(th.StringType),
        title=title,
        description=f"Limit to these {what} uids{more}. Unset or empty: all.",
    )


def seconds(
    name: str, default: int, title: str, description: str, *, minimum: int = 0
) -> th.Property[int]:
    """A whole number of seconds."""
    return th.Property(
        name,
        th.IntegerType(minimum=minimum),
        default=default,
        title=title,
        description=description,
    )
