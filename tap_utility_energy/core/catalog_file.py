"""The structure of a catalog that the SDK can read, and what is wrong with one of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from msgspec import UNSET, Meta, Struct, UnsetType

from tap_utility_energy.core.json_types import JsonType  # noqa: TC001 - msgspec reads it
from tap_utility_energy.http.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Node(Struct, rename="camel"):
    """A schema: of a stream, a field, or an item."""

    type: JsonType | list[JsonType] | UnsetType = UNSET
    properties: dict[str, Node] | UnsetType = UNSET
    items: Node | UnsetType = UNSET
    any_of: list[Node] | UnsetType = UNSET
    one_of: list[Node] | UnsetType = UNSET
    all_of: list[Node] | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET
    format: str | UnsetType = UNSET


class FieldMetadata(Struct, rename="kebab"):
    """What is said of a stream or a field."""

    selected: bool | None = None
    selected_by_default: bool | None = None
    inclusion: str | None = None
    replication_key: str | None = None
    replication_method: str | None = None
    forced_replication_method: str | None = None
    table_key_properties: list[str] | None = None


class Part(Struct):
    """Metadata, and of what."""

    breadcrumb: list[str]
    metadata: FieldMetadata


class Entry(Struct):
    """A stream."""

    tap_stream_id: Annotated[str, Meta(min_length=1)]
    schema: Node
    stream: str | None = None
    stream_alias: str | None = None
    key_properties: list[str] | None = None
    replication_key: str | None = None
    replication_method: str | None = None
    metadata: list[Part] | UnsetType = UNSET


class CatalogFile(Struct):
    """A catalog; whatever else it has may be anything."""

    streams: list[Entry]


def fault_of(content: Mapping[str, Any]) -> str | None:
    """Where a file's content has another structure, in words, or nothing."""
    try:
        msgspec.convert(content, CatalogFile)
    except msgspec.ValidationError as error:
        return _in_words(content) or str(error)
    return None


def _in_words(content: Mapping[str, Any]) -> str | None:
    """The same as jsonschema says it: it names the field, but takes a hundred times longer."""
    error = best_match(Draft202012Validator(_json_schema()).iter_errors(content))
    if error is None:
        return None
    place = ".".join(map(str, error.absolute_path))
    message = one_line(error.message, 200)
    what = f"{place}: {message}" if place else message
    return f"{what}{_entry_of(content, error.absolute_path)}"


def _json_schema() -> dict[str, Any]:
    """The schema of a catalog, with two types where one is null, for better messages."""
    schema = msgspec.json.schema(CatalogFile)
    for definition in schema["$defs"].values():
        for field in definition["properties"].values():
            match field:
                case {"anyOf": [{"type": kind, **more}, {"type": "null"}]}:
                    del field["anyOf"]
                    field.update(more, type=[kind, "null"])
    return schema


def _entry_of(content: Mapping[str, Any], place: Sequence[str | int]) -> str:
    """The name of the stream that a path in the catalog belongs to, for messages."""
    match tuple(place):
        case ("streams", int(index), _, *_):
            name = content["streams"][index].get("tap_stream_id")
            return f" (the entry of {one_line(str(name), 80)})"
    return ""
