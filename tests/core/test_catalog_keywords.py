"""Keywords that a user's catalog adds to a schema, such as by a script for its loader."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import simplejson

from sandbox import Sandbox
from tap_utility_energy.core.json_types import VALIDATOR
from tests.support import ONE_RECORD, Run, TapRunner, answer, catalog

PLACES = "energycap_places"
VALUES = [None, 5, Decimal("1.5"), 10**30, "a", "x", [], ["a", "x", None], {"a": 1, "b": "x"}]


RESTRICTED = [
    *({"enum": ["a"]}, {"const": "a"}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    *({"oneOf": [{"type": "number"}, {"type": "string"}]}, {"allOf": [{"type": "string"}]}),
    *({"type": []}, {"type": "number", "multipleOf": 0.01}, {"type": ["number", "string"]}),
    {"type": "array", "items": {"enum": ["a"]}},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "additionalProperties": False},
    {"type": "object", "properties": {"a": {"enum": [2]}}, "patternProperties": {"b": {}}},
]


def read_places(tap: TapRunner, found: dict[str, Any], **config: object) -> Run:
    """Read places, of which each has another value of one field."""
    rows = [{"placeId": number, "placeCode": value} for number, value in enumerate(VALUES)]
    body = simplejson.dumps(rows, use_decimal=True)
    headers = ONE_RECORD | {"TotalNumberOfRecords": str(len(rows))}
    rule = answer(body, headers, path="/api/v3/place?")
    with Sandbox(meters=0, billing_summaries=0, faults=[rule]) as box:
        return tap(box.tap_config(**config), "--catalog", tap.file("given.json", found))


def entry_of(found: dict[str, Any]) -> dict[str, Any]:
    (entry,) = [each for each in found["streams"] if each["tap_stream_id"] == PLACES]
    return entry


def schema_of(run: Run) -> dict[str, Any]:
    (schema,) = [each["schema"] for each in run.messages if each["type"] == "SCHEMA"]
    return schema


@pytest.mark.parametrize("schema", RESTRICTED)
def test_a_field_may_be_restricted(tap: TapRunner, schema: dict[str, Any]) -> None:
    found = catalog([PLACES])
    entry_of(found)["schema"]["properties"]["placeCode"] = schema

    run = read_places(tap, found)

    assert run.exit == 0, run.stderr
    rows = run.records(PLACES)
    assert len(rows) == len(VALUES)
    validator = VALIDATOR(schema_of(run))
    assert not [error.message for row in rows for error in validator.iter_errors(row)]
    for row, value in zip(rows, VALUES, strict=True):
        assert value is None or row["placeCode"] is not None or row["extra"] == {"placeCode": value}


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("schema", [{}, {"description": "Anything."}, *RESTRICTED])
def test_a_flattened_field_fits_what_its_schema_became(
    tap: TapRunner, schema: dict[str, Any], depth: int
) -> None:
    found = catalog([PLACES])
    entry_of(found)["schema"]["properties"]["placeCode"] = schema

    run = read_places(tap, found, flattening_enabled=True, flattening_max_depth=depth)

    assert run.exit == 0, run.stderr
    rows = run.records(PLACES)
    assert len(rows) == len(VALUES)
    validator = VALIDATOR(schema_of(run))
    assert not [error.message for row in rows for error in validator.iter_errors(row)]


@pytest.mark.parametrize(
    "keywords",
    [
        *({"anyOf": [{"required": ["size"]}]}, {"allOf": [{"required": ["size"]}]}),
        *({"type": "string"}, {"enum": [1]}, {"patternProperties": {"^place": {"type": "null"}}}),
        {"additionalProperties": False},
    ],
)
def test_no_keyword_refuses_a_record_as_a_whole(tap: TapRunner, keywords: dict[str, Any]) -> None:
    found = catalog([PLACES])
    entry_of(found)["schema"].update(keywords)

    run = read_places(tap, found)

    assert run.exit == 0, run.stderr
    rows = run.records(PLACES)
    assert len(rows) == len(VALUES)
    assert all(map(VALIDATOR(schema_of(run)).is_valid, rows))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "string", "pattern": "("}, "pattern: '(' is not a 'regex'"),
        ({"type": "number", "maximum": "x"}, "maximum: 'x' is not of type 'number'"),
        ({"type": "object", "additionalProperties": "x"}, "additionalProperties: 'x' is not"),
        ({"type": "array", "items": {"maxLength": "x"}}, "items.maxLength: 'x' is not of type"),
        ({"type": ["string", "string"], "description": None}, ""),
    ],
)
def test_a_schema_that_no_validator_reads_is_refused(
    tap: TapRunner, schema: dict[str, Any], problem: str
) -> None:
    found = catalog([PLACES])
    entry_of(found)["schema"]["properties"]["placeCode"] = schema

    run = read_places(tap, found)

    assert run.exit == bool(problem), run.stderr
    if problem:
        (error,) = run.errors
        assert f"{PLACES}: the schema of placeCode is not valid: {problem}" in error
