"""Unknown fields of records, which go under ``extra``."""

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
    """Moves the fields that a stream's schema does not name under ``extra``.

    The schema is the emitted one: a catalog may name fewer fields than this version of the tap,
    or more.

    >>> ExtraFields({"uid", "extra"}, found=set()).keep({"uid": "1", "new": 2})
    {'uid': '1', 'extra': {'new': 2}}

    Args:
        known: The names of the fields that stay where they are.
        found: Takes the names of the others, for the stream's one warning.
        path: What stands before these names.
        deselected: The names of fields that the user does not want, wherever they are.
    """

    def __init__(
        self,
        known: Iterable[str],
        found: set[str],
        path: str = "",
        deselected: Iterable[str] = (),
    ) -> None:
        self.known = set(known) - {"extra"}
        self._found = found
        self._path = path
        self._deselected = set(deselected)

    def keep(self, record: Record, extra: Record | None = None) -> Record:
        """The record with its unknown fields, if any, under ``extra``.

        Args:
            record: The fields.
            extra: What is to be under ``extra`` besides, such as unknown fields of another level.
        """
        known, unknown = self.split(record)
        extra = {**(extra or {}), **unknown}
        return known | {"extra": extra} if extra else known

    def split(self, record: Record) -> tuple[Record, Record]:
        """The record's known and unknown fields."""
        if record.keys() <= self.known:
            return record, {}
        unknown = record.keys() - self.known - self._deselected
        self._found.update(f"{self._path}{name}" for name in unknown)
        fields = record.items()
        return (
            {key: value for key, value in fields if key in self.known},
            {key: value for key, value in fields if key in unknown},
        )
