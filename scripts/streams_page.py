"""`docs/streams.md`: every stream, its fields, and how the streams join, with drawings."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from diagram import Box, Drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_utility_energy.core.stream import VendorStream as Stream

INTRODUCTION = """\
# Streams

Written by `make docs` from the tap's own catalog. Names of fields are the vendors' own. `a.b` is
the field `b` of the object `a`, and `a[].b` that of each object in the list `a`. A unit in `code`
is the field that says in which unit or currency the number is. Every field but a key may be null.

`meter_digest_monthly` and `meter_digest_monthly_results` share one read of the pages: select the
first for one record per meter with its periods nested, the second for one row per period, or both.
"""
JOINS = """\
An arrow leads from a field to the stream whose key it is. Streams with the same references share a
box, and an arrow is left out if another way leads to the same key; the table has them all. An
object whose name ends in `Unit` joins to `energycap_units` by its `unitId`, which is in neither.
Both vendors' data join only by what you know of both, such as the account number.
"""
UNIT = re.compile(
    r"\bin (`[^`]+`|the \w+'s currency|kWh|kBtu/ft²|days|months|minutes|seconds|degrees)",
    re.IGNORECASE,
)


def streams_page(streams: Sequence[Stream]) -> str:
    """The whole page."""
    vendors = sorted({stream.client.vendor for stream in streams}, reverse=True)
    parts = [INTRODUCTION, "## All streams\n", overview(streams, vendors)]
    parts += ["## How they join\n", JOINS]
    parts += [drawn_joins(vendor) for vendor in vendors]
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
    return f"{table(('stream', 'key', 'replication', 'by default', 'what it is'), rows)}\n"


def summary_of(stream: Stream) -> str:
    """The first paragraph of the stream's docstring."""
    return inspect.cleandoc(type(stream).__doc__ or "").split("\n\n")[0]


def code(names: Iterable[str]) -> str:
    """Names as code."""
    return ", ".join(f"`{name}`" for name in names)


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
        (f"`{path}`", kind(schema), unit, description_of(schema))
        for path, schema, unit in fields(stream.schema)
    )
    lines = "\n".join(f"- {fact}" for fact in facts)
    cells = table(("field", "type", "unit", "what it is"), rows)
    return f"### {stream.name}\n\n{text}\n\n{lines}\n\n{cells}\n"


def replication(stream: Stream) -> str:
    """How the stream is replicated, with the field that it goes by."""
    method = stream.replication_method.lower().replace("_", " ")
    return f"{method} by `{stream.replication_key}`" if stream.replication_key else method


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each field below a schema, with its path and unit, an object's own fields after it."""
    for name, part in schema.get("properties", {}).items():
        unit = UNIT.search(part.get("description", ""))
        yield f"{path}{name}", part, unit[1] if unit and types(part) & {"number", "integer"} else ""
        inner = part.get("items", part)
        if not is_name(inner):
            step = "[]." if "items" in part else "."
            yield from fields(inner, f"{path}{name}{step}")


def is_name(schema: dict[str, Any]) -> bool:
    """Whether an object is no more than an id with its code and name, which need no words."""
    names = list(schema.get("properties", {}))
    stem = names[0].removesuffix("Id") if names else ""
    return names == [f"{stem}Id", f"{stem}Code", f"{stem}Info"]


def types(schema: dict[str, Any]) -> set[str]:
    """The types of a field, apart from null."""
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found) - {"null"}


def kind(schema: dict[str, Any]) -> str:
    """A field's type in words."""
    if schema.get("format"):
        return str(schema["format"])
    name = "".join(sorted(types(schema)))
    if name == "array":
        return f"list of {kind(schema['items'])}"
    if name == "object" and is_name(schema):
        return f"object of {', '.join(f'`{inner}`' for inner in schema['properties'])}"
    return name


def description_of(schema: dict[str, Any]) -> str:
    """A field's description as a cell."""
    return " ".join(schema.get("description", "").split())


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def drawn_joins(vendor: str) -> str:
    """The image of a vendor's joins, in a box that scrolls, with what it shows in words."""
    file = f"images/joins-{vendor.lower()}.svg"
    return (
        f"{vendor}, [the drawing alone]({file}):\n\n"
        '<div class="diagram" markdown tabindex="0">\n\n'
        f"![{title_of(vendor)}: the table below has the same]({file})\n\n</div>\n"
    )


def title_of(vendor: str) -> str:
    """What a drawing shows."""
    return f"How the streams of {vendor} join"


def diagrams(streams: Sequence[Stream]) -> dict[str, str]:
    """A drawing of each vendor's streams, with an arrow from each reference to its stream."""
    found = [*joins(streams)]
    drawn = {}
    for vendor in {stream.client.vendor: None for stream in streams}:
        own = [stream.name for stream in streams if stream.client.vendor == vendor]
        drawn[vendor] = Drawing(boxes(own, found)).svg(title_of(vendor))
    return drawn


def boxes(names: Iterable[str], found: Sequence[tuple[str, str, str]]) -> list[Box]:
    """Boxes for streams; those with the same references share one, if nothing refers to them."""
    referred = {other for *_, other in found}
    groups: dict[object, list[str]] = {}
    for name in names:
        references = tuple((f, other) for one, f, other in found if one == name)
        kept = tuple(r for r in references if not is_repeated(*r, references, found))
        is_shared = kept and name not in referred
        groups.setdefault((kept, None if is_shared else name), []).append(name)
    return [Box(tuple(names), kept) for (kept, _), names in groups.items()]  # type: ignore[misc]


def is_repeated(
    field: str,
    target: str,
    references: Iterable[tuple[str, str]],
    found: Sequence[tuple[str, str, str]],
) -> bool:
    """Whether another reference leads on to the same stream by a field of the same name."""
    return any(
        (other, field, target) in found or is_repeated_below(field, target, other, found)
        for name, other in references
        if (name, other) != (field, target)
    )


def is_repeated_below(
    field: str, target: str, start: str, found: Sequence[tuple[str, str, str]]
) -> bool:
    """Whether a reference by a field of this name is on a way from a stream."""
    return any(
        (other, field, target) in found or is_repeated_below(field, target, other, found)
        for one, _, other in found
        if one == start
    )


def joins_table(streams: Sequence[Stream]) -> str:
    """Every join on a line."""
    keys = {stream.name: stream.primary_keys[0] for stream in streams}
    rows = [
        (f"`{one}`", f"`{field}`", f"`{other}.{keys[other]}`")
        for one, field, other in joins(streams)
    ]
    return f"{table(('stream', 'field', 'joins to'), rows)}\n"


def joins(streams: Sequence[Stream]) -> Iterator[tuple[str, str, str]]:
    """Each stream, its field, and the stream that the field is the key of.

    A list of ids is an arrow only if no other field joins the two streams.
    """
    drawn = set[frozenset[str]]()
    found = [
        (is_list, one.name, field, other.name)
        for one in streams
        for field, names, is_list in references(one)
        for other in streams
        if other is not one and names & key_names(other) and one.client is other.client
    ]
    for is_list, one, field, other in sorted(found):
        pair = frozenset((one, other))
        if not (is_list and pair in drawn):
            drawn.add(pair)
            yield one, field, other


def references(stream: Stream) -> Iterator[tuple[str, set[str], bool]]:
    """Fields that may be another stream's key: path, possible names of the key, whether a list."""
    for name, part in stream.schema["properties"].items():
        inner = part.get("items", part)
        is_list = "items" in part
        if not inner.get("properties"):
            yield name, {name.removesuffix("s") if is_list else name}, is_list
        elif not name.endswith("Unit"):
            for below in list(inner["properties"])[:1]:
                yield f"{name}{'[]' * is_list}.{below}", {below}, is_list


def key_names(stream: Stream) -> set[str]:
    """What other streams call the one field of this stream's key."""
    if len(stream.primary_keys) != 1 or "_digest_" in stream.name:
        return set()
    (key,) = stream.primary_keys
    thing = re.sub(r"^utilityapi_", "", stream.name)
    singular = re.sub(r"ies$", "y", thing) if thing.endswith("ies") else thing.removesuffix("s")
    return {f"{singular}_uid"} if key == "uid" else {key}
