"""Rows written as sent, rows written by the SDK, and rows made in the plainest way are the same."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from unittest import mock

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.energycap.nested_rows import NestedRows
from tap_utility_energy.energycap.schemas import bills as energycap_bills
from tap_utility_energy.energycap.schemas import entities, meter_digests, place_digests
from tap_utility_energy.http.page import read_page
from tap_utility_energy.tap import TapUtilityEnergy
from tap_utility_energy.utilityapi import schemas
from tests.support import catalog

Row = dict[str, Any]
#: A field that no schema names.
NEW = "new"


@dataclass(frozen=True)
class Kind:
    """A stream, the documented fields of a record, and how to make its rows in the plainest way."""

    stream: str
    fields: Any = field(repr=False)
    rows: Callable[[Row], Iterator[Row]] = lambda record: iter([record])
    records_key: str | None = None


def with_new(row: Row, **levels: Row) -> Row:
    """A row with unknown fields under extra: its own, and those of the levels above by name."""
    own = {"extra": {NEW: row.pop(NEW)}} if NEW in row else {}
    above = {name: {NEW: level[NEW]} for name, level in levels.items() if NEW in level}
    extra = {**own.get("extra", {}), **above}
    return {**row, **({"extra": extra} if extra else {})}


def without(record: Row, *names: str) -> Row:
    return {name: value for name, value in record.items() if name not in {NEW, *names}}


def records(record: Row) -> Iterator[Row]:
    yield with_new(dict(record))


def periods(record: Row) -> Iterator[Row]:
    for period in record["results"]:
        yield with_new(without(record, "results") | period, meter=record)


def commodity_periods(place: Row) -> Iterator[Row]:
    above = without(place, "commodities", "results", "targetComparison")
    for commodity in place["commodities"]:
        own = without(commodity, "results", "targetComparison")
        if own.get("costUnit") is None:
            own.pop("costUnit", None)
        fallback = {"costUnit": None} if "costUnit" in commodity else {}
        for period in commodity["results"]:
            row = {**fallback, **above, **own, **period}
            yield with_new(row, place=place, commodity=commodity)


def targets(place: Row) -> Iterator[Row]:
    above = without(place, "commodities", "results", "targetComparison")
    target = place["targetComparison"]
    for period in target["results"]:
        row = {**above, **without(target, "results"), **period}
        yield with_new(row, place=place, target=target)


def charges(bill: Row) -> Iterator[Row]:
    found = [(charge, {"source": "line_items"}) for charge in bill.get("line_items") or []]
    for supplier in filter(None, bill.get("suppliers") or []):
        where = {"source": "suppliers", "supplier_name": supplier.get("supplier_name")}
        found += [(charge, where) for charge in supplier.get("supplier_line_items") or []]
    shared = {name: bill.get(name) for name in ("meter_uid", "authorization_uid", "updated")}
    listed = ((charge, where) for charge, where in found if charge is not None)
    for position, (charge, where) in enumerate(listed):
        yield with_new({**charge, **shared, **where, "bill_uid": bill["uid"], "position": position})


def items_of(block: str) -> Callable[[Row], Iterator[Row]]:
    """What makes rows of the items of a bill's block."""

    def rows(bill: Row) -> Iterator[Row]:
        shared = {name: bill.get(name) for name in ("meter_uid", "authorization_uid", "updated")}
        found = [item for item in bill.get(block) or [] if item is not None]
        for position, item in enumerate(found):
            yield with_new({**item, **shared, "bill_uid": bill["uid"], "position": position})

    return rows


def readings(interval: Row) -> Iterator[Row]:
    shared = {name: interval.get(name) for name in ("meter_uid", "authorization_uid", "updated")}
    for reading in interval["readings"]:
        start, end = (datetime.fromisoformat(reading[name]) for name in ("start", "end"))
        minutes = {"duration_minutes": (end - start).total_seconds() / 60}
        yield with_new({**reading, **shared, **minutes, "interval_uid": interval["uid"]})


KINDS = [
    Kind("billing_summaries", schemas.BILLING_SUMMARY, records, "billing_summaries"),
    Kind("utilityapi_bills", schemas.BILL, records, "bills"),
    Kind("utilityapi_bill_line_items", schemas.BILL, charges, "bills"),
    Kind("utilityapi_bill_tiers", schemas.BILL, items_of("tiers"), "bills"),
    Kind("utilityapi_bill_tou", schemas.BILL, items_of("tou"), "bills"),
    Kind("utilityapi_bill_demand", schemas.BILL, items_of("demand"), "bills"),
    Kind("utilityapi_intervals", schemas.INTERVAL, records, "intervals"),
    Kind("utilityapi_interval_readings", schemas.INTERVAL, readings, "intervals"),
    Kind("energycap_meters", entities.METER, records),
    Kind("energycap_bills", energycap_bills.BILL, records),
    Kind("meter_digest_monthly", meter_digests.NESTED_MONTHS, records),
    Kind("meter_digest_monthly_results", meter_digests.MONTHS, periods),
    Kind(
        "place_digest_actual_monthly_commodity_results",
        place_digests.COMMODITY_MONTHS,
        commodity_periods,
    ),
    Kind("place_digest_targets", place_digests.TARGETS, targets),
]
TEXTS = st.one_of(
    st.text(max_size=5), st.sampled_from(["\x85", "\u2028", 'é\n"}', "\\", "{", "\x01"])
)
SCALARS = {
    "string": TEXTS.filter(lambda text: "\0" not in text),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.one_of(
        st.integers(-(10**20), 10**20), st.decimals(-(10**9), 10**9, places=3, allow_nan=False)
    ),
    "boolean": st.booleans(),
}


def fitting(schema: Row) -> st.SearchStrategy[Any]:
    """Values that fit a schema."""
    kinds = [kind for kind in schema.get("type", ["string"]) if kind != "null"]
    kind = schema["type"] if isinstance(schema.get("type"), str) else kinds[0]
    if schema.get("format"):
        found = st.sampled_from(["2026-01-01T00:00:00Z", "2026-12-31T23:59:59.123456-05:00"])
    elif kind == "array":
        found = st.lists(fitting(schema.get("items", {})), max_size=2)
    elif kind == "object":
        found = some(schema.get("properties", {}))
    else:
        found = SCALARS[kind]
    return st.one_of(st.none(), found, found, found)


@st.composite
def some(draw: st.DrawFn, fields: Row, most: int = 3) -> Row:
    """Some of the fields."""
    names = sorted(fields.keys() - {"extra"})
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=most)) if names else []
    return {name: draw(fitting(fields[name])) for name in chosen}


def sometimes_new(draw: st.DrawFn) -> Row:
    return {NEW: draw(st.sampled_from([1, None, {"a": ["é"]}]))} if draw(st.booleans()) else {}


def digest(draw: st.DrawFn, rows: NestedRows, depth: int, number: int) -> Row:
    """A digest, or an object in one."""
    level = rows.levels[depth]
    fields = {field.name: rows.schema["properties"][field.name] for field in level.fields}
    found = draw(some(fields)) | dict.fromkeys(level.key, number) | sometimes_new(draw)
    if level.path:
        several = range(1, draw(st.integers(0, 2)) + 1)
        below = [digest(draw, rows, depth + 1, each) for each in (several, [1])[level.holds_one]]
        found[level.path] = below[0] if level.holds_one else below
    return ({"targetComparison": {}} if level.others else {}) | found


def interval(draw: st.DrawFn, number: int) -> Row:
    """An interval of one day, its readings newest first."""
    hours = sorted(draw(st.sets(st.integers(0, 22), max_size=4)), reverse=True)
    fields = schemas.INTERVAL["properties"]["readings"]["items"]["properties"]
    kwh = {name: fields[name] for name in fields.keys() - {"start", "end"}}
    day = f"2026-01-{number:02}T"
    return {
        "meter_uid": "1",
        "uid": f"i{number}",
        "readings": [
            draw(some(kwh))
            | sometimes_new(draw)
            | {"start": f"{day}{hour:02}:00:00.000000-05:00"}
            | {"end": f"{day}{hour:02}:{draw(st.sampled_from(ENDS))}.000000-05:00"}
            for hour in hours
        ],
    }


#: Minutes and seconds of the end of a reading that starts at the full hour.
ENDS = ("15:00", "15:00", "30:00", "00:45")


@st.composite
def pages(draw: st.DrawFn, kind: Kind) -> list[list[Row]]:
    """Pages of records that fit, apart from unknown fields."""
    number, found = 0, []
    for _ in range(draw(st.integers(1, 2))):
        found.append([])
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            if isinstance(kind.fields, NestedRows):
                record = digest(draw, kind.fields, 0, number)
            else:
                key = kind.fields["required"][0]
                fits = int if "integer" in kind.fields["properties"][key]["type"] else str
                record = draw(some(kind.fields["properties"], 6)) | {key: fits(number)}
                record |= interval(draw, number) if kind.rows is readings else sometimes_new(draw)
            found[-1].append(record)
    return found


def written(
    kind: Kind, sent: list[list[Row]], entries: Row, config: Row, *, quick: bool
) -> list[Row]:
    """The rows of a sync that gets these pages."""
    credentials = {"utilityapi_token": "a-good-token", "energycap_api_key": "a-good-key"}
    tap = TapUtilityEnergy(config=credentials | config, catalog=entries)
    stream: Any = tap.streams[kind.stream]
    dumps = partial(simplejson.dumps, use_decimal=True)
    documents = [{kind.records_key: page} if kind.records_key else page for page in sent]
    bodies = [dumps(document).encode() for document in documents]
    page_of = partial(read_page, headers={}, page_format=stream.page_format)
    decoder = stream.decoder
    stream.pages = lambda: (
        page_of(body, credential=stream.client.redactor, decoder=decoder) for body in bodies
    )
    stream.on_last_page = lambda _: None
    stream.changes = mock.MagicMock(
        ends_chunk=lambda number: number == len(bodies), fingerprints={}, window={}
    )
    stream.changes.completed = lambda _: {}
    with (
        redirect_stdout(io.StringIO()) as out,
        mock.patch.object(VendorStream, "uses_fast_path", UNPATCHED if quick else False),
    ):
        stream.sync()
    messages = [simplejson.loads(line, use_decimal=True) for line in out.getvalue().splitlines()]
    return [message["record"] for message in messages if message["type"] == "RECORD"]


UNPATCHED = VendorStream.uses_fast_path
METER_DATA = {kind.stream for kind in KINDS if kind.records_key in {"bills", "intervals"}}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.stream)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_rows_are_those_made_in_the_plainest_way(kind: Kind, data: st.DataObject) -> None:
    sent = data.draw(pages(kind))
    entries, config = catalog([kind.stream]), {}
    (entry,) = [each for each in entries["streams"] if each["tap_stream_id"] == kind.stream]
    nested = [part for part in entry["metadata"] if part["breadcrumb"][2:]]
    parts = {
        part["breadcrumb"][1]: part["metadata"]
        for part in entry["metadata"]
        if part["breadcrumb"] and part not in nested
    }
    fields = [name for name, part in parts.items() if part["inclusion"] == "available"]
    way, left_out = data.draw(st.sampled_from(["", "", "deselect", "map"])), ""
    if way:
        left_out = data.draw(st.sampled_from(fields))
    if way == "deselect":
        parts[left_out]["selected"] = False
    elif way == "map":
        config = {"stream_maps": {kind.stream: {left_out: "__NULL__"}}}

    quick = written(kind, sent, entries, config, quick=True)

    naive = [row for page in sent for record in page for row in kind.rows(record)]
    expected = [{name: row[name] for name in row.keys() - {left_out}} for row in naive]
    assert quick == expected
    assert quick == written(kind, sent, entries, config, quick=False)
