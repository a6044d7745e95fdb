"""The shape of records: which fields they have, of which types, and no value.

A name is told only where the schema says that an object has fields: in any other object, a name
can be a value, such as a user's own key. And only if it looks like the name of a field.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.json_types import Coercer, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_utility_energy.core.json_types import Schema

#: The maximum number of unknown names that are told of a stream; the others are counted.
MOST_NAMES = 40
#: How many items of a list are looked at.
MOST_ITEMS = 500
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*")
LONGEST_NAME = 40
#: A date or the number of an account has more, if not in a row.
MOST_DIGITS = 3
_MANY_DIGITS = re.compile(r"[0-9]{3}")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:(?P<separator>[Tt ])[0-9]{2}:[0-9]{2}(?P<seconds>:[0-9]{2})?"
    r"(?P<fraction>\.[0-9]{1,9})?(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a field, and not like a value.

    >>> is_name("interval_count"), is_name("A900000001"), is_name("Main St."), is_name("x" * 99)
    (True, False, False, False)
    >>> is_name("address_line_2"), is_name("A12-34-56"), is_name("Jan-15-2026")
    (True, False, False)
    """
    is_short = len(text) <= LONGEST_NAME and sum(map(str.isdigit, text)) <= MOST_DIGITS
    return is_short and bool(_NAME.fullmatch(text)) and not _MANY_DIGITS.search(text)


def form_of(text: str) -> str:
    """The form of a date, or "text" for any other text.

    >>> form_of("2026-01-31T10:00:00.000000+00:00"), form_of("2026-01-31"), form_of("31 May")
    ('YYYY-MM-DDThh:mm:ss.ffffff+00:00', 'YYYY-MM-DD', 'text')
    >>> form_of("2026-01-31 10:00:00-08:00")
    'YYYY-MM-DD hh:mm:ss-hh:mm'
    """
    found = _DATE.fullmatch(text)
    if not found:
        return "text"
    if not found["separator"]:
        return "YYYY-MM-DD"
    seconds = ":ss" if found["seconds"] else ""
    fraction = re.sub("[0-9]", "f", found["fraction"] or "")
    return f"YYYY-MM-DD{found['separator']}hh:mm{seconds}{fraction}{_offset(found['offset'])}"


def _offset(text: str | None) -> str:
    if not text or text in "Zz":
        return text or ""
    if not text[1:].strip("0:"):
        return text
    return text[0] + re.sub("[0-9]{2}$", "mm", re.sub("^[0-9]{2}", "hh", text[1:]))


def kind_of(value: object) -> str:
    """What a JSON value is: its type, or the form of a date."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case str():
            return form_of(value)
        case list():
            return "list"
        case dict():
            return "object"
    return "number"


class Field:
    """What a schema says of a field, and of the fields in it."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        properties = schema.get("properties", {})
        self.fields = {name: Field(each) for name, each in properties.items() if name != "extra"}
        items = schema.get("items")
        self.items = Field(items) if isinstance(items, Mapping) else None

    @cached_property
    def _coercer(self) -> Coercer:
        return Coercer({name: self._schema[name] for name in self._schema if name != "properties"})

    def takes(self, value: object) -> bool:
        """Whether the value itself has a type that is declared, whatever is in it."""
        types = types_of(self._schema)
        if isinstance(value, dict | list):
            return ("object" if isinstance(value, dict) else "array") in types
        return value is None or self._coercer.coerce(value, "", []) is not None


class Shape:
    """The shape of a stream's records.

    Args:
        schema: The schema of a record.
    """

    def __init__(self, schema: Schema) -> None:
        self._root = Field(schema)
        self.records = 0
        #: How often a field has each kind of value, by its path such as ``base.amount_due``.
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self._unknown: Counter[str] = Counter()
        self._unnamed = set[int]()
        #: Fields with values of another type than declared, and what those are.
        self.off_type: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, records: Iterable[object]) -> None:
        """Take records, of which some may be no objects."""
        for record in records:
            self.records += 1
            if isinstance(record, dict):
                self._add_object(record, self._root, "")
            else:
                self.off_type["the record itself"][kind_of(record)] += 1

    @property
    def names(self) -> list[str]:
        """The paths of fields that the schema does not name."""
        return sorted(islice(self._unknown, MOST_NAMES))

    @property
    def unnamed(self) -> int:
        """How many fields more the schema does not name."""
        return max(0, len(self._unknown) - MOST_NAMES) + len(self._unnamed)

    def forms(self, *paths: str) -> Counter[str]:
        """The kinds of values of some fields, nulls and absent ones apart."""
        found = sum((self.kinds[path] for path in paths if path in self.kinds), Counter[str]())
        return Counter({kind: count for kind, count in found.items() if kind not in ABSENT})

    def missing(self, path: str) -> int:
        """How many records lack a field, or have null in it."""
        return self.kinds[path]["absent"] + self.kinds[path]["null"] if path in self.kinds else 0

    def note_unknown(self, name: str) -> None:
        """Take the name of a field that the schema may not know."""
        if name not in self._root.fields:
            self._note(name, "")

    def _add_object(self, record: Mapping[str, Any], field: Field, prefix: str) -> None:
        for name, inner in field.fields.items():
            if name in record:
                self._add_value(record[name], inner, f"{prefix}{name}")
            else:
                self.kinds[f"{prefix}{name}"]["absent"] += 1
        for name in record.keys() - field.fields.keys():
            self._note(name, prefix)

    def _note(self, name: str, prefix: str) -> None:
        if is_name(name):
            self._unknown[f"{prefix}{name}"] += 1
        else:
            self._unnamed.add(hash((prefix, name)))

    def _add_value(self, value: object, field: Field, path: str) -> None:
        kind = kind_of(value)
        self.kinds[path][kind] += 1
        if not field.takes(value):
            self.off_type[path][kind] += 1
        elif isinstance(value, dict) and field.fields:
            self._add_object(value, field, f"{path}.")
        elif isinstance(value, list) and field.items:
            for item in value[:MOST_ITEMS]:
                self._add_value(item, field.items, f"{path}[]")


#: Kinds of a field without a value.
ABSENT = ("absent", "null")


def merged(first: Schema, second: Schema) -> dict[str, Any]:
    """A schema with the fields of both, for records that become rows of several streams."""
    result = {**second, **first}
    ours, theirs = first.get("properties", {}), second.get("properties", {})
    if ours or theirs:
        result["properties"] = {
            name: merged(ours.get(name, {}), theirs.get(name, {}))
            for name in dict.fromkeys([*ours, *theirs])
        }
    if "items" in first and "items" in second:
        result["items"] = merged(first["items"], second["items"])
    return result
