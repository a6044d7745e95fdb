"""Each part of a catalog that the SDK reads is checked, and whatever else it has is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tap_utility_energy.core.catalog_file import fault_of

FIELD = {"type": ["string", "null"], "format": "date", "description": 5}
METADATA = {
    "selected": True,
    "selected-by-default": False,
    "inclusion": "available",
    "replication-key": "uid",
    "replication-method": "INCREMENTAL",
    "forced-replication-method": "FULL_TABLE",
    "table-key-properties": ["uid"],
}
WHOLE = {
    "streams": [
        {
            "tap_stream_id": "one",
            "stream": "one",
            "stream_alias": "one",
            "schema": {
                "type": "object",
                "required": ["uid"],
                "properties": {
                    "uid": FIELD,
                    "list": {"type": "array", "items": FIELD},
                    "any": {"anyOf": [FIELD], "oneOf": [FIELD], "allOf": [FIELD]},
                },
            },
            "key_properties": ["uid"],
            "replication_key": "uid",
            "replication_method": "INCREMENTAL",
            "metadata": [{"breadcrumb": ["properties", "uid"], "metadata": METADATA}],
        }
    ]
}
#: What may be anything.
FREE = {"description"}


def places(thing: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """The path to each value in it that is checked."""
    inner = thing.items() if isinstance(thing, dict) else enumerate(thing)
    for key, value in inner:
        if key not in FREE:
            yield (*above, key)
            if isinstance(value, dict | list):
                yield from places(value, *above, key)


def changed(place: tuple[str | int, ...], value: object) -> dict[str, Any]:
    content = json.loads(json.dumps(WHOLE))  # with no part of it twice
    inner: Any = content
    *above, last = place
    for key in above:
        inner = inner[key]
    inner[last] = value
    return content


@pytest.mark.parametrize("place", list(places(WHOLE)), ids=lambda place: ".".join(map(str, place)))
def test_a_number_is_refused_by_its_place(place: tuple[str | int, ...]) -> None:
    assert fault_of(WHOLE) is None

    fault = fault_of(changed(place, 5))

    assert fault
    assert fault.startswith(f"{'.'.join(map(str, place))}: 5 is not ")


@pytest.mark.parametrize(
    "place",
    [("streams", 0, name) for name in WHOLE["streams"][0] if "stream_id" not in name]
    + [("streams", 0, "metadata", 0, "metadata", name) for name in METADATA],
    ids=lambda place: str(place[-1]),
)
def test_null_stands_for_what_is_not_set(place: tuple[str | int, ...]) -> None:
    fault = fault_of(changed(place, None))

    assert (fault is None) == (place[2:] not in {("schema",), ("metadata",)})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "'streams' is a required property"),
        ({"streams": [{"tap_stream_id": "one"}]}, "streams.0: 'schema' is a required property"),
        ({"streams": [{"schema": {}}]}, "streams.0: 'tap_stream_id' is a required property"),
        ({"streams": [{"tap_stream_id": "", "schema": {}}]}, "streams.0.tap_stream_id: '' "),
    ],
)
def test_what_is_not_there_is_named(content: dict[str, Any], words: str) -> None:
    fault = fault_of(content)

    assert fault
    assert fault.startswith(words)
