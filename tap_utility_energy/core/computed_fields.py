"""Fields that stream maps compute: their types in the schema, and values that fit them.

The SDK declares most of them as text, whatever their values are.
"""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import serialize_json

from tap_utility_energy.core.json_types import LARGEST_INTEGER
from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from singer_sdk.helpers.types import Record
    from singer_sdk.mapper import StreamMap

TEXT, TIMESTAMP = "string", "date-time"
INTEGER, NUMBER, BOOLEAN = "integer", "number", "boolean"
CONSTANTS: Mapping[type, str] = {str: TEXT, int: INTEGER, float: NUMBER, bool: BOOLEAN}
FUNCTIONS = {
    **dict.fromkeys(("md5", "sha256", "str"), TEXT),
    **dict.fromkeys(("float", "rand"), NUMBER),
    **dict.fromkeys(("int", "randint"), INTEGER),
    "bool": BOOLEAN,
}
TEXT_METHODS = """
    capitalize dumps format isoformat join lower lstrip replace rstrip strftime strip title upper
    zfill
"""
METHODS = {
    **dict.fromkeys(TEXT_METHODS.split(), TEXT),
    **dict.fromkeys(("endswith", "startswith", "isalpha", "isdigit", "isnumeric"), BOOLEAN),
    **dict.fromkeys(("count", "find"), INTEGER),
}
UNFIT_FOR_TEXT = re.compile("[\0\ud800-\udfff]")


def kind_of(expression: str, field: str, fields: Mapping[str, Any]) -> str | None:
    """The type of an expression's result, or None if it depends on the values.

    >>> kind_of("cost * 1.1 if cost else None", "x", {"cost": {"type": ["number", "null"]}})
    'number'
    >>> kind_of("base['id']", "x", {"base": {"properties": {"id": {"type": "integer"}}}})
    'integer'

    Args:
        expression: Of a stream map.
        field: The field that it is for.
        fields: The schemas of the stream's fields.
    """
    record = {"properties": fields}
    names = {**fields, "self": fields.get(field, {}), "_": record, "record": record, "config": {}}
    return _kind(ast.parse(expression, mode="eval").body, names)


def _kind(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    match node:
        case ast.Constant(value=value):
            return CONSTANTS.get(type(value))
        case ast.JoinedStr():
            return TEXT
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return BOOLEAN
        case ast.UnaryOp(operand=operand):
            return _kind(operand, names)
        case ast.BoolOp(values=parts):
            return _common(parts, names)
        case ast.IfExp(body=body, orelse=other):
            return _common([body, other], names)
        case ast.BinOp():
            return _kind_of_operation(node, names)
    return _kind_of_call(node) or _kind_of_part(node, names)


def _kind_of_call(node: ast.expr) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS.get(name)
        case ast.Call(func=ast.Attribute(attr=name)):
            return METHODS.get(name)
    return None


def _kind_of_part(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    match node:
        case ast.Subscript(value=value, slice=ast.Slice()):
            return TEXT if _kind(value, names) in {TEXT, TIMESTAMP} else None
    return _declared(_schema(node, names))


def _common(parts: Iterable[ast.expr], names: Mapping[str, Any]) -> str | None:
    """The type that all of the parts have, apart from None."""
    kinds = {
        _kind(part, names)
        for part in parts
        if not (isinstance(part, ast.Constant) and part.value is None)
    }
    if len(kinds) == 1:
        return kinds.pop()
    return NUMBER if kinds == {INTEGER, NUMBER} else TEXT if kinds == {TEXT, TIMESTAMP} else None


def _kind_of_operation(node: ast.BinOp, names: Mapping[str, Any]) -> str | None:
    kinds = {_kind(node.left, names), _kind(node.right, names)}
    if kinds & {TEXT, TIMESTAMP}:
        return TEXT
    if kinds == {INTEGER} and not isinstance(node.op, ast.Div | ast.Pow):
        return INTEGER
    return NUMBER if kinds & {INTEGER, NUMBER} else None


def _schema(node: ast.expr, names: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of what the node leads to, which may be deep in a record."""
    match node:
        case ast.Name(id=name):
            return dict(names.get(name, {}))
        case (
            ast.Attribute(value=value, attr=str(name))
            | ast.Subscript(value=value, slice=ast.Constant(value=str(name)))
            | ast.Call(
                func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(name))]
            )
        ):
            return dict(_schema(value, names).get("properties", {}).get(name, {}))
        case ast.Subscript(value=value, slice=ast.Constant(value=int())):
            schema = _schema(value, names)
            return schema if _declared(schema) == TEXT else dict(schema.get("items", {}))
    return {}


def _declared(schema: Mapping[str, Any]) -> str | None:
    """The schema's only scalar type apart from null, or None."""
    types = set(_types(schema)) - {"null"}
    kind = types.pop() if len(types) == 1 else None
    if kind == TEXT and schema.get("format") == TIMESTAMP:
        return TIMESTAMP
    return kind if kind in CONSTANTS.values() else None


def _types(schema: Mapping[str, Any]) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def declare(
    stream_map: StreamMap, expressions: Mapping[str, str], fields: Mapping[str, Any]
) -> None:
    """Give computed fields their types, and have each record fit the schema.

    Args:
        stream_map: The SDK's.
        expressions: By the names of the fields that they compute.
        fields: The schemas of the stream's fields.
    """
    properties = stream_map.transformed_schema.get("properties", {})
    for name, expression in expressions.items():
        kind, known = kind_of(expression, name, fields), _declared(properties.get(name, {}))
        if kind not in {None, known} and (kind, known) != (INTEGER, NUMBER):
            if stream_map.flattening_options and name not in properties:
                _drop_parts(properties, name + stream_map.flattening_options.separator)
            form = {"format": TIMESTAMP} if kind == TIMESTAMP else {}
            properties[name] = {"type": [TEXT if form else kind, "null"], **form}
    if expressions or stream_map.flattening_enabled:
        stream_map.transform = _fitting(  # type: ignore[assignment, method-assign]
            stream_map.transform,
            expressions,
            properties,
            is_flattened=stream_map.flattening_enabled,
        )


def _drop_parts(properties: dict[str, Any], start: str) -> None:
    """Drop the flattened fields of an object in whose place a field is computed."""
    for name in [each for each in properties if each.startswith(start)]:
        del properties[name]


def _fitting(
    transform: Callable[[Record], Record | None],
    expressions: Mapping[str, str],
    properties: Mapping[str, Any],
    *,
    is_flattened: bool,
) -> Callable[[Record], Record | None]:
    """The transform, with values that fit the properties.

    Flattening declares fields of several types as text. It leaves a null object as a field that no
    schema names, for which loaders have no column: it is dropped.
    """

    def run(record: Record) -> Record | None:
        result = transform(record)
        if result is None:
            return None
        for name in expressions.keys() & result.keys():
            try:
                result[name] = _fit(result[name], properties.get(name, {"type": "null"}))
            except TypeError:
                raise UserInputError(
                    f"stream_maps: {shown(expressions[name], 200)} does not give what {name} is "
                    "declared as. Give it another name, or write str(…) for text."
                ) from None
        if is_flattened:
            fields = (result.keys() & properties.keys()) - expressions.keys()
            result |= {name: _fit(result[name], properties[name]) for name in fields}
        return {
            name: value for name, value in result.items() if value is not None or name in properties
        }

    return run


def _fit(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value, if it has a type of the schema or can be text.

    Raises:
        TypeError: It does not fit.
    """
    types = _types(schema)
    if value is None or not types:
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _fit_number(value, types)
    natural = {str: TEXT, bool: BOOLEAN, dict: "object", list: "array"}.get(type(value))
    if natural in types:
        return UNFIT_FOR_TEXT.sub("\ufffd", value) if isinstance(value, str) else value
    return _as_text(value, types)


def _fit_number(value: Any, types: Iterable[str]) -> Any:
    if NUMBER in types:
        return value
    is_whole = bool(abs(value) < LARGEST_INTEGER and value == int(value))
    return int(value) if is_whole and INTEGER in types else _as_text(value, types)


def _as_text(value: Any, types: Iterable[str]) -> str:
    if TEXT not in types:
        raise TypeError
    if isinstance(value, bool | int | float | Decimal | dict | list | tuple):
        return serialize_json(value)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
