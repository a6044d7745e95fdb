"""What several kinds of digests have: periods, units, figures and targets.

"Native" is the unit of the meter's own bills, "common" one unit per commodity, "global" one energy
unit for all commodities. BATCC is the baseline adjusted to current conditions: what would have
been used or paid without savings.

Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, integer, key, number, text
from tap_utility_energy.energycap.nested_rows import Level
from tap_utility_energy.energycap.schemas.children import UNIT

if TYPE_CHECKING:
    from tap_utility_energy.core.schema import Fields

BATCC = "Baseline adjusted to current conditions (BATCC):"
RESTART = "The vendor does not document when it starts again from 0."

PERIOD_KEY = ("calendarYear", "calendarPeriod")
YEAR_TEXT = "Calendar year of the period."
PERIOD_TEXT = (
    "Number of the period in the calendar year: from 1 to 12, or to 13 with 13 periods a year."
)
PERIOD_NAMES = (
    integer("fiscalYear", "Fiscal year of the period, by the tenant's settings."),
    integer("fiscalPeriod", "Number of the period in the fiscal year: from 1 to 12, or to 13."),
    text("periodName", "Name of the period, such as Jan. Tenants can choose other names."),
)
PERIOD = (
    key("calendarYear", th.IntegerType, YEAR_TEXT),
    key("calendarPeriod", th.IntegerType, PERIOD_TEXT),
    *PERIOD_NAMES,
)
#: The same as data in a nested list, where any may be missing.
PERIOD_FIELDS = (
    integer("calendarYear", YEAR_TEXT),
    integer("calendarPeriod", PERIOD_TEXT),
    *PERIOD_NAMES,
)
DAYS = integer("days", "Length of the period, in days.")
YEAR = key(
    "year",
    th.StringType,
    "The year, as text. The vendor does not document whether it is a calendar or a fiscal year.",
)

UPDATED = text("updated", "When EnergyCAP updated the digest, ISO 8601 as sent.")
COMMON_UNIT = block(
    "commonUseUnit", "Unit of all common use: the same for all meters of a commodity.", *UNIT
)
GLOBAL_UNIT = block(
    "globalUseUnit", "Unit of all global use: one energy unit for all commodities.", *UNIT
)
COST_UNIT = block("costUnit", "Currency of all costs.", *UNIT)
EMISSIONS_UNIT = block("equivalentCO2EmissionsUnit", "Unit of `equivalentCO2Emissions`.", *UNIT)

TOTAL_COST = number("totalCost", "Total cost, in `costUnit`.")
COMMON_USE = number("commonUse", "Use, in `commonUseUnit`.")
GLOBAL_USE = number(
    "globalUse", "Energy use, in `globalUseUnit`; 0 for a commodity without energy, such as water."
)
COMMON_UNIT_COST = number("commonUseUnitCost", "Cost per `commonUseUnit`, in `costUnit`.")
GLOBAL_UNIT_COST = number("globalUseUnitCost", "Cost per `globalUseUnit`, in `costUnit`.")
TOTALS = (TOTAL_COST, GLOBAL_USE, GLOBAL_UNIT_COST)
BY_COMMODITY = (TOTAL_COST, COMMON_USE, COMMON_UNIT_COST, GLOBAL_USE, GLOBAL_UNIT_COST)
EMISSIONS = number(
    "equivalentCO2Emissions", "Emissions as CO2 equivalent, in `equivalentCO2EmissionsUnit`."
)
SAVED_COST = number("savingsTotalCost", "Cost avoided, in `costUnit`: BATCC minus actual cost.")
YEARLY_SAVED_COST = (
    number("batccTotalCost", f"{BATCC} cost, in `costUnit`."),
    TOTAL_COST,
    SAVED_COST,
)
ALL_TIME_COST = (
    number("allTimeBATCCTotalCost", "BATCC cost since the start of savings, in `costUnit`."),
    number("allTimeTotalCost", "Cost since the start of savings, in `costUnit`."),
    number(
        "allTimeSavingsTotalCost", "Cost avoided since the start, in `costUnit`: BATCC minus cost."
    ),
)

GHG_TYPE = (
    key("ghgTypeId", th.IntegerType, "Id of the greenhouse gas."),
    text("ghgTypeCode", "Code of the greenhouse gas."),
    text("ghgTypeInfo", "Name of the greenhouse gas."),
)
GHG_SCOPE_TYPE = (
    text("ghgScopeTypeCode", "Code of the kind of emissions within the scope."),
    text("ghgScopeTypeInfo", "Name of the kind of emissions within the scope."),
)
COMMODITY_NAMES = (
    key("commodityId", th.IntegerType, "Id of the commodity."),
    text("commodityCode", "Code of the commodity, such as ELECTRIC or NATURALGAS."),
    text("commodityInfo", "Name of the commodity."),
)
COMMODITY_COST_UNIT = block(
    "costUnit",
    "Currency of all costs: that of the commodity, or of the whole digest if the vendor sends none "
    "for the commodity.",
    *UNIT,
)
COMMODITY = (*COMMODITY_NAMES, COMMON_UNIT, COMMODITY_COST_UNIT)


def saved_use(kind: str, use: th.Property[Any]) -> Fields:
    """What would have been used, what was used, and what was saved.

    Args:
        kind: ``Native``, ``Common`` or ``Global``.
        use: The field of what was used.
    """
    unit = f"{kind.lower()}UseUnit"
    return (
        number(f"batcc{kind}Use", f"{BATCC} use, in `{unit}`."),
        use,
        number(f"savings{kind}Use", f"Use saved, in `{unit}`: BATCC minus actual use."),
    )


def all_time_use(kind: str) -> Fields:
    """The same since savings began; see `saved_use`."""
    unit = f"{kind.lower()}UseUnit"
    return (
        number(f"allTimeBATCC{kind}Use", f"BATCC use since the start of savings, in `{unit}`."),
        number(f"allTime{kind}Use", f"Use since the start of savings, in `{unit}`."),
        number(
            f"allTimeSavings{kind}Use", f"Use saved since the start, in `{unit}`: BATCC minus use."
        ),
    )


def level(kind: str, fields: Fields, path: str, *others: str) -> Level:
    """A level whose key is its own id, such as ``meterId``; see `Level`."""
    fallbacks = ("costUnit",) if COMMODITY_COST_UNIT in fields else ()
    holds_one = path == "targetComparison"
    return Level(kind, (f"{kind}Id",), fields, path, others, fallbacks, holds_one)


def month(*figures: th.Property[Any]) -> Level:
    """A row of a monthly digest."""
    return Level("period", PERIOD_KEY, (*PERIOD, *figures))


def year(*figures: th.Property[Any]) -> Level:
    """A row of a yearly digest."""
    return Level("period", ("year",), (YEAR, *figures))
