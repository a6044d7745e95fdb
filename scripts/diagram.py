"""A drawing of tables and their references, in columns, as SVG.

Boxes stand in columns: what is referenced is to the right of what references it. The order in a
column follows that of the boxes at the other ends of the arrows. The same input gives the same
text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Sizes in pixels. A character of the font takes `CHARACTER`, whatever font stands in for it.
FONT, CHARACTER, LINE, PAD = 12, 7.3, 17, 8
GAP_X, GAP_Y, MARGIN = 52, 16, 16
SWEEPS = 8
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path d="M0 0L8 4L0 8z" fill="#546e7a"/></marker>'
)
STYLE = (
    "text{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1c2b33}"
    ".name{font-weight:bold}.box{fill:#f3f8f8;stroke:#00796b}"
    ".head{fill:#d5ebe8;stroke:#00796b}.arrow{fill:none;stroke:#546e7a;stroke-width:1.3}"
)


@dataclass(frozen=True)
class Box:
    """A box with the names of tables, and a line for each reference of theirs.

    Args:
        names: The tables.
        references: Each field that refers to a table, and that table.
    """

    names: tuple[str, ...]
    references: tuple[tuple[str, str], ...] = ()

    @property
    def width(self) -> float:
        """In pixels."""
        texts = [*self.names, *(name for name, _ in self.references)]
        return max(map(len, texts)) * CHARACTER + 2 * PAD

    @property
    def head(self) -> int:
        """Height of the part with the names, in pixels."""
        return LINE * len(self.names) + PAD

    @property
    def height(self) -> int:
        """In pixels."""
        return self.head + (LINE * len(self.references) + PAD if self.references else 0)


@dataclass
class Spot:
    """A place in a column: of a box, or of an arrow that passes by.

    Args:
        box: The box; None for an arrow.
        targets: The spots in the next column that arrows lead to from here.
        y: Its upper end.
    """

    box: Box | None
    targets: list[Spot] = field(default_factory=list)
    y: float = 0

    @property
    def height(self) -> float:
        """In pixels."""
        return self.box.height if self.box else 4

    @property
    def lines(self) -> list[float]:
        """The middle of each reference's line, from its upper end."""
        box = self.box
        return (
            [box.head + PAD / 2 + LINE * (i + 0.5) for i in range(len(box.references))]
            if box
            else []
        )

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2


@dataclass
class Arrow:
    """A reference, with the spots that it passes from one box to the other."""

    line: int
    spots: list[Spot]


class Drawing:
    """Boxes and arrows with their places.

    Args:
        boxes: What to draw.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes = {name: box for box in boxes for name in box.names}
        depth = max(map(self._column, boxes))
        #: From left to right.
        self._columns: list[list[Spot]] = [[] for _ in range(depth + 1)]
        spots = {box: Spot(box) for box in boxes}
        for box, spot in spots.items():
            self._columns[depth - self._column(box)].append(spot)
        self._arrows = [
            self._arrow(spots, box, line, self._boxes[target])
            for box in boxes
            for line, (_, target) in enumerate(box.references)
        ]
        for _ in range(SWEEPS):
            self._order()
        self._place()

    @cache  # noqa: B019 - a drawing is made once
    def _column(self, box: Box) -> int:
        """How many arrows lead on from the box, counted from the right."""
        return max((self._column(self._boxes[name]) + 1 for _, name in box.references), default=0)

    def _arrow(self, spots: Mapping[Box, Spot], one: Box, line: int, other: Box) -> Arrow:
        last = len(self._columns) - 1
        between = range(last - self._column(one) + 1, last - self._column(other))
        passed = [spots[one]]
        for column in between:
            passed.append(Spot(None))
            self._columns[column].append(passed[-1])
        passed.append(spots[other])
        for here, there in pairwise(passed):
            here.targets.append(there)
        return Arrow(line, passed)

    def _order(self) -> None:
        """Move each spot towards those that it is joined to, from right to left and back."""
        for left, right in reversed([*pairwise(self._columns)]):
            _sort(left, {id(spot): spot.targets for spot in left}, right)
        for left, right in pairwise(self._columns):
            sources = {id(spot): [s for s in left if spot in s.targets] for spot in right}
            _sort(right, sources, left)

    def _place(self) -> None:
        heights = [sum(s.height + GAP_Y for s in column) - GAP_Y for column in self._columns]
        self._height = max(heights) + 2 * MARGIN
        for column, height in zip(self._columns, heights, strict=True):
            y = (self._height - height) / 2
            for spot in column:
                spot.y = y
                y += spot.height + GAP_Y
        widths = [max((s.box.width for s in c if s.box), default=0) for c in self._columns]
        self._x = [MARGIN + sum(w + GAP_X for w in widths[:i]) for i in range(len(widths))]
        self._right = [x + width for x, width in zip(self._x, widths, strict=True)]

    def svg(self, title: str) -> str:
        """The drawing.

        Args:
            title: What it shows, in words.
        """
        width, height = round(self._right[-1] + MARGIN), round(self._height)
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            TIP,
            f'<rect width="{width}" height="{height}" rx="6" fill="#fff"/>',
            *map(self._drawn_arrow, self._arrows),
        ]
        for x, column in zip(self._x, self._columns, strict=True):
            parts += [_drawn_box(spot.box, x, spot.y) for spot in column if spot.box]
        return "\n".join([*parts, "</svg>", ""])

    def _drawn_arrow(self, arrow: Arrow) -> str:
        first, *others = arrow.spots
        column = next(i for i, spots in enumerate(self._columns) if first in spots)
        x, y = self._beside(first.box, column), first.y + first.lines[arrow.line]
        path = f"M{x:.0f} {y:.0f}"
        for spot in others:
            begin, end = self._right[column], self._x[column + 1]
            half = (begin + end) / 2
            path += f"H{begin:.0f}C{half:.0f} {y:.0f} {half:.0f} {spot.middle:.0f} {end:.0f} "
            path += f"{spot.middle:.0f}"
            column, y = column + 1, spot.middle
        return f'<path class="arrow" marker-end="url(#tip)" d="{path}"/>'

    def _beside(self, box: Box | None, column: int) -> float:
        return self._x[column] + (box.width if box else 0)


def _sort(spots: list[Spot], joined: Mapping[int, Sequence[Spot]], others: list[Spot]) -> None:
    """Sort the spots of a column by the mean place of those that they are joined to."""
    place = {id(spot): number / len(others) for number, spot in enumerate(others)}
    own = {id(spot): number / len(spots) for number, spot in enumerate(spots)}

    def wanted(spot: Spot) -> float:
        places = [place[id(other)] for other in joined[id(spot)]]
        return sum(places) / len(places) if places else own[id(spot)]

    spots.sort(key=wanted)


def _drawn_box(box: Box, x: float, y: float) -> str:
    size = f'x="{x:.0f}" y="{y:.0f}" width="{box.width:.0f}" rx="4"'
    lines = [
        f'<rect class="box" {size} height="{box.height}"/>',
        f'<rect class="head" {size} height="{box.head}"/>',
        *_lines(box.names, x + PAD, y, "name"),
        *_lines([name for name, _ in box.references], x + PAD, y + box.head, "field"),
    ]
    return "\n".join(lines)


def _lines(texts: Sequence[str], x: float, y: float, kind: str) -> Iterator[str]:
    for number, text in enumerate(texts):
        base = y + PAD / 2 + LINE * (number + 0.5) + FONT / 3
        yield f'<text class="{kind}" x="{x:.0f}" y="{base:.0f}">{escape(text)}</text>'
