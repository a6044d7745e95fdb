"""The small objects that stand inside others, each defined once.

Names in capitals are the vendor's model names without ``Child`` and ``Response``. An object that
the vendor's pages name without its fields is a `block` without fields where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.schemas import block, boolean, integer, items, number, text

if TYPE_CHECKING:
    from tap_utility_energy.schemas import Fields


def named(prefix: str, what: str) -> Fields:
    """The id, code and name that most of the vendor's objects have."""
    return (
        integer(f"{prefix}Id", f"Id of the {what}."),
        text(f"{prefix}Code", f"Code of the {what}."),
        text(f"{prefix}Info", f"Name of the {what}."),
    )


def made_and_modified(what: str) -> Fields:
    """Who made the object and changed it last, and when."""
    return (
        block("createdBy", f"Who made the {what}.", *USER),
        text("createdDate", f"When the {what} was made, as sent."),
        block("modifiedBy", f"Who changed the {what} last.", *USER),
        text("modifiedDate", f"When the {what} was last changed, as sent; null if never."),
    )


UNIT = named("unit", "unit, such as KWH, THERM, KGAL or USDOLLARS")
USER = (
    integer("userId", "Id of the user."),
    text("userCode", "Login of the user."),
    text("fullName", "Name of the user."),
)
ICON = (text("code", "Name of the icon."), text("color", "Colour of the icon."))
COMMODITY = (*named("commodity", "commodity"), block("commodityIcon", "Its icon.", *ICON))
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
ROUTE = named("route", "meter reading route")
TIME_ZONE = named("timeZone", "time zone")
OBSERVATION_METHOD = named("observationMethod", "way in which the bill was read")
BATCH = (integer("batchId", "Id of the batch."), text("batchCode", "Code of the batch."))
CONTACT = (
    integer("contactId", "Id of the contact."),
    text("first", "First name."),
    text("middle", "Middle name."),
    text("last", "Last name."),
)
ADDRESS = (
    integer("addressTypeId", "Kind of address."),
    text("line1", "First line."),
    text("line2", "Second line."),
    text("line3", "Third line."),
    text("city", "City."),
    text("state", "State or province."),
    text("country", "Country."),
    text("postalCode", "Postal code."),
    number("latitude", "Latitude, in degrees."),
    number("longitude", "Longitude, in degrees."),
    text("remitTo", "Whom to pay."),
)
PLACE_TYPE = (
    *named("placeType", "place type"),
    boolean("structure", "Whether it is a building or the like."),
    boolean("isSystemPlaceType", "Whether the type is the vendor's own."),
    block("icon", "Its icon.", *ICON),
    block(
        "placeEntityType",
        "What the type is a kind of.",
        integer("placeEntityTypeId", "Id of the entity type."),
        text("placeEntityTypeInfo", "Name of the entity type."),
    ),
)
PLACE = (
    *named("place", "place"),
    block("placeType", "Kind of place.", *PLACE_TYPE),
    boolean("isDataRolledUp", "Whether its figures count for the places above."),
)
PLACE_SIZE: Fields = (
    integer("placeSizeId", "Id of the size."),
    text("beginDate", "From when it holds, as sent."),
    text("endDate", "Until when it holds, as sent; null if it still does."),
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
        "The latest value.",
        integer("benchmarkValueId", "Id of the value."),
        text("effectiveDate", "From when it holds, as sent."),
        text("endDate", "Until when it holds, as sent."),
        number("value", "The value."),
    ),
    integer("benchmarkIndicator", "Number of the benchmark."),
    text("benchmarkInfo", "Name of the benchmark."),
    block(
        "benchmarkCategory",
        "What it measures.",
        integer("benchmarkCategoryId", "Id of the category."),
        text("benchmarkCategoryInfo", "Name of the category."),
    ),
)
ENERGY_STAR_RATING = (
    text("ratingDate", "Date of the rating, as sent."),
    integer("calendarPeriod", "Period that it was made for."),
    integer("rating", "Rating, from 1 to 100."),
    number(
        "siteEnergyUseIntensity",
        "Weather-normalized energy use intensity of the property, in kBtu/ft².",
    ),
)
METER_FLAGS = (
    boolean("isCalculatedMeter", "Whether the meter is calculated from others."),
    boolean("isSplitParentMeter", "Whether the meter's bills are split among others."),
    boolean("isSplitChildMeter", "Whether the meter gets a share of another's bills."),
)
METER_BASE = (
    *named("meter", "meter"),
    block("commodity", "What it measures.", *COMMODITY),
    boolean("active", "Whether it is active."),
    *METER_FLAGS,
    text("serialNumber", "Number on the meter."),
)
METER = (*METER_BASE, block("meterType", "Kind of meter.", *METER_TYPE))
SERIAL_NUMBER_HISTORY = (
    text("previousSerialNumber", "Number of the meter before."),
    text("serialNumberChangeDate", "When it was exchanged, as sent."),
)
CHANNEL = (
    integer("channelId", "Id of the channel."),
    text("channelCode", "Code of the channel."),
    integer("interval", "Time between readings, in seconds."),
)
ACCOUNT_FLAGS = (
    boolean("hasCalculatedMeter", "Whether one of its meters is calculated."),
    boolean("hasSplitParentMeter", "Whether it receives a share of a split bill."),
    boolean("hasSplitChildMeter", "Whether one of its meters is the child of a split."),
)
ACCOUNT_BASE = (
    *named("account", "account"),
    boolean("active", "Whether it is active; null where that does not apply."),
    *ACCOUNT_FLAGS,
    boolean("hasSubAccount", "Whether accounts stand below it."),
    boolean("isSubAccount", "Whether it stands below another account."),
)
ACCOUNT = (*ACCOUNT_BASE, block("vendor", "Who bills it.", *VENDOR))
COST_CENTER_ACCOUNT = (*ACCOUNT_BASE, block("accountType", "Kind of account.", *ACCOUNT_TYPE))
ACCOUNT_CODE_HISTORY = (
    text("previousAccountCode", "Code of the account before."),
    text("endDate", "Until when it was used, as sent."),
)
TENURE = (
    integer("accountMeterId", "Id of the meter's time on the account."),
    text("startDate", "From when the meter is on the account, as sent."),
    text("endDate", "Until when, as sent; null if it still is."),
    block("meterGeneralLedger", "Ledger code of the meter.", *GENERAL_LEDGER),
    block("vendorType", "What the vendor does for the meter.", *VENDOR_TYPE),
)
METER_ACCOUNT = (
    *ACCOUNT,
    *TENURE,
    block("accountGeneralLedger", "Ledger code of the account.", *GENERAL_LEDGER),
    integer("dataAccessReleaseId", "Id of the customer's consent to read data."),
)
ACCOUNT_METER = (*METER_BASE, *TENURE, block("place", "Where the meter is.", *PLACE))
RATE = (
    integer("rateId", "Id of the rate."),
    text("name", "Name of the rate."),
    block("commodity", "What it is for.", *COMMODITY),
)
REVERSAL = (
    integer("referenceBillId", "The other bill."),
    text("referenceType", "What the other bill is to this one."),
    text("description", "What happened."),
)
COMMODITY_CATEGORY = (
    integer("commodityCategoryId", "Id of the category."),
    text("commodityCategoryInfo", "Name of the category."),
    block("commonUseUnit", "Unit of `commonUse`.", *UNIT),
    block("commonDemandUnit", "Unit of `commonDemand`.", *UNIT),
)
CHILD_PLACES = items("places", "The places directly below.", *PLACE)
CHILD_METERS = items("meters", "The meters directly at the place.", *METER)
