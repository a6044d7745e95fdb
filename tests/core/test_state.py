"""A state in any form that a user has one is used, and what is none is refused."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import SUMMARIES, TapRunner

METERS, BILLS = "energycap_meters", "utilityapi_bills"
INTERVALS = "utilityapi_intervals"
TOKEN = {"utilityapi_token": "a-good-token"}
FAST = {"utilityapi_requests_per_minute": 100_000}

WRAPPED = {
    "bare": lambda state: state,
    "singer_state": lambda state: {"singer_state": state},
    "value": lambda state: {"value": state},
    "a STATE message": lambda state: {"type": "STATE", "value": state},
    "Meltano's completed": lambda state: {"completed": {"singer_state": state}, "partial": {}},
    "Meltano's partial": lambda state: {"completed": None, "partial": {"singer_state": state}},
    "a partial over a completed": lambda state: {
        "completed": {"singer_state": {"bookmarks": {METERS: {"replication_key": "older"}}}},
        "partial": {"singer_state": state},
    },
    "a message in Meltano's": lambda state: {"singer_state": {"type": "STATE", "value": state}},
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", WRAPPED)
def test_a_state_is_unwrapped(tap: TapRunner, form: str, encoding: str, tmp_path) -> None:
    with Sandbox(meters=10, billing_summaries=0) as box:
        first = tap(box.tap_config(), streams=[METERS])
        path = tmp_path / "state.json"
        path.write_text(json.dumps(WRAPPED[form](first.state)), encoding)
        second = tap(box.tap_config(), "--state", str(path), streams=[METERS])

    assert first.records(METERS)
    assert second.exit == 0, second.stderr
    assert len(second.records(METERS)) < len(first.records(METERS))
    assert second.state["bookmarks"][METERS] == first.state["bookmarks"][METERS]


def test_a_state_can_come_through_stdin(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(meters=10, billing_summaries=0) as box:
        first = tap(box.tap_config(), streams=[METERS])
        data = io.BytesIO(json.dumps(first.state).encode())
        data.name = "<stdin>"  # type: ignore[attr-defined]
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
        second = tap(box.tap_config(), "--state", "-", streams=[METERS])

    assert second.exit == 0, second.stderr
    assert len(second.records(METERS)) < len(first.records(METERS))


@pytest.mark.parametrize(
    "empty", [{}, {"bookmarks": {}}, {"singer_state": {}}, {"completed": {}, "partial": {}}]
)
def test_an_empty_state_is_that_of_a_first_run(tap: TapRunner, empty: dict[str, Any]) -> None:
    with Sandbox(meters=3, billing_summaries=0) as box:
        run = tap(box.tap_config(), streams=[METERS], state=empty)

    assert run.exit == 0, run.stderr
    assert len(run.records(METERS)) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            {"billing_summaries": {}},
            'it has no object "bookmarks". Without --state all is read anew',
        ),
        ({"bookmarks": None}, 'it has no object "bookmarks"'),
        ({"bookmarks": []}, 'it has no object "bookmarks"'),
        ({"bookmarks": {METERS: 5}}, f"the bookmark of {METERS} is no object"),
        ({"singer_state": None}, "not a Singer state"),
        ({"singer_state": {"singer_state": [1]}}, "not a Singer state"),
        ({"type": "STATE", "value": None}, "not a Singer state"),
        ({"type": "SCHEMA", "value": {"bookmarks": {}}}, "not a state but a 'SCHEMA' message"),
        ({"type": "RECORD", "stream": "x", "record": {}}, 'it has no object "bookmarks"'),
        ({"bookmarks": {}, "singer_state": {"bookmarks": {}}}, "remove one of them"),
        ({"value": {}, "singer_state": {}}, "remove one of them"),
    ],
)
def test_what_is_no_state_is_refused(tap: TapRunner, content: dict[str, Any], words: str) -> None:
    run = tap(TOKEN, state=content)

    assert run.exit == 1
    (error,) = run.errors
    assert error.startswith("--state ")
    assert "state.json: " in error
    assert words in error
    assert not run.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the file is empty"),
        ("\ufeff\n", "the file is empty"),
        (
            '{"bookmarks": {}}\n{"bookmarks": {}}\n',
            "not one JSON object but several, line 2 is too much. Of several states the last",
        ),
        ('{"bookmarks": {},}', "not JSON: "),
    ],
)
def test_a_file_that_is_no_json_says_why(
    tap: TapRunner, content: str, words: str, tmp_path
) -> None:
    path = tmp_path / "state.json"
    path.write_text(content, "utf-8")

    run = tap(TOKEN, "--state", str(path))

    assert run.exit == 1
    (error,) = run.errors
    assert error.startswith(f"--state {path}: {words}")


@pytest.mark.parametrize("edited", [5, "1-2", None, [5], {"a": 1}])
def test_edited_periods_of_intervals_mean_nothing(tap: TapRunner, edited: Any) -> None:
    with Sandbox(meters=0, billing_summaries=3, cache_seconds=0, interval_meters=1) as box:
        first = tap(box.tap_config(**FAST), streams=[INTERVALS])
        bookmark = first.state["bookmarks"][INTERVALS]
        periods = dict.fromkeys(bookmark["intervals"], edited)
        state = {"bookmarks": {INTERVALS: {**bookmark, "meters": {}, "intervals": periods}}}
        second = tap(box.tap_config(**FAST), streams=[INTERVALS], state=state)

    assert first.state["bookmarks"][INTERVALS]["intervals"]
    assert second.exit == 0, second.stderr
    assert len(second.records(INTERVALS)) == len(first.records(INTERVALS))
    assert second.state == first.state
    assert "bookmark is read without intervals" in second.stderr


@pytest.mark.parametrize(
    "bookmark",
    [
        {"replication_key": 5},
        {"replication_key": METERS, "replication_key_value": 17},
        {"replication_key": "modifiedDate", "replication_key_value": "yesterday"},
        {"replication_key": "modifiedDate", "replication_key_value": {"a": []}},
        {"replication_key": "updated", "replication_key_value": [None]},
        {"scope": {}},
        {"meters": [1]},
        {"meters": {"1": 2}},
        {"version": 2, "window": {}, "intervals": {"1": 5}},
        {"version": 2, "window": {}, "intervals": {"1": [None]}},
        {"progress_markers": 5},
        {"partitions": {"context": 3}},
        {"partitions": [{"context": {"a": 1}}]},
        {"replication_key_signpost": 3, "starting_replication_value": []},
        {"something": {"else": 1}},
    ],
)
def test_an_edited_bookmark_loses_what_means_nothing(
    tap: TapRunner, bookmark: dict[str, Any]
) -> None:
    state = {"bookmarks": dict.fromkeys([METERS, BILLS, SUMMARIES], bookmark)}
    with Sandbox(meters=3, billing_summaries=3, cache_seconds=0) as box:
        config = box.tap_config(start_date="2020-01-01T00:00:00Z", **FAST)
        run = tap(config, streams=[METERS, BILLS, SUMMARIES], state=state)

    assert run.exit == 0, run.stderr
    assert len(run.records(METERS)) == 3
    assert run.records(BILLS)
    wrong = {"replication_key_value", "scope", "meters", "intervals"} & bookmark.keys()
    wrong |= {name for name in ("replication_key",) if bookmark.get(name) == 5}
    named = [
        line for line in run.stderr.splitlines() if "the state's bookmark is read with" in line
    ]
    assert len(named) == 3 * bool(wrong)
    assert all(name in line for line in named for name in wrong)
