"""The digests: bills rolled up by meter, place or account, and by month or year.

"Native" is the unit of the meter's own bills, "common" one unit per commodity, "global" one energy
unit for all commodities. BATCC is the baseline adjusted to current conditions: what would have
been used or paid without savings.

Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, items, key, number, record, text
from tap_utility_energy.energycap.nested_rows import Level, NestedRows
from tap_utility_energy.energycap.schemas.children import UNIT, named

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
NATIVE_UNIT = block(
    "nativeUseUnit", "Unit of all native use: the one that the meter is billed in.", *UNIT
)
DEMAND_UNIT = block(
    "nativeDemandUnit", "Unit of all demand; often null for a commodity without demand.", *UNIT
)
COMMON_UNIT = block(
    "commonUseUnit", "Unit of all common use: the same for all meters of a commodity.", *UNIT
)
GLOBAL_UNIT = block(
    "globalUseUnit", "Unit of all global use: one energy unit for all commodities.", *UNIT
)
COST_UNIT = block("costUnit", "Currency of all costs.", *UNIT)

TOTAL_COST = number("totalCost", "Total cost, in `costUnit`.")
NATIVE_USE = number("nativeUse", "Use, in `nativeUseUnit`.")
COMMON_USE = number("commonUse", "Use, in `commonUseUnit`.")
GLOBAL_USE = number(
    "globalUse", "Energy use, in `globalUseUnit`; 0 for a commodity without energy, such as water."
)
NATIVE_UNIT_COST = number("nativeUseUnitCost", "Cost per `nativeUseUnit`, in `costUnit`.")
COMMON_UNIT_COST = number("commonUseUnitCost", "Cost per `commonUseUnit`, in `costUnit`.")
GLOBAL_UNIT_COST = number("globalUseUnitCost", "Cost per `globalUseUnit`, in `costUnit`.")
ACTUAL_DEMAND = number("nativeActualDemand", "Metered peak demand, in `nativeDemandUnit`.")
BILLED_DEMAND = number("nativeBilledDemand", "Demand that is charged for, in `nativeDemandUnit`.")
DEMAND = number("nativeDemand", "Peak demand, in `nativeDemandUnit`.")
LOAD_FACTOR = number(
    "loadFactor",
    "Average demand divided by peak demand. The vendor does not document the scale: 0.5 or 50 may "
    "be one half.",
)

METER_NAMES = (
    key("meterId", th.IntegerType, "Id of the meter."),
    text("meterCode", "Code of the meter. Users can change it."),
    text("meterInfo", "Name of the meter. Users can change it."),
    UPDATED,
)
METER = (*METER_NAMES, NATIVE_UNIT, DEMAND_UNIT, COMMON_UNIT, COST_UNIT)
NORMALIZED_METER = (*METER_NAMES, NATIVE_UNIT, DEMAND_UNIT, COMMON_UNIT)
SAVINGS_METER = (
    *METER_NAMES,
    block(
        "meterCAP",
        "Cost avoidance settings of the meter.",
        text("baseStart", "Start of the baseline, as sent."),
        text("savingStart", "Start of the savings, as sent."),
        boolean("includeInCAP", "Whether cost avoidance is calculated for the meter."),
    ),
    NATIVE_UNIT,
    COMMON_UNIT,
    COST_UNIT,
)
ALL_TIME = (
    text("savingsStartDate", "Start of the savings program, as sent."),
    number("allTimeBATCCNativeUse", "BATCC use since the start of savings, in `nativeUseUnit`."),
    number("allTimeNativeUse", "Use since the start of savings, in `nativeUseUnit`."),
    number(
        "allTimeSavingsNativeUse", "Use saved since the start, in `nativeUseUnit`: BATCC minus use."
    ),
    number("allTimeBATCCCommonUse", "BATCC use since the start of savings, in `commonUseUnit`."),
    number("allTimeCommonUse", "Use since the start of savings, in `commonUseUnit`."),
    number(
        "allTimeSavingsCommonUse", "Use saved since the start, in `commonUseUnit`: BATCC minus use."
    ),
    number("allTimeBATCCTotalCost", "BATCC cost since the start of savings, in `costUnit`."),
    number("allTimeTotalCost", "Cost since the start of savings, in `costUnit`."),
    number(
        "allTimeSavingsTotalCost", "Cost avoided since the start, in `costUnit`: BATCC minus cost."
    ),
)
GHG_METER = (
    *METER_NAMES[:-1],
    text("updated", "When EnergyCAP retrieved the data, ISO 8601 as sent."),
    block("equivalentCO2EmissionsUnit", "Unit of `equivalentCO2Emissions`.", *UNIT),
    block(
        "ghgScope",
        "GHG scope of the emissions.",
        *named("ghgScope", "scope"),
        text("ghgScopeTypeCode", "Code of the kind of emissions within the scope."),
        text("ghgScopeTypeInfo", "Name of the kind of emissions within the scope."),
    ),
)
GHG_TYPE = (
    key("ghgTypeId", th.IntegerType, "Id of the greenhouse gas."),
    text("ghgTypeCode", "Code of the greenhouse gas."),
    text("ghgTypeInfo", "Name of the greenhouse gas."),
)
PLACE = (
    key("placeId", th.IntegerType, "Id of the place. Figures include all places below it."),
    text("placeCode", "Code of the place. Users can change it."),
    text("placeInfo", "Name of the place. Users can change it."),
    UPDATED,
    block(
        "periodRange",
        "Periods that the digest covers.",
        integer("startPeriod", "The first period, as YYYYMM."),
        integer("endPeriod", "The last period, as YYYYMM."),
    ),
    GLOBAL_UNIT,
    COST_UNIT,
)
TARGET = (
    integer("targetYear", "Year of the target."),
    text("targetLabel", "Name of the target."),
    items(
        "results",
        "One object per period that has a target.",
        *PERIOD_FIELDS,
        number("totalCost", "Target cost, in `costUnit`."),
    ),
)
ACCOUNT = (
    key("accountId", th.IntegerType, "Id of the account."),
    text("accountCode", "Account number at the utility."),
    text("accountInfo", "Name of the account. Users can change it."),
    UPDATED,
    GLOBAL_UNIT,
    COST_UNIT,
)
COMMODITY = (
    key("commodityId", th.IntegerType, "Id of the commodity."),
    text("commodityCode", "Code of the commodity, such as ELECTRIC or NATURALGAS."),
    text("commodityInfo", "Name of the commodity."),
    COMMON_UNIT,
    block(
        "costUnit",
        "Currency of all costs: that of the commodity, or of the whole digest if the vendor sends "
        "none for the commodity.",
        *UNIT,
    ),
)
PLACE_COMMODITY = (
    *COMMODITY,
    integer("commodityCategoryId", "Id of the commodity category."),
    text("commodityCategoryInfo", "Name of the commodity category."),
    block("commonDemandUnit", "Unit of `commonDemand`.", *UNIT),
    block("targetComparison", "Target for the cost of the commodity at the place.", *TARGET),
)

FIGURES = (
    DAYS,
    TOTAL_COST,
    NATIVE_USE,
    NATIVE_UNIT_COST,
    COMMON_USE,
    COMMON_UNIT_COST,
    ACTUAL_DEMAND,
    number(
        "nativeActualDemandUnitCost",
        "Cost per `nativeDemandUnit` of metered demand, in `costUnit`.",
    ),
    BILLED_DEMAND,
    number(
        "nativeBilledDemandUnitCost",
        "Cost per `nativeDemandUnit` of billed demand, in `costUnit`.",
    ),
    LOAD_FACTOR,
)
NORMALIZED = (
    DAYS,
    number("cumulativeNativeUse", f"Running total of use, in `nativeUseUnit`. {RESTART}"),
    NATIVE_USE,
    COMMON_USE,
    ACTUAL_DEMAND,
    BILLED_DEMAND,
    LOAD_FACTOR,
)
SAVED_USE = (
    number("savingsTotalCost", "Cost avoided, in `costUnit`: BATCC minus actual cost."),
    number("batccNativeUse", f"{BATCC} use, in `nativeUseUnit`."),
    NATIVE_USE,
    number("savingsNativeUse", "Use saved, in `nativeUseUnit`: BATCC minus actual use."),
    number("batccCommonUse", f"{BATCC} use, in `commonUseUnit`."),
    COMMON_USE,
    number("savingsCommonUse", "Use saved, in `commonUseUnit`: BATCC minus actual use."),
)
YEARLY = (
    TOTAL_COST,
    NATIVE_USE,
    NATIVE_UNIT_COST,
    COMMON_USE,
    COMMON_UNIT_COST,
    DEMAND,
    number("nativeDemandUnitCost", "Cost per `nativeDemandUnit`, in `costUnit`."),
)
TOTALS = (TOTAL_COST, GLOBAL_USE, GLOBAL_UNIT_COST)
CUMULATIVE = (
    number("cumulativeTotalCost", f"Running total of cost, in `costUnit`. {RESTART}"),
    number("cumulativeGlobalUse", f"Running total of energy use, in `globalUseUnit`. {RESTART}"),
)
BY_COMMODITY = (TOTAL_COST, COMMON_USE, COMMON_UNIT_COST, GLOBAL_USE, GLOBAL_UNIT_COST)
PLACE_BY_COMMODITY = (
    *BY_COMMODITY,
    *CUMULATIVE,
    number("cumulativeCommonUse", f"Running total of use, in `commonUseUnit`. {RESTART}"),
    number("commonDemand", "Demand, in `commonDemandUnit`."),
    number("commonDemandUnitCost", "Cost per `commonDemandUnit`, in `costUnit`."),
)


def _meter(fields: Fields) -> Level:
    return Level("meter", ("meterId",), fields, "results")


def _month(*figures: th.Property[Any]) -> Level:
    return Level("period", PERIOD_KEY, (*PERIOD, *figures))


def _year(*figures: th.Property[Any]) -> Level:
    return Level("period", ("year",), (YEAR, *figures))


def _commodity(fields: Fields) -> Level:
    return Level("commodity", ("commodityId",), fields, "results", fallbacks=("costUnit",))


METER_MONTHS = NestedRows(_meter(METER), _month(*FIGURES))
METER_NORMALIZED_MONTHS = NestedRows(_meter(NORMALIZED_METER), _month(*NORMALIZED))
METER_SAVINGS_MONTHS = NestedRows(_meter(SAVINGS_METER), _month(DAYS, *SAVED_USE))
METER_YEARS = NestedRows(_meter(METER), _year(*YEARLY))
METER_NORMALIZED_YEARS = NestedRows(_meter(NORMALIZED_METER), _year(NATIVE_USE, DEMAND, COMMON_USE))
METER_SAVINGS_YEARS = NestedRows(
    _meter((*SAVINGS_METER, *ALL_TIME)),
    _year(number("batccTotalCost", f"{BATCC} cost, in `costUnit`."), TOTAL_COST, *SAVED_USE),
)
METER_GHG_YEARS = NestedRows(
    Level("meter", ("meterId",), GHG_METER, "ghgTypes"),
    Level("ghgType", ("ghgTypeId",), GHG_TYPE, "results"),
    _year(
        number(
            "equivalentCO2Emissions",
            "Emissions of the gas as CO2 equivalent, in `equivalentCO2EmissionsUnit`.",
        )
    ),
)
PLACE_MONTHS = NestedRows(
    Level(
        "place",
        ("placeId",),
        (*PLACE, block("targetComparison", "Target for the cost of the place.", *TARGET)),
        "results",
        ("commodities",),
    ),
    _month(*TOTALS, *CUMULATIVE),
)
PLACE_COMMODITY_MONTHS = NestedRows(
    Level("place", ("placeId",), PLACE, "commodities", ("results", "targetComparison")),
    _commodity(PLACE_COMMODITY),
    _month(*PLACE_BY_COMMODITY),
)
ACCOUNT_MONTHS = NestedRows(
    Level("account", ("accountId",), ACCOUNT, "results", ("commodities",)),
    _month(*TOTALS),
)
ACCOUNT_COMMODITY_MONTHS = NestedRows(
    Level("account", ("accountId",), ACCOUNT, "commodities", ("results",)),
    _commodity(COMMODITY),
    _month(*BY_COMMODITY),
)

#: A digest with its periods nested.
METER_DIGEST_MONTHLY = record(
    *METER,
    items(
        "results",
        "One object per period that has data, in no particular order.",
        *PERIOD_FIELDS,
        *FIGURES,
    ),
)
