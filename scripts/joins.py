"""How the streams join: each field that is another stream's key, as a table and as diagrams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from scripts.diagram import Box, Drawing
from scripts.markup import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_utility_energy.core.stream import VendorStream as Stream


class Join(NamedTuple):
    """A field of a stream that holds another stream's key."""

    stream: str
    field: str
    target: str


def diagram_image(vendor: str) -> str:
    """A vendor's diagram as Markdown: the image in a box that scrolls, and a link to it."""
    file = f"images/joins-{vendor.lower()}.svg"
    return (
        f"{vendor}, [the drawing alone]({file}):\n\n"
        '<div class="diagram" markdown tabindex="0">\n\n'
        f"![{diagram_title(vendor)}: the table below has the same]({file})\n\n</div>\n"
    )


def diagram_title(vendor: str) -> str:
    """The title of a vendor's diagram."""
    return f"How the streams of {vendor} join"


def diagrams(streams: Sequence[Stream]) -> dict[str, str]:
    """A diagram of each vendor's streams, with an arrow for each join."""
    all_joins = [*joins(streams)]
    drawn = {}
    for vendor in {stream.client.vendor: None for stream in streams}:
        names = [stream.name for stream in streams if stream.client.vendor == vendor]
        drawn[vendor] = Drawing(boxes(names, all_joins)).svg(diagram_title(vendor))
    return drawn


def boxes(names: Iterable[str], all_joins: Sequence[Join]) -> list[Box]:
    """Boxes for streams; those with the same references share one, if nothing refers to them."""
    targets = {join.target for join in all_joins}
    groups: dict[tuple[tuple[tuple[str, str], ...], str | None], list[str]] = {}
    for name in names:
        own = [join for join in all_joins if join.stream == name]
        arrows = tuple((j.field, j.target) for j in own if not is_implied(j, own, all_joins))
        is_shared = arrows and name not in targets
        groups.setdefault((arrows, None if is_shared else name), []).append(name)
    return [Box(tuple(sharing), arrows) for (arrows, _), sharing in groups.items()]


def is_implied(join: Join, own: Iterable[Join], all_joins: Sequence[Join]) -> bool:
    """Whether another join of the stream leads on to the same target by a field of this name."""

    def leads_on(start: str) -> bool:
        return Join(start, join.field, join.target) in all_joins or any(
            leads_on(below.target) for below in all_joins if below.stream == start
        )

    return any(leads_on(other.target) for other in own if other != join)


def joins_table(streams: Sequence[Stream]) -> str:
    """Every join on a line."""
    keys = {stream.name: stream.primary_keys[0] for stream in streams}
    rows = [
        (f"`{join.stream}`", f"`{join.field}`", f"`{join.target}.{keys[join.target]}`")
        for join in joins(streams)
    ]
    return f"{table(('stream', 'field', 'joins to'), rows)}\n"


def joins(streams: Sequence[Stream]) -> Iterator[Join]:
    """Every join of the streams, but only one of two that lead back and forth.

    One by a list of ids only if no other field joins the two, and none by an object whose id is a
    field of the key as well.
    """
    joined = set[tuple[str, str]]()
    found = [
        (is_list, Join(stream.name, field, target.name))
        for stream in streams
        for field, names, is_list in references(stream)
        for target in streams
        if target is not stream and names & key_names(target) and stream.client is target.client
    ]
    for is_list, join in sorted(found):
        there, back = (join.stream, join.target), (join.target, join.stream)
        if back not in joined and not (is_list and there in joined):
            joined.add(there)
            yield join


def references(stream: Stream) -> Iterator[tuple[str, set[str], bool]]:
    """Fields that may be another stream's key: path, possible names of the key, whether a list."""
    for name, part in stream.schema["properties"].items():
        inner = part.get("items", part)
        is_list = "items" in part
        if not inner.get("properties"):
            yield name, {name.removesuffix("s") if is_list else name}, is_list
        elif not name.endswith("Unit"):
            others = (
                below for below in list(inner["properties"])[:1] if below not in stream.primary_keys
            )
            for below in others:
                yield f"{name}{'[]' * is_list}.{below}", {below}, is_list


def key_names(stream: Stream) -> set[str]:
    """What other streams call the one field of this stream's key."""
    if len(stream.primary_keys) != 1 or "_digest_" in stream.name:
        return set()
    (key,) = stream.primary_keys
    thing = re.sub(r"^utilityapi_", "", stream.name)
    singular = re.sub(r"ies$", "y", thing) if thing.endswith("ies") else thing.removesuffix("s")
    return {f"{singular}_uid"} if key == "uid" else {key}
