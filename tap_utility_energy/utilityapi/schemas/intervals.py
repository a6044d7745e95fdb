"""Intervals and their readings."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.schemas import block, items, key, number, record, text, texts
from tap_utility_energy.utilityapi.schemas.blocks import (
    AUTHORIZATION_UID,
    BLOCKS,
    CREATED,
    METER_UID,
    SERVICE,
    SOURCES,
    UPDATED,
    UTILITY,
    notes,
)

KWH = number("kwh", "Use, kWh. Deprecated; see datapoints.")
DATAPOINTS = items(
    "datapoints",
    "What was read.",
    text("type", "fwd, net, rev, gen or max."),
    text("unit", "Unit of the value, such as kwh or kw."),
    number("value", "The value, in `unit`."),
    text("meter_number", "The physical meter that it was read from."),
)

#: https://utilityapi.com/docs/api/intervals and https://utilityapi.com/docs/api/intervals/blocks
INTERVAL = record(
    key("uid", th.StringType, "The interval: readings that were collected together."),
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
    key("interval_uid", th.StringType, "The interval."),
    key("start", th.StringType, "Start, in the utility's time, as sent."),
    key("end", th.StringType, "End, in the utility's time, as sent."),
    METER_UID,
    AUTHORIZATION_UID,
    UPDATED,
    KWH,
    DATAPOINTS,
)
