"""`docs/streams.md`: every stream, its fields, and how the streams join, with drawings."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from scripts.joins import diagram_image, joins_table
from scripts.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_utility_energy.core.stream import VendorStream as Stream

INTRODUCTION = """\
# Streams

Written by `make docs` from the tap's own catalog. Names of fields are the vendors' own. `a.b` is
the field `b` of the object `a`, and `a[].b` that of each object in the list `a`. A unit in `code`
is the field that holds the unit or currency of the number. Every field but a key may be null.

`meter_digest_monthly` and `meter_digest_monthly_results` share one read of the pages: select the
first for one record per meter with its periods nested, the second for one row per period, or both.
"""
JOINS = """\
An arrow leads from a field to the stream whose key the field holds. Streams with the same
references share a box, and an arrow is left out if another way leads to the same key. The table has
every join but these: an object whose name ends in `Unit` joins to `energycap_units` by its
`unitId`, and of two streams that hold each other's key it shows one direction. No key joins one
vendor's data to the other's: use what you know of both, such as the account number.
"""
UNIT = re.compile(
    r"\bin (`[^`]+`|the \w+'s currency|kWh|kgCO2e|kBtu/ft²|days|months|minutes|seconds|degrees)",
    re.IGNORECASE,
)


def streams_page(streams: Sequence[Stream]) -> str:
    """The whole page."""
    vendors = sorted({stream.client.vendor for stream in streams}, reverse=True)
    parts = [INTRODUCTION, "## All streams\n", overview(streams, vendors)]
    parts += ["## How they join\n", JOINS]
    parts += [diagram_image(vendor) for vendor in vendors]
    parts.append(joins_table(streams))
    for vendor in vendors:
        parts.append(f"## {vendor}\n")
        parts += (section(stream) for stream in streams if stream.client.vendor == vendor)
    return "\n".join(parts)


def overview(streams: Sequence[Stream], vendors: Sequence[str]) -> str:
    """A line for each stream: name, key, replication, and the docstring's summary."""
    rows = [
        (
            f"[`{stream.name}`](#{stream.name})",
            code(stream.primary_keys),
            replication(stream),
            "yes" if stream.selected_by_default else "",
            " ".join(summary_of(stream).split()),
        )
        for vendor in vendors
        for stream in streams
        if stream.client.vendor == vendor
    ]
    return f"{table(('stream', 'key', 'replication', 'by default', 'description'), rows)}\n"


def summary_of(stream: Stream) -> str:
    """The first paragraph of the stream's docstring."""
    return inspect.cleandoc(type(stream).__doc__ or "").split("\n\n")[0]


def section(stream: Stream) -> str:
    """A stream: what it is, its key, how it is replicated, and its fields."""
    text = re.sub(r"``(.+?)``", r"`\1`", inspect.cleandoc(type(stream).__doc__ or ""))
    text = f"{text}\n\nSource: <{stream.docs_url}>"
    facts = [
        f"Key: {code(stream.primary_keys)}",
        f"Replication: {replication(stream)}",
        f"Request: `GET {stream.path}`",
    ]
    if not stream.selected_by_default:
        facts.append("Not selected by default")
    rows = (
        (f"`{path}`", field_type(schema), unit, description_of(schema))
        for path, schema, unit in fields(stream.schema)
    )
    lines = "\n".join(f"- {fact}" for fact in facts)
    cells = table(("field", "type", "unit", "description"), rows)
    return f"### {stream.name}\n\n{text}\n\n{lines}\n\n{cells}\n"


def replication(stream: Stream) -> str:
    """How the stream is replicated, with the field that it goes by."""
    method = stream.replication_method.lower().replace("_", " ")
    return f"{method} by `{stream.replication_key}`" if stream.replication_key else method


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each field below a schema, with its path and unit, an object's own fields after it."""
    for name, part in schema.get("properties", {}).items():
        unit = UNIT.search(part.get("description", ""))
        yield (
            f"{path}{name}",
            part,
            unit[1] if unit and non_null_types(part) & {"number", "integer"} else "",
        )
        inner = part.get("items", part)
        if not is_code_and_name(inner):
            step = "[]." if "items" in part else "."
            yield from fields(inner, f"{path}{name}{step}")


def is_code_and_name(schema: dict[str, Any]) -> bool:
    """Whether an object is only an id with its code and name, which need no description."""
    names = list(schema.get("properties", {}))
    stem = names[0].removesuffix("Id") if names else ""
    return names == [f"{stem}Id", f"{stem}Code", f"{stem}Info"]


def non_null_types(schema: dict[str, Any]) -> set[str]:
    """The types of a field, apart from null."""
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found) - {"null"}


def field_type(schema: dict[str, Any]) -> str:
    """A field's type in words."""
    if schema.get("format"):
        return str(schema["format"])
    name = "".join(sorted(non_null_types(schema)))
    if name == "array":
        return f"list of {field_type(schema['items'])}"
    if name == "object" and is_code_and_name(schema):
        return f"object of {', '.join(f'`{inner}`' for inner in schema['properties'])}"
    return name


def description_of(schema: dict[str, Any]) -> str:
    """A field's description as a cell."""
    return " ".join(schema.get("description", "").split())
