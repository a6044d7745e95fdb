"""The records that the vendors send: the sandbox's, one in 19 with an undocumented field."""

from __future__ import annotations

import datetime as dt
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from benchmarks import endpoints
from benchmarks.endpoints import A_METER, BILLS, INTERVALS, METERS, READINGS
from sandbox import Sandbox
from tap_utility_energy.energycap.schemas import bills, entities, meter_digests, place_digests
from tap_utility_energy.utilityapi import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.endpoints import Endpoint
    from tap_utility_energy.energycap.nested_rows import NestedRows

Record = dict[str, Any]
Schema = dict[str, Any]

UNDOCUMENTED = 19
#: Stands for the number of a record or, in what belongs to a meter, of the meter.
MARK = "{#}"
QUARTER = dt.timedelta(minutes=15)
LAST = dt.datetime(2026, 6, 1, tzinfo=dt.timezone(dt.timedelta(hours=-7)))


def all_samples() -> dict[Endpoint, list[Record]]:
    """The records of each list, as many as differ."""
    with Sandbox(billing_summaries=1000, meters=250) as box:
        truth = box.truth(only=",".join((*SOURCES.values(), "meters", "intervals")))
    samples = {
        endpoint: _mixed(endpoint, truth[name], SCHEMAS[name]) for endpoint, name in SOURCES.items()
    }
    return samples | {
        METERS: truth["meters"][:1],
        INTERVALS: list(_year(max(truth["intervals"], key=lambda each: len(each["readings"])))),
    }


def _nested(rows: NestedRows) -> Schema:
    """What a digest looks like from which rows are made."""
    schema: Schema = {}
    for level in reversed(rows.levels):
        names = (*level.key, *(each.name for each in level.fields), *level.not_in_rows)
        properties: Schema = {name: {} for name in names}
        if level.path:
            properties[level.path] = schema if level.holds_one else {"items": schema}
        schema = {"properties": properties}
    return schema


SOURCES = {
    endpoints.SUMMARIES: "billing_summaries",
    endpoints.BILLS: "bills",
    endpoints.METER_DIGESTS: "meter_digest_monthly",
    endpoints.PLACE_DIGESTS: "place_digest_actual_monthly",
    endpoints.ENERGYCAP_METERS: "energycap_meters",
    endpoints.ENERGYCAP_BILLS: "energycap_bills",
}
SCHEMAS = {
    "billing_summaries": [schemas.BILLING_SUMMARY],
    "bills": [schemas.BILL],
    "meter_digest_monthly": [meter_digests.NESTED_MONTHS],
    "place_digest_actual_monthly": [
        _nested(place_digests.MONTHS),
        _nested(place_digests.COMMODITY_MONTHS),
    ],
    "energycap_meters": [entities.METER],
    "energycap_bills": [bills.BILL],
}


def _mixed(endpoint: Endpoint, records: Sequence[Record], of: Sequence[Schema]) -> list[Record]:
    """Records of which one in `UNDOCUMENTED` has a field that no schema names."""
    documented: list[Record] = []
    others: list[Record] = []
    for record in records:
        is_plain = all(_is_documented(record, schema) for schema in of)
        (documented if is_plain else others).append(record)
    plain, unusual = cycle(documented), cycle(others)
    return [
        _keyed(endpoint, next(plain if number % UNDOCUMENTED else unusual), number)
        for number in range(endpoint.cycle)
    ]


def _keyed(endpoint: Endpoint, record: Record, number: int) -> Record:
    if endpoint == BILLS:
        return record | {"uid": f"{MARK}-{number}", "meter_uid": MARK}
    return record | {endpoint.key: MARK}


def _is_documented(value: Any, schema: Schema) -> bool:
    if isinstance(value, list) and "items" in schema:
        return all(_is_documented(each, schema["items"]) for each in value)
    fields = schema.get("properties", {})
    if not isinstance(value, dict) or not fields:
        return True
    return value.keys() <= fields.keys() - {"extra"} and all(
        _is_documented(value[name], fields[name]) for name in value
    )


def _year(interval: Record) -> Iterator[Record]:
    """The intervals of a meter's year from one, newest first, over and over."""
    parts = []
    for part in range(A_METER):
        end = LAST - part * READINGS * QUARTER
        start = end - READINGS * QUARTER
        uid = f"{MARK}-{end.timestamp():.0f}-{start.timestamp():.0f}"
        keys = {"uid": uid, "meter_uid": MARK}
        readings = islice(cycle(interval["readings"]), READINGS)
        timed = [
            reading
            | {"start": _stamp(end - (place + 1) * QUARTER), "end": _stamp(end - place * QUARTER)}
            for place, reading in enumerate(readings)
        ]
        parts.append(interval | keys | {"readings": timed})
    unusual = [part | {"confidence_score": 0.987} for part in parts]
    for number in range(A_METER * UNDOCUMENTED):
        yield (parts if number % UNDOCUMENTED else unusual)[number % A_METER]


def _stamp(time: dt.datetime) -> str:
    return time.isoformat(timespec="microseconds")
