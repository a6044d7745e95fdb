"""Schemas of authorizations, meters and historical collections."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import (
    block,
    boolean,
    integer,
    items,
    key,
    record,
    text,
    texts,
    timestamp,
)
from tap_utility_energy.utilityapi.schemas.blocks import (
    AUTHORIZATION_UID,
    BILLING,
    BLOCKS,
    CREATED,
    EXPORTS,
    PROGRAMS,
    SERVICE,
    SERVICE_CLASS,
    STATUS,
    SUPPLIER,
    USER,
    UTILITY,
    notes,
)

ETA = text("eta", "When the vendor goes on by itself, as sent.")
PERIODS = th.ArrayType(th.ArrayType(th.StringType))


def _coverage(name: str, what: str) -> th.Property[list[object]]:
    description = f"Periods that there are {what} of: pairs of start and end, as sent."
    return th.Property(name, PERIODS, description=description)


#: https://utilityapi.com/docs/api/authorizations
AUTHORIZATION = record(
    key("uid", th.StringType, "The authorization."),
    CREATED,
    text("customer_email", "E-mail address of the customer who gave the consent."),
    block(
        "customer_signature",
        "How the customer signed. Deprecated.",
        text("type", "Kind of signature, such as text."),
        timestamp("ts", "When it was signed, UTC."),
        text("full_name", "Name that it was signed with."),
    ),
    timestamp("declined", "When the customer declined, UTC."),
    boolean("is_declined", "Whether the customer declined."),
    text("expires", "When the consent ends: a date, ISO 8601, or a preset's name."),
    boolean("is_expired", "Whether the consent has ended."),
    timestamp("revoked", "When the consent was revoked, UTC."),
    boolean("is_revoked", "Whether it was revoked: its meters and all their data are gone."),
    *EXPORTS,
    text("form_uid", "The form that the customer filled in."),
    text("template_uid", "The template of that form."),
    texts("referrals", "Codes that the customer came with."),
    boolean("is_archived", "Whether it was put away in the dashboard."),
    boolean("is_test", "Whether it was made by Test Submit."),
    block("scope", "What the consent covers; its fields vary."),
    text("nickname", "Name given to it in the dashboard."),
    notes("authorization", ETA),
    *STATUS,
    *USER,
    text("user_status", "active or inactive."),
    UTILITY,
)
#: https://utilityapi.com/docs/api/meters
METER = record(
    key("uid", th.StringType, "The meter."),
    AUTHORIZATION_UID,
    CREATED,
    *USER,
    boolean("is_archived", "Whether it was put away in the dashboard."),
    boolean("is_activated", "Whether data was ever collected of it, or is monitored."),
    boolean("is_expanded", "Whether the blocks are there."),
    notes(
        "meter",
        ETA,
        text("bill_note_type", "Type of the bill's note that this one is about."),
        text("bill_statement_date", "Date of that bill, as sent."),
        text("bill_uid", "That bill."),
    ),
    *STATUS,
    block(
        "ongoing_monitoring",
        "How often the vendor checks for new data.",
        text("frequency", "off, daily, weekly or monthly."),
        text("prepay", "How it is paid for."),
        timestamp("next_prepay", "When it is paid for next, UTC."),
        timestamp("next_refresh", "When the vendor checks next, UTC."),
        integer("fixed_refresh_day", "Day of the month of the check."),
    ),
    UTILITY,
    integer("bill_count", "How many bills there are."),
    _coverage("bill_coverage", "bills"),
    texts("bill_sources", "What the bills were read from, such as pdf."),
    integer("interval_count", "How many readings there are, of all durations."),
    _coverage("interval_coverage", "readings"),
    texts("interval_sources", "What the readings were read from, such as xml."),
    *EXPORTS,
    BLOCKS,
    block("base", "What the utility says of the service.", *SERVICE, SERVICE_CLASS, *BILLING),
    block(
        "electric_details",
        "Of electric services only.",
        text("voltage", "Voltage of the service, a number or a text."),
    ),
    PROGRAMS,
    items("suppliers", "Who supplies the service besides the utility.", *SUPPLIER),
    items(
        "other_devices",
        "Other devices at the service.",
        text("name", "Name of the device."),
        text("serial_number", "Its serial number."),
    ),
)
#: https://utilityapi.com/docs/api/meters/historical-collection
HISTORICAL_COLLECTION = record(
    key("meter_uid", th.StringType, "The meter that was requested."),
    key("requested_at", th.DateTimeType, "When the tap requested it, UTC."),
    integer("collection_duration", "Months as sent; null for the vendor's default."),
    integer("collection_duration_answered", "Months as the vendor's answer names them."),
    boolean(
        "accepted",
        "Whether the vendor accepted the request: true if it said so or the meter shows a job, "
        "false if it was certainly not carried out, null while it is unknown.",
    ),
    text("status", "The meter's status after it: pending, updated or errored; null before."),
    text("status_message", "The vendor's words for the status."),
    timestamp("status_ts", "When the vendor set the status, UTC."),
)
