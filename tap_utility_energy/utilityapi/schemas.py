"""The objects of UtilityAPI, as its pages describe them.

Amounts are in the currency of the bill. Timestamps that the platform sets are UTC; dates read
from a bill carry the utility's local offset and stay text, because some arrive malformed.
"""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.schemas import (
    block,
    boolean,
    integer,
    items,
    key,
    number,
    record,
    text,
    texts,
    timestamp,
)

#: https://utilityapi.com/docs/api/accounting/billing-summaries/notes
NOTES = items(
    "notes",
    "What the vendor noticed about the record. Types grow; some carry further fields.",
    text("type", "Kind of note, such as audit_failed_on_new_charges or previous_balances_strange."),
    text("msg", "Text for people; its wording changes."),
    timestamp("ts", "When the note was made, UTC."),
)
BLOCKS = texts("blocks", "Names of the blocks that the record has, each a field of its own.")
#: https://utilityapi.com/docs/api/accounting/billing-summaries/blocks
SOURCES = items(
    "sources",
    "Files that the record was read from.",
    text("type", "Kind of file, such as pdf."),
    text("raw_url", "Where the file is; downloading it needs the API token."),
)
#: https://utilityapi.com/docs/api/bills/blocks
LINE_ITEM = (
    text("name", "Name of the charge on the bill."),
    text("start", "Start of the charge's period, as sent."),
    text("end", "End of the charge's period, as sent."),
    number("cost", "Amount charged; negative for a credit. In the bill's currency."),
    number("volume", "Quantity charged for, in `unit`."),
    number("rate", "Price of one `unit`, in the bill's currency."),
    text("unit", "Unit of `volume`: kwh, kw, kva, kvar, therms, ccf, gallons, days, percent …"),
    text("kind", "delivery, supply or other."),
)

#: https://utilityapi.com/docs/api/meters/historical-collection
HISTORICAL_COLLECTION = record(
    key("meter_uid", th.StringType, "The meter that was asked for."),
    key("requested_at", th.DateTimeType, "When the tap asked for it, UTC."),
    integer("collection_duration", "Months asked for; null for the vendor's default."),
    boolean(
        "accepted",
        "Whether the vendor accepted the request; null while the tap does not know.",
    ),
    text("status", "The meter's status after it: pending, updated or errored; null before."),
    text("status_message", "The vendor's words for the status."),
    timestamp("status_ts", "When the vendor set the status, UTC."),
)
#: https://utilityapi.com/docs/api/accounting/billing-summaries
BILLING_SUMMARY = record(
    key("uid", th.StringType, "The billing summary."),
    text("billing_account_uid", "The billing account that the statement is for."),
    text("authorization_uid", "The authorization that it was collected under."),
    texts("meter_uids", "The meters billed on it; may be empty for charges without a meter."),
    NOTES,
    BLOCKS,
    block(
        "base",
        "The statement's dates and balances. Amounts in the bill's currency.",
        text("statement_date", "Date of the statement, ISO 8601 as sent."),
        number("previous_balance_amount", "Balance of the previous bill, before payments."),
        number("previous_balance_unpaid", "What was left of it after payments."),
        number("previous_payment_amount", "Payments since the previous bill."),
        number("new_charges_amount", "Sum of the new charges."),
        number("new_balance_amount", "Balance after the new charges."),
        number("amount_due", "Amount to pay."),
        text("amount_due_date", "Date to pay by, ISO 8601 as sent."),
    ),
    items(
        "new_charges",
        "The new charges, by kind.",
        text("name", "Name of the charges, such as Electric charges."),
        number("cost", "Amount; negative for a credit. In the bill's currency."),
    ),
    block("shut_off_info", "Announcement of a shut-off. The vendor does not document its fields."),
    SOURCES,
    items(
        "pge_electric_charge_breakdown",
        "PG&E only: the electric charges, line by line.",
        *LINE_ITEM,
    ),
)
