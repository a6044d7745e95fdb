"""Schemas of emissions: their sources, their records, and the factors that convert use to them.

Source: https://developer.energycap.com/api-reference/emissionrecord/getemissionrecordv202306
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, items, key, number, record, text
from tap_utility_energy.energycap.schemas import children as child

COLLECTION = (
    *child.named("collection", "collection"),
    block("collectionIcon", "Icon of the collection.", *child.ICON),
)
SCOPE_CATEGORY = (
    integer("scopeCategoryId", "Id of the scope category."),
    text("scopeCategoryInfo", "Name of the scope category, such as Stationary combustion."),
    text("scopeCategoryDescription", "Description of the scope category."),
)
FACTOR = (
    integer("factorId", "Id of the emission factor."),
    text("factorInfo", "Name of the emission factor."),
    text("factorDescription", "Description of the emission factor."),
)
SOURCE = (
    *child.named("emissionSource", "emission source"),
    block("commodity", "Commodity of the emission source.", *child.COMMODITY),
)
VALUE_WITH_UNIT = (
    number("value", "The number, in `unit`."),
    block("unit", "Unit or currency of the number.", *child.UNIT),
)

EMISSION_SOURCE = record(
    key("emissionSourceId", th.IntegerType, "Id of the emission source."),
    text("emissionSourceCode", "Code of the emission source. Users can change it."),
    text("emissionSourceInfo", "Name of the emission source. Users can change it."),
    block("meter", "Meter that the source is linked to; null without one.", *child.METER_LINK),
    block("commodity", "Commodity that causes the emissions.", *child.COMMODITY),
    block("collection", "Collection that the source belongs to.", *COLLECTION),
    block("defaultScopeCategory", "Scope category of new records.", *SCOPE_CATEGORY),
    block("defaultEmissionFactor", "Emission factor of new records.", *FACTOR),
    block("address", "Address of the source.", *child.ADDRESS),
    boolean("active", "Whether the source is active."),
    text("note", "Description of the source."),
    *child.created_and_modified("emission source"),
)

EMISSION_RECORD = record(
    key("emissionRecordId", th.IntegerType, "Id of the record."),
    block("emissionSource", "Emission source of the record.", *SOURCE),
    integer("billId", "Id of the bill that the record was made from; null without one."),
    integer("billingPeriod", "Month in which that bill is reported, as YYYYMM."),
    text("startDate", "Begin date of the record, as sent."),
    text("endDate", "End date of the record, as sent."),
    block("vendor", "Vendor that supplied what caused the emissions.", *child.VENDOR),
    block(
        "emissionRecordType",
        "What the emissions are computed from: use, cost, or direct entry and offsets.",
        integer("emissionRecordTypeId", "Id of the type."),
        text("emissionRecordTypeInfo", "Name of the type."),
    ),
    block("scopeCategory", "Scope category of the record.", *SCOPE_CATEGORY),
    block("factor", "Emission factor of the record.", *FACTOR),
    block("quantity", "Use that caused the emissions.", *VALUE_WITH_UNIT),
    block("cost", "Cost of that use.", *VALUE_WITH_UNIT),
    block(
        "costConversion",
        "How the cost was converted to the tenant's own currency.",
        text("conversionDate", "Date of the exchange rate, as sent."),
        number("sourceToSystemConversionValue", "Factor from the cost's currency to that one."),
    ),
    number("totalEmissions", "Greenhouse gas emissions, in kgCO2e."),
    items(
        "emissionValues",
        "Those emissions by greenhouse gas.",
        text("groupInfo", "Name of the greenhouse gas."),
        number("totalEmissions", "Emissions of the gas as CO2 equivalent, in kgCO2e."),
    ),
    text("creationMethod", "How the record was created."),
    text("note", "Note on the record."),
    text("attachment", "File that is attached to the record."),
    *child.created_and_modified("record"),
)

GHG_FACTOR = record(
    key("factorId", th.IntegerType, "Id of the factor."),
    text("factorCode", "Code of the factor."),
    text("factorInfo", "Name of the factor."),
    text("factorDescription", "Description of the factor."),
    text("sourceOrganization", "Organization that publishes the factor, such as EPA."),
    text("model", "Model that the factor belongs to."),
    block(
        "factorCategory",
        "Category of the factor.",
        integer("factorCategoryId", "Id of the category."),
        text("factorCategoryInfo", "Name of the category."),
    ),
    block("fromUnit", "Unit of the use that the factor is applied to.", *child.UNIT),
    block(
        "factorRegion",
        "Region that the factor is for.",
        integer("factorRegionId", "Id of the region."),
        text("factorRegionInfo", "Name of the region."),
    ),
)
