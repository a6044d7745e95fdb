"""Reading values of records whose type may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.core.keys import as_key

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record


def meter_of(record: Record) -> str | None:
    """The meter that a record is of, if it says so."""
    meter: str | None = as_key(record.get("meter_uid"), str)
    return meter


def objects(things: object) -> list[Record]:
    """The objects of a list. Whatever else the vendor may put there is left out."""
    listed = things if isinstance(things, list) else []
    return [thing for thing in listed if isinstance(thing, dict)]


def items(things: object) -> list[object]:
    """The elements of a list apart from nulls; any other value counts as a list of one."""
    listed = things if isinstance(things, list) else [things]
    return [thing for thing in listed if thing is not None]
