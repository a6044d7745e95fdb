"""Types of JSON values: whether a value has the type that a JSON schema declares.

A schema is checked in two ways, which agree: msgspec decides quickly whether a value fits, and a
`Coercer` finds the parts that do not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from jsonschema import Draft7Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = Mapping[str, Any]

#: Exclusive maximum of a database's integers.
LARGEST_INTEGER = 2**63
#: Maximum of a double: most databases store numbers as doubles.
LARGEST_NUMBER = sys.float_info.max
#: Maximum nesting of objects and lists: loaders fail at hundreds of levels.
DEEPEST = 64
JsonType = Literal["array", "boolean", "integer", "null", "number", "object", "string"]
JSON_TYPES = frozenset(get_args(JsonType))
#: Keywords that only a user's catalog has. `jsonschema` checks them.
OTHER_KEYWORDS = Draft7Validator.VALIDATORS.keys() - {
    "additionalProperties",
    "format",
    "items",
    "properties",
    "type",
}
#: RFC 3339, with offsets that databases know, and as many digits of a second: PostgreSQL refuses
#: texts that are longer than 128 characters or so.
TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,30})?"
    r"(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])"
)
#: Nearly all timestamps; `is_timestamp` decides about the others.
USUAL_TIMESTAMP = (
    r"^[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,30})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-5]):[0-5][0-9])\Z"
)

_TEXT = str
_USUAL_TIMESTAMP = Annotated[str, msgspec.Meta(pattern=USUAL_TIMESTAMP)]
_INTEGER = Annotated[int, msgspec.Meta(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER - 1)]
_NUMBER = Annotated[float, msgspec.Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]


def _multiple_of(_: Any, divisor: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    """Whether a number is a multiple, computed as loaders do, which read all numbers as decimals.

    A remainder that takes more digits than `Decimal` computes with stops them.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return
    try:
        is_multiple = not Decimal(value) % Decimal(str(divisor))
    except ArithmeticError:
        is_multiple = False
    if not is_multiple:
        yield ValidationError(f"{value} is not a multiple of {divisor}")


VALIDATOR: Any = extend(Draft7Validator, {"multipleOf": _multiple_of})  # type: ignore[no-untyped-call]


def _flat_value(levels: int) -> Any:
    """The msgspec type of any value of so many levels of lists and objects at most."""
    if not levels:
        return bool | int | float | str | None
    inner = _flat_value(levels - 1)
    return bool | int | float | str | list[inner] | dict[str, inner] | None  # type: ignore[valid-type]


#: Undocumented values, as nearly all of them are.
FLAT_VALUE = _flat_value(3)


def is_deeper(value: object, levels: int) -> bool:
    """Whether objects and lists are nested in a JSON value so that it has more levels than these.

    >>> is_deeper([[]], 2), is_deeper([[5]], 2)
    (False, True)
    """
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def is_too_deep(value: object) -> bool:
    """Whether objects and lists are nested too deeply in a JSON value for loaders."""
    return is_deeper(value, DEEPEST)


class Mismatch(NamedTuple):
    """A value that does not fit its schema."""

    #: Where it is in the record, such as ``tou[2].cost``.
    path: str
    value: Any


def types_of(schema: Schema) -> frozenset[str]:
    """The types that a schema declares; all if it declares none."""
    types = schema.get("type") or JSON_TYPES
    return frozenset([types] if isinstance(types, str) else types)


def is_timestamp(text: str) -> bool:
    """Whether a text is an RFC 3339 timestamp, which has an offset.

    >>> is_timestamp("2016-02-29T12:30:24.653422+00:00"), is_timestamp("2016-02-30T12:30:24Z")
    (True, False)
    """
    if not TIMESTAMP.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (OverflowError, ValueError):
        return False
    return True


def struct_of(properties: Mapping[str, Schema], *, closed: bool) -> Any:
    """The msgspec type of an object; its fields are ``field0``, ``field1`` … in the given order.

    Args:
        properties: The schemas of its fields.
        closed: Whether no object in it may have a field that its schema does not name, and objects
            without a schema are to be flat.
    """
    fields: list[Any] = [
        (f"field{number}", _decoded_type(schema, closed), msgspec.field(name=name, default=None))
        for number, (name, schema) in enumerate(properties.items())
    ]
    return msgspec.defstruct("Object", fields, forbid_unknown_fields=closed, gc=False)


def _decoded_type(schema: Schema, closed: bool) -> Any:  # noqa: FBT001
    """The msgspec type of a value. It refuses values that need more than a check of their type."""
    types, free = types_of(schema), FLAT_VALUE if closed else Any
    objects = dict[str, free]  # type: ignore[valid-type]
    others = schema.get("additionalProperties", True)
    if schema.keys() & OTHER_KEYWORDS or not isinstance(others, bool):
        return None
    if types == JSON_TYPES and not schema.keys() & {"properties", "items"}:
        return free
    known: dict[str, Any] = {"boolean": bool, "integer": _INTEGER, "number": _NUMBER}
    known["string"] = _USUAL_TIMESTAMP if schema.get("format") == "date-time" else _TEXT
    if schema.get("format", "date-time") != "date-time":
        del known["string"]
    if "object" in types:
        properties = schema.get("properties") or {}
        is_closed = closed or not others
        is_free = others and not properties
        known["object"] = objects if is_free else struct_of(properties, closed=is_closed)
    if "array" in types:
        items = schema.get("items")
        known["array"] = list[_decoded_type(items, closed) if items else free]  # type: ignore[misc]
    return reduce(or_, (known[name] for name in sorted(types & known.keys())), type(None))


class Coercer:
    """Replaces values that do not fit a schema by null.

    Where text is declared, a number or boolean becomes its text, and where an integer is declared,
    ``1.0`` becomes ``1``: neither loses anything. Null always fits.

    Args:
        schema: The schema of a value.
    """

    def __init__(self, schema: Schema) -> None:
        self._types = types_of(schema)
        self._format = schema.get("format")
        self._fields = {name: Coercer(each) for name, each in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties", True)
        self._other_fields = Coercer(others) if isinstance(others, Mapping) else None
        self._is_closed = others is False
        self._items = Coercer(schema["items"]) if isinstance(schema.get("items"), Mapping) else None
        self._validator: Draft7Validator | None = None
        if schema.keys() & OTHER_KEYWORDS or self._format not in {None, "date-time"}:
            self._validator = VALIDATOR(schema, format_checker=FormatChecker())

    def coerce(self, value: Any, path: str, mismatches: list[Mismatch]) -> Any:
        """The value, with null in place of each part that does not fit.

        Args:
            value: Any JSON value, fractions as `Decimal`.
            path: Where it is in the record.
            mismatches: Takes what did not fit.
        """
        if value is None:
            return None
        inner: list[Mismatch] = []
        coerced = self._coerced(value, path, inner)
        is_free = not (self._fields or self._items)
        if coerced is None or (is_free and is_too_deep(value)) or not self._is_valid(coerced):
            mismatches.append(Mismatch(path, value))
            return None
        mismatches += inner
        return coerced

    def _is_valid(self, value: Any) -> bool:
        return self._validator is None or self._validator.is_valid(value)

    def _coerced(self, value: Any, path: str, mismatches: list[Mismatch]) -> Any:
        match value:
            case dict() if "object" in self._types:
                return self._coerced_object(value, path, mismatches)
            case list() if "array" in self._types:
                items = enumerate(value)
                coerce = self._items.coerce if self._items else _unchanged
                return [coerce(item, f"{path}[{number}]", mismatches) for number, item in items]
            case str():
                is_text = "string" in self._types
                return value if is_text and self._is_in_format(value) else None
            case bool() if "boolean" in self._types:
                return value
            case bool():
                return self._as_text(str(value).lower())
            case int() | float() | Decimal():
                return self._coerced_number(value)
        return None

    def _coerced_object(self, value: Any, path: str, mismatches: list[Mismatch]) -> dict[str, Any]:
        coerced = {}
        for name, inner in value.items():
            place = f"{path}.{name}"
            if field := self._fields.get(name, self._other_fields):
                coerced[name] = field.coerce(inner, place, mismatches)
            elif self._is_closed or is_too_deep(inner):
                mismatches.append(Mismatch(place, inner))
            else:
                coerced[name] = inner
        return coerced

    def _coerced_number(self, value: Any) -> Any:
        if "number" in self._types and abs(value) <= LARGEST_NUMBER:
            return value
        if "integer" in self._types and abs(value) <= LARGEST_INTEGER and value == int(value):
            whole = int(value)
            return whole if -LARGEST_INTEGER <= whole < LARGEST_INTEGER else None
        return self._as_text(str(value))

    def _as_text(self, text: str) -> str | None:
        return text if "string" in self._types and self._is_in_format(text) else None

    def _is_in_format(self, text: str) -> bool:
        return self._format != "date-time" or is_timestamp(text)


def _unchanged(value: Any, *_: object) -> Any:
    return value
