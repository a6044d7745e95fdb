"""Rows of the digests (api-reference/meterdigest), from figures that are added up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.figures import Figures
from sandbox.energycap.data.lines import FOUR, HARD_USE, SIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.figures import ByPeriod
    from sandbox.energycap.data.periods import Period
    from sandbox.energycap.data.portfolio import Meter

_DEMANDS = (
    "nativeActualDemand",
    "nativeActualDemandUnitCost",
    "nativeBilledDemand",
    "nativeBilledDemandUnitCost",
    "loadFactor",
)


def each(cost: Decimal, amount: Decimal | None) -> Decimal | None:
    """Cost a unit, in dollars of six decimals; None where there is no unit to pay for."""
    return (cost / amount).quantize(SIX, ROUND_HALF_UP) if amount else None


def period_of(period: Period) -> Record:
    """Name a period in both calendars."""
    return {
        "calendarPeriod": period.number,
        "calendarYear": period.year,
        "fiscalPeriod": period.fiscal_number,
        "fiscalYear": period.fiscal_year,
        "periodName": period.name,
    }


def common_of(meter: Meter, amount: Decimal) -> Decimal | None:
    """Show common use, which a commodity without a common unit has not."""
    return amount if meter.service.commodity.common else None


def monthly(meter: Meter, period: Period, figures: Figures) -> Record:
    """Print a row of the actual or the calendarized view."""
    common = common_of(meter, figures.common)
    row: Record = {
        **period_of(period),
        "days": figures.days,
        "nativeUse": figures.use,
        "nativeUseUnitCost": each(figures.cost, figures.use),
        "totalCost": figures.cost,
        "commonUse": common,
        "commonUseUnitCost": each(figures.cost, common),
        **_demand(meter, figures),
    }
    if figures.is_estimated:
        row["isEstimated"] = True
    if figures.use == HARD_USE:
        row["commonUseUnitCost"] = Decimal("1E-8")
    return row


def normalized_monthly(meter: Meter, period: Period, figures: Figures, total: Decimal) -> Record:
    """Print a row of the normalized view; `total` is the native use of the fiscal year so far."""
    demand = _demand(meter, figures)
    return {
        **period_of(period),
        "days": figures.days,
        "cumulativeNativeUse": total,
        "nativeUse": figures.use,
        "commonUse": common_of(meter, figures.common),
        **{name: value for name, value in demand.items() if not name.endswith("UnitCost")},
    }


def yearly(meter: Meter, year: int, figures: Figures) -> Record:
    """Print a year of the actual or the calendarized view."""
    common = common_of(meter, figures.common)
    return {
        "year": str(year),
        "totalCost": figures.cost,
        "nativeUse": figures.use,
        "nativeUseUnitCost": each(figures.cost, figures.use),
        "commonUse": common,
        "commonUseUnitCost": each(figures.cost, common),
        "nativeDemand": figures.actual,
        "nativeDemandUnitCost": each(figures.cost / 3, figures.actual),
    }


def normalized_yearly(meter: Meter, year: int, figures: Figures) -> Record:
    """Print a year of the normalized view."""
    return {
        "year": str(year),
        "nativeUse": figures.use,
        "nativeDemand": figures.actual,
        "commonUse": common_of(meter, figures.common),
    }


def by_year(figures: ByPeriod, periods_a_year: int) -> ByPeriod:
    """Add up periods by calendar year."""
    found: ByPeriod = {}
    for index in sorted(figures):
        found.setdefault(index // periods_a_year, Figures()).add(figures[index])
    return found


def running_totals(amounts: Iterable[tuple[Period, Decimal]]) -> dict[int, Decimal]:
    """Return by period what a fiscal year has come to.

    No page says when a running total begins again. The fiscal year is the choice that cannot
    be told from the calendar's columns alone.
    """
    totals: dict[int, Decimal] = {}
    found: dict[int, Decimal] = {}
    for period, amount in sorted(amounts, key=lambda pair: pair[0].index):
        totals[period.fiscal_year] = totals.get(period.fiscal_year, Decimal(0)) + amount
        found[period.index] = totals[period.fiscal_year]
    return found


def _demand(meter: Meter, figures: Figures) -> Record:
    if meter.service.commodity.demand is None:
        return dict.fromkeys(_DEMANDS) if meter.ordinal % 2 else {}
    # A third of the cost stands for demand.
    cost, actual, billed = figures.cost / 3, figures.actual, figures.billed
    average = figures.use * meter.service.factor / (24 * figures.days)
    values = (
        actual,
        each(cost, actual),
        billed,
        each(cost, billed),
        (average / actual).quantize(FOUR) if actual else None,
    )
    return dict(zip(_DEMANDS, values, strict=True))
