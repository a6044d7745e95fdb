"""Digests of meters."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, items, key, number, record, text
from tap_utility_energy.energycap.nested_rows import NestedRows
from tap_utility_energy.energycap.schemas.children import UNIT, named
from tap_utility_energy.energycap.schemas.digest_parts import (
    ALL_TIME_COST,
    COMMON_UNIT,
    COMMON_UNIT_COST,
    COMMON_USE,
    COST_UNIT,
    DAYS,
    EMISSIONS,
    EMISSIONS_UNIT,
    GHG_SCOPE_TYPE,
    GHG_TYPE,
    PERIOD_FIELDS,
    RESTART,
    SAVED_COST,
    TOTAL_COST,
    UPDATED,
    YEARLY_SAVED_COST,
    all_time_use,
    level,
    month,
    saved_use,
    year,
)

NATIVE_UNIT = block(
    "nativeUseUnit", "Unit of all native use: the one that the meter is billed in.", *UNIT
)
DEMAND_UNIT = block(
    "nativeDemandUnit", "Unit of all demand; often null for a commodity without demand.", *UNIT
)
NATIVE_USE = number("nativeUse", "Use, in `nativeUseUnit`.")
NATIVE_UNIT_COST = number("nativeUseUnitCost", "Cost per `nativeUseUnit`, in `costUnit`.")
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
)
METER = (*METER_NAMES, UPDATED, NATIVE_UNIT, DEMAND_UNIT, COMMON_UNIT, COST_UNIT)
NORMALIZED_METER = (*METER_NAMES, UPDATED, NATIVE_UNIT, DEMAND_UNIT, COMMON_UNIT)
SAVINGS_METER = (
    *METER_NAMES,
    UPDATED,
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
    *all_time_use("Native"),
    *all_time_use("Common"),
    *ALL_TIME_COST,
)
GHG_METER = (
    *METER_NAMES,
    text("updated", "When EnergyCAP retrieved the data, ISO 8601 as sent."),
    EMISSIONS_UNIT,
    block(
        "ghgScope",
        "GHG scope of the emissions.",
        *named("ghgScope", "scope"),
        *GHG_SCOPE_TYPE,
    ),
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
YEARLY = (
    TOTAL_COST,
    NATIVE_USE,
    NATIVE_UNIT_COST,
    COMMON_USE,
    COMMON_UNIT_COST,
    DEMAND,
    number("nativeDemandUnitCost", "Cost per `nativeDemandUnit`, in `costUnit`."),
)
SAVED_USE = (*saved_use("Native", NATIVE_USE), *saved_use("Common", COMMON_USE))

MONTHS = NestedRows(level("meter", METER, "results"), month(*FIGURES))
NORMALIZED_MONTHS = NestedRows(level("meter", NORMALIZED_METER, "results"), month(*NORMALIZED))
SAVINGS_MONTHS = NestedRows(
    level("meter", SAVINGS_METER, "results"), month(DAYS, SAVED_COST, *SAVED_USE)
)
YEARS = NestedRows(level("meter", METER, "results"), year(*YEARLY))
NORMALIZED_YEARS = NestedRows(
    level("meter", NORMALIZED_METER, "results"), year(NATIVE_USE, DEMAND, COMMON_USE)
)
SAVINGS_YEARS = NestedRows(
    level("meter", (*SAVINGS_METER, *ALL_TIME), "results"), year(*YEARLY_SAVED_COST, *SAVED_USE)
)
GHG_YEARS = NestedRows(
    level("meter", GHG_METER, "ghgTypes"), level("ghgType", GHG_TYPE, "results"), year(EMISSIONS)
)

#: A digest with its periods nested.
NESTED_MONTHS = record(
    *METER,
    items(
        "results",
        "One object per period that has data, in no particular order.",
        *PERIOD_FIELDS,
        *FIGURES,
    ),
)
