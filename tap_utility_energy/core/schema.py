"""Building blocks of both vendors' schemas.

A field is nullable unless it is a key: neither vendor promises a value. Nested objects stay open
for what a vendor adds to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator
from singer_sdk import typing as th

from tap_utility_energy.core.json_types import types_of
from tap_utility_energy.core.record import EXTRA

if TYPE_CHECKING:
    from collections.abc import Collection

Fields = tuple[th.Property[Any], ...]


def text(name: str, description: str) -> th.Property[str]:
    """A string, passed through as it was sent."""
    return th.Property(name, th.StringType, description=description)


def timestamp(name: str, description: str) -> th.Property[str]:
    """A point in time that the vendor's platform sets, such as 2016-01-01T12:30:24.653422+00:00."""
    return th.Property(name, th.DateTimeType, description=description)


def number(name: str, description: str) -> th.Property[float]:
    """A number of any size, with the digits that were sent."""
    return th.Property(name, th.NumberType, description=description)


def integer(name: str, description: str) -> th.Property[int]:
    """A whole number."""
    return th.Property(name, th.IntegerType, description=description)


def boolean(name: str, description: str) -> th.Property[bool]:
    """True or false."""
    return th.Property(name, th.BooleanType, description=description)


def key(name: str, kind: type[th.JSONTypeHelper[Any]], description: str) -> th.Property[Any]:
    """A part of the stream's key: always there, never null."""
    return th.Property(name, kind, required=True, description=description)


def block(name: str, description: str, *fields: th.Property[Any]) -> th.Property[Any]:
    """An object. Without fields it is one whose content the vendor does not document."""
    kind = th.ObjectType(*fields) if fields else th.CustomType({"type": ["object", "null"]})
    return th.Property(name, kind, description=description)


def items(name: str, description: str, *fields: th.Property[Any]) -> th.Property[Any]:
    """A list of objects."""
    return th.Property(name, th.ArrayType(th.ObjectType(*fields)), description=description)


def texts(name: str, description: str) -> th.Property[list[Any]]:
    """A list of strings."""
    return th.Property(name, th.ArrayType(th.StringType), description=description)


def record(*fields: th.Property[Any]) -> dict[str, Any]:
    """The schema of a stream: the fields and ``extra``."""
    schema: dict[str, Any] = th.PropertiesList(*fields).to_dict()
    keys = schema.get("required", ())
    return schema | {"properties": nullable_fields(schema["properties"], keys) | {"extra": EXTRA}}


def nullable_fields(fields: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The schemas of a stream's fields, which let every value be null apart from the keys."""
    return {name: schema if name in keys else nullable(schema) for name, schema in fields.items()}


def nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema that lets the value, and every value in it, be null, and requires none.

    A user's catalog may have any keyword.
    """
    result = {name: value for name, value in schema.items() if name != "required"}
    if types := result.pop("type", None):
        types = [types] if isinstance(types, str) else types
        result["type"] = list(dict.fromkeys([*types, "null"]))
    for name in ("properties", "patternProperties"):
        if isinstance(fields := schema.get(name), Mapping):
            result[name] = {field: nullable(each) for field, each in fields.items()}
    for name in ("items", "additionalProperties"):
        if isinstance(inner := schema.get(name), Mapping):
            result[name] = nullable(inner)
    return _with_null_among_values(result)


def flattenable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in which every field has a type: the SDK's flattening loses others, or fails.

    A field that a user's catalog gives no type becomes text.
    """
    result = dict(schema)
    if not schema.get("type"):
        alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        types = [types_of(each) for each in alternatives if each.get("type")]
        is_known = types and len(types) == len(alternatives)
        result = {"type": sorted(frozenset.union(*types)) if is_known else ["null", "string"]}
    elif isinstance(fields := schema.get("properties"), Mapping):
        result["properties"] = {name: flattenable(each) for name, each in fields.items()}
    return result


def _with_null_among_values(schema: dict[str, Any]) -> dict[str, Any]:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if isinstance(values := schema.get("enum"), list) and None not in values:
        schema["enum"] = [*values, None]
    for name in ("anyOf", "oneOf"):
        if name in schema and not _takes_null({name: schema[name]}):
            schema["anyOf"] = [*schema.pop(name), {"type": "null"}]
    if "allOf" in schema:
        schema["allOf"] = [nullable(each) for each in schema["allOf"]]
    return schema


def _takes_null(schema: Mapping[str, Any]) -> bool:
    return Draft7Validator(schema).is_valid(None)
