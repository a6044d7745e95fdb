"""Schemas of nested objects, each defined once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.schema import block, items, number, text, texts, timestamp

if TYPE_CHECKING:
    from singer_sdk import typing as th

    from tap_utility_energy.core.schema import Fields


def notes(source: str, *more: th.Property[Any]) -> th.Property[Any]:
    """What the vendor noticed about a record, with the further fields that its page names."""
    return items(
        "notes",
        f"What the vendor noticed about the {source}. Types grow; some carry further fields.",
        text("type", "Kind of note, such as audit_failed_on_line_items or waiting."),
        text("msg", "Text for people; its wording changes."),
        timestamp("ts", "When the note was made, UTC."),
        *more,
    )


def amount(name: str, description: str) -> th.Property[float]:
    """An amount of money."""
    return number(name, f"{description} In the bill's currency.")


AUTHORIZATION_UID = text("authorization_uid", "The authorization that it was collected under.")
METER_UID = text("meter_uid", "The meter that it is of.")
UTILITY = text("utility", "The utility, such as PG&E; DEMO for test data.")
CREATED = timestamp("created", "When the platform made the record, UTC.")
UPDATED = timestamp("updated", "When the data last changed, UTC.")

BLOCKS = texts("blocks", "Names of the blocks that the record has, each a field of its own.")
#: https://utilityapi.com/docs/api/accounting/billing-summaries/blocks
SOURCES = items(
    "sources",
    "Files that the record was read from.",
    text("type", "Kind of file, such as pdf."),
    text("raw_url", "Where the file is; downloading it needs the API token."),
)
EXPORTS: Fields = (
    block("exports", "Links to files, by kind. Deprecated; the vendor asks not to rely on them."),
    items(
        "exports_list",
        "The same links as a list, for people.",
        text("name", "Kind of file."),
        text("link", "Where the file is; downloading it needs the API token."),
    ),
)

#: https://utilityapi.com/docs/api/meters#status
STATUS: Fields = (
    text("status", "pending, updated or errored."),
    text("status_message", "The vendor's words for the status."),
    timestamp("status_ts", "When the status last changed, UTC."),
)
USER: Fields = (
    text("user_uid", "The user who owns the authorization form."),
    text("user_email", "That user's e-mail address."),
)

#: https://utilityapi.com/docs/api/meters/blocks
SERVICE: Fields = (
    text("service_identifier", "The utility's number of the service."),
    text("service_tariff", "The tariff, in the utility's words."),
    text("service_address", "Where the service is."),
    texts("meter_numbers", "Numbers on the physical meters."),
)
SERVICE_CLASS = text("service_class", "Kind of service, such as res-electric or comm-gas.")
BILLING_ACCOUNT = text("billing_account", "The utility's account number.")
BILLING: Fields = (
    text("billing_contact", "Whom the bills are addressed to."),
    text("billing_address", "Where the bills are sent."),
    BILLING_ACCOUNT,
)
PROGRAMS = items(
    "programs",
    "Programs of the utility that the service takes part in.",
    text("name", "Name of the program."),
    text("code", "The utility's code for it."),
    text("date_type", "What its dates mean."),
)
SUPPLIER: Fields = (
    text("supplier_type", "Kind of supplier, such as cca."),
    text("supplier_name", "Name of the supplier."),
    text("supplier_service_id", "The supplier's number of the service."),
    text("supplier_tariff", "The supplier's tariff."),
)

COST = amount("cost", "Amount charged; negative for a credit.")
#: https://utilityapi.com/docs/api/bills/blocks
LINE_ITEM: Fields = (
    text("name", "Name of the charge on the bill."),
    text("start", "Start of the charge's period, as sent."),
    text("end", "End of the charge's period, as sent."),
    COST,
    number("volume", "Quantity charged for, in `unit`."),
    amount("rate", "Price of one `unit`."),
    text("unit", "Unit of `volume`: kwh, kw, kva, kvar, therms, ccf, gallons, days, percent …"),
    text("kind", "delivery, supply or other."),
)
