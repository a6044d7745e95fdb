"""The example of docs/personal-data.md keeps back what the page says it keeps back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.examples import example
from tests.odd_values import odd_values
from tests.support import TapRunner, catalog

PAGE = Path(__file__).parent.parent / "docs" / "personal-data.md"
NAMES = ("authorizations", "meters", "billing_accounts", "bills", "intervals")
SUMMARIES = "billing_summaries"
DROPPED = {
    "raw_url",
    "billing_contact",
    "billing_address",
    "service_address",
    "customer_email",
    "user_email",
    "full_name",
    "nickname",
}
HASHED = {"billing_account"}


def stream_maps() -> dict[str, Any]:
    text = example("docs/personal-data.md#hash-or-drop-it-on-the-way yaml 1")
    return json.loads(json.dumps(YAML(typ="safe").load(text)))


def values(thing: Any, names: set[str]) -> set[str]:
    """What stands under these names, however deep."""
    if isinstance(thing, list):
        return {value for part in thing for value in values(part, names)}
    if not isinstance(thing, dict):
        return set()
    own = {thing[name] for name in names & thing.keys() if thing[name]}
    return own.union(*(values(part, names) for part in thing.values()))


def test_the_example_drops_and_hashes_what_the_page_says(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=60, meters=0, cache_seconds=0) as box:
        fast = {"utilityapi_requests_per_minute": 100_000}
        config = box.tap_config(**fast, utilityapi_mixed_intervals=True) | stream_maps()
        names = (*NAMES, SUMMARIES)
        streams = [*(f"utilityapi_{name}" for name in NAMES), SUMMARIES]
        run = tap(config, streams=streams)
        truth = box.truth(only=",".join(names))

    assert run.exit == 0, run.stderr
    for name, stream in zip(names, streams, strict=True):
        rows = run.records(stream)
        assert len(rows) == len(truth[name])
        assert not values(rows, DROPPED), stream
        if accounts := values(truth[name], HASHED):
            hashes = values(rows, HASHED)
            assert len(hashes) == len(accounts)
            assert all(re.fullmatch("[0-9a-f]{64}", text) for text in hashes)
    secrets = values(truth, DROPPED | HASHED)
    assert len(secrets) > 20
    written = json.dumps([run.records(stream) for stream in streams], default=str)
    assert not [text for text in secrets if json.dumps(text)[1:-1] in written]
    accounts = [row["base"]["billing_account"] for row in run.records("utilityapi_bills")]
    known = {row["base"]["billing_account"] for row in run.records("utilityapi_billing_accounts")}
    assert known <= set(accounts), "hashes still join"


def test_the_example_works_with_the_streams_that_are_selected_by_default(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=60, meters=5, cache_seconds=0) as box:
        run = tap(box.tap_config(utilityapi_requests_per_minute=100_000) | stream_maps())
        truth = box.truth(only=",".join((*NAMES, SUMMARIES)))

    assert run.exit == 0, run.stderr
    rows = [message["record"] for message in run.messages if message["type"] == "RECORD"]
    of_utilityapi = [row for row in rows if "uid" in row or "bill_uid" in row]
    assert not values(of_utilityapi, DROPPED)
    written = json.dumps(of_utilityapi, default=str)
    secrets = values(truth, DROPPED | HASHED)
    assert len(secrets) > 20
    assert not [text for text in secrets if json.dumps(text)[1:-1] in written]


def listed(record: Any) -> None:
    """Make a list of every value that is not to be seen, as a vendor may do some day."""
    for name, value in record.items() if isinstance(record, dict) else ():
        if name in DROPPED | HASHED:
            record[name] = [value]
        for part in value if isinstance(value, list) else [value]:
            listed(part)


def test_values_of_another_type_than_declared_are_kept_back_as_well(tap: TapRunner) -> None:
    streams = [*(f"utilityapi_{name}" for name in NAMES), SUMMARIES]
    with Sandbox(billing_summaries=60, meters=0, cache_seconds=0) as box:
        with odd_values(box, listed) as values_sent:
            run = tap(values_sent.settings(box) | stream_maps(), streams=streams)
        truth = box.truth(only=",".join((*NAMES, SUMMARIES)))

    assert run.exit == 0, run.stderr
    assert "left out, because a part is deselected or a stream map changes the field" in run.stderr
    secrets = values(truth, DROPPED | HASHED)
    assert len(secrets) > 20
    written = json.dumps([run.records(stream) for stream in streams], default=str)
    assert not [text for text in secrets if json.dumps(text)[1:-1] in written]


def test_every_field_that_the_page_names_is_one_of_the_stream() -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    found = catalog([stream for stream, _ in rows])
    schemas = {entry["tap_stream_id"]: entry["schema"] for entry in found["streams"]}

    assert len(rows) == 15
    for stream, cells in rows:
        for field in re.findall(r"`([^`]+)`", cells):
            part = schemas[stream]
            for name in field.split("."):
                part = part["properties"][name.removesuffix("[]")]
                part = part["items"] if name.endswith("[]") else part
