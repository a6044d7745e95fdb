"""The tap's settings, those of the SDK included: their one definition.

`meltano.yml`, `.env.example` and the README's tables are generated from `SCHEMA`.
"""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_utility_energy.energycap import STREAMS

CREDENTIALS = {"utilityapi_token": "UtilityAPI", "energycap_api_key": "EnergyCAP"}
BASE_URLS = ("utilityapi_base_url", "energycap_base_url")
#: Settings that may hold a secret somewhere, so that no message quotes them.
NEVER_QUOTED = frozenset({*CREDENTIALS, "stream_map_config", "batch_config"})


def _uids(name: str, title: str, what: str) -> th.Property[list[Any]]:
    return th.Property(
        name,
        th.ArrayType(th.StringType),
        title=title,
        description=f"Only these {what} uids. Unset or empty: all.",
    )


def _object(name: str, title: str, description: str, *, secret: bool = False) -> th.Property[Any]:
    """An object with any content."""
    kind = th.CustomType({"type": ["object", "null"]})
    return th.Property(name, kind, title=title, description=description, secret=secret)


def _fixed_object(*fields: th.Property[Any]) -> th.ObjectType:
    return th.ObjectType(*fields, additional_properties=False)


#: Every setting that the SDK would add, here with its limits.
_SDK_SETTINGS: tuple[th.Property[Any], ...] = (
    _object(
        "stream_maps",
        "Stream maps",
        "Changes to records before they leave, by stream: fields to drop, to compute or to hash. "
        "See docs/personal-data.md and https://sdk.meltano.com/en/latest/stream_maps.html.",
    ),
    _object(
        "stream_map_config",
        "Stream map values",
        "Values for the expressions of stream_maps, such as a hash seed: they are "
        "config['name'] there.",
        secret=True,
    ),
    th.Property(
        "faker_config",
        _fixed_object(
            th.Property("seed", th.CustomType({"type": ["number", "string", "boolean", "null"]})),
            th.Property("locale", th.CustomType({"type": ["string", "array", "null"]})),
        ),
        title="Faker",
        description="The seed and locale of fake data in stream_maps. The package faker must be "
        "installed beside the tap.",
    ),
    th.Property(
        "flattening_enabled",
        th.BooleanType,
        title="Flattening",
        description="Make columns of the fields of nested objects, as deep as "
        "flattening_max_depth.",
    ),
    th.Property(
        "flattening_max_depth",
        th.IntegerType(minimum=0),
        title="Flattening depth",
        description="Levels of nested objects to flatten. What is deeper becomes text.",
    ),
    th.Property(
        "flattening_max_key_length",
        th.IntegerType(minimum=1),
        title="Longest flattened name",
        description="Longest name of a flattened field. Longer ones are abbreviated. Unset: 255.",
    ),
    th.Property(
        "flattening_separator",
        th.StringType,
        title="Flattening separator",
        description="What joins the names of a flattened field. Unset: two underscores.",
    ),
    th.Property(
        "batch_config",
        _fixed_object(
            th.Property(
                "encoding",
                _fixed_object(
                    th.Property("format", th.StringType(allowed_values=["jsonl", "parquet"])),
                    th.Property("compression", th.StringType(allowed_values=["gzip", "none"])),
                ),
            ),
            th.Property(
                "storage",
                _fixed_object(
                    th.Property("root", th.StringType),
                    th.Property("prefix", th.StringType),
                    th.Property("params", th.CustomType({"type": ["object", "null"]})),
                ),
            ),
            th.Property("batch_size", th.IntegerType(minimum=1)),
        ),
        title="Batches",
        description="Write files of records instead of RECORD messages, for loaders that read "
        "them, such as "
        '{"encoding": {"format": "jsonl", "compression": "gzip"}, '
        '"storage": {"root": "file:///data/batches"}, "batch_size": 10000}.',
    ),
)

SCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property(
        "utilityapi_token",
        th.StringType,
        secret=True,
        title="UtilityAPI token",
        description="API token of UtilityAPI. Without it no UtilityAPI stream is extracted.",
    ),
    th.Property(
        "utilityapi_base_url",
        th.StringType,
        default="https://utilityapi.com/api/v2",
        title="UtilityAPI base URL",
        description="Where UtilityAPI is. It must be https, except on this machine.",
    ),
    _uids("utilityapi_authorizations", "UtilityAPI authorizations", "Authorization"),
    _uids("utilityapi_billing_accounts", "UtilityAPI billing accounts", "Billing Account"),
    _uids("utilityapi_meters", "UtilityAPI meters", "Meter"),
    _uids("utilityapi_billing_summaries", "UtilityAPI billing summaries", "Billing Summary"),
    th.Property(
        "utilityapi_requests_per_minute",
        th.IntegerType(minimum=1),
        default=60,
        title="UtilityAPI requests per minute",
        description="Requests to UtilityAPI, evenly spaced over the whole run. The vendor allows "
        "3000 and asks for no more than 60.",
    ),
    th.Property(
        "utilityapi_mixed_intervals",
        th.BooleanType,
        default=False,
        title="UtilityAPI mixed intervals",
        description="Read intervals of all durations. Otherwise the vendor gives those of each "
        "meter's primary duration only, such as 15 minutes.",
    ),
    th.Property(
        "energycap_api_key",
        th.StringType,
        secret=True,
        title="EnergyCAP API key",
        description="API key of EnergyCAP. Without it no EnergyCAP stream is extracted.",
    ),
    th.Property(
        "energycap_base_url",
        th.StringType,
        default="https://app.energycap.com",
        title="EnergyCAP base URL",
        description="The host of the EnergyCAP environment that the key was made in, without a "
        "path. It must be https, except on this machine.",
    ),
    th.Property(
        "energycap_number_of_years",
        th.IntegerType(minimum=1),
        title="EnergyCAP number of years",
        description="Years of digests to read, the current one included. Unset: EnergyCAP gives "
        "24 months, and four years of the yearly digests.",
    ),
    th.Property(
        "energycap_page_size",
        th.IntegerType(minimum=1, maximum=1000),
        default=250,
        title="EnergyCAP page size",
        description="Records a page.",
    ),
    th.Property(
        "energycap_max_parallel_requests",
        th.IntegerType(minimum=1, maximum=16),
        default=2,
        title="EnergyCAP parallel requests",
        description="Pages in flight at once. 1 is strictly one after the other.",
    ),
    th.Property(
        "energycap_filters",
        th.ObjectType(
            *(
                th.Property(stream.name, th.StringType, description=f"Filter for {stream.path}.")
                for stream in STREAMS
                if stream.is_filterable
            ),
            additional_properties=False,
        ),
        title="EnergyCAP filters",
        description="What the entity lists are narrowed to: a filter expression in the vendor's "
        "own language by the name of the stream, such as "
        '{"energycap_bills": "endDate last 90 days"}.',
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Earliest bill or reading period, for the streams that have one. It is never "
        "compared with the date of a change.",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1),
        default=300,
        title="Request timeout",
        description="Seconds that an answer may take.",
    ),
    th.Property(
        "max_wait_seconds",
        th.IntegerType(minimum=0),
        default=1800,
        title="Longest wait",
        description="Seconds that one request may go on from its first failure, over all its "
        "tries, before its stream fails. A connection that cannot be made gets no more than 60 "
        "until the vendor has answered once in the run.",
    ),
    th.Property(
        "fail_on_bad_records",
        th.BooleanType,
        default=True,
        title="Fail on bad records",
        description="A record without its key, or with the key of another row of its digest, is "
        "left out and named, and all others arrive. The run then ends with exit 1, or if this is "
        "false with a warning.",
    ),
    th.Property(
        "historical_collection_enabled",
        th.BooleanType,
        default=False,
        title="Historical collection",
        description="Ask UtilityAPI for a historical collection before extraction. This costs "
        "money.",
    ),
    th.Property(
        "historical_collection_meters",
        th.ArrayType(th.StringType),
        title="Meters to collect",
        description="Meter uids to collect.",
    ),
    th.Property(
        "historical_collection_new_meters",
        th.BooleanType,
        default=False,
        title="Collect new meters",
        description="Also collect every visible meter that was never activated and is not "
        "archived, within utilityapi_authorizations.",
    ),
    th.Property(
        "historical_collection_max_meters",
        th.IntegerType(minimum=1),
        default=10,
        title="Maximum number of meters",
        description="Maximum number of meters per run. If more are to be collected, nothing is "
        "asked for and the run fails.",
    ),
    th.Property(
        "historical_collection_max_cost",
        th.NumberType(exclusive_minimum=0),
        title="Maximum cost",
        description="Maximum cost in dollars within 30 days, by the vendor's price list and the "
        "requests in the state and the journal. If a run could exceed it, nothing is asked for and "
        "the run fails. Unset: no limit.",
    ),
    th.Property(
        "historical_collection_duration",
        th.IntegerType(minimum=1, maximum=36),
        title="Months to collect",
        description="Months of history to ask for. Unset: the vendor's default is charged, which "
        "can be 36.",
    ),
    th.Property(
        "historical_collection_repeat_days",
        th.IntegerType(minimum=1),
        title="Days between collections",
        description="Collect a meter again this many days after its last request and its last "
        "change of status. Unset: never.",
    ),
    th.Property(
        "historical_collection_repeat_before",
        th.DateTimeType,
        title="Collect again before",
        description="Collect each meter again, once, whose last request and last change of status "
        "are older than this moment, such as 2026-07-01T00:00:00Z. It needs an offset and must "
        "not be in the future. Put it in quotes in meltano.yml.",
    ),
    th.Property(
        "historical_collection_journal",
        th.StringType,
        title="Journal",
        description="Path of a file that remembers the requests as the state does, so that a lost "
        "state or a second run at the same time cannot lead to a second charge.",
    ),
    th.Property(
        "historical_collection_wait_seconds",
        th.IntegerType(minimum=0),
        default=600,
        title="Maximum wait for a collection",
        description="Longest time to wait for collections to finish before extraction goes on, in "
        "seconds.",
    ),
    th.Property(
        "historical_collection_poll_seconds",
        th.IntegerType(minimum=1),
        default=15,
        title="Polling interval",
        description="Time between two looks at the meters while they are collected, in seconds.",
    ),
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=False,
        title="Emit ACTIVATE_VERSION messages",
        description="Tell the loader to drop the rows that were not sent again, after each stream "
        "that was read and emitted whole.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="User-Agent header. Unset: the tap's name and version.",
    ),
    *_SDK_SETTINGS,
).to_dict()
