"""A catalog that was edited, or is older than the tap, works or is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, RESULTS, SUMMARIES, Run, TapRunner, answer, catalog

ITEMS, BILLS, METERS = "utilityapi_bill_line_items", "utilityapi_bills", "energycap_meters"
READINGS, COLLECTIONS = "utilityapi_interval_readings", "historical_collections"
TOKEN = {"utilityapi_token": "a-good-token"}
FAST = {"utilityapi_requests_per_minute": 100_000}


def entry_of(found: dict[str, Any], stream: str) -> dict[str, Any]:
    (entry,) = [each for each in found["streams"] if each["tap_stream_id"] == stream]
    return entry


def without(entry: dict[str, Any], *names: str) -> None:
    """Let the catalog be older than these fields."""
    for name in names:
        del entry["schema"]["properties"][name]
    entry["metadata"] = [
        part for part in entry["metadata"] if not set(part["breadcrumb"]) & set(names)
    ]


def schema_of(run: Run, stream: str) -> dict[str, Any]:
    (schema,) = [
        message["schema"]
        for message in run.messages
        if message["type"] == "SCHEMA" and message["stream"] == stream
    ]
    return schema


def run_with(tap: TapRunner, box: Sandbox, found: dict[str, Any], **config: Any) -> Run:
    path = tap.file("given.json", found)
    return tap(box.tap_config(**FAST, **config), "--catalog", path)


@pytest.mark.parametrize(
    ("stream", "names"),
    [
        (SUMMARIES, ["base", "new_charges"]),
        (DIGESTS, ["meterCode", "costUnit"]),
        (RESULTS, ["periodName", "totalCost"]),
        (BILLS, ["base", "line_items"]),
        (ITEMS, ["cost", "meter_uid", "source"]),
        (METERS, ["meterCode", "address"]),
    ],
)
@pytest.mark.parametrize("with_extra", [True, False])
def test_fields_that_an_older_catalog_lacks_are_kept_under_extra(
    tap: TapRunner, stream: str, names: list[str], *, with_extra: bool
) -> None:
    found = catalog([stream])
    without(entry_of(found, stream), *names, *["extra"] * (not with_extra))
    with Sandbox(billing_summaries=9, meters=9, cache_seconds=0) as box:
        old = run_with(tap, box, found)
        new = tap(box.tap_config(**FAST), streams=[stream])

    assert old.exit == 0, old.stderr
    assert len(old.records(stream)) == len(new.records(stream)) > 0
    emitted = schema_of(old, stream)["properties"].keys()
    assert "extra" in emitted
    for row, full in zip(old.records(stream), new.records(stream), strict=True):
        assert row.keys() <= emitted
        assert {name: row["extra"][name] for name in names if name in full} == {
            name: full[name] for name in names if name in full
        }
    warnings = [line for line in old.stderr.splitlines() if "the catalog does not name" in line]
    assert len(warnings) == 1
    assert "--refresh-catalog" in warnings[0]


def test_what_is_at_another_level_is_kept_there(tap: TapRunner) -> None:
    found = catalog([RESULTS])
    without(entry_of(found, RESULTS), "meterInfo", "days")
    with Sandbox(billing_summaries=0, meters=5) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    for row in run.records(RESULTS):
        assert "meterInfo" in row["extra"]["meter"]
        assert "days" in row["extra"]


PERIOD = {"calendarYear": 2024, "calendarPeriod": 1, "totalCost": 5}


@pytest.mark.parametrize(
    ("stream", "rule", "place"),
    [
        (SUMMARIES, {"garbage": {"billing_summaries": [{"uid": "1", "new": 7}]}}, []),
        (DIGESTS, answer(json.dumps([{"meterId": 1, "results": [], "new": 7}])), []),
        (RESULTS, answer(json.dumps([{"meterId": 1, "results": [PERIOD], "new": 7}])), ["meter"]),
        (RESULTS, answer(json.dumps([{"meterId": 1, "results": [{**PERIOD, "new": 7}]}])), []),
    ],
)
def test_a_field_of_the_users_own_is_a_field(
    tap: TapRunner, stream: str, rule: dict[str, Any], place: list[str]
) -> None:
    if "garbage" in rule:
        rule = {"garbage": json.dumps(rule["garbage"]), "path": "billing-summaries"}
    found = catalog([stream])
    entry_of(found, stream)["schema"]["properties"]["new"] = {"type": ["integer", "null"]}
    with Sandbox(billing_summaries=1, meters=1, cache_seconds=0) as box:
        box.set_faults([rule | {"times": None}])
        plain = tap(box.tap_config(**FAST), streams=[stream])
        own = run_with(tap, box, found)

    (row,) = plain.records(stream)
    extra = row["extra"]
    for name in place:
        extra = extra[name]
    assert extra == {"new": 7}
    (row,) = own.records(stream)
    assert row["new"] == 7
    assert "extra" not in row


@pytest.mark.parametrize("field", [{}, {"description": "When."}, {"anyOf": [{"type": "string"}]}])
def test_a_replication_key_has_a_type(tap: TapRunner, field: dict[str, Any]) -> None:
    found = catalog([BILLS, METERS])
    for stream, name in ((BILLS, "updated"), (METERS, "modifiedDate")):
        entry_of(found, stream)["schema"]["properties"][name] = field
    with Sandbox(billing_summaries=3, meters=3, cache_seconds=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    assert run.records(BILLS)
    assert len(run.records(METERS)) == 3
    assert schema_of(run, METERS)["properties"]["modifiedDate"]["type"] == ["string", "null"]


def test_a_schema_that_is_nested_too_deep_is_refused(tap: TapRunner) -> None:
    found = catalog([SUMMARIES])
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(200):
        deep = {"type": "object", "properties": {"a": deep}}
    entry_of(found, SUMMARIES)["schema"]["properties"]["mine"] = deep

    run = tap(TOKEN, "--catalog", tap.file("given.json", found))

    assert run.exit == 1
    assert run.errors == [run.last_line]
    assert run.last_line.endswith("given.json: objects in it are nested more than 100 deep")


@pytest.mark.parametrize("stream", [SUMMARIES, BILLS, METERS, RESULTS])
@pytest.mark.parametrize("lacks", ["keys", "fields of keys", "metadata", "replication", "schema"])
def test_what_a_catalog_lacks_is_the_streams_own(tap: TapRunner, stream: str, lacks: str) -> None:
    found = catalog([stream])
    entry = entry_of(found, stream)
    (root,) = [part["metadata"] for part in entry["metadata"] if not part["breadcrumb"]]
    if lacks == "keys":
        del entry["key_properties"], root["table-key-properties"]
    elif lacks == "fields of keys":
        without(entry, *entry["key_properties"])
    elif lacks == "metadata":
        entry["metadata"] = []
    elif lacks == "schema":
        entry["schema"] = {}
    else:
        for name in ("replication_key", "replication_method"):
            entry.pop(name, None)
        root.pop("replication-key", None)
    with Sandbox(billing_summaries=9, meters=9, cache_seconds=0) as box:
        odd = run_with(tap, box, {"streams": [entry]})
        plain = tap(box.tap_config(**FAST), streams=[stream])

    assert odd.exit == 0, odd.stderr
    assert odd.records(stream) == plain.records(stream)
    assert odd.state == plain.state
    (before,) = [m for m in plain.messages if m["type"] == "SCHEMA"]
    (after,) = [m for m in odd.messages if m["type"] == "SCHEMA"]
    assert after["key_properties"] == before["key_properties"]
    assert after["schema"]["properties"].keys() == before["schema"]["properties"].keys()


def test_a_key_is_never_deselected(tap: TapRunner) -> None:
    found = catalog([SUMMARIES])
    for part in entry_of(found, SUMMARIES)["metadata"]:
        if part["breadcrumb"] == ["properties", "uid"]:
            part["metadata"] = {"selected": False}
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    assert all(row["uid"] for row in run.records(SUMMARIES))


@pytest.mark.parametrize(
    ("stream", "change", "line"),
    [
        (
            SUMMARIES,
            {"replication_method": "INCREMENTAL"},
            'replication_method is "INCREMENTAL"; it can be FULL_TABLE',
        ),
        (
            BILLS,
            {"replication_method": "LOG_BASED"},
            'replication_method is "LOG_BASED"; it can be FULL_TABLE or INCREMENTAL',
        ),
        (
            BILLS,
            {"replication_method": "incremental"},
            'replication_method is "incremental"; it can be FULL_TABLE or INCREMENTAL',
        ),
        (
            SUMMARIES,
            {"replication_key": "uid"},
            'replication_key is "uid"; this stream has none',
        ),
        (
            METERS,
            {"replication_key": "meterId"},
            'replication_key is "meterId"; it can be modified',
        ),
        (
            SUMMARIES,
            {"stream": "statements"},
            '"statements" is another name. Rename a stream by the setting stream_maps: {"billing_',
        ),
        (SUMMARIES, {"stream_alias": "statements"}, '"statements" is another name.'),
        (
            SUMMARIES,
            {"key_properties": ["id"]},
            "key_properties has id, which the schema lacks; the key is uid",
        ),
        (
            SUMMARIES,
            {"tap_stream_id": "billing_summary"},
            "there is no such stream; did you mean billing_summaries?",
        ),
    ],
)
def test_what_the_tap_cannot_do_is_refused(
    tap: TapRunner, stream: str, change: dict[str, Any], line: str
) -> None:
    found = catalog([stream], **change)

    run = tap(TOKEN, "--catalog", tap.file("given.json", found))

    assert run.exit == 1
    (error,) = run.errors
    name = change.get("tap_stream_id", stream)
    assert error.startswith(f"--catalog: {name}: {line}")
    assert not run.stdout


@pytest.mark.parametrize("where", ["replication-method", "forced-replication-method"])
def test_a_replication_method_in_the_metadata_counts(tap: TapRunner, where: str) -> None:
    found = catalog([METERS])
    for part in entry_of(found, METERS)["metadata"]:
        if not part["breadcrumb"]:
            part["metadata"][where] = "FULL_TABLE"
    with Sandbox(billing_summaries=0, meters=9) as box:
        first = run_with(tap, box, found)
        path = tap.file("given.json", found)
        second = tap(box.tap_config(), "--catalog", path, state=first.state)

    assert len(first.records(METERS)) == len(second.records(METERS)) == 9


def test_what_is_not_selected_may_be_odd(tap: TapRunner) -> None:
    found = catalog([SUMMARIES])
    entry_of(found, BILLS).update(replication_method="LOG_BASED", stream="b")
    entry_of(found, RESULTS).update(tap_stream_id="gone_stream")
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": {"properties": {"uid": True}}}, "schema.properties.uid: True is not of type"),
        ({"schema": {"properties": []}}, "schema.properties: [] is not of type 'object'"),
        ({"schema": {"type": "objekt", "properties": {}}}, "schema.type: 'objekt' is not"),
        ({"schema": None}, "schema: None is not of type 'object'"),
        ({"metadata": 5}, "metadata: 5 is not of type 'array'"),
        ({"metadata": [{"breadcrumb": []}]}, "'metadata' is a required property"),
        ({"metadata": [{"breadcrumb": "uid", "metadata": {}}]}, "breadcrumb: 'uid' is not of"),
        ({"key_properties": "uid"}, "key_properties: 'uid' is not of type"),
        ({"replication_method": 5}, "replication_method: 5 is not of type"),
        ({"tap_stream_id": None}, "tap_stream_id: None is not of type"),
    ],
)
def test_a_catalog_of_another_form_is_refused(
    tap: TapRunner, change: dict[str, Any], words: str
) -> None:
    entry = {**entry_of(catalog([SUMMARIES]), SUMMARIES), **change}

    run = tap(TOKEN, "--catalog", tap.file("given.json", {"streams": [entry]}))

    assert run.exit == 1
    (error,) = run.errors
    assert "given.json: not a Singer catalog, such as --discover prints: streams.0" in error
    assert words in error
    assert error.endswith(f" (the entry of {entry['tap_stream_id']})")


def test_a_stream_that_comes_twice_is_refused(tap: TapRunner) -> None:
    entry = entry_of(catalog([SUMMARIES]), SUMMARIES)

    run = tap(TOKEN, "--catalog", tap.file("given.json", {"streams": [entry, entry]}))

    assert run.errors[-1].endswith("given.json: it has more than one entry for billing_summaries")


def test_another_key_is_the_users_and_named_in_a_warning(tap: TapRunner) -> None:
    found = catalog([READINGS], key_properties=["interval_uid", "start", "end"])
    with Sandbox(billing_summaries=3, meters=0, cache_seconds=0) as box:
        run = run_with(tap, box, found)

    assert run.exit == 0, run.stderr
    (message,) = [m for m in run.messages if m["type"] == "SCHEMA"]
    assert message["key_properties"] == ["interval_uid", "start", "end"]
    assert message["schema"]["required"] == ["meter_uid", "start", "end"]
    assert (
        f"{READINGS}: the catalog's key is interval_uid, start, end, and this version's "
        "meter_uid, start, end."
    ) in run.stderr
