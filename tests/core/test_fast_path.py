"""The quick way out writes what the SDK's own way would have written."""

from __future__ import annotations

import io
import json
import signal
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import Sandbox
from tap_utility_energy import signals
from tap_utility_energy.core.fast_path import BlockWriter
from tap_utility_energy.core.raw_rows import RawRows
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.http import redaction
from tap_utility_energy.http.decoding import parse
from tap_utility_energy.http.page import read_page
from tap_utility_energy.tap import TapUtilityEnergy
from tap_utility_energy.utilityapi import streams
from tests.odd_values import odd_values
from tests.support import DIGESTS, SUMMARIES, TapRunner, catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_utility_energy.http.page import Page

METERS, READINGS = "energycap_meters", "utilityapi_interval_readings"
KEYS = {SUMMARIES: "uid", DIGESTS: "meterId"}
FIELDS = {
    SUMMARIES: ("meter_uids", "notes", "base", "new_charges", "shut_off_info", "extra", "news"),
    DIGESTS: ("meterCode", "updated", "costUnit", "results", "extra", "näws"),
}
CREDENTIALS = {"utilityapi_token": "a-good-token", "energycap_api_key": "a-good-key"}

numbers = st.one_of(
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from(["1E-8", "1e400", "12345678901234567890.123456789", "-0.0"]).map(Decimal),
)
texts = st.one_of(st.text(max_size=8), st.sampled_from(["\x85", "\u2028", "é\n", '"}', "\\"]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "cost", "days", "new"]), inner, max_size=3),
    ),
    max_leaves=6,
)


@st.composite
def pages(draw: st.DrawFn, stream: str) -> list[bytes]:
    """Answers' bodies, in whatever way JSON can be written."""
    key = st.integers(1, 9) if stream == DIGESTS else st.sampled_from("abcdefghi")
    fields = st.dictionaries(st.sampled_from(FIELDS[stream]), values, max_size=5)
    record = st.builds(lambda key, fields: {**fields, KEYS[stream]: key}, key, fields)
    bodies = []
    for _ in range(draw(st.integers(1, 3))):
        rows: Any = draw(st.lists(record, max_size=5))
        document = rows if stream == DIGESTS else {"next": None, stream: rows}
        text = simplejson.dumps(
            document,
            use_decimal=True,
            ensure_ascii=draw(st.booleans()),
            indent=draw(st.sampled_from([None, 1])),
        )
        text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
        bodies.append(draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode())
    return bodies


SETTINGS = st.sampled_from([
    {},
    {},
    {},
    {"flattening_enabled": True, "flattening_max_depth": 2},
    {"stream_maps": {SUMMARIES: {"uid": "uid", "id": "uid"}, DIGESTS: {"meterId": "meterId"}}},
    {"stream_maps": {SUMMARIES: {"uid": "uid", "__filter__": "uid > 'c'"}}},
    {"stream_maps": {SUMMARIES: None, DIGESTS: None}},
])
CHANGES = st.sampled_from(["", "", "", "deselect", "schema", "type", "boolean", "stream"])


def changed(stream: str, change: str) -> dict[str, Any]:
    """The discovered catalog, changed as a user may change it."""
    found = catalog([stream])
    (entry,) = [each for each in found["streams"] if each["tap_stream_id"] == stream]
    name = FIELDS[stream][0]
    if change in {"deselect", "stream"}:
        place = ["properties", name] if change == "deselect" else []
        (meta,) = [each for each in entry["metadata"] if each["breadcrumb"] == place]
        meta["metadata"]["selected"] = False
    elif change == "schema":
        del entry["schema"]["properties"][name]
    elif change:
        kind = "boolean" if change == "boolean" else ["string", "boolean", "null"]
        entry["schema"]["properties"][name] = {"type": kind}
    return found


def written(
    name: str, bodies: list[bytes], config: dict[str, Any], entries: dict[str, Any], *, quick: bool
) -> list[dict[str, Any]]:
    """The messages of a sync that gets these answers."""
    tap = TapUtilityEnergy(config=CREDENTIALS | config, catalog=entries)
    stream: Any = tap.streams[name]

    def answers() -> Iterator[Page]:
        for body in bodies:
            yield read_page(body, {}, stream.page_format, stream.client.redactor, stream.decoder)

    stream.pages = answers
    stream.on_last_page = lambda _: None
    kind = type(stream)
    with (
        redirect_stdout(io.StringIO()) as out,
        mock.patch.object(kind, "can_repeat", new=True),
        mock.patch.object(kind, "uses_fast_path", kind.uses_fast_path if quick else False),
    ):
        stream.sync()
    text = out.getvalue()
    lines = text.splitlines()
    assert text == "".join(f"{line}\n" for line in lines), "whatever a reader takes for a new line"
    assert text.isascii(), "as the SDK writes"
    messages = [simplejson.loads(line, use_decimal=True) for line in lines]
    for message in messages:
        if message["type"] == "RECORD":
            extracted = datetime.fromisoformat(message.pop("time_extracted"))
            assert datetime.now(UTC) - extracted < timedelta(minutes=1)
    return messages


@pytest.mark.parametrize("stream", [SUMMARIES, DIGESTS])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_ways_write_the_same(stream: str, data: st.DataObject) -> None:
    bodies = data.draw(pages(stream))
    config, entries = data.draw(SETTINGS), changed(stream, data.draw(CHANGES))

    quick = written(stream, bodies, config, entries, quick=True)

    assert quick == written(stream, bodies, config, entries, quick=False)


@pytest.mark.parametrize(
    "number",
    [
        *("0e400", "-0.0E+999999999999999999999", "0e0309", "1e-400", "0.001e-999", "1e-2000"),
        *("0." + "1" * 1000, "1" * 600 + "e-400", "1" * 300 + "." + "1" * 700, "1e-300", "0e-5"),
    ],
)
def test_numbers_that_databases_refuse_are_known_on_both_ways(number: str) -> None:
    place = f'"meterCode": {number}, "new": {number}, "results": [{{"totalCost": {number}}}]'
    bodies = [f'[{{"meterId": 1, {place}}}, {{"meterId": 2}}]'.encode()]

    quick = written(DIGESTS, bodies, {}, catalog([DIGESTS]), quick=True)

    assert quick == written(DIGESTS, bodies, {}, catalog([DIGESTS]), quick=False)


@pytest.mark.parametrize("stream", [SUMMARIES, DIGESTS])
@pytest.mark.parametrize(
    ("config", "change", "is_quick"),
    [
        ({}, "", True),
        ({}, "deselect", True),
        ({}, "stream", False),
        ({}, "type", True),
        ({"flattening_enabled": True, "flattening_max_depth": 1}, "", False),
        ({"stream_maps": {SUMMARIES: {"uid": "uid"}, DIGESTS: {"meterId": "meterId"}}}, "", False),
        ({"emit_activate_version_messages": True}, "", False),
        ({"batch_config": {"encoding": {"format": "jsonl"}, "storage": {"root": "."}}}, "", False),
    ],
)
def test_the_quick_way_is_taken_where_nothing_else_is_asked_for(
    stream: str, config: dict[str, Any], change: str, *, is_quick: bool
) -> None:
    tap = TapUtilityEnergy(config=CREDENTIALS | config, catalog=changed(stream, change))

    assert cast("VendorStream", tap.streams[stream]).uses_fast_path is is_quick


def test_dry_runs_are_the_business_of_the_sdk() -> None:
    stream: Any = TapUtilityEnergy(config=CREDENTIALS, catalog=catalog([SUMMARIES])).streams[
        SUMMARIES
    ]
    stream.ABORT_AT_RECORD_COUNT = 1

    assert not stream.uses_fast_path


def test_a_stream_that_looks_at_its_records_gets_them_whole(tap: TapRunner) -> None:
    entries = catalog([METERS])
    for entry in entries["streams"]:
        entry["replication_method"] = "FULL_TABLE"
    with Sandbox(meters=5, billing_summaries=0) as box:
        run = tap(box.tap_config(), "--catalog", tap.file("catalog.json", entries))

    assert len(run.records(METERS)) == 5
    assert "replication_key_value" in run.messages[-1]["value"]["bookmarks"][METERS]


@pytest.mark.parametrize("kwh", [1, "not a number"])
def test_state_comes_between_pages(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, kwh: object
) -> None:
    def change(record: dict[str, Any]) -> None:
        for reading in record.get("readings", ()):
            reading["kwh"] = kwh

    monkeypatch.setattr(VendorStream, "STATE_MSG_FREQUENCY", 1)
    monkeypatch.setattr(streams.INTERVALS, "meters_at_once", 1)
    with (
        Sandbox(billing_summaries=3, meters=0, interval_days=1) as box,
        odd_values(box, change) as values,
    ):
        run = tap(values.settings(box), streams=[READINGS])

    kinds = [message["type"] for message in run.messages]
    assert "RECORD" in kinds[kinds.index("STATE", kinds.index("RECORD")) :]


def test_a_signal_is_seen_between_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise signals.Stopped(signal.SIGTERM)

    rows = BlockWriter(SUMMARIES, mock.Mock()).write([{"uid": "1"}, {"uid": "2"}])
    next(iter(rows))
    monkeypatch.setattr(signals, "check", stop)

    with pytest.raises(signals.Stopped):
        next(iter(rows))


def test_a_signal_is_seen_within_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        if out.getvalue():
            raise signals.Stopped(signal.SIGTERM)

    monkeypatch.setattr(signals, "check", stop)
    counter, rows = mock.Mock(), RawRows([b'{"uid": "1"}'] * 500)
    with redirect_stdout(io.StringIO()) as out, pytest.raises(signals.Stopped):
        list(BlockWriter(SUMMARIES, counter).write([rows]))

    written = [json.loads(line) for line in out.getvalue().splitlines()]
    assert 0 < len(written) < 200
    assert counter.mock_calls == [mock.call.increment(len(written))]


@pytest.mark.parametrize(
    "rows",
    [
        b'[{"meterId": 1, "updated": "\xff"}]',
        b'[{"meterId": 1, "results": NaN}]',
        b'[{"meterId": 1, "results": [01]}]',
        b'[{"meterId": 1, "updated": "a\nb"}]',
        b'[{"meterId": 1, "results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b"[1]",
        b'{"a": []}',
    ],
)
def test_what_is_not_as_documented_is_refused_on_either_way(rows: bytes) -> None:
    stream: Any = TapUtilityEnergy(config=CREDENTIALS, catalog=catalog([DIGESTS])).streams[DIGESTS]
    for decoder in (stream.decoder, parse):
        with pytest.raises((ValueError, RecursionError)):
            read_page(rows, {}, stream.page_format, stream.client.redactor, decoder)


@pytest.mark.parametrize("name", ["a-good-token", "a\\u002dgood-token"])
def test_a_secret_in_an_answer_is_redacted(name: str) -> None:
    body = b'{"next": null, "billing_summaries": [{"uid": "1", "billing_account_uid": "%b"}]}'
    try:
        messages = written(SUMMARIES, [body % name.encode()], {}, catalog([SUMMARIES]), quick=True)
    finally:
        redaction.forget_secrets()

    (record,) = [message["record"] for message in messages if message["type"] == "RECORD"]
    assert "a-good-token" not in json.dumps(record)


@pytest.mark.parametrize("name", [b"token", rb"t\u006fken"])
def test_a_token_is_never_passed_on(name: bytes) -> None:
    body = b'[{"meterId": 1, "$": "1", "costUnit": {"$": {}}, "results": [{"$": null}]}]'

    messages = written(DIGESTS, [body.replace(b"$", name)], {}, catalog([DIGESTS]), quick=True)

    records = [message["record"] for message in messages if message["type"] == "RECORD"]
    assert records == [{"meterId": 1, "costUnit": {}, "results": [{}]}]


def test_records_are_counted_once(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_LOGLEVEL", "DEBUG")
    with Sandbox(meters=30, billing_summaries=0) as box:
        run = tap(box.tap_config(energycap_page_size=7), streams=[DIGESTS])

    (metric,) = [line for line in run.stderr.splitlines() if '"record_count"' in line]
    assert '"value":30' in metric
