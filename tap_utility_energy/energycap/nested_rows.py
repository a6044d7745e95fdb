"""Rows of what is nested in a record, such as the periods of a digest.

A field of the objects above a row stands on the row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.core.messages import to_json
from tap_utility_energy.core.raw_rows import RawFitter, Rows
from tap_utility_energy.core.schema import record
from tap_utility_energy.http.decoding import raw_fields, raw_items
from tap_utility_energy.http.lazy_records import LazyRecord, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk import typing as th
    from singer_sdk.helpers.types import Record
    from typing_extensions import Buffer

    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.schema import Fields


@dataclass(frozen=True)
class Level:
    """One kind of object on the way from a record down to its rows.

    Args:
        name: What the object is called, under ``extra`` and in messages.
        key: The fields of the row's key that it brings.
        fields: Its fields that the rows have.
        path: The list that holds the objects of the next level; '' for the row itself.
        others: Its other lists and fields, which the rows do not have.
        fallbacks: Those of its fields that a level above has too. Where the object has no value,
            the one above applies.
        holds_one: Whether `path` is one object and no list.
    """

    name: str
    key: tuple[str, ...]
    fields: Fields
    path: str = ""
    others: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    holds_one: bool = False

    @property
    def prefix(self) -> str:
        """What stands before the names of its unknown fields; nothing in the row itself."""
        return self.name if self.path else ""

    @property
    def not_in_rows(self) -> tuple[str, ...]:
        """Its documented fields that the rows do not have."""
        return (self.path, *self.others) if self.path else ()


class NestedRows:
    """The rows that are nested in a record: what identifies them, and what they hold.

    A field belongs to one level, so that a value of one object never stands for another's; see
    `Level.fallbacks` for the exception.

    Args:
        levels: From the record itself down to the row.

    Raises:
        ValueError: Two levels have a field of the same name.
    """

    def __init__(self, *levels: Level) -> None:
        self.levels = levels
        self.parent = levels[0]
        self.row = levels[-1]
        self.key = tuple(name for level in levels for name in level.key)
        fields: dict[str, th.Property[Any]] = {}
        for level in levels:
            own = {field.name: field for field in level.fields}
            if twice := fields.keys() & own.keys() - set(level.fallbacks):
                raise ValueError(f"{', '.join(sorted(twice))}: two levels have it")
            fields |= own
        self.schema = record(*fields.values())
        types = (self.schema["properties"][name]["type"] for name in self.key)
        #: The type of each part of the key: a year is text in yearly digests.
        self.key_types = tuple(int if "integer" in kind else str for kind in types)


class Inherited(NamedTuple):
    """What an object inherits from those that it is in."""

    key: tuple[Any, ...] = ()
    fields: Mapping[str, Any] = {}
    #: Fields that the schema does not know, by the names of the levels.
    unknown: Mapping[str, Any] = {}
    #: The fields that all rows below have.
    shared: Mapping[str, Any] = {}


class Flattener:
    """Turns records into the rows that are nested in them, for one stream.

    Args:
        rows: What the rows hold.
        fitters: What makes the fields of each of their levels fit the schema.
    """

    def __init__(self, rows: NestedRows, fitters: Sequence[RecordFitter]) -> None:
        self._rows = rows
        self._fitters = fitters
        self._key_types = dict(zip(rows.key, rows.key_types, strict=True))
        self._raw_fitter = RawFitter(fitters[-1], rows.row.key)

    def flatten(self, nested: Record) -> tuple[Rows, Counter[str]]:
        """The record's rows with a key of their own, and how many others there are of each kind."""
        found = UniqueRows(self._rows.key)
        sent = nested.raw if isinstance(nested, LazyRecord) else to_json(nested).encode()
        self._flatten(sent, 0, Inherited(), found)
        return found.rows, found.others

    def _flatten(self, sent: Buffer, depth: int, above: Inherited, found: UniqueRows) -> None:
        level = self._rows.levels[depth]
        if not level.path:
            self._add_row(sent, depth, above, found)
            return
        fields = raw_fields(sent)
        items = fields.get(level.path)
        for name in level.not_in_rows:
            fields.pop(name, None)
        below = self._below(decoded(msgspec.json.encode(fields)), depth, above)
        for item in _raw_objects(items, found, holds_one=level.holds_one):
            self._flatten(item, depth + 1, below, found)

    def _below(self, own: Record, depth: int, above: Inherited) -> Inherited:
        """What the objects in an object inherit."""
        level = self._rows.levels[depth]
        key, known, unknown = self._split(own, depth)
        inherited = {
            name: above.fields[name]
            for name in level.fallbacks
            if own.get(name) is None and name in above.fields
        }
        fields = {**above.fields, **known, **inherited}
        unknowns = {**above.unknown, **({level.name: unknown} if unknown else {})}
        shared = self._fitters[-1].with_extra(fields, unknowns)
        return Inherited(above.key + key, fields, unknowns, shared)

    def _split(self, own: Record, depth: int) -> tuple[tuple[Any, ...], Record, Record]:
        """The parts of the key, the fields that fit and the others of an object."""
        names = self._rows.levels[depth].key
        parts = {name: as_key(own.get(name), self._key_types[name]) for name in names}
        if any(part is not own.get(name) for name, part in parts.items()):
            # 5 and 5.0 are equal, but only the first is an integer, and its text is another.
            own = own | {name: part for name, part in parts.items() if part is not None}
        return tuple(parts.values()), *self._fitters[depth].split(own)

    def _add_row(self, sent: Buffer, depth: int, above: Inherited, found: UniqueRows) -> None:
        try:
            text, values = self._raw_fitter.fit_with_key(sent)
        except msgspec.ValidationError:
            key, known, unknown = self._split(decoded(sent), depth)
            extra = _beside(unknown, above.unknown, self._rows.levels[-2].path)
            row = self._fitters[-1].with_extra({**above.fields, **known}, extra)
            if found.is_new(above.key + key):
                found.rows.append(row)
            return
        own = map(as_key, values, self._rows.key_types[-len(values) :])
        if found.is_new((*above.key, *own)):
            found.rows.add_raw(text, above.shared)


class UniqueRows:
    """Collects the rows of a record whose key is complete and was not there before.

    Args:
        key: The fields of the key.
    """

    def __init__(self, key: Sequence[str]) -> None:
        self.rows = Rows()
        #: The number of others, by what is wrong with them.
        self.others = Counter[str]()
        self._own_key = key[1:]
        self._keys = set[tuple[Any, ...]]()

    def is_new(self, key: tuple[Any, ...]) -> bool:
        """Whether a row may be added; it is counted if not."""
        if None in key:
            self.others[f"without {' or '.join(self._own_key)}"] += 1
        elif key in self._keys:
            self.others[f"for {'/'.join(map(str, key[1:]))} again"] += 1
        else:
            self._keys.add(key)
            return True
        return False


def _raw_objects(sent: Buffer | None, found: UniqueRows, *, holds_one: bool) -> Iterator[Buffer]:
    """The objects of a list, or the one; whatever else is in their place is counted."""
    if sent is None:
        return
    try:
        items = [sent] if holds_one and decoded(sent) else raw_items(sent)
    except msgspec.ValidationError:
        if decoded(sent):
            found.others["that are not objects"] += 1
        return
    for item in items:
        if bytes(item).startswith(b"{"):
            yield item
        else:
            found.others["that are not objects"] += 1


def _beside(own: Record, above: Mapping[str, Any], path: str) -> Record:
    """The row's own unknown fields, and those of the levels above under the levels' names."""
    makes_room = {f"{path}.{name}" if name in above else name: own[name] for name in own}
    return {**makes_room, **above}
