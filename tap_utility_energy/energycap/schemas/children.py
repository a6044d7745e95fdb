"""Schemas of nested objects, each defined once.

Names in capitals are the vendor's model names without ``Child`` and ``Response``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.core.schema import block, boolean, integer, items, number, text

if TYPE_CHECKING:
    from tap_utility_energy.core.schema import Fields


def named(prefix: str, what: str) -> Fields:
    """The id, code and name that most of the vendor's objects have."""
    return (
        integer(f"{prefix}Id", f"Id of the {what}."),
        text(f"{prefix}Code", f"Code of the {what}."),
        text(f"{prefix}Info", f"Name of the {what}."),
    )


def created_and_modified(what: str) -> Fields:
    """Who created the object and changed it last, and when."""
    return (
        block("createdBy", f"User who created the {what}.", *USER),
        text("createdDate", f"When the {what} was created, as sent."),
        block("modifiedBy", f"User who last changed the {what}.", *USER),
        text("modifiedDate", f"When the {what} was last changed, as sent."),
    )


UNIT = named("unit", "unit, such as KWH, THERM, KGAL or USDOLLARS")
USER = (
    integer("userId", "Id of the user."),
    text("userCode", "User name to log in with."),
    text("fullName", "Full name of the user."),
)
ICON = (text("code", "Code of the icon."), text("color", "Color of the icon."))
COMMODITY = (
    *named("commodity", "commodity"),
    block("commodityIcon", "Icon of the commodity.", *ICON),
)
VENDOR = named("vendor", "vendor")
VENDOR_TYPE = (
    integer("vendorTypeId", "Id of the vendor type."),
    text("vendorTypeCode", "Code of the vendor type, such as Distribution."),
)
COST_CENTER = named("costCenter", "cost center")
CUSTOMER = named("customer", "customer")
GENERAL_LEDGER = named("generalLedger", "general ledger code")
PRIMARY_USE = named("primaryUse", "primary use")
METER_TYPE = named("meterType", "meter type")
ACCOUNT_TYPE = named("accountType", "account type")
DATA_TYPE = named("dataType", "data type")
METER_LINK = (integer("meterId", "Id of the meter."),)
ROUTE = named("route", "meter reading route")
TIME_ZONE = named("timeZone", "time zone")
OBSERVATION_METHOD = named("observationMethod", "observation method, such as Manual or Estimated")
OBSERVATION_TYPE = (
    *named("observationType", "observation type"),
    integer("nounId", "Id of what is observed, such as use or demand."),
    text("nounCode", "Code of what is observed."),
    integer("credit", "1 if the line is a credit. The vendor does not document other values."),
)
BATCH = (integer("batchId", "Id of the batch."), text("batchCode", "Code of the batch."))
CONTACT = (
    integer("contactId", "Id of the contact."),
    text("first", "First name."),
    text("middle", "Middle name."),
    text("last", "Last name."),
)
ADDRESS = (
    integer("addressTypeId", "Id of the address type."),
    text("line1", "First line of the address."),
    text("line2", "Second line of the address."),
    text("line3", "Third line of the address."),
    text("city", "City."),
    text("state", "State or province."),
    text("country", "Country."),
    text("postalCode", "Postal code."),
    number("latitude", "Latitude, in degrees."),
    number("longitude", "Longitude, in degrees."),
    text("remitTo", "Name of the person or company to pay."),
)
PLACE_TYPE = (
    *named("placeType", "place type"),
    boolean("structure", "Whether places of this type are structures, such as buildings."),
    boolean("isSystemPlaceType", "Whether EnergyCAP defined the type, and not a user."),
    block("icon", "Icon of the place type.", *ICON),
    block(
        "placeEntityType",
        "Entity type that the place type belongs to.",
        integer("placeEntityTypeId", "Id of the entity type."),
        text("placeEntityTypeInfo", "Name of the entity type."),
    ),
)
PLACE = (
    *named("place", "place"),
    block("placeType", "Type of the place.", *PLACE_TYPE),
    boolean("isDataRolledUp", "Whether its data is rolled up to the places above."),
)
PLACE_SIZE: Fields = (
    integer("placeSizeId", "Id of the floor area record."),
    text("beginDate", "Start date of the floor area, as sent."),
    text("endDate", "End date of the floor area, as sent; null while it is current."),
    number("value", "Floor area, in `unitCode`."),
    *named("unit", "unit of floor area, such as SQFT"),
)
WEATHER_STATION = (
    *named("station", "weather station"),
    text("city", "City of the station."),
    text("state", "State of the station."),
    text("country", "Country of the station."),
)
BENCHMARK = (
    block(
        "benchmarkValue",
        "Latest value of the benchmark.",
        integer("benchmarkValueId", "Id of the value."),
        text("effectiveDate", "Start date of the value, as sent."),
        text("endDate", "End date of the value, as sent."),
        number("value", "Value of the benchmark. The vendor sends no unit with it."),
    ),
    integer("benchmarkIndicator", "Number of the benchmark."),
    text("benchmarkInfo", "Name of the benchmark."),
    block(
        "benchmarkCategory",
        "Category of the benchmark.",
        integer("benchmarkCategoryId", "Id of the benchmark category."),
        text("benchmarkCategoryInfo", "Name of the benchmark category."),
    ),
)
ENERGY_STAR_RATING = (
    text("ratingDate", "When the score was received, as sent."),
    integer("calendarPeriod", "Year and month of the score, as YYYYMM."),
    integer("rating", "ENERGY STAR score, from 1 to 100."),
    number(
        "siteEnergyUseIntensity",
        "Weather-normalized energy use intensity of the property, in kBtu/ft².",
    ),
)
METER_FLAGS = (
    boolean("isCalculatedMeter", "Whether it is a calculated meter."),
    boolean("isSplitParentMeter", "Whether it is the parent of a split."),
    boolean("isSplitChildMeter", "Whether it is the child of a split."),
)
METER_BASE = (
    *named("meter", "meter"),
    block("commodity", "Commodity of the meter.", *COMMODITY),
    boolean("active", "Whether the meter is active."),
    *METER_FLAGS,
    text("serialNumber", "Current serial number of the meter."),
)
METER = (*METER_BASE, block("meterType", "Type of the meter.", *METER_TYPE))
SERIAL_NUMBER_HISTORY = (
    text("previousSerialNumber", "Serial number before the current one."),
    text("serialNumberChangeDate", "When the serial number changed, as sent."),
)
CHANNEL = (
    integer("channelId", "Id of the channel."),
    text("channelCode", "Code of the channel, made of type, unit, method, rule and interval."),
    integer("interval", "Interval of the channel, in seconds."),
)
ACCOUNT_FLAGS = (
    boolean("hasCalculatedMeter", "Whether the account has a calculated meter."),
    boolean("hasSplitParentMeter", "Whether the account is the recipient of a split."),
    boolean("hasSplitChildMeter", "Whether the account has a meter that is the child of a split."),
)
SUB_ACCOUNT_FLAGS = (
    boolean("hasSubAccount", "Whether the account has sub-accounts."),
    boolean("isSubAccount", "Whether the account is a sub-account."),
)
ACCOUNT_BASE = (
    *named("account", "account"),
    boolean("active", "Whether the account is active."),
    *ACCOUNT_FLAGS,
    *SUB_ACCOUNT_FLAGS,
)
ACCOUNT = (*ACCOUNT_BASE, block("vendor", "Vendor that bills the account.", *VENDOR))
COST_CENTER_ACCOUNT = (*ACCOUNT_BASE, block("accountType", "Type of the account.", *ACCOUNT_TYPE))
ACCOUNT_CODE_HISTORY = (
    text("previousAccountCode", "Account number before the current one."),
    text("endDate", "When the account number changed, as sent."),
)
ACCOUNT_METER_LINK = (
    integer("accountMeterId", "Id of the relationship of meter and account."),
    text("startDate", "Start of the relationship of meter and account, as sent."),
    text("endDate", "End of the relationship, as sent; null while it lasts."),
    block("meterGeneralLedger", "General ledger code of the meter.", *GENERAL_LEDGER),
    block("vendorType", "What the vendor provides for the meter.", *VENDOR_TYPE),
)
METER_ACCOUNT = (
    *ACCOUNT,
    *ACCOUNT_METER_LINK,
    block("accountGeneralLedger", "General ledger code of the account.", *GENERAL_LEDGER),
    integer("dataAccessReleaseId", "Id of the data access release; null without one."),
)
ACCOUNT_METER = (*METER_BASE, *ACCOUNT_METER_LINK, block("place", "Place of the meter.", *PLACE))
RATE = (
    integer("rateId", "Id of the rate."),
    text("name", "Name of the rate."),
    block("commodity", "Commodity of the rate.", *COMMODITY),
)
REVERSAL = (
    integer("referenceBillId", "Id of the other bill."),
    text(
        "referenceType",
        "Role of the other bill: Source if this bill reverses it, Reversal if it reverses this "
        "bill.",
    ),
    text("description", "Description of the reversal."),
)
COMMODITY_CATEGORY = (
    integer("commodityCategoryId", "Id of the category."),
    text("commodityCategoryInfo", "Name of the category."),
    block("commonUseUnit", "Common unit of use of the category.", *UNIT),
    block("commonDemandUnit", "Common unit of demand of the category.", *UNIT),
)
CHILD_PLACES = items("places", "Places directly below the place.", *PLACE)
CHILD_METERS = items("meters", "Meters directly below the place.", *METER)
