"""What digests join to: meters, places, accounts, vendors, cost centers, commodities, units.

Source: https://developer.energycap.com/api-reference/, a section an object
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.energycap.schemas import children as child
from tap_utility_energy.schemas import block, boolean, integer, items, key, number, record, text

METER = record(
    key("meterId", th.IntegerType, "The meter."),
    text("meterCode", "The meter's code for users; they can change it."),
    text("meterInfo", "The meter's name for users; they can change it."),
    block("meterType", "Kind of meter.", *child.METER_TYPE),
    block("commodity", "What it measures.", *child.COMMODITY),
    block("place", "The place, usually a building, that it is at.", *child.PLACE),
    items("accounts", "The accounts that bill it, now or before.", *child.METER_ACCOUNT),
    items("channels", "Its channels of interval readings.", *child.CHANNEL),
    block("address", "Where it is.", *child.ADDRESS),
    boolean("active", "Whether it is active."),
    *child.METER_FLAGS,
    block("useUnit", "Unit of its bills' use.", *child.UNIT),
    block("demandUnit", "Unit of its bills' demand.", *child.UNIT),
    text("serialNumber", "Number on the meter."),
    block("serialNumberHistory", "The number before.", *child.SERIAL_NUMBER_HISTORY),
    text("meterDescription", "Description by users."),
    text("billEntryNote", "Note shown to whoever enters its bills."),
    boolean("includeInEnergyStar", "Whether it counts for ENERGY STAR."),
    boolean("includeInCostAvoidance", "Whether it takes part in cost avoidance."),
    block("primaryUse", "What the energy is used for.", *child.PRIMARY_USE),
    block("route", "Reading route.", *child.ROUTE),
    block("meterTimeZone", "Time zone of its readings.", *child.TIME_ZONE),
    block("properties", "Free text by free names. Users choose both."),
    block(
        "watticsDataPoint",
        "Link to Wattics.",
        integer("watticsDataPointId", "Id of the data point."),
    ),
    block(
        "emissionSource",
        "Link to an emission source.",
        integer("emissionSourceId", "Id of the emission source."),
    ),
    *child.made_and_modified("meter"),
)

PLACE = record(
    key("placeId", th.IntegerType, "The place."),
    text("placeCode", "The place's code for users; they can change it."),
    text("placeInfo", "The place's name for users; they can change it."),
    block("placeType", "Organization, campus, building …", *child.PLACE_TYPE),
    block("parent", "The place above; null at the top.", *child.PLACE),
    child.CHILD_PLACES,
    child.CHILD_METERS,
    block("address", "Where it is.", *child.ADDRESS),
    block("size", "Floor area.", *child.PLACE_SIZE),
    text("buildDate", "When it was built, as sent."),
    block("primaryUse", "What it is used for.", *child.PRIMARY_USE),
    block("weatherStation", "Where its weather is measured.", *child.WEATHER_STATION),
    block("benchmark1", "A benchmark of the user's choice.", *child.BENCHMARK),
    block("benchmark2", "A benchmark of the user's choice.", *child.BENCHMARK),
    block("benchmark3", "A benchmark of the user's choice.", *child.BENCHMARK),
    boolean("energyStarEnabled", "Whether it takes part in ENERGY STAR."),
    block("energyStarRating", "Its rating by ENERGY STAR.", *child.ENERGY_STAR_RATING),
    block("contact", "Whom to ask.", *child.CONTACT),
    text("placeDescription", "Description by users."),
    block("watticsSite", "Link to Wattics.", integer("watticsSiteId", "Id of the site.")),
    *child.made_and_modified("place"),
)

ACCOUNT = record(
    key("accountId", th.IntegerType, "The account."),
    text("accountCode", "The account's number with the vendor."),
    text("accountInfo", "The account's name for users; they can change it."),
    integer("accountMeterId", "Id of a meter's time on the account."),
    block("accountType", "Kind of account.", *child.ACCOUNT_TYPE),
    block("costCenter", "Who bears the cost.", *child.COST_CENTER),
    block("vendor", "Who bills it.", *child.VENDOR),
    items("meters", "The meters on it, now or before.", *child.ACCOUNT_METER),
    block("contact", "Whom to ask.", *child.CONTACT),
    block("customer", "Whose account it is.", *child.CUSTOMER),
    boolean("active", "Whether it is active."),
    boolean("accrualEnabled", "Whether accruals are made for it."),
    block("address", "Service address.", *child.ADDRESS),
    text("depositPaid", "When a deposit was paid, as sent."),
    text("depositReturn", "When it was returned, as sent."),
    text("depositNote", "Note about it."),
    number("depositAmount", "The deposit, in `costUnit`."),
    text("memo", "Note by users."),
    text("serviceStart", "When service began, as sent."),
    text("serviceEnd", "When service ended, as sent."),
    block("accountGeneralLedger", "Ledger code.", *child.GENERAL_LEDGER),
    block("costUnit", "Currency of its bills.", *child.UNIT),
    *child.ACCOUNT_FLAGS,
    boolean("hasSubAccount", "Whether accounts stand below it."),
    boolean("isSubAccount", "Whether it stands below another account."),
    block("accountCodeHistory", "The number before.", *child.ACCOUNT_CODE_HISTORY),
    text("accountDescription", "Description by users."),
    boolean("auditEnabled", "Whether its bills are audited."),
    integer("dataAccessReleaseId", "Id of the customer's consent to read data."),
    boolean("dataAccessReleaseApproved", "Whether that was approved; null without one."),
    *child.made_and_modified("account"),
)

VENDOR = record(
    key("vendorId", th.IntegerType, "The vendor."),
    text("vendorCode", "The vendor's code for users."),
    text("vendorInfo", "The vendor's name."),
    block("address", "Where it is.", *child.ADDRESS),
    text("ediCode", "Code in electronic data interchange."),
    integer("payDays", "Time to pay, in days."),
    text("website", "Web address."),
    text("email", "Mail address."),
    text("phoneNumber", "Telephone."),
    boolean("splitAccountChargesConfigured", "Whether charges of split accounts are set up."),
    text(
        "consentToRepresent",
        "Link to the document in which the customer consents to EnergyCAP representing it.",
    ),
    items("rates", "The rates that it offers.", *child.RATE),
    text("vendorDescription", "Description by users."),
    *child.made_and_modified("vendor"),
)

COST_CENTER = record(
    key("costCenterId", th.IntegerType, "The cost center."),
    text("costCenterCode", "The cost center's code for users."),
    text("costCenterInfo", "The cost center's name for users."),
    block("parent", "The cost center above; null at the top.", *child.COST_CENTER),
    items("costCenters", "The cost centers directly below.", *child.COST_CENTER),
    items("accounts", "The accounts directly on it.", *child.COST_CENTER_ACCOUNT),
)

COMMODITY = record(
    key("commodityId", th.IntegerType, "The commodity."),
    text("commodityCode", "Its code, such as ELECTRIC, NATURALGAS, WATER or SEWER."),
    text("commodityInfo", "Its name."),
    text("abbreviation", "Three letters for it."),
    text("description", "Description."),
    block("icon", "Its icon.", *child.ICON),
    block("commodityCategory", "What it is counted among.", *child.COMMODITY_CATEGORY),
    block("useRollupUnit", "Unit that use is added up in.", *child.UNIT),
    block("demandRollupUnit", "Unit that demand is added up in.", *child.UNIT),
    boolean("includeInEnergyReporting", "Whether it counts as energy."),
    number(
        "energyReportingUnitConversionMultiplier",
        "What one `useRollupUnit` is in the unit of energy reports.",
    ),
    boolean("inUse", "Whether a meter or an emission source uses it."),
    boolean("isSystemCommodity", "Whether it is the vendor's own."),
)

UNIT = record(
    key("unitId", th.IntegerType, "The unit."),
    text("unitCode", "Its code, such as KWH, THERM, KGAL or USDOLLARS."),
    text("unitInfo", "Its name for display."),
    text("unitDisplayName", "Its long name for display."),
    block("unitType", "What it measures.", *child.named("unitType", "unit type")),
)
