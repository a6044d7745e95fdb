"""Billing accounts and billing summaries."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, items, key, record, text, texts
from tap_utility_energy.utilityapi.schemas.blocks import (
    AUTHORIZATION_UID,
    BILLING,
    BLOCKS,
    LINE_ITEM,
    SOURCES,
    amount,
    notes,
)

#: https://utilityapi.com/docs/api/accounting/billing-accounts
BILLING_ACCOUNT = record(
    key("uid", th.StringType, "The billing account."),
    AUTHORIZATION_UID,
    texts("meter_uids", "The meters billed to the account."),
    notes(
        "account",
        text("billing_summary_note_type", "Type of the summary's note that this one is about."),
        text("billing_summary_statement_date", "Date of that summary's statement, as sent."),
        text("billing_summary_uid", "That summary."),
    ),
    texts("statement_dates", "Dates of the statements that were read, ISO 8601 as sent."),
    BLOCKS,
    block("base", "Whose account it is.", *BILLING),
    SOURCES,
)
#: https://utilityapi.com/docs/api/accounting/billing-summaries
BILLING_SUMMARY = record(
    key("uid", th.StringType, "The billing summary."),
    text("billing_account_uid", "The billing account that the statement is for."),
    AUTHORIZATION_UID,
    texts("meter_uids", "The meters billed on it; may be empty for charges without a meter."),
    notes("summary"),
    BLOCKS,
    block(
        "base",
        "The statement's dates and balances.",
        text("statement_date", "Date of the statement, ISO 8601 as sent."),
        amount("previous_balance_amount", "Balance of the previous bill, before payments."),
        amount("previous_balance_unpaid", "What was left of it after payments."),
        amount("previous_payment_amount", "Payments since the previous bill."),
        amount("new_charges_amount", "Sum of the new charges."),
        amount("new_balance_amount", "Balance after the new charges."),
        amount("amount_due", "Amount to pay."),
        text("amount_due_date", "Date to pay by, ISO 8601 as sent."),
    ),
    items(
        "new_charges",
        "The new charges, by kind.",
        text("name", "Name of the charges, such as Electric charges."),
        amount("cost", "Amount; negative for a credit."),
    ),
    block("shut_off_info", "Announcement of a shut-off. The vendor does not document its fields."),
    SOURCES,
    items(
        "pge_electric_charge_breakdown",
        "PG&E only: the electric charges, line by line.",
        *LINE_ITEM,
    ),
)
