"""The heat map: for which months there are bills, by building."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.page import queries, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from demo.page.marts import Marts
    from demo.page.months import Months

MOST_BUILDINGS = 40


@dataclass(frozen=True)
class Cell:
    """A month of a building: its state, the mark in the cell, and its description."""

    state: str
    mark: str
    words: str


NOTHING_EXPECTED = Cell("none", "", "no meter")


@dataclass(frozen=True)
class Row:
    """A building, or all of them together."""

    name: str
    cells: Sequence[Cell]


def by_building(marts: Marts, months: Months) -> dict[str, Any]:
    """The rows of the heat map, and how many more there are."""
    shown = months.shown
    values: dict[str, Any] = {
        "first": shown[0],
        "last": shown[-1],
        "last_full": months.last_full,
        "last_ended": months.last_ended,
    }
    marts.create_temporary("cells", queries.CELLS, **values)
    most = {"limit": MOST_BUILDINGS, "last_full": months.last_full}
    buildings: dict[str, tuple[str, str]] = {}
    cells: dict[str, dict[date, Cell]] = {}
    for row in marts.rows(queries.CELLS_BY_BUILDING, **most):
        buildings[row["building_key"]] = (row["building"], row["vendor"])
        cells.setdefault(row["building_key"], {})[row["month"]] = cell(row)
    everything = {row["month"]: cell(row) for row in marts.rows(queries.CELLS_OF_ALL)}
    ((count,),) = (row.values() for row in marts.rows(queries.BUILDINGS_WITH_CELLS))
    return {
        "all": Row("All buildings", _in_order(everything, shown)),
        "rows": [
            Row(name, _in_order(cells[key], shown))
            for key, name in words.distinct_names(buildings).items()
        ],
        "more": count - len(buildings),
    }


def _in_order(cells: Mapping[date, Cell], months: Iterable[date]) -> list[Cell]:
    return [cells.get(month, NOTHING_EXPECTED) for month in months]


def cell(row: Mapping[str, Any]) -> Cell:
    """The cell for the meters that bills are expected of."""
    meters, share = row["meters"], row["days"] / row["of_days"]
    if row["missing"] == meters:
        return Cell(
            "missing", "\N{MULTIPLICATION SIGN}", f"no bill of {words.count(meters, 'meter')}"
        )
    if row["missing"] or row["partial"]:
        # Rounding must not make 0 or 100 of a part.
        return Cell("partial", str(min(max(round(100 * share), 1), 99)), _partly(row))
    if row["estimated"]:
        of = f"{row['estimated']} of {words.count(meters, 'meter')}"
        return Cell("estimated", "e", f"estimated for {of}")
    return Cell("whole", "", "billed")


def _partly(row: Mapping[str, Any]) -> str:
    parts = [
        f"{row[name]:,} {state}"
        for name, state in (("missing", "without a bill"), ("partial", "billed for a part"))
        if row[name]
    ]
    share = f"{row['days']:,.0f} of {row['of_days']:,.0f} days"
    return f"of {words.count(row['meters'], 'meter')} {' and '.join(parts)}: {share}"
