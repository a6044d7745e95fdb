"""Whether a record fits its schema, and what becomes of values that do not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tap_utility_energy.core.json_types import Mender, Misfit, struct_of
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
    """Makes records fit the emitted schema, and moves what does not under ``extra``.

    A field that the schema does not name goes there by its name, a value of another type than
    declared by its path: null takes its place. The schema is the emitted one: a catalog may name
    fewer fields than this version of the tap, or more, or declare them as something else.

    >>> fitter = RecordFitter({"uid": {"type": "string"}, "cost": {"type": ["number", "null"]}})
    >>> fitter.fit({"uid": "1", "cost": "12.50", "new": 2})
    {'uid': '1', 'cost': None, 'extra': {'cost': '12.50', 'new': 2}}

    Args:
        properties: The schemas of the fields.
        notices: Takes the names of fields, for warnings.
        level: What stands before these names, such as ``meter.``.
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
        self.properties = {name: each for name, each in properties.items() if name != "extra"}
        self._type = struct_of(self.properties, closed=False)
        self._menders = {name: Mender(schema) for name, schema in self.properties.items()}
        self._notices = notices or FieldNotices(set(), set(), set())
        self._level = level
        self._deselected = set(deselected)
        self._mapped = set(mapped)

    def fit(self, record: Record, extra: Record | None = None) -> Record:
        """The record as it fits the schema, with the rest, if any, under ``extra``.

        Args:
            record: The fields.
            extra: What is to be under ``extra`` besides, such as unknown fields of another level.
        """
        fields, rest = self.split(record)
        extra = {**(extra or {}), **rest}
        return fields | {"extra": extra} if extra else fields

    def split(self, record: Record) -> tuple[Record, Record]:
        """The fields that fit, and what goes under ``extra``."""
        known, unknown = self.split_names(record)
        try:
            msgspec.convert(known, self._type)
        except (msgspec.ValidationError, RecursionError):
            misfits: list[Misfit] = []
            mended = {
                name: self._menders[name].mend(value, name, misfits)
                for name, value in known.items()
            }
            return mended, self._kept(misfits) | unknown
        return known, unknown

    def split_names(self, record: Record) -> tuple[Record, Record]:
        """The fields that the schema names, and the others. Values are not looked at."""
        if record.keys() <= self.properties.keys():
            return record, {}
        unknown = record.keys() - self.properties.keys() - self._deselected
        self._notices.unknown.update(f"{self._level}{name}" for name in unknown)
        fields = record.items()
        return (
            {key: value for key, value in fields if key in self.properties},
            {key: value for key, value in fields if key in unknown},
        )

    def _kept(self, misfits: list[Misfit]) -> Record:
        """The values as sent, by their paths, apart from those that the user does not want."""
        kept = {}
        for path, value in misfits:
            field = _INDEX.sub("", path)
            if any(_is_in(field, other) for other in self._deselected):
                continue
            hidden = self._deselected | self._mapped
            if any(_is_in(field, other) or _is_in(other, field) for other in hidden):
                self._notices.dropped.add(self._level + field)
                continue
            self._notices.off_type.add(self._level + field)
            kept[path] = value
        return kept


def _is_in(field: str, other: str) -> bool:
    """Whether a field is another one or a part of it."""
    return f"{field}.".startswith(f"{other}.")
