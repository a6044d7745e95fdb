"""Fields that a vendor adds before this tap knows them."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Record

logger = logging.getLogger("tap-utility-energy")

#: Declared without properties, so that flattening and loaders keep whatever is in it.
EXTRA = {
    "type": ["object", "null"],
    "description": "Fields that the vendor sends and this version of the tap does not know, "
    "by their names.",
}


class ExtraFields:
    """Moves a stream's unknown top-level fields under ``extra`` and names each once in a warning.

    >>> ExtraFields("bills", {"uid", "extra"}).keep({"uid": "1", "new": 2})
    {'uid': '1', 'extra': {'new': 2}}
    """

    def __init__(self, stream: str, known: Iterable[str]) -> None:
        self._stream = stream
        #: The names of the fields that the schema knows.
        self.known = set(known) - {"extra"}
        self._named = set[str]()
        self._naming = threading.Lock()  # pages are decoded by several threads

    def keep(self, record: Record) -> Record:
        """The record with its unknown fields, if any, under ``extra``."""
        known, unknown = self.split(record)
        return known | {"extra": unknown} if unknown else record

    def split(self, record: Record) -> tuple[Record, Record]:
        """The record's known and unknown fields."""
        if record.keys() <= self.known:
            return record, {}
        unknown = record.keys() - self.known
        self._warn(unknown)
        fields = record.items()
        return (
            {key: value for key, value in fields if key not in unknown},
            {key: value for key, value in fields if key in unknown},
        )

    def _warn(self, unknown: set[str]) -> None:
        with self._naming:
            new = unknown - self._named
            self._named |= new
        if new:
            logger.warning(
                '%s: the vendor sends fields that this version does not know, kept under "extra": '
                "%s",
                self._stream,
                ", ".join(sorted(new)),
            )
