"""Schemas of the entities that digests join to: meters, places, accounts, vendors and others.

Source: https://developer.energycap.com/api-reference/, one section per object
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, boolean, integer, items, key, number, record, text
from tap_utility_energy.energycap.schemas import children as child

METER = record(
    key("meterId", th.IntegerType, "Id of the meter."),
    text("meterCode", "Code of the meter. Users can change it."),
    text("meterInfo", "Name of the meter. Users can change it."),
    block("meterType", "Type of the meter.", *child.METER_TYPE),
    block("commodity", "Commodity that the meter measures.", *child.COMMODITY),
    block("place", "Place of the meter, usually a building.", *child.PLACE),
    items("accounts", "Accounts that bill the meter, now or formerly.", *child.METER_ACCOUNT),
    items("channels", "Channels of interval readings.", *child.CHANNEL),
    block("address", "Address of the meter.", *child.ADDRESS),
    boolean("active", "Whether the meter is active."),
    *child.METER_FLAGS,
    block("useUnit", "Unit of use on the meter's bills.", *child.UNIT),
    block("demandUnit", "Unit of demand on the meter's bills.", *child.UNIT),
    text("serialNumber", "Current serial number of the meter."),
    block("serialNumberHistory", "Previous serial number.", *child.SERIAL_NUMBER_HISTORY),
    text("meterDescription", "Description of the meter."),
    text("billEntryNote", "Note for users who enter bills of the meter."),
    boolean("includeInEnergyStar", "Whether the meter is in ENERGY STAR submissions."),
    boolean("includeInCostAvoidance", "Whether the meter is included in cost avoidance."),
    block("primaryUse", "What the energy is mainly used for.", *child.PRIMARY_USE),
    block("route", "Reading route of the meter.", *child.ROUTE),
    block("meterTimeZone", "Time zone of the meter.", *child.TIME_ZONE),
    block("properties", "Properties as names and texts, both of which users choose."),
    block(
        "watticsDataPoint",
        "Linked data point of Wattics.",
        integer("watticsDataPointId", "Id of the data point."),
    ),
    block(
        "emissionSource",
        "Linked emission source.",
        integer("emissionSourceId", "Id of the emission source."),
    ),
    *child.created_and_modified("meter"),
)

PLACE = record(
    key("placeId", th.IntegerType, "Id of the place."),
    text("placeCode", "Code of the place. Users can change it."),
    text("placeInfo", "Name of the place. Users can change it."),
    block("placeType", "Type of the place: organization, campus, building …", *child.PLACE_TYPE),
    block("parent", "Place directly above; null at the top.", *child.PLACE),
    child.CHILD_PLACES,
    child.CHILD_METERS,
    block("address", "Address of the place.", *child.ADDRESS),
    block("size", "Floor area of the place.", *child.PLACE_SIZE),
    text("buildDate", "When the place was built, as sent."),
    block("primaryUse", "What the place is mainly used for.", *child.PRIMARY_USE),
    block("weatherStation", "Weather station of the place.", *child.WEATHER_STATION),
    block("benchmark1", "First benchmark, chosen by users.", *child.BENCHMARK),
    block("benchmark2", "Second benchmark, chosen by users.", *child.BENCHMARK),
    block("benchmark3", "Third benchmark, chosen by users.", *child.BENCHMARK),
    boolean("energyStarEnabled", "Whether ENERGY STAR is enabled for the place."),
    block("energyStarRating", "ENERGY STAR score of the place.", *child.ENERGY_STAR_RATING),
    block("contact", "Contact person for the place.", *child.CONTACT),
    text("placeDescription", "Description of the place."),
    block("watticsSite", "Linked site of Wattics.", integer("watticsSiteId", "Id of the site.")),
    *child.created_and_modified("place"),
)

ACCOUNT = record(
    key("accountId", th.IntegerType, "Id of the account."),
    text("accountCode", "Account number at the utility."),
    text("accountInfo", "Name of the account. Users can change it."),
    integer("accountMeterId", "Id of a relationship of meter and account; see `meters`."),
    block("accountType", "Type of the account.", *child.ACCOUNT_TYPE),
    block("costCenter", "Cost center that the account is charged to.", *child.COST_CENTER),
    block("vendor", "Vendor that bills the account.", *child.VENDOR),
    items("meters", "Meters on the account, now or formerly.", *child.ACCOUNT_METER),
    block("contact", "Contact person for the account.", *child.CONTACT),
    block("customer", "Customer that the account belongs to.", *child.CUSTOMER),
    boolean("active", "Whether the account is active."),
    boolean("accrualEnabled", "Whether the account is used with accruals."),
    block("address", "Address of the account.", *child.ADDRESS),
    text("depositPaid", "When the deposit was paid, as sent."),
    text("depositReturn", "When the deposit was returned, as sent."),
    text("depositNote", "Note on the deposit."),
    number("depositAmount", "Amount of the deposit, in `costUnit`."),
    text("memo", "Memo of the account."),
    text("serviceStart", "When service began, as sent."),
    text("serviceEnd", "When service ended, as sent."),
    block("accountGeneralLedger", "General ledger code of the account.", *child.GENERAL_LEDGER),
    block("costUnit", "Currency of the account.", *child.UNIT),
    *child.ACCOUNT_FLAGS,
    *child.SUB_ACCOUNT_FLAGS,
    block("accountCodeHistory", "Previous account number.", *child.ACCOUNT_CODE_HISTORY),
    text("accountDescription", "Description of the account."),
    boolean("auditEnabled", "Whether bills of the account are audited."),
    integer("dataAccessReleaseId", "Id of the data access release; null without one."),
    boolean("dataAccessReleaseApproved", "Whether the data access release is approved."),
    *child.created_and_modified("account"),
)

VENDOR = record(
    key("vendorId", th.IntegerType, "Id of the vendor."),
    text("vendorCode", "Code of the vendor. Users can change it."),
    text("vendorInfo", "Name of the vendor. Users can change it."),
    block("address", "Address of the vendor.", *child.ADDRESS),
    text("ediCode", "Code of the vendor in electronic data interchange (EDI)."),
    integer("payDays", "Time to pay, in days."),
    text("website", "Website of the vendor."),
    text("email", "E-mail address of the vendor."),
    text("phoneNumber", "Telephone number of the vendor."),
    boolean(
        "splitAccountChargesConfigured",
        "Whether the vendor has settings that split account charges.",
    ),
    text(
        "consentToRepresent",
        "Link to the document with the customer's consent that EnergyCAP represents it.",
    ),
    items("rates", "Rates of the vendor.", *child.RATE),
    text("vendorDescription", "Description of the vendor."),
    *child.created_and_modified("vendor"),
)

COST_CENTER = record(
    key("costCenterId", th.IntegerType, "Id of the cost center."),
    text("costCenterCode", "Code of the cost center. Users can change it."),
    text("costCenterInfo", "Name of the cost center. Users can change it."),
    block("parent", "Cost center directly above; null at the top.", *child.COST_CENTER),
    items("costCenters", "Cost centers directly below.", *child.COST_CENTER),
    items("accounts", "Accounts directly in the cost center.", *child.COST_CENTER_ACCOUNT),
)

COMMODITY = record(
    key("commodityId", th.IntegerType, "Id of the commodity."),
    text("commodityCode", "Code of the commodity, such as ELECTRIC, NATURALGAS, WATER or SEWER."),
    text("commodityInfo", "Name of the commodity."),
    text("abbreviation", "Abbreviation of three letters."),
    text("description", "Description of the commodity."),
    block("icon", "Icon of the commodity.", *child.ICON),
    block("commodityCategory", "Category of the commodity.", *child.COMMODITY_CATEGORY),
    block("useRollupUnit", "Unit that use is added up in.", *child.UNIT),
    block("demandRollupUnit", "Unit that demand is added up in.", *child.UNIT),
    boolean("includeInEnergyReporting", "Whether the commodity counts in energy reports."),
    number(
        "energyReportingUnitConversionMultiplier",
        "Factor from `useRollupUnit` to the unit of energy reports.",
    ),
    boolean("inUse", "Whether a meter or an emission source uses the commodity."),
    boolean("isSystemCommodity", "Whether EnergyCAP defined the commodity, and not a user."),
)

UNIT = record(
    key("unitId", th.IntegerType, "Id of the unit."),
    text("unitCode", "Code of the unit, such as KWH, THERM, KGAL or USDOLLARS."),
    text("unitInfo", "Short name of the unit for display."),
    text("unitDisplayName", "Long name of the unit for display."),
    block("unitType", "What the unit measures.", *child.named("unitType", "unit type")),
)
