"""The SDK's standard tests, offline, and what they only seem to test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from singer_sdk.testing import SuiteConfig, TapTestRunner, get_tap_test_class

from sandbox import Sandbox
from tap_utility_energy.http import redaction
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.tap import TapUtilityEnergy
from tests.support import TapRunner, by_key, catalog

#: Streams without records unless a setting asks for what they do.
OPTIONAL = {"historical_collections", "utilityapi_bill_files"}
PLACEHOLDER = "http://127.0.0.1:1"
ALL = tuple(TapUtilityEnergy(config={}, validate_config=False).streams)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(
        billing_summaries=200, meters=40, utilityapi_page_limit=90, cache_seconds=0
    ) as box:
        yield box


StandardTests = get_tap_test_class(
    TapUtilityEnergy,
    config={
        "utilityapi_token": "sandbox-utilityapi-token",
        "utilityapi_base_url": f"{PLACEHOLDER}/utilityapi/api/v2",
        "utilityapi_requests_per_minute": 100_000,
        "energycap_api_key": "sandbox.energycap-key==",
        "energycap_base_url": f"{PLACEHOLDER}/energycap",
    },
    parse_env_config=False,
    catalog=catalog(ALL),
    suite_config=SuiteConfig(
        max_records_limit=2000, ignore_no_records_for_streams=sorted(OPTIONAL)
    ),
)


def sync_or_skip(runner: TapTestRunner, sync_all=TapTestRunner.sync_all) -> None:
    """Sync; if a stream fails, skip the suite. It has 700 tests, and each would say the same."""
    try:
        sync_all(runner)
    except FatalError as failed:
        pytest.skip(str(failed))


@pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records:UserWarning")
class TestStandard(StandardTests):
    """The suite asks for one config when tests are collected: the port is put in afterwards."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _point_at_the_sandbox(cls, box: Sandbox) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            discover = TapUtilityEnergy.discover_streams

            def discover_streams(self):
                for name in ("utilityapi_base_url", "energycap_base_url"):
                    self._config[name] = self._config[name].replace(PLACEHOLDER, box.url)
                return discover(self)

            patch.setattr(TapUtilityEnergy, "discover_streams", discover_streams)
            patch.setattr(TapTestRunner, "sync_all", sync_or_skip)
            yield
        redaction.forget_secrets()


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[str, ...]]:
    streams = TapUtilityEnergy(config={}, validate_config=False).streams.values()
    return {stream.name: tuple(stream.primary_keys) for stream in streams}


def test_keys_are_unique_and_never_null(tap: TapRunner, box: Sandbox, keys) -> None:
    config = box.tap_config(utilityapi_requests_per_minute=100_000, energycap_page_size=7)
    run = tap(config, streams=ALL)

    assert run.exit == 0, run.last_line
    for stream, names in keys.items():
        rows = run.records(stream)
        assert rows or stream in OPTIONAL
        assert all(None not in key for key in by_key(rows, *names))


def test_the_final_state_holds_no_progress_markers(tap: TapRunner, box: Sandbox, keys) -> None:
    run = tap(box.tap_config(utilityapi_requests_per_minute=100_000), streams=ALL)

    assert run.messages[-1]["type"] == "STATE"
    bookmarks = run.messages[-1]["value"]["bookmarks"]
    assert bookmarks.keys() == keys.keys() - OPTIONAL
    assert not re.search("progress_marker|starting_replication", run.stdout.splitlines()[-1])


def test_dates_of_the_platform_are_valid_and_all_others_are_text() -> None:
    streams = TapUtilityEnergy(config={}, validate_config=False).streams.values()

    formats = {
        f"{stream.name}.{path}"
        for stream in streams
        for path, schema in walk(stream.schema, "")
        if schema.get("format")
    }

    platform = (
        "billing_summaries: notes.ts",
        "historical_collections: requested_at status_ts",
        "utilityapi_authorizations: created customer_signature.ts declined revoked notes.ts",
        "utilityapi_authorizations: status_ts",
        "utilityapi_billing_accounts: notes.ts",
        "utilityapi_bill_demand: updated",
        "utilityapi_bill_files: updated",
        "utilityapi_bill_line_items: updated",
        "utilityapi_bill_tiers: updated",
        "utilityapi_bill_tou: updated",
        "utilityapi_bills: created updated notes.ts",
        "utilityapi_interval_readings: updated",
        "utilityapi_intervals: created updated notes.ts",
        "utilityapi_meters: created notes.ts status_ts",
        "utilityapi_meters: ongoing_monitoring.next_prepay ongoing_monitoring.next_refresh",
    )
    assert formats == {
        f"{stream}.{path}"
        for stream, _, paths in (line.partition(": ") for line in platform)
        for path in paths.split()
    }


def walk(schema: dict, path: str) -> Iterator[tuple[str, dict]]:
    yield path.strip("."), schema
    for name, part in schema.get("properties", {}).items():
        yield from walk(part, f"{path}.{name}")
    if "items" in schema:
        yield from walk(schema["items"], path)


def test_every_field_is_described_and_only_keys_are_required() -> None:
    for stream in TapUtilityEnergy(config={}, validate_config=False).streams.values():
        assert tuple(stream.schema["required"]) == tuple(stream.primary_keys)
        for path, schema in walk(stream.schema, ""):
            name = path.rsplit(".", 1)[-1]
            top_key = path in stream.primary_keys
            assert not path or "items" in schema or schema.get("type"), path
            if path and not top_key and "description" in schema:
                assert "null" in schema["type"], f"{stream.name}.{name} must be nullable"
        for name, part in stream.schema["properties"].items():
            assert part["description"], f"{stream.name}.{name}"
