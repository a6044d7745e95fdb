"""The objects of EnergyCAP, as its pages describe them.

"Native" is the unit of the meter's own bills, "common" one unit a commodity. Dates are text as
sent: the vendor does not say which offset they are in.

Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.schemas import block, integer, items, key, number, record, text


def unit(name: str, description: str) -> th.Property[dict[str, object]]:
    """A unit of measure, the vendor's UnitChild."""
    return block(
        name,
        description,
        integer("unitId", "The unit."),
        text("unitCode", "Its code, such as KWH, THERM, KGAL or USDOLLARS."),
        text("unitInfo", "Its name for display."),
    )


METER = (
    key("meterId", th.IntegerType, "The meter."),
    text("meterCode", "The meter's code for users; they can change it."),
    text("meterInfo", "The meter's name for users; they can change it."),
    text("updated", "When the meter's digest was updated, ISO 8601 as sent."),
    unit("nativeUseUnit", "Unit of `nativeUse`."),
    unit("nativeDemandUnit", "Unit of the demands; often null where a commodity has none."),
    unit("commonUseUnit", "Unit of `commonUse`."),
    unit("costUnit", "Currency of all costs."),
)
PERIOD_KEYS = ("calendarYear", "calendarPeriod")
PERIOD = (
    integer("fiscalYear", "The tenant's fiscal year."),
    integer("fiscalPeriod", "Number of the period in the fiscal year: from 1 to 12, or to 13."),
    text("periodName", "Label of the period, such as Jan; tenants can name their own."),
    integer("days", "Days that the period covers."),
    number("totalCost", "Cost, in `costUnit`."),
    number("nativeUse", "Use, in `nativeUseUnit`."),
    number("nativeUseUnitCost", "Cost of one `nativeUseUnit`, in `costUnit`."),
    number("commonUse", "Use, in `commonUseUnit`."),
    number("commonUseUnitCost", "Cost of one `commonUseUnit`, in `costUnit`."),
    number("nativeActualDemand", "Metered peak demand, in `nativeDemandUnit`."),
    number("nativeActualDemandUnitCost", "Cost of one unit of metered demand, in `costUnit`."),
    number("nativeBilledDemand", "Demand charged for, in `nativeDemandUnit`."),
    number("nativeBilledDemandUnitCost", "Cost of one unit of billed demand, in `costUnit`."),
    number("loadFactor", "Average over peak demand; the vendor does not say in which scale."),
)
YEAR_TEXT = "Calendar year of the period."
PERIOD_TEXT = (
    "Number of the period in the calendar year: from 1 to 12, or to 13 with 13 periods a year."
)

METER_DIGEST_MONTHLY = record(
    *METER,
    items(
        "results",
        "One object a period that has data. Their order says nothing.",
        integer("calendarYear", YEAR_TEXT),
        integer("calendarPeriod", PERIOD_TEXT),
        *PERIOD,
    ),
)
METER_DIGEST_MONTHLY_RESULT = record(
    *METER,
    key("calendarYear", th.IntegerType, YEAR_TEXT),
    key("calendarPeriod", th.IntegerType, PERIOD_TEXT),
    *PERIOD,
)
