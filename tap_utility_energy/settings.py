"""The definition of all settings, including those of the SDK.

`meltano.yml`, `.env.example` and the README's tables are generated from `SCHEMA`.
"""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_utility_energy.core.setting_types import seconds
from tap_utility_energy.energycap import settings as energycap_settings
from tap_utility_energy.energycap.client import EnergyCAP
from tap_utility_energy.utilityapi import settings as utilityapi_settings
from tap_utility_energy.utilityapi.client import UtilityAPI

_CLIENTS = (UtilityAPI, EnergyCAP)
CREDENTIALS = {client.credential_setting: client.vendor for client in _CLIENTS}
BASE_URLS = tuple(client.base_url_setting for client in _CLIENTS)
#: Settings that may hold a secret somewhere, so that no message quotes them.
NEVER_QUOTED = frozenset({*CREDENTIALS, "stream_map_config", "batch_config"})


def _object(name: str, title: str, description: str, *, secret: bool = False) -> th.Property[Any]:
    """An object with any content."""
    kind = th.CustomType({"type": ["object", "null"]})
    return th.Property(name, kind, title=title, description=description, secret=secret)


def _fixed_object(*fields: th.Property[Any]) -> th.ObjectType:
    return th.ObjectType(*fields, additional_properties=False)


#: Every setting that the SDK would add, here with its limits.
#: Those that the SDK defines.
SDK_SETTINGS: tuple[th.Property[Any], ...] = (
    _object(
        "stream_maps",
        "Stream maps",
        "Changes to records before they are written, by stream: remove, compute or hash fields. "
        "See docs/personal-data.md and https://sdk.meltano.com/en/latest/stream_maps.html.",
    ),
    _object(
        "stream_map_config",
        "Stream map values",
        "Values for expressions in stream_maps, such as a hash seed. There they are "
        "config['name'].",
        secret=True,
    ),
    th.Property(
        "faker_config",
        _fixed_object(
            th.Property(
                "seed",
                th.CustomType({"type": ["number", "string", "boolean", "null"]}),
                title="Faker seed",
                description="Start of the random numbers.",
            ),
            th.Property(
                "locale",
                th.CustomType({"type": ["string", "array", "null"]}),
                title="Faker locale",
                description="Language and country of the fake data, or several.",
            ),
        ),
        title="Faker",
        description="Seed and locale of fake data in stream_maps. The package faker must be "
        "installed with the tap.",
    ),
    th.Property(
        "flattening_enabled",
        th.BooleanType,
        title="Flattening",
        description="Turn fields of nested objects into columns, down to flattening_max_depth.",
    ),
    th.Property(
        "flattening_max_depth",
        th.IntegerType(minimum=0),
        title="Flattening depth",
        description="Levels of nested objects to flatten. Deeper objects become text.",
    ),
    th.Property(
        "flattening_max_key_length",
        th.IntegerType(minimum=1),
        title="Longest flattened name",
        description="Maximum length of a flattened name. Longer ones are abbreviated. Unset: 255.",
    ),
    th.Property(
        "flattening_separator",
        th.StringType,
        title="Flattening separator",
        description="Separator in flattened names. Unset: two underscores.",
    ),
    th.Property(
        "batch_config",
        _fixed_object(
            th.Property(
                "encoding",
                _fixed_object(
                    th.Property(
                        "format",
                        th.StringType(allowed_values=["jsonl", "parquet"]),
                        title="Batch format",
                        description="Format of the files.",
                    ),
                    th.Property(
                        "compression",
                        th.StringType(allowed_values=["gzip", "none"]),
                        title="Batch compression",
                        description="Compression of the files.",
                    ),
                ),
            ),
            th.Property(
                "storage",
                _fixed_object(
                    th.Property(
                        "root",
                        th.StringType,
                        title="Batch folder",
                        description="URL of the folder that the files are written to.",
                    ),
                    th.Property(
                        "prefix",
                        th.StringType,
                        title="Batch file prefix",
                        description="Beginning of the files' names.",
                    ),
                    th.Property(
                        "params",
                        th.CustomType({"type": ["object", "null"]}),
                        title="Batch storage parameters",
                        description="Parameters of the file system, by name.",
                    ),
                ),
            ),
            th.Property(
                "batch_size",
                th.IntegerType(minimum=1, maximum=10_000_000),
                title="Batch size",
                description="Maximum number of records per file.",
            ),
        ),
        title="Batches",
        description="Write files of records instead of RECORD messages, for loaders that "
        "support batches, such as "
        '{"encoding": {"format": "jsonl", "compression": "gzip"}, '
        '"storage": {"root": "file:///data/batches"}, "batch_size": 10000}.',
    ),
)

SCHEMA: dict[str, Any] = th.PropertiesList(
    *utilityapi_settings.SETTINGS,
    *energycap_settings.SETTINGS,
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Earliest bill or reading period, for streams that have periods. It is never "
        "compared with the date of a change.",
    ),
    seconds(
        "request_timeout", 300, "Request timeout", "Timeout of a request, in seconds.", minimum=1
    ),
    seconds(
        "max_wait_seconds",
        1800,
        "Longest wait",
        "How long to keep retrying a failing request, in seconds. Until a vendor has answered "
        "once in a run, a connection that fails is retried for 60 seconds at most.",
    ),
    th.Property(
        "max_response_megabytes",
        th.IntegerType(minimum=1),
        default=512,
        title="Largest answer",
        description="Maximum size of an answer in megabytes, decompressed. A larger one is not "
        "read to its end, and its stream fails.",
    ),
    th.Property(
        "fail_on_bad_records",
        th.BooleanType,
        default=True,
        title="Fail on bad records",
        description="Exit with code 1 if a record was left out because it has no unique key. "
        "If false, a warning is logged instead. All other records are written in both cases.",
    ),
    *utilityapi_settings.COLLECTION_SETTINGS,
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=False,
        title="Emit ACTIVATE_VERSION messages",
        description="Tell the loader to remove rows that were not sent again, after each stream "
        "that was read and written completely.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="User-Agent header. Unset: the tap's name and version.",
    ),
    *SDK_SETTINGS,
).to_dict()
