"""Digests of places. Their figures include all places below."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, integer, key, number, text
from tap_utility_energy.energycap.nested_rows import Level, NestedRows
from tap_utility_energy.energycap.schemas.children import UNIT
from tap_utility_energy.energycap.schemas.digest_parts import (
    ALL_TIME_COST,
    BY_COMMODITY,
    COMMODITY_COST_UNIT,
    COMMODITY_NAMES,
    COMMON_UNIT,
    COMMON_USE,
    COST_UNIT,
    EMISSIONS,
    EMISSIONS_UNIT,
    GHG_SCOPE_TYPE,
    GHG_TYPE,
    GLOBAL_UNIT,
    GLOBAL_USE,
    RESTART,
    SAVED_COST,
    TOTALS,
    UPDATED,
    YEARLY_SAVED_COST,
    all_time_use,
    level,
    month,
    saved_use,
    year,
)

NAMES = (
    key("placeId", th.IntegerType, "Id of the place. Figures include all places below it."),
    text("placeCode", "Code of the place. Users can change it."),
    text("placeInfo", "Name of the place. Users can change it."),
    UPDATED,
)
PLACE = (*NAMES, GLOBAL_UNIT, COST_UNIT)
NORMALIZED_PLACE = (*NAMES, GLOBAL_UNIT)
GHG_PLACE = (*NAMES, EMISSIONS_UNIT)
MONTHLY_PLACE = (
    *NAMES,
    block(
        "periodRange",
        "Periods that the digest covers.",
        integer("startPeriod", "The first period, as YYYYMM."),
        integer("endPeriod", "The last period, as YYYYMM."),
    ),
    GLOBAL_UNIT,
    COST_UNIT,
)

GHG_COMMODITY = (
    *COMMODITY_NAMES,
    integer("commodityCategoryId", "Id of the commodity category."),
    text("commodityCategoryInfo", "Name of the commodity category."),
)
DEMAND_UNIT = block("commonDemandUnit", "Unit of `commonDemand`.", *UNIT)
NORMALIZED_YEARLY_COMMODITY = (*GHG_COMMODITY, COMMON_UNIT)
NORMALIZED_COMMODITY = (*NORMALIZED_YEARLY_COMMODITY, DEMAND_UNIT)
SAVINGS_COMMODITY = (*NORMALIZED_YEARLY_COMMODITY, COMMODITY_COST_UNIT)
COMMODITY = (*NORMALIZED_COMMODITY, COMMODITY_COST_UNIT)
GHG_SCOPE = (
    key("ghgScopeId", th.IntegerType, "Id of the scope of greenhouse gas emissions."),
    text("ghgScopeCode", "Code of the scope."),
    text("ghgScopeInfo", "Name of the scope."),
)

DEMAND = number("commonDemand", "Demand, in `commonDemandUnit`.")
CUMULATIVE = (
    number("cumulativeTotalCost", f"Running total of cost, in `costUnit`. {RESTART}"),
    number("cumulativeGlobalUse", f"Running total of energy use, in `globalUseUnit`. {RESTART}"),
)
CUMULATIVE_USE = number(
    "cumulativeCommonUse", f"Running total of use, in `commonUseUnit`. {RESTART}"
)
YEARLY_BY_COMMODITY = (
    *BY_COMMODITY,
    DEMAND,
    number("commonDemandUnitCost", "Cost per `commonDemandUnit`, in `costUnit`."),
)
MONTHLY_BY_COMMODITY = (*YEARLY_BY_COMMODITY, *CUMULATIVE, CUMULATIVE_USE)
NORMALIZED_BY_COMMODITY = (CUMULATIVE_USE, COMMON_USE, GLOBAL_USE, DEMAND)
SAVED_ENERGY = saved_use("Global", GLOBAL_USE)
SAVED_COMMON_USE = saved_use("Common", COMMON_USE)
ALL_TIME = (*all_time_use("Global"), *ALL_TIME_COST)
ALL_TIME_BY_COMMODITY = (*all_time_use("Common"), *ALL_TIME)

TARGET = Level(
    "target",
    ("targetYear",),
    (
        key("targetYear", th.IntegerType, "Year of the target."),
        text("targetLabel", "Name of the target."),
    ),
    "results",
)
TARGET_COST = number("totalCost", "Target cost, in `costUnit`.")


def _yearly_target(**units: str) -> th.Property[Any]:
    """The target of a yearly digest, which is one object: its figures, each with its unit."""
    return block(
        "targetComparison",
        "Target for a year. It is the same on the rows of all years.",
        integer("targetYear", "Year of the target."),
        text("targetLabel", "Name of the target."),
        *(
            figure
            for name, unit in units.items()
            for figure in (
                number(name, f"What the target's year has, in `{unit}`."),
                number(f"{name}Ytd", f"The same up to the current period, in `{unit}`."),
            )
        ),
    )


YEARLY_TARGET = _yearly_target(totalCost="costUnit", globalUse="globalUseUnit")
NORMALIZED_YEARLY_TARGET = _yearly_target(globalUse="globalUseUnit")
GHG_YEARLY_TARGET = _yearly_target(equivalentCO2Emissions="equivalentCO2EmissionsUnit")

MONTHS = NestedRows(
    level("place", MONTHLY_PLACE, "results", "commodities", "targetComparison"),
    month(*TOTALS, *CUMULATIVE),
)
COMMODITY_MONTHS = NestedRows(
    level("place", MONTHLY_PLACE, "commodities", "results", "targetComparison"),
    level("commodity", COMMODITY, "results", "targetComparison"),
    month(*MONTHLY_BY_COMMODITY),
)
TARGETS = NestedRows(
    level("place", MONTHLY_PLACE, "targetComparison", "results", "commodities"),
    TARGET,
    month(TARGET_COST),
)
COMMODITY_TARGETS = NestedRows(
    level("place", MONTHLY_PLACE, "commodities", "results", "targetComparison"),
    level("commodity", COMMODITY, "targetComparison", "results"),
    TARGET,
    month(TARGET_COST),
)
NORMALIZED_MONTHS = NestedRows(
    level("place", NORMALIZED_PLACE, "results", "commodities", "targetComparison"),
    month(GLOBAL_USE),
)
NORMALIZED_COMMODITY_MONTHS = NestedRows(
    level("place", NORMALIZED_PLACE, "commodities", "results", "targetComparison"),
    level("commodity", NORMALIZED_COMMODITY, "results", "targetComparison"),
    month(*NORMALIZED_BY_COMMODITY),
)
NORMALIZED_TARGETS = NestedRows(
    level("place", NORMALIZED_PLACE, "targetComparison", "results", "commodities"),
    TARGET,
    month(GLOBAL_USE),
)
NORMALIZED_COMMODITY_TARGETS = NestedRows(
    level("place", NORMALIZED_PLACE, "commodities", "results", "targetComparison"),
    level("commodity", NORMALIZED_COMMODITY, "targetComparison", "results"),
    TARGET,
    month(*NORMALIZED_BY_COMMODITY),
)
SAVINGS_MONTHS = NestedRows(
    level("place", PLACE, "results", "commodities"), month(SAVED_COST, SAVED_ENERGY[-1])
)
SAVINGS_COMMODITY_MONTHS = NestedRows(
    level("place", PLACE, "commodities", "results"),
    level("commodity", SAVINGS_COMMODITY, "results"),
    month(SAVED_COST, SAVED_ENERGY[-1], SAVED_COMMON_USE[-1]),
)

YEARS = NestedRows(level("place", (*PLACE, YEARLY_TARGET), "results", "commodities"), year(*TOTALS))
COMMODITY_YEARS = NestedRows(
    level("place", PLACE, "commodities", "results", "targetComparison"),
    level("commodity", (*COMMODITY, YEARLY_TARGET), "results"),
    year(*YEARLY_BY_COMMODITY),
)
NORMALIZED_YEARS = NestedRows(
    level("place", (*NORMALIZED_PLACE, NORMALIZED_YEARLY_TARGET), "results", "commodities"),
    year(GLOBAL_USE),
)
NORMALIZED_COMMODITY_YEARS = NestedRows(
    level("place", NORMALIZED_PLACE, "commodities", "results", "targetComparison"),
    level("commodity", (*NORMALIZED_YEARLY_COMMODITY, NORMALIZED_YEARLY_TARGET), "results"),
    year(COMMON_USE, GLOBAL_USE),
)
SAVINGS_YEARS = NestedRows(
    level("place", (*PLACE, *ALL_TIME), "results", "commodities"),
    year(*YEARLY_SAVED_COST, *SAVED_ENERGY),
)
SAVINGS_COMMODITY_YEARS = NestedRows(
    level("place", PLACE, "commodities", "results", *(field.name for field in ALL_TIME)),
    level("commodity", (*SAVINGS_COMMODITY, *ALL_TIME_BY_COMMODITY), "results"),
    year(*YEARLY_SAVED_COST, *SAVED_ENERGY, *SAVED_COMMON_USE),
)


def _ghg(path: str, *others: str) -> Level:
    return level("place", GHG_PLACE, path, *others)


GHG_MONTHS = NestedRows(
    _ghg("ghgTypes", "ghgScopes", "commodities"),
    level("ghgType", GHG_TYPE, "results", "targetComparison"),
    month(EMISSIONS),
)
GHG_SCOPE_MONTHS = NestedRows(
    _ghg("ghgScopes", "ghgTypes", "commodities"),
    level("ghgScope", GHG_SCOPE, "results", "targetComparison"),
    month(EMISSIONS),
)
GHG_COMMODITY_MONTHS = NestedRows(
    _ghg("commodities", "ghgTypes", "ghgScopes"),
    level("commodity", GHG_COMMODITY, "results", "targetComparison"),
    month(EMISSIONS),
)
GHG_TARGETS = NestedRows(
    _ghg("ghgTypes", "ghgScopes", "commodities"),
    level("ghgType", GHG_TYPE, "targetComparison", "results"),
    TARGET,
    month(EMISSIONS),
)
GHG_SCOPE_TARGETS = NestedRows(
    _ghg("ghgScopes", "ghgTypes", "commodities"),
    level("ghgScope", GHG_SCOPE, "targetComparison", "results"),
    TARGET,
    month(EMISSIONS),
)
GHG_COMMODITY_TARGETS = NestedRows(
    _ghg("commodities", "ghgTypes", "ghgScopes"),
    level("commodity", GHG_COMMODITY, "targetComparison", "results"),
    TARGET,
    month(EMISSIONS),
)
GHG_YEARS = NestedRows(
    _ghg("ghgTypes", "ghgScopes"),
    level("ghgType", (*GHG_TYPE, GHG_YEARLY_TARGET), "results"),
    year(EMISSIONS),
)
GHG_SCOPE_YEARS = NestedRows(
    _ghg("ghgScopes", "ghgTypes"),
    level("ghgScope", (*GHG_SCOPE, *GHG_SCOPE_TYPE), "ghgTypes"),
    level("ghgType", (*GHG_TYPE, GHG_YEARLY_TARGET), "results"),
    year(EMISSIONS),
)
