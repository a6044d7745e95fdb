"""Whatever a user gives, a run works or ends in a sentence: "unexpected" is for our own faults."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Sandbox
from tap_utility_energy.settings import BASE_URLS, SCHEMA
from tests.support import RESULTS, SUMMARIES, Run, TapRunner, catalog

STREAMS = (
    SUMMARIES,
    RESULTS,
    "energycap_meters",
    "historical_collections",
    "utilityapi_bills",
    "utilityapi_intervals",
    "utilityapi_meters",
)
PREFIX = "TAP_UTILITY_ENERGY_"
FAST = {"utilityapi_requests_per_minute": 100_000, "max_wait_seconds": 1}
#: The others could lead to hosts that are not ours.
NAMES = sorted(SCHEMA["properties"].keys() - set(BASE_URLS) - {"historical_collection_journal"})

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 50),
    st.sampled_from([10**30, -1.5, 1e300, 0.0]),
    st.sampled_from(["", " ", "*", "1", "true", "__NULL__", "2024-02-30", "9999-12-31T23:59:59Z"]),
    st.sampled_from(["uid", "x +", "(" * 300, "\ud800", "\x00", "ä\u2028", "__else__", "a" * 300]),
    st.sampled_from(["FULL_TABLE", "INCREMENTAL", "2024-01-01T00:00:00+00:00", "modifiedDate"]),
)
names = st.sampled_from([
    *("uid", "*", SUMMARIES, "encoding", "storage", "format", "root", "batch_size", "seed"),
    *("__else__", "__alias__", "__filter__", "__key_properties__", "selected", "bookmarks"),
])
odd = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
seeded = settings(
    derandomize=True,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(billing_summaries=6, meters=4, cache_seconds=0, utilityapi_rate_limit=0) as box:
        yield box


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    """What a bookmark of each kind can hold."""
    moment = "2024-01-01T00:00:00+00:00"
    request = {"meter_uid": "1", "requested_at": moment, "accepted": True, "status": "pending"}
    return {
        "bookmarks": {
            "historical_collections": {"requests": [request], "listed": ["1"]},
            "energycap_meters": {
                "replication_key": "modifiedDate",
                "replication_key_value": moment,
                "scope": "",
                "discrepancy": {"lacking": 1, "removed": 0, "runs": 1},
            },
            "utilityapi_bills": {
                "replication_key": "updated",
                "replication_key_value": moment,
                "version": 2,
                "meters": {"1": "abc"},
            },
            "utilityapi_intervals": {
                "replication_key": "updated",
                "replication_key_value": moment,
                "version": 2,
                "meters": {"1": "abc"},
                "window": {},
                "intervals": {"1": ["1_2"]},
            },
            SUMMARIES: {"progress_markers": {"Note": "x"}, "partitions": [{"context": {"a": 1}}]},
        }
    }


def check(run: Run) -> None:
    assert run.exit in {0, 1}
    assert "unexpected" not in run.stderr
    assert "Traceback" not in run.stderr
    assert bool(run.errors) is (run.exit == 1), "a failure is told, and nothing else is one"


def changed(data: st.DataObject, document: Any) -> Any:
    """The document with one value in it replaced, or taken away."""
    document = copy.deepcopy(document)
    thing: Any = document
    while True:
        keys = list(thing) if isinstance(thing, dict) else list(range(len(thing)))
        key = data.draw(st.sampled_from(keys))
        inner = thing[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 4)):
            thing = inner
            continue
        if data.draw(st.integers(0, 3)):
            thing[key] = data.draw(odd)
        else:
            del thing[key]
        return document


@seeded
@given(data=st.data())
def test_odd_settings(tap: TapRunner, box: Sandbox, data: st.DataObject) -> None:
    given = data.draw(st.dictionaries(st.sampled_from(NAMES), odd, min_size=1, max_size=3))

    check(tap(box.tap_config(**FAST) | given, streams=STREAMS))


@seeded
@given(data=st.data())
def test_odd_variables(tap: TapRunner, box: Sandbox, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*NAMES, "no_such", "loglevel", "_select"]))
    value = data.draw(odd)
    text = value if isinstance(value, str) else json.dumps(value)
    text = text.replace("\x00", "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        patch.setenv(PREFIX + name.upper(), text)
        config = {key: value for key, value in box.tap_config(**FAST).items() if key != name}
        path = tap.file("catalog.json", STREAMS_CATALOG)
        check(tap(config, "--config=ENV", "--catalog", path))


STREAMS_CATALOG = catalog(STREAMS)


@seeded
@given(data=st.data())
def test_odd_states(
    tap: TapRunner, box: Sandbox, state: dict[str, Any], data: st.DataObject
) -> None:
    given = changed(data, state)
    config = box.tap_config(
        **FAST,
        start_date="2020-01-01T00:00:00Z",
        historical_collection_enabled=True,
        historical_collection_meters=["1"],
    )

    run = tap(config, state=given, streams=STREAMS)

    assert run.exit in {0, 1}
    assert "unexpected" not in run.stderr
    assert "Traceback" not in run.stderr


@seeded
@given(data=st.data())
def test_odd_catalogs(tap: TapRunner, box: Sandbox, data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(STREAMS))
    (entry,) = (each for each in STREAMS_CATALOG["streams"] if each["tap_stream_id"] == stream)
    given = {"streams": [changed(data, entry)]}

    check(tap(box.tap_config(**FAST), "--catalog", tap.file("odd.json", given)))
