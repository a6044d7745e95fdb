"""Fields that a vendor adds before this tap knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Record

#: Declared without properties, so that flattening and loaders keep whatever is in it.
EXTRA = {
    "type": ["object", "null"],
    "description": "Fields that the vendor sends and this version of the tap does not know, "
    "by their names.",
}


class ExtraFields:
    """Moves a record's unknown top-level fields under ``extra``.

    Args:
        known: The names of the fields that the schema knows.
        found: Takes the names of the others, for the stream's one warning.
        path: What stands before these names.

    >>> ExtraFields({"uid", "extra"}, found=set()).keep({"uid": "1", "new": 2})
    {'uid': '1', 'extra': {'new': 2}}
    """

    def __init__(self, known: Iterable[str], found: set[str], path: str = "") -> None:
        #: The names of the fields that the schema knows.
        self.known = set(known) - {"extra"}
        self._found = found
        self._path = path

    def keep(self, record: Record) -> Record:
        """The record with its unknown fields, if any, under ``extra``."""
        known, unknown = self.split(record)
        return known | {"extra": unknown} if unknown else record

    def split(self, record: Record) -> tuple[Record, Record]:
        """The record's known and unknown fields."""
        if record.keys() <= self.known:
            return record, {}
        unknown = record.keys() - self.known
        self._found.update(f"{self._path}{name}" for name in unknown)
        fields = record.items()
        return (
            {key: value for key, value in fields if key not in unknown},
            {key: value for key, value in fields if key in unknown},
        )
