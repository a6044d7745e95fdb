"""Tables of the settings, and of what each stream needs and does."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from scripts.markup import code, table
from scripts.streams_page import replication
from tap_utility_energy import settings
from tap_utility_energy.energycap.base import EnergyCAPStream
from tap_utility_energy.energycap.bill_rows import BillRowsStream
from tap_utility_energy.energycap.incremental import LOOKBACK
from tap_utility_energy.energycap.permissions import NOT_NAMED
from tap_utility_energy.utilityapi.meter_data import MeterDataStream
from tap_utility_energy.utilityapi.streams import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from tap_utility_energy.core.stream import VendorStream as Stream

    S = TypeVar("S", bound=Stream)

#: The settings' areas, by how their names begin; the rest are for both vendors.
AREAS = {
    "utilityapi_": "UtilityAPI",
    "energycap_": "EnergyCAP",
    "": "Both vendors",
    "historical_collection_": "Historical collection",
    "sdk": "The SDK's own",
}
#: Records on a page of UtilityAPI's lists, apart from bills and intervals.
#: Source: https://utilityapi.com/docs/api, the page of each list.
UTILITYAPI_PAGE = 1000
#: Where the requests for the rows of bills, and the choice of bills, are explained.
BILL_ROWS = "#rows-of-bills"
CHANGED_BILLS = "energycap.md#which-bills-are-read-again"


# ----- settings


def meltano_kind(schema: dict[str, Any]) -> str:
    """The setting's type as Meltano calls it."""
    if schema.get("format") == "date-time":
        return "date_iso8601"
    kind = next(str(name) for name in schema["type"] if name != "null")
    # Meltano cannot write what it makes of a variable whose kind is "decimal".
    return "string" if kind == "number" else kind


def setting_text(value: Any) -> str:
    """A value as a user would write it."""
    return value if isinstance(value, str) else json.dumps(value)


def setting_type(schema: dict[str, Any]) -> str:
    """The setting's type with its limits, for a reader."""
    words = {"array": "array of string", "date_iso8601": "date-time"}
    text = (
        "number"
        if "number" in schema["type"]
        else words.get(meltano_kind(schema), meltano_kind(schema))
    )
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        text += f", more than {schema['exclusiveMinimum']}"
    if most is not None:
        text += f", {least} to {most}"
    elif least is not None:
        text += f", {least} or more"
    return text + (", secret" if schema.get("secret") else "")


def settings_tables(sdk: Iterable[str]) -> str:
    """The settings, a table for each area.

    Args:
        sdk: The settings that are the SDK's own.
    """
    sdk = set(sdk)
    properties: dict[str, dict[str, Any]] = settings.SCHEMA["properties"]
    rows: dict[str, list[tuple[str, ...]]] = {area: [] for area in AREAS}
    for name, schema in properties.items():
        default = f"`{setting_text(schema['default'])}`" if "default" in schema else ""
        rows[_area(name, sdk)].append((
            f"`{name}`",
            setting_type(schema),
            default,
            schema["description"],
        ))
    header = ("setting", "type", "default", "meaning")
    return "\n\n".join(
        f"### {title}\n\n{table(header, rows[area])}" for area, title in AREAS.items()
    )


def _area(name: str, sdk: Container[str]) -> str:
    if name in sdk:
        return "sdk"
    return next((area for area in AREAS if area and name.startswith(area)), "")


# ----- requests


def energycap_requests(streams: Iterable[Stream]) -> str:
    """The permission that each of EnergyCAP's lists needs, and its requests in a run."""
    rows = []
    ours = (s for s in streams if isinstance(s, EnergyCAPStream | BillRowsStream))
    for path, sharing in _streams_by_path(ours):
        first = sharing[0]
        permission = "none is named" if first.permission == NOT_NAMED else first.permission
        counted = f"{path.split('/')[3]}s" if first.params else "records"
        requests = f"{counted} ÷ *n*, rounded up" if first.is_paged else "1"
        if isinstance(first, BillRowsStream):
            requests = f"the list of bills; [and for what changed]({BILL_ROWS})"
        rows.append((_stream_names(sharing), permission, requests))
    return table(("streams", "permission", "requests of a run"), rows)


def utilityapi_requests(streams: Iterable[Stream]) -> str:
    """The requests of each of UtilityAPI's lists, in the first run and without changes."""
    ours = [s for s in streams if not isinstance(s, EnergyCAPStream | BillRowsStream)]
    meter_readers = [s for s in ours if isinstance(s, MeterDataStream)]
    rows = []
    for path, sharing in _streams_by_path(s for s in ours if s.name != "historical_collections"):
        if isinstance(sharing[0], MeterDataStream):
            most = sharing[0].endpoint.most_meters
            whole = f"changed meters ÷ {most}, or more if [they are large](#bills-and-intervals)"
            rows.append((_stream_names(sharing), f"`{path}`", whole, "0"))
            continue
        pages = f"records ÷ {UTILITYAPI_PAGE}, rounded up"
        names = _stream_names(sharing)
        if path == "/meters":
            names += f", and once for {_stream_names(meter_readers)}"
            pages = f"meters ÷ {UTILITYAPI_PAGE}, rounded up"
        rows.append((names, f"`{path}`", pages, "the same"))
    return table(("streams", "list", "requests of a first run", "without changes"), rows)


def _streams_by_path(streams: Iterable[S]) -> Iterator[tuple[str, list[S]]]:
    def key(stream: S) -> str:
        return re.sub(r"^/api/v\d+", "", stream.path)

    for _, group in groupby(sorted(streams, key=key), key):
        sharing = list(group)
        yield sharing[0].path, sharing


def _stream_names(streams: Iterable[Stream]) -> str:
    return code(stream.name for stream in streams)


# ----- replication


def replication_table(streams: Iterable[Stream]) -> str:
    """What a run emits of each stream, and what becomes of records that the vendor lacks."""
    rows = []
    for stream in sorted(streams, key=lambda stream: stream.client.vendor, reverse=True):
        is_whole = stream.replication_method == "FULL_TABLE" and not _is_yearly_window(stream)
        rows.append((
            f"[`{stream.name}`](streams.md#{stream.name})",
            "yes" if is_whole else "",
            _emitted(stream),
            _missing_records(stream),
        ))
    header = ("stream", "versions", "what a run emits", "records that the vendor no longer has")
    return table(header, rows)


def _is_yearly_window(stream: Stream) -> bool:
    return isinstance(stream, EnergyCAPStream) and bool(stream.params)


def _emitted(stream: Stream) -> str:
    how = replication(stream)
    if isinstance(stream, MeterDataStream):
        return f"{how}: {_meter_data(stream)}"
    if stream.name == "historical_collections":
        return f"{how}: requests that were made or have changed"
    if isinstance(stream, BillRowsStream):
        return f"{how}: all rows of bills that are new or [may have changed]({CHANGED_BILLS})"
    if stream.replication_key:
        return (
            f"{how}: what is new or changed, and what is within {LOOKBACK.days} days before the "
            "bookmark"
        )
    return f"{how}, of the latest years" if _is_yearly_window(stream) else how


def _meter_data(stream: MeterDataStream) -> str:
    fields = code(stream.endpoint.fingerprint_fields)
    if stream.known_readings is None or stream.endpoint is not INTERVALS:
        return f"all of a meter if one of its {fields} has changed"
    return (
        "readings from `utilityapi_interval_lookback_days` before a meter's latest one, if one of "
        f"its {fields} has changed"
    )


def _missing_records(stream: Stream) -> str:
    if stream.name == "historical_collections":
        return "none: the rows are the tap's own"
    if stream.name == "utilityapi_bill_files":
        return "stay, and so do the files"
    if stream.name.startswith("utilityapi_bill_"):
        return "stay; what a corrected bill lost has another `updated` than the bill"
    if isinstance(stream, BillRowsStream):
        return "stay; those of a void bill have `void`"
    if stream.name == "utilityapi_intervals":
        return "stay; one that was replaced is emptied and has `replaced_by`"
    if _is_yearly_window(stream):
        return "stay; a period can vanish without notice"
    return "stay" if stream.replication_key else "stay, with an older `_sdc_extracted_at`"
