"""Intervals and their readings."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.schema import block, items, key, number, record, text, texts, timestamp
from tap_utility_energy.utilityapi.schemas.blocks import (
    AUTHORIZATION_UID,
    BILLING_ACCOUNT,
    BLOCKS,
    CREATED,
    METER_UID,
    SERVICE,
    SOURCES,
    UPDATED,
    UTILITY,
    notes,
)

KWH = number("kwh", "Use, in kWh. Deprecated; see datapoints.")
DATAPOINTS = items(
    "datapoints",
    "What was read.",
    text("type", "fwd, net, rev, gen or max."),
    text("unit", "Unit of the value, such as kwh or kw."),
    number("value", "The value, in `unit`."),
    text("meter_number", "The physical meter that it was read from."),
)

LOCAL_TIME = "in the utility's time, as in 2026-03-08T01:00:00.000000-05:00"

#: https://utilityapi.com/docs/api/intervals and https://utilityapi.com/docs/api/intervals/blocks
INTERVAL = record(
    key("uid", th.StringType, "The interval, until it grows and has another uid."),
    text("replaced_by", "The interval that now covers most of its time; null if it is current."),
    METER_UID,
    AUTHORIZATION_UID,
    CREATED,
    UPDATED,
    notes("interval"),
    UTILITY,
    BLOCKS,
    block(
        "base",
        "The service.",
        *SERVICE,
        BILLING_ACCOUNT,
        texts("qualities", "Qualities of the readings, such as revenue."),
    ),
    SOURCES,
    items(
        "readings",
        "The readings, newest first.",
        text("start", "Start, in the utility's time, as sent."),
        text("end", "End, in the utility's time, as sent."),
        KWH,
        DATAPOINTS,
    ),
)
#: A reading of an interval.
INTERVAL_READING = record(
    key("meter_uid", th.StringType, "The meter that it is of."),
    key("start", th.StringType, f"Start, {LOCAL_TIME}."),
    key("end", th.StringType, f"End, {LOCAL_TIME}."),
    number("duration_minutes", "From start to end, in minutes; null if one is no timestamp."),
    text("interval_uid", "The interval that it was taken from; another one when that grows."),
    AUTHORIZATION_UID,
    timestamp("updated", "When the interval last changed, UTC."),
    KWH,
    DATAPOINTS,
)
