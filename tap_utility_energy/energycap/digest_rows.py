"""Flattening of digests: one row per period."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.core.schema import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk import typing as th
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.schema import Fields


@dataclass(frozen=True)
class Level:
    """One kind of object on the way from a digest down to its periods.

    Args:
        name: What the object is called under ``extra``; '' for the row itself.
        key: The fields of the row's key that it brings.
        fields: Its fields that the rows have.
        path: The list that holds the objects of the next level.
        others: Its other lists and fields, which the rows do not have.
        fallbacks: Those of its fields that a level above has too. Where the object has no value,
            the one above applies.
    """

    name: str
    key: tuple[str, ...]
    fields: Fields
    path: str = ""
    others: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()

    @property
    def not_in_rows(self) -> tuple[str, ...]:
        """Its documented fields that the rows do not have."""
        return (self.path, *self.others) if self.path else ()


class DigestRows:
    """The rows of a digest: what identifies them, and what they hold.

    A field belongs to one level, so that a value of one object never stands for another's; see
    `Level.fallbacks` for the exception.

    Args:
        levels: From the digest itself down to the row.

    Raises:
        ValueError: Two levels have a field of the same name.
    """

    def __init__(self, *levels: Level) -> None:
        self.levels = levels
        self.parent = levels[0]
        self.key = tuple(name for level in levels for name in level.key)
        fields: dict[str, th.Property[Any]] = {}
        for level in levels:
            own = {field.name: field for field in level.fields}
            if twice := fields.keys() & own.keys() - set(level.fallbacks):
                raise ValueError(f"{', '.join(sorted(twice))}: two levels of a digest have it")
            fields |= own
        self.schema = record(*fields.values())
        types = (self.schema["properties"][name]["type"] for name in self.key)
        #: The type of each part of the key: a year is text in yearly digests.
        self.key_types = tuple(int if "integer" in kind else str for kind in types)


class DigestFlattener:
    """Turns digests into rows, for one stream.

    Args:
        rows: What the rows hold.
        fitters: What makes the fields of each of their levels fit the schema.
    """

    def __init__(self, rows: DigestRows, fitters: Sequence[RecordFitter]) -> None:
        self._rows = rows
        self._fitters = fitters
        self._key_types = dict(zip(rows.key, rows.key_types, strict=True))

    def flatten(self, digest: Record) -> tuple[list[Record], Counter[str]]:
        """The digest's rows with a key of their own, and how many others there are of each kind."""
        rows: dict[tuple[Any, ...], Record] = {}
        others = Counter[str]()
        for key, row in self._leaves(digest):
            if not key:
                others["that are not objects"] += 1
            elif None in key:
                others[f"without {' or '.join(self._rows.key[1:])}"] += 1
            elif key in rows:
                others[f"for {'/'.join(map(str, key[1:]))} again"] += 1
            else:
                rows[key] = row
        return list(rows.values()), others

    def _leaves(
        self,
        thing: Record,
        depth: int = 0,
        above: tuple[tuple[Any, ...], Record, Record] = ((), {}, {}),
    ) -> Iterator[tuple[tuple[Any, ...], Record]]:
        """Each period below an object, with its key; ``above`` is what it inherits."""
        level = self._rows.levels[depth]
        key, inherited, unknown_above = above
        parts = {name: as_key(thing.get(name), self._key_types[name]) for name in level.key}
        key += tuple(parts.values())
        hidden = level.not_in_rows
        own = {name: thing[name] for name in thing if name not in hidden} if hidden else thing
        if any(part is not thing.get(name) for name, part in parts.items()):
            # 5 and 5.0 are equal, but only the first is an integer, and its text is another.
            own = own | {name: part for name, part in parts.items() if part is not None}
        known, unknown = self._fitters[depth].split(own)
        fields = inherited | {
            name: value
            for name, value in known.items()
            if not (own[name] is None and name in level.fallbacks and name in inherited)
        }
        if not level.name:
            extra = _beside(unknown, unknown_above)
            yield key, {**fields, **({"extra": extra} if extra else {})}
            return
        unknowns = unknown_above | ({level.name: unknown} if unknown else {})
        items = thing.get(level.path) or []
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, dict) and isinstance(items, list):
                yield from self._leaves(item, depth + 1, (key, fields, unknowns))
            else:
                yield (), {}


def _beside(own: Record, above: Record) -> Record:
    """The row's own unknown fields, and those of the levels above under the levels' names."""
    makes_room = {f"results.{name}" if name in above else name: own[name] for name in own}
    return makes_room | above
