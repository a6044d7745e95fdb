"""The check of types at its bounds: the quick one never passes what the exact one refuses."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
import simplejson

from tap_utility_energy.core.json_types import DEEPEST, Coercer, Mismatch, struct_of

INTEGER = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
TEXT = {"type": ["string", "null"]}
TIME = {"type": ["string", "null"], "format": "date-time"}
OBJECT = {"type": ["object", "null"]}
LIST = {"type": ["array", "null"]}
LARGEST = str(int(sys.float_info.max))

#: What fits just so, as JSON.
FITTING = [
    *((INTEGER, text) for text in ("9223372036854775807", "-9223372036854775808", "0")),
    *((NUMBER, text) for text in (LARGEST, f"-{LARGEST}", "1.7976931348623157e308", "0.10")),
    *((TEXT, text) for text in ('""', '"5"')),
    (TIME, '"2016-02-28T23:59:59Z"'),
    (TIME, f'"2016-12-31T00:00:00.{"1" * 30}+15:59"'),
    (TIME, '"1000-01-30T19:00:00-00:00"'),
    ({"type": []}, "[5]"),
]
#: What just does not.
UNFITTING = [
    *((INTEGER, text) for text in ("9223372036854775808", "-9223372036854775809", "1.5", "true")),
    *((NUMBER, text) for text in (f"{LARGEST}0", f"-{LARGEST}0", "1e309", "true", '"5"')),
    *((TEXT, text) for text in ("[]", "{}")),
    ({"type": "string", "format": "date"}, '"2016-02-30"'),
    *(
        (TIME, f'"{text}"')
        for text in (
            *(f"2016-{day}T00:00:00Z" for day in ("02-30", "04-31", "06-31", "09-31", "11-31")),
            *(f"2016-{day}T00:00:00Z" for day in ("00-01", "13-01", "01-00", "01-32", "1-1")),
            *(f"2016-01-01T{time}Z" for time in ("24:00:00", "00:60:00", "00:00:60", "00:00")),
            *(f"2016-01-01T00:00:00{zone}" for zone in ("", "+16:00", "+15:60", "+0000", r"Z\n")),
            f"2016-01-01T00:00:00.{'1' * 31}Z",
            "2016-01-01T00:00:00.Z",
            "2015-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+15:00",
            "2016-01-01 00:00:00Z",
        )
    ),
]
#: Schemas that only a user's catalog has, or of which there are few.
OTHER = [
    {},
    {"type": []},
    {"type": "boolean"},
    {"type": ["boolean", "integer", "null"]},
    {"type": "string", "format": "date"},
    {"type": "integer", "maximum": 1},
    {"type": ["boolean", "number"], "multipleOf": 2},
    {"type": "object", "additionalProperties": False},
    {"type": "object", "additionalProperties": INTEGER},
    {"type": "object", "properties": {"a": INTEGER}, "additionalProperties": False},
    {"type": "object", "properties": {"a": INTEGER}, "additionalProperties": TEXT},
    {"type": "array", "items": INTEGER},
    {"items": INTEGER},
    {"properties": {"a": INTEGER}},
]
VALUES = [
    *(text for _, text in (*FITTING, *UNFITTING)),
    *("null", "true", "5", '"2016-01-31"', "[1]", '["a"]', '{"a": 1}', '{"a": "x"}', '{"b": 1}'),
]


def read(text: str) -> Any:
    """Any JSON value, as a record has it."""
    return simplejson.loads(text, use_decimal=True)


def coerced(schema: dict[str, Any], value: Any) -> tuple[Any, list[Mismatch]]:
    mismatches: list[Mismatch] = []
    return Coercer(schema).coerce(value, "field", mismatches), mismatches


def passes(schema: dict[str, Any], text: str, *, closed: bool = False) -> bool:
    """Whether the quick check passes it."""
    kind = struct_of({"field": schema}, closed=closed)
    try:
        msgspec.json.decode(f'{{"field": {text}}}', type=kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(("schema", "text"), FITTING)
def test_what_fits_at_the_bounds(schema: dict[str, Any], text: str) -> None:
    assert coerced(schema, read(text)) == (read(text), [])
    assert passes(schema, text)


@pytest.mark.parametrize(("schema", "text"), UNFITTING)
def test_what_does_not_fit_beyond_them(schema: dict[str, Any], text: str) -> None:
    value = read(text)
    left = "true" if (schema, value) == (TEXT, True) else None

    assert coerced(schema, value) == (left, [Mismatch("field", value)])
    assert not passes(schema, text)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("schema", [INTEGER, NUMBER, TEXT, TIME, OBJECT, LIST, *OTHER], ids=str)
def test_what_the_quick_check_passes_fits(schema: dict[str, Any], *, closed: bool) -> None:
    for text in VALUES:
        value = read(text)
        if passes(schema, text, closed=closed):
            fitted, mismatches = coerced(schema, value)
            assert not mismatches, text
            # Where no type is declared, the text of a number that no double holds fits as well.
            assert fitted == value or (not schema.get("type") and fitted == str(value)), text


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "array"}, {}])
def test_what_is_too_deep_for_loaders(schema: dict[str, Any]) -> None:
    def nested(levels: int) -> Any:
        value: Any = {} if "object" in schema.values() else []
        for _ in range(levels - 1):
            value = {"a": value} if isinstance(value, dict) else [value]
        return value

    assert coerced(schema, nested(DEEPEST)) == (nested(DEEPEST), [])
    assert coerced(schema, nested(DEEPEST + 1))[0] is None


def test_a_named_object_is_as_deep_as_its_schema() -> None:
    schema: dict[str, Any] = INTEGER
    value: Any = 1
    for _ in range(DEEPEST + 1):
        schema, value = {"type": "object", "properties": {"a": schema}}, {"a": value}

    assert coerced(schema, value) == (value, [])


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [("true", True), ("4", True), ("5", False), ("4.0", True), ("1e20", True), ("1e30", False)],
)
def test_multiples_are_those_of_decimals(text: str, *, is_valid: bool) -> None:
    schema = {"type": ["boolean", "number"], "multipleOf": 2}

    assert coerced(schema, read(text)) == (
        (read(text), []) if is_valid else (None, [Mismatch("field", read(text))])
    )


def test_a_fraction_is_a_multiple_of_a_tenth() -> None:
    schema = {"type": "number", "multipleOf": 0.1}

    assert coerced(schema, read("0.3")) == (read("0.3"), [])


def test_what_is_refused_as_a_whole_is_told_once() -> None:
    schema = {"type": "object", "properties": {"a": INTEGER}, "required": ["b"]}

    assert coerced(schema, {"a": "x"}) == (None, [Mismatch("field", {"a": "x"})])
