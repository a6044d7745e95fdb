"""What the page says: figures, tables and charts, read from the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import fsum, isclose
from typing import TYPE_CHECKING, Any

from demo.page import charts, heat_map, queries, words
from demo.page.months import Months, months_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from demo.page.marts import Marts

#: The most rows of a table of findings, of buildings, and of the chart of buildings.
MOST_ROWS = 200
MOST_BUILDINGS = 100
MOST_BARS = 15
#: Two years can be compared if the days that bills cover differ by no more than this share.
COMPARABLE = 0.05


def content(marts: Marts) -> dict[str, Any]:
    """All that the page says, by the names in its template."""
    billed = {row["month"]: row["days"] for row in marts.rows(queries.BILLED_DAYS)}
    months = months_of(billed, as_of(marts))
    return {
        "as_of": months.as_of,
        "months": months,
        "is_empty": not billed,
        "latest": marts.rows(queries.LATEST_BILLS, as_of=months.as_of),
        "later_months": _single_row(marts, queries.LATER_MONTHS, last=months.last)["months"],
        **key_figures(marts, months, billed),
        **by_month(marts, months),
        **by_commodity(marts, months),
        **by_building(marts, months),
        "heat_map": heat_map.by_building(marts, months),
        **findings(marts),
        **counted(marts),
    }


def as_of(marts: Marts) -> date:
    """The day that the tables are made for; today, if they do not tell."""
    day: date | None = _single_row(marts, queries.AS_OF)["day"]
    return day or datetime.now(UTC).date()


def _single_row(marts: Marts, query: str, **values: object) -> dict[str, Any]:
    (row,) = marts.rows(query, **values)
    return row


def key_figures(marts: Marts, months: Months, billed: Mapping[date, float]) -> dict[str, Any]:
    """Cost a currency, energy, meters and buildings of the last twelve full months, by vendor."""
    first, last = months.year
    vendors = marts.rows(queries.ENERGY_BY_VENDOR, first=first, last=last)
    costs = marts.rows(queries.COST_BY_VENDOR, first=first, last=last)
    before = marts.rows(
        queries.COST_BY_VENDOR, first=months.year_before[0], last=months.year_before[1]
    )
    total = cost_by_currency(costs)
    for row in vendors:
        row["costs"] = cost_by_currency(cost for cost in costs if cost["vendor"] == row["vendor"])
    return {
        "vendors": vendors,
        "costs": total,
        "costs_before": cost_by_currency(before),
        "billed_more": billed_more(months, billed),
        "energy": {
            name: fsum(row[name] or 0 for row in vendors)
            for name in ("mmbtu", "electricity_kwh", "meters", "buildings")
        },
    }


def cost_by_currency(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The cost in each currency, the largest first; without rows that have none."""
    costs: dict[str, list[float]] = {}
    for row in rows:
        if row["cost"] is not None:
            costs.setdefault(row["currency"], []).append(row["cost"])
    total = {currency: fsum(each) for currency, each in costs.items()}
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def billed_more(months: Months, billed: Mapping[date, float]) -> str | None:
    """How many more days bills cover than in the year before; nothing if about as many."""
    days, before = (
        fsum(value for month, value in billed.items() if first <= month <= last)
        for first, last in (months.year, months.year_before)
    )
    return None if are_comparable(days, before) else words.change(days, before)


def are_comparable(days: float | None, before: float | None) -> bool:
    """Whether bills cover about as many days in two years."""
    return bool(days) and bool(before) and abs((days or 0) / (before or 1) - 1) <= COMPARABLE


def by_month(marts: Marts, months: Months) -> dict[str, Any]:
    """A chart and a table of cost a currency."""
    shown = months.shown
    costs: dict[str, dict[str, dict[date, float]]] = {}
    for row in marts.rows(queries.COST_BY_MONTH, first=shown[0], last=shown[-1]):
        commodities = costs.setdefault(row["currency"], {})
        commodities.setdefault(row["commodity"], {})[row["month"]] = row["cost"]
    parts = [
        {
            "currency": currency,
            "costs": (ordered := largest_first(commodities)),
            "totals": totals(ordered.values()),
            "chart": charts.cost_by_month(ordered, shown, months.last_full, currency),
        }
        for currency, commodities in largest_first(costs, total=_nested_total).items()
    ]
    return {"cost_by_month": parts}


def largest_first(
    figures: Mapping[str, Mapping[Any, Any]], total: Any = lambda values: fsum(values.values())
) -> dict[str, Any]:
    """The figures in the order of their totals."""
    return dict(sorted(figures.items(), key=lambda item: (-total(item[1]), item[0])))


def totals(columns: Iterable[Mapping[Any, float]]) -> dict[Any, float]:
    """The sums of the columns, row by row."""
    rows: dict[Any, list[float]] = {}
    for column in columns:
        for key, figure in column.items():
            rows.setdefault(key, []).append(figure)
    return {key: fsum(figures) for key, figures in rows.items()}


def _nested_total(commodities: Mapping[str, Mapping[date, float]]) -> float:
    return fsum(cost for months in commodities.values() for cost in months.values())


def by_commodity(marts: Marts, months: Months) -> dict[str, Any]:
    """Use and cost of each commodity, in each unit."""
    first, last = months.year
    return {"commodities": marts.rows(queries.BY_COMMODITY, first=first, last=last)}


def by_building(marts: Marts, months: Months) -> dict[str, Any]:
    """A table of the most expensive buildings, and a chart of those that use most."""
    first, last = months.year
    table = marts.rows(
        queries.BY_BUILDING,
        before=months.year_before[0],
        first=first,
        last=last,
        limit=MOST_BUILDINGS,
    )
    for row in table:
        row["is_comparable"] = are_comparable(row["days"], row["days_before"])
    counts = _single_row(marts, queries.BUILDING_COUNT, first=first, last=last)
    return {
        "buildings": table,
        "building_count": counts["buildings"],
        "more_buildings": counts["rows"] - len(table),
        "use": use_by_building(marts, first, last),
    }


def use_by_building(marts: Marts, first: date, last: date) -> dict[str, Any] | None:
    """The chart of the buildings that use most, and what it leaves out."""
    buildings: dict[str, tuple[str, str]] = {}
    uses: dict[str, dict[int, float]] = {}
    for row in marts.rows(queries.USE_BY_BUILDING, first=first, last=last, limit=MOST_BARS):
        buildings.setdefault(row["building_key"], (row["building"], row["vendor"]))
        place = list(buildings).index(row["building_key"])
        uses.setdefault(row["commodity"], {})[place] = row["mmbtu"]
    if not buildings:
        return None
    names = list(words.distinct_names(buildings).values())
    uses = largest_first(uses)
    every = _single_row(marts, queries.USE_COUNT, first=first, last=last)
    drawn = fsum(value for use in uses.values() for value in use.values())
    return {
        "names": names,
        "uses": uses,
        "totals": totals(uses.values()),
        "chart": charts.use_by_building(names, uses),
        "total": every["mmbtu"],
        "more": every["buildings"] - len(names),
        "more_mmbtu": every["mmbtu"] - drawn,
    }


def findings(marts: Marts) -> dict[str, Any]:
    """What is missing, looks wrong, or ends."""
    return {
        "gap_kinds": marts.rows(queries.GAP_KINDS),
        "gap_rows": marts.rows(queries.GAPS, limit=MOST_ROWS),
        "check_names": marts.rows(queries.CHECK_NAMES),
        "checks": marts.rows(queries.CHECKS, limit=MOST_ROWS),
        "consents": marts.rows(queries.CONSENTS, limit=MOST_ROWS),
        "consent_counts": _single_row(marts, queries.CONSENT_COUNTS),
        "matches": marts.rows(queries.MATCHES, limit=MOST_ROWS),
        "match_count": _single_row(marts, queries.MATCH_COUNT),
    }


def counted(marts: Marts) -> dict[str, Any]:
    """Which bills count, which do not and why, and whether the months add up to them."""
    statuses = marts.rows(queries.STATUSES)
    bills = cost_by_currency(row for row in statuses if row["status"] == "counted")
    months = cost_by_currency(marts.rows(queries.MONTHLY_TOTALS))
    comparisons = [
        comparison(currency, bills.get(currency, 0.0), months.get(currency, 0.0))
        for currency in sorted(bills.keys() | months.keys())
    ]
    return {"statuses": statuses, "comparisons": comparisons}


def comparison(currency: str, bills: float, months: float) -> dict[str, Any]:
    """What bills and their months add up to, and whether that is the same."""
    agree = isclose(bills, months, rel_tol=1e-9, abs_tol=0.005)
    return {"currency": currency, "bills": bills, "months": months, "agree": agree}
