"""Bills and their charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, integer, items, key, number, record, text
from tap_utility_energy.utilityapi.schemas.blocks import (
    AUTHORIZATION_UID,
    BILLING,
    BLOCKS,
    COST,
    CREATED,
    LINE_ITEM,
    METER_UID,
    PROGRAMS,
    SERVICE,
    SERVICE_CLASS,
    SOURCES,
    SUPPLIER,
    UPDATED,
    UTILITY,
    amount,
    notes,
)

if TYPE_CHECKING:
    from tap_utility_energy.core.schema import Fields

VOLUME = number("volume", "Quantity, in `unit`.")
UNIT = text("unit", "Unit of `volume`, such as kwh or kw.")
TIER: Fields = (
    text("name", "Name of the tier on the bill."),
    integer("level", "Number of the tier."),
    COST,
    VOLUME,
    UNIT,
)
TIME_OF_USE: Fields = (
    text("name", "Name of the time on the bill."),
    text("bucket", "peak, off-peak, part-peak, super-peak, super-off-peak or other."),
    COST,
    VOLUME,
    UNIT,
)
DEMAND_CHARGE: Fields = (
    text("name", "Name of the charge on the bill."),
    COST,
    number("demand", "Demand charged for. The vendor sends no unit."),
)

#: https://utilityapi.com/docs/api/bills and https://utilityapi.com/docs/api/bills/blocks
BILL = record(
    key("uid", th.StringType, "The bill."),
    METER_UID,
    AUTHORIZATION_UID,
    CREATED,
    UPDATED,
    notes("bill"),
    UTILITY,
    BLOCKS,
    block(
        "base",
        "The service, the period and the totals.",
        *SERVICE,
        SERVICE_CLASS,
        *BILLING,
        text("bill_start_date", "Start of the period, in the utility's time, as sent."),
        text("bill_end_date", "End of the period, in the utility's time, as sent."),
        text("bill_statement_date", "Date of the statement, as sent."),
        number("bill_total_kwh", "Use, in kWh. Deprecated; see `bill_total_volume`."),
        text("bill_total_unit", "Unit of `bill_total_volume`, such as kwh or therms."),
        number("bill_total_volume", "Use, in `bill_total_unit`."),
        amount("bill_total_cost", "All charges of the bill."),
    ),
    SOURCES,
    items("line_items", "The utility's charges, line by line.", *LINE_ITEM),
    items(
        "suppliers",
        "Other suppliers and what they charge, which is not among line_items.",
        *SUPPLIER,
        amount("supplier_total_cost", "All charges of the supplier."),
        number("supplier_total_volume", "Quantity supplied, in `supplier_total_unit`."),
        text("supplier_total_unit", "Unit of `supplier_total_volume`."),
        items("supplier_line_items", "The supplier's charges, line by line.", *LINE_ITEM),
    ),
    items("tiers", "Use by tier.", *TIER),
    items("tou", "Use by time of day.", *TIME_OF_USE),
    items("demand", "Demand charges.", *DEMAND_CHARGE),
    items(
        "power",
        "Further readings of power.",
        text("type", "reactive_demand, reactive_usage, real_demand, apparent_demand …"),
        text("name", "Name of the reading on the bill."),
        VOLUME,
        UNIT,
    ),
    PROGRAMS,
    block("pge_details", "PG&E only.", text("serial", "PG&E's serial, as on the bill.")),
    block(
        "sce_details",
        "SCE only.",
        text("voltage", "Voltage of the service, a number or a text. The vendor sends no unit."),
    ),
)


def _item(others: str, *fields: th.Property[Any]) -> dict[str, Any]:
    """The schema of rows of what is nested in bills."""
    return record(
        key("bill_uid", th.StringType, "The bill."),
        key("position", th.IntegerType, f"Place among the {others} of the bill, from 0."),
        METER_UID,
        AUTHORIZATION_UID,
        UPDATED,
        *fields,
    )


#: A charge of a bill, of `line_items` or of a supplier's `supplier_line_items`.
BILL_LINE_ITEM = _item(
    "charges",
    text("source", "The bill's block that the charge is of: line_items or suppliers."),
    text("supplier_name", "Who charges, if it is not the utility."),
    *LINE_ITEM,
)
BILL_TIER = _item("tiers", *TIER)
BILL_TIME_OF_USE = _item("times of use", *TIME_OF_USE)
BILL_DEMAND = _item("demand charges", *DEMAND_CHARGE)
#: A file that a bill was read from, and where it was stored.
BILL_FILE = _item(
    "sources",
    text("type", "Kind of file, such as pdf."),
    text("raw_url", "Where the vendor has the file, without a token."),
    text("path", "Where the file is stored: its absolute path. Null if it was not fetched."),
    text("file_name", "Its name in the directory."),
    integer("size", "Its size, in bytes."),
    text("sha256", "The SHA-256 of its content, in hexadecimal digits."),
    text("content_type", "Its content type, such as application/pdf."),
    text("problem", "Why it was not fetched, and never will be from that link."),
)
