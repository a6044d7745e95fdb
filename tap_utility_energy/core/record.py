"""Whether a record fits its schema, and what becomes of values that do not."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from tap_utility_energy.core.json_types import Coercer, Mismatch, is_too_deep, struct_of
from tap_utility_energy.core.messages import to_json
from tap_utility_energy.stats import FieldNotices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.json_types import Schema

#: Declared without properties, so that flattening and loaders keep whatever is in it.
EXTRA = {
    "type": ["object", "null"],
    "description": "Fields that the vendor sends and this version of the tap does not know, "
    "by their names, and values of another type than declared, by their paths.",
}
_INDEX = re.compile(r"\[[0-9]+\]")


class RecordFitter:
    """Makes records fit the emitted schema, and keeps what does not fit under ``extra``.

    A field that the schema does not name is moved there, by its name. A value of another type than
    declared is moved there by its path, and null takes its place. The emitted schema can differ
    from the tap's own: a catalog may name fewer or more fields, or declare other types.

    >>> fitter = RecordFitter({"uid": {"type": "string"}, "cost": {"type": ["number", "null"]}})
    >>> fitter.fit({"uid": "1", "cost": "12.50", "new": 2})
    {'uid': '1', 'cost': None, 'extra': {'cost': '12.50', 'new': 2}}

    Args:
        properties: The schemas of the fields.
        notices: Takes the names of fields, for warnings.
        level: The prefix of these names, such as ``meter.``.
        deselected: Fields that the user does not want, as ``base`` or ``base.name``.
        mapped: Fields that a stream map changes or removes. Their values as sent are not for the
            user's warehouse.
    """

    def __init__(
        self,
        properties: Mapping[str, Schema],
        notices: FieldNotices | None = None,
        level: str = "",
        deselected: Collection[str] = (),
        mapped: Collection[str] = (),
    ) -> None:
        self.deselected = set(deselected)
        left_out = {"extra", *deselected}
        self.properties = {name: each for name, each in properties.items() if name not in left_out}
        self._closed_type = struct_of(self.properties, closed=True)
        self._open_type = struct_of(self.properties, closed=False)
        self._coercers = {name: Coercer(schema) for name, schema in self.properties.items()}
        self._notices = notices or FieldNotices(set(), set(), set())
        self._level = level
        self._mapped = set(mapped)

    @property
    def deselects_parts(self) -> bool:
        """Whether a field is selected without some of the fields in it."""
        parts = (name.partition(".") for name in self.deselected)
        return any(part and field not in self.deselected for field, _, part in parts)

    def fit(self, record: Record, extra: Record | None = None) -> Record:
        """The record with the fields that fit, and the rest, if any, under ``extra``.

        Args:
            record: The fields.
            extra: More to put under ``extra``, such as unknown fields of another level.
        """
        fields, rest = self.split(record)
        return self.with_extra(fields, {**(extra or {}), **rest})

    def with_extra(self, fields: Record, extra: Record) -> Record:
        """The fields, with ``extra`` if there is any and the user wants it."""
        return fields | {"extra": extra} if extra and "extra" not in self.deselected else fields

    def split(self, record: Record) -> tuple[Record, Record]:
        """The fields that fit, and what goes under ``extra``."""
        known, unknown = self.split_names(record)
        if not self._fits(known):
            mismatches: list[Mismatch] = []
            coerced = {
                name: self._coercers[name].coerce(value, name, mismatches)
                for name, value in known.items()
            }
            known, unknown = coerced, self._kept(mismatches) | unknown
        return known, {name: _loadable(value) for name, value in unknown.items()}

    def _fits(self, fields: Record) -> bool:
        with suppress(msgspec.ValidationError):
            msgspec.convert(fields, self._closed_type)
            return True
        with suppress(msgspec.ValidationError):
            msgspec.convert(fields, self._open_type)
            return not is_too_deep(fields)
        return False

    def split_names(self, record: Record) -> tuple[Record, Record]:
        """The fields that the schema names, and the others. Values are not looked at."""
        if record.keys() <= self.properties.keys():
            return record, {}
        unknown = record.keys() - self.properties.keys() - self.deselected
        self._notices.unknown.update(f"{self._level}{name}" for name in unknown)
        fields = record.items()
        return (
            {key: value for key, value in fields if key in self.properties},
            {key: value for key, value in fields if key in unknown},
        )

    def _kept(self, mismatches: list[Mismatch]) -> Record:
        """The values as sent, by their paths, apart from those that the user does not want."""
        kept = {}
        for path, value in mismatches:
            field = _INDEX.sub("", path)
            if any(_is_in(field, other) for other in self.deselected):
                continue
            hidden = self.deselected | self._mapped
            if any(_is_in(field, other) or _is_in(other, field) for other in hidden):
                self._notices.dropped.add(self._level + field)
                continue
            self._notices.off_type.add(self._level + field)
            kept[path] = value
        return kept


def _loadable(value: Any) -> Any:
    """A value, as JSON text if no loader can take it for its nesting."""
    return to_json(value) if is_too_deep(value) else value


def _is_in(field: str, other: str) -> bool:
    """Whether a field is another one or a part of it."""
    return f"{field}.".startswith(f"{other}.")
