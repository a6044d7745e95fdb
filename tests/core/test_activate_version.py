"""A version is activated, so that a loader drops what was not sent, only if all was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, RESULTS, SUMMARIES, Run, TapRunner, catalog

BILLS, ITEMS = "utilityapi_bills", "utilityapi_bill_line_items"
INTERVALS, READINGS = "utilityapi_intervals", "utilityapi_interval_readings"
UNITS, METERS = "energycap_units", "energycap_meters"
COLLECTIONS = "historical_collections"
START = {"start_date": "2020-01-01T00:00:00Z"}


def whole(tap: TapRunner, box: Sandbox, *streams: str, **config: Any) -> Run:
    """Read streams as full tables, with versions."""
    path = tap.file("whole.json", catalog(streams, replication_method="FULL_TABLE"))
    fast = {"utilityapi_requests_per_minute": 100_000}
    settings = box.tap_config(emit_activate_version_messages=True, **fast, **config)
    return tap(settings, "--catalog", path)


def activated(run: Run) -> list[str]:
    return [m["stream"] for m in run.messages if m["type"] == "ACTIVATE_VERSION"]


@pytest.mark.parametrize("stream", [SUMMARIES, BILLS, ITEMS, UNITS, METERS, "utilityapi_meters"])
def test_a_version_is_activated_when_all_was_sent(tap: TapRunner, stream: str) -> None:
    with Sandbox(billing_summaries=20, meters=5, cache_seconds=0) as box:
        run = whole(tap, box, stream)

    assert run.exit == 0, run.stderr
    kinds = [message["type"] for message in run.messages if message.get("stream") == stream]
    assert activated(run) == [stream]
    assert kinds[-2:] == ["RECORD", "ACTIVATE_VERSION"]


@pytest.mark.parametrize(
    ("stream", "config", "reason"),
    [
        (SUMMARIES, {"utilityapi_meters": 1}, "the stream is limited (utilityapi_meters)"),
        (
            SUMMARIES,
            {"utilityapi_authorizations": 1},
            "the stream is limited (utilityapi_authorizations)",
        ),
        (BILLS, {"utilityapi_meters": 1}, "the stream is limited (utilityapi_meters)"),
        (ITEMS, {"utilityapi_authorizations": 1}, "the stream is limited (utilityapi_authorizati"),
        (BILLS, START, "the stream is limited (start_date)"),
        (INTERVALS, {}, "the stream is limited (utilityapi_mixed_intervals is off)"),
        (READINGS, {}, "the stream is limited (utilityapi_mixed_intervals is off)"),
        (
            METERS,
            {"energycap_filters": {METERS: "commodityCode equals 'ELECTRIC'"}},
            "the stream is limited (energy",
        ),
        ("energycap_bills", START, "the stream is limited (start_date)"),
        (DIGESTS, {}, "the stream is limited (digests cover the latest years only"),
        (
            RESULTS,
            {"energycap_number_of_years": 9},
            "the stream is limited (digests cover the latest",
        ),
        (
            SUMMARIES,
            {"stream_maps": {"billing_*": {"__filter__": "uid > '5'"}}},
            "a stream map filters the records",
        ),
    ],
)
def test_no_version_is_activated_when_not_all_was_asked_for(
    tap: TapRunner, stream: str, config: dict[str, Any], reason: str
) -> None:
    with Sandbox(billing_summaries=60, meters=5, cache_seconds=0) as box:
        bill = box.truth(only="bills")["bills"][0]
        uids = {
            "utilityapi_meters": [bill["meter_uid"]],
            "utilityapi_authorizations": [bill["authorization_uid"]],
        }
        run = whole(tap, box, stream, **{name: uids.get(name, config[name]) for name in config})

    assert run.exit == 0, run.stderr
    assert not activated(run)
    assert f"{stream}: no version is activated, so that the loader drops nothing: {reason}" in (
        run.stderr
    )


@pytest.mark.parametrize(
    ("stream", "answer"),
    [
        (SUMMARIES, {"status": 200, "body": '{"billing_summaries": [], "next": null}'}),
        (UNITS, {"status": 204, "body": ""}),
        (UNITS, {"status": 200, "body": "[]"}),
        (METERS, {"status": 204, "body": ""}),
    ],
)
def test_no_version_is_activated_when_nothing_came(
    tap: TapRunner, stream: str, answer: dict[str, Any]
) -> None:
    kind = {"content_type": "application/json", "times": None}
    with Sandbox(faults=[answer | kind]) as box:
        run = whole(tap, box, stream)

    assert run.exit == 0, run.stderr
    assert not run.records(stream)
    assert not activated(run)
    assert "no records arrived" in run.stderr


def test_no_version_is_activated_for_batches(tap: TapRunner, tmp_path: Path) -> None:
    batches = {"encoding": {"format": "jsonl"}, "storage": {"root": tmp_path.as_uri()}}
    with Sandbox(billing_summaries=5, meters=0) as box:
        run = whole(tap, box, SUMMARIES, batch_config=batches)

    assert run.exit == 0, run.stderr
    assert [m["type"] for m in run.messages].count("BATCH") == 1
    assert not activated(run)


def test_a_vendor_without_credential_is_left_alone(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=5, meters=5, cache_seconds=0) as box:
        run = whole(tap, box, SUMMARIES, UNITS, energycap_api_key="")

    assert activated(run) == [SUMMARIES]


def test_the_rows_of_earlier_collections_stay(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=5, meters=5, cache_seconds=0) as box:
        run = whole(
            tap,
            box,
            COLLECTIONS,
            historical_collection_enabled=True,
            historical_collection_new_meters=True,
            historical_collection_max_meters=100,
        )

    assert "the stream is limited (it has the requests of this run only)" in run.stderr
    assert not activated(run)
