"""The page's charts, as figures of Plotly without colours: the page's script fills these in."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import fsum, isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from demo.page import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

#: Commodities with a colour of their own; the rest are one more.
COLOURS = 7
REST = "all others"
Key = TypeVar("Key")


@dataclass(frozen=True)
class Chart:
    """A chart, its summary for those who do not see it, and the figure to draw."""

    key: str
    summary: str
    figure: Mapping[str, Any]


def cost_by_month(
    costs: Mapping[str, Mapping[date, float]], months: Sequence[date], last_full: date, unit: str
) -> Chart:
    """Cost by month, stacked by commodity.

    Args:
        costs: For each commodity, the most expensive first, its cost by month.
        months: All months to show.
        last_full: Later months are drawn paler.
        unit: The currency.
    """
    names = [words.month(month) for month in months]
    pale = [0.45 if month > last_full else 1 for month in months]
    traces = [
        _bars(commodity)
        | {
            "x": names,
            "y": [_rounded(cost.get(month)) for month in months],
            "marker": {"opacity": pale},
            "hovertemplate": f"%{{x}}<br>%{{y:,.0f}} {escaped(unit)}",
        }
        for commodity, cost in rest_as_one(costs).items()
    ]
    totals = {month: fsum(cost.get(month, 0) for cost in costs.values()) for month in months}
    return Chart(
        key=f"cost-{unit}",
        summary=_summary_of_months(totals, unit),
        figure={
            "traces": traces,
            "x": {"type": "category", "tickangle": 0, "nticks": 8, "showgrid": False},
            "y": {"tickformat": "~s", "title": {"text": escaped(unit)}},
            "height": 380,
            "hovermode": "x",
        },
    )


def _summary_of_months(totals: Mapping[date, float], unit: str) -> str:
    billed = {month: total for month, total in totals.items() if total}
    if not billed:
        return f"No cost in {unit}."
    most, least = max(billed, key=billed.__getitem__), min(billed, key=billed.__getitem__)
    return (
        f"Cost by month in {unit}, stacked by commodity. "
        f"Most in {words.month(most)}: {words.number(billed[most])}. "
        f"Least in {words.month(least)}: {words.number(billed[least])}."
    )


def use_by_building(names: Sequence[str], uses: Mapping[str, Mapping[int, float]]) -> Chart:
    """Use by building in MMBtu, stacked by commodity.

    Args:
        names: The buildings, the largest first.
        uses: For each commodity, the largest first, its use by the building's place in `names`.
    """
    places = list(range(len(names)))
    traces = [
        _bars(commodity)
        | {
            "orientation": "h",
            "x": [_rounded(use.get(place)) for place in places],
            "y": places,
            "customdata": [escaped(words.shortened(name, 60)) for name in names],
            "hovertemplate": "%{customdata}<br>%{x:,.0f} MMBtu",
        }
        for commodity, use in rest_as_one(uses).items()
    ]
    return Chart(
        key="use-by-building",
        summary=f"Energy by building in MMBtu, stacked by commodity, of the {len(names)} largest.",
        figure={
            "traces": traces,
            "x": {"tickformat": "~s", "title": {"text": "MMBtu"}},
            # By place and not by name: two buildings can have the same one.
            "y": {
                "autorange": "reversed",
                "showgrid": False,
                "zeroline": False,
                "tickvals": places,
                "ticktext": [escaped(words.shortened(name, 30)) for name in names],
            },
            "short": [escaped(words.shortened(name, 17)) for name in names],
            "height": 90 + 26 * len(names),
            "hovermode": "closest",
        },
    )


def _bars(commodity: str) -> dict[str, Any]:
    colour = f"--{commodity.replace('_', '-').replace(' ', '-')}"
    return {"type": "bar", "name": escaped(words.commodity(commodity)), "colour": colour}


def rest_as_one(
    figures: Mapping[str, Mapping[Key, float]],
) -> dict[str, dict[Key, float]]:
    """The largest commodities, and all the rest as one."""
    kept = {name: dict(values) for name, values in list(figures.items())[:COLOURS]}
    rest: dict[Key, float] = {}
    for values in list(figures.values())[COLOURS:]:
        for key, value in values.items():
            rest[key] = rest.get(key, 0) + value
    return kept | ({REST: rest} if rest else {})


def escaped(name: str) -> str:
    """A text for Plotly, which would interpret tags and entities in it."""
    return escape(words.clean(name), quote=False)


def _rounded(value: float | None) -> float | None:
    # JSON has no NaN and no infinity.
    return round(value, 2) if value is not None and isfinite(value) else None
