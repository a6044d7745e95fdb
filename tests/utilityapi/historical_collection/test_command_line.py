"""The historical collection through the command line, against a vendor that keeps the bill."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import DIGESTS, SUMMARIES, TapRunner, catalog
from tests.utilityapi.historical_collection.command_line import (
    STREAM,
    never_activated,
    posts,
    sync,
    vendor,
)


def test_the_meters_are_collected_before_extraction_and_recorded(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:2]
        run = sync(tap, box, meters)

        assert run.exit == 0, run.stderr
        assert box.bill()["meters"] == dict.fromkeys(meters, 1)
        (post,) = posts(box)
        assert json.loads(post["body"]) == {"meters": meters, "collection_duration": 12}
        truth = box.truth(only=SUMMARIES)
    assert {row["uid"] for row in run.records(SUMMARIES)} == {r["uid"] for r in truth[SUMMARIES]}
    assert len(truth[SUMMARIES]) > 4, "what was collected was extracted"
    rows = {row["meter_uid"]: row for row in run.records(STREAM)}
    assert rows.keys() == set(meters)
    for row in rows.values():
        assert row["accepted"] is True
        assert row["status"] == "updated"
        assert row["collection_duration"] == 12
        assert row["status_ts"] >= row["requested_at"][:10]


def test_fields_that_an_older_catalog_lacks_go_under_extra(tap: TapRunner) -> None:
    entries = catalog([STREAM])
    (entry,) = [each for each in entries["streams"] if each["tap_stream_id"] == STREAM]
    del entry["schema"]["properties"]["collection_duration"]
    with vendor() as box:
        file = tap.file("older.json", entries)
        run = sync(tap, box, never_activated(box)[:1], "--catalog", file, streams=None)

    (row,) = run.records(STREAM)
    assert "collection_duration" not in row
    assert row["extra"] == {"collection_duration": 12}


def test_the_request_is_remembered_before_and_after_it_and_before_any_record(
    tap: TapRunner,
) -> None:
    with vendor() as box:
        run = sync(tap, box, never_activated(box)[:1])

    kinds = [message["type"] for message in run.messages]
    states = [
        message["value"]["bookmarks"][STREAM]["requests"][0]["accepted"]
        for message in run.messages[: kinds.index("SCHEMA")]
        if message["value"]["bookmarks"][STREAM]["requests"]
    ]
    assert states[:2] == [None, True]


@pytest.mark.parametrize("keep_state", [True, False])
def test_a_second_run_asks_for_nothing_and_keeps_the_earlier_rows(
    tap: TapRunner, *, keep_state: bool
) -> None:
    with vendor() as box:
        meters = never_activated(box)[1:]  # the first has no bills at all
        first = sync(tap, box, meters)
        second = sync(tap, box, meters, state=first.state if keep_state else None)

        assert second.exit == 0
        assert len(posts(box)) == 1
    assert not second.records(STREAM)
    why = "it was collected before" if keep_state else "it has data that no recorded request"
    assert why in second.stderr
    assert "replication_key" in second.state["bookmarks"][STREAM] or not keep_state


def test_a_request_that_an_interrupted_run_made_is_emitted_by_the_next(tap: TapRunner) -> None:
    with vendor(job_nothing_uids="*") as box:
        meters = never_activated(box)[:2]
        first = sync(tap, box, meters)
        kinds = [message["type"] for message in first.messages]
        before_extraction = first.messages[kinds.index("SCHEMA") - 1]["value"]
        second = sync(tap, box, meters, state=before_extraction)
        third = sync(tap, box, meters, state=second.state)

        assert len(posts(box)) == 1
    assert second.records(STREAM) == first.records(STREAM)
    assert len(second.records(STREAM)) == 2
    assert not third.records(STREAM)
    assert "unsorted" not in second.stderr


@pytest.mark.parametrize(
    ("arguments", "streams", "settings"),
    [
        (("--discover",), None, {}),
        (("--about",), None, {}),
        (("--test=schema",), None, {}),
        (("--test",), None, {}),
        ((), (DIGESTS,), {}),
        ((), (SUMMARIES, STREAM), {"historical_collection_enabled": False}),
        ((), None, {"utilityapi_token": ""}),
    ],
)
def test_nothing_is_asked_for_unless_it_is_wanted(
    tap: TapRunner,
    arguments: tuple[str, ...],
    streams: tuple[str, ...] | None,
    settings: dict[str, Any],
) -> None:
    with vendor() as box:
        run = sync(tap, box, never_activated(box)[:1], *arguments, streams=streams, **settings)

        assert run.exit == 0, run.stderr
        assert not posts(box)


def test_a_dry_run_prints_the_plan(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:2]
        run = sync(tap, box, meters, "--test", streams=None)

        assert not posts(box)
    assert run.exit == 0
    lines = [line.split(" | ")[-1] for line in run.stderr.splitlines()]
    first = lines.index("Historical collection: a run would request 2 meters")
    assert lines[first + 1 : first + 4] == [
        *(f"  meter {uid}: 12 months, at most $12.00" for uid in meters),
        "  in all at most $24.00; $0.00 may have been spent in 30 days before",
    ]
    assert "ERROR" not in run.stderr


@pytest.mark.parametrize("is_first", [True, False])
def test_a_dry_run_knows_what_the_state_remembers(
    tap: TapRunner, tmp_path: Path, *, is_first: bool
) -> None:
    with vendor() as box:
        (uid, other) = never_activated(box)[:2]
        asked_at = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%S+00:00}"
        request = {"meter_uid": uid, "requested_at": asked_at, "collection_duration": 12}
        state = tmp_path / "remembered.json"
        state.write_text(json.dumps({"bookmarks": {STREAM: {"requests": [request]}}}))
        arguments = ["--test", "--state", str(state)]
        run = sync(
            tap,
            box,
            [uid, other],
            *(arguments if is_first else [*arguments[1:], "--test"]),
            streams=None,
        )

    assert run.exit == 0
    assert "Historical collection: a run would request 1 meter" in run.stderr
    assert "in all at most $12.00; $12.00 may have been spent in 30 days before" in run.stderr
    assert f"left out: meter {uid}: it was requested and the result is not known yet" in run.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"historical_collection_max_meters": 1}, "2 meters are to be collected"),
        ({"historical_collection_max_cost": 23.99}, "This may cost $24.00, with $0.00 in the"),
        ({"historical_collection_meters": ["no-such-meter"]}, "meter no-such-meter: UtilityAPI"),
    ],
)
@pytest.mark.parametrize("is_dry", [True, False])
def test_what_forbids_a_collection_ends_a_dry_run_and_a_real_one(
    tap: TapRunner, settings: dict[str, Any], words: str, *, is_dry: bool
) -> None:
    with vendor() as box:
        arguments = ("--test",) if is_dry else ()
        meters = never_activated(box)[:2]
        run = sync(tap, box, meters, *arguments, streams=None, **settings)

        assert not posts(box)
    assert run.exit == 1
    assert run.last_line.startswith(f"{STREAM}: ")
    assert words in run.last_line
    assert is_dry or len(run.records(SUMMARIES)) == 4, "reading is free"


def test_the_record_stream_alone_counts(tap: TapRunner) -> None:
    with vendor() as box:
        run = sync(tap, box, never_activated(box)[:1], streams=(STREAM,))

        assert len(posts(box)) == 1
    assert len(run.records(STREAM)) == 1


def test_it_is_asked_for_though_the_record_stream_is_not_selected(tap: TapRunner) -> None:
    with vendor() as box:
        run = sync(tap, box, never_activated(box)[:1], streams=(SUMMARIES,))

        assert len(posts(box)) == 1
    assert run.state["bookmarks"][STREAM]["requests"][0]["accepted"] is True


def test_all_new_meters_of_the_chosen_authorizations(tap: TapRunner) -> None:
    with vendor() as box:
        listed = box.truth(only="meters")["meters"]
        (authorization,) = {
            meter["authorization_uid"] for meter in listed if meter["uid"] in never_activated(box)
        }
        run = sync(
            tap,
            box,
            [],
            historical_collection_new_meters=True,
            utilityapi_authorizations=[authorization],
        )

        assert run.exit == 0, run.stderr
        assert box.bill()["meters"] == dict.fromkeys(box.bill()["meters"], 1)
        assert set(never_activated(box)) == set()
        archived = {meter["uid"] for meter in listed if meter["is_archived"]}
        assert not archived & box.bill()["meters"].keys()


def test_a_meter_that_monitoring_has_activated_is_collected_once_when_told(tap: TapRunner) -> None:
    with vendor() as box:
        uid = never_activated(box)[1]
        box.advance("monitor_meter", meter=uid)
        first = sync(tap, box, [uid])
        (words,) = [line for line in first.stderr.splitlines() if "ongoing monitoring" in line]
        moment = words.split("historical_collection_repeat_before to ")[1]
        told = {"historical_collection_repeat_before": moment}
        state = first.state
        for _ in range(2):
            run = sync(tap, box, [uid], state=state, **told)
            assert run.exit == 0, run.stderr
            state = run.state

        assert box.bill()["meters"] == {uid: 1}
    assert first.exit == 0
    assert "WARNING" in words


def test_a_journal_makes_up_for_a_lost_state(tap: TapRunner, tmp_path: Path) -> None:
    journal = {"historical_collection_journal": str(tmp_path / "journal.jsonl")}
    with vendor(job_nothing_uids="*") as box:
        meters = never_activated(box)[:2]
        for _ in range(2):
            run = sync(tap, box, meters, **journal)
            assert run.exit == 0, run.stderr

        assert len(posts(box)) == 1


def test_nothing_of_it_is_seen_unless_it_is_enabled(tap: TapRunner) -> None:
    with vendor() as box:
        run = tap(box.tap_config(utilityapi_requests_per_minute=100_000))

    assert run.exit == 0
    assert STREAM not in run.stdout


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"historical_collection_enabled": True},
            (
                "historical_collection_enabled: name the meters in historical_collection_meters, "
                "or set historical_collection_new_meters"
            ),
        ),
        (
            {"historical_collection_duration": 37},
            "historical_collection_duration: it must be at most 36, not 37",
        ),
        (
            {"historical_collection_max_cost": "thirty"},
            'historical_collection_max_cost: it must be a number, not "thirty"',
        ),
        (
            {"historical_collection_journal": "a\0b"},
            "historical_collection_journal: a file name has no control characters",
        ),
        (
            {"historical_collection_max_cost": 0},
            "historical_collection_max_cost: it must be more than 0, not 0",
        ),
        (
            {"historical_collection_repeat_before": "2026-07-01"},
            (
                "historical_collection_repeat_before: '2026-07-01' is not a time with an offset, "
                "such as 2026-07-01T00:00:00Z. Put it in quotes in meltano.yml"
            ),
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    tap: TapRunner, settings: dict[str, Any], line: str
) -> None:
    run = tap({"utilityapi_token": "a-good-token", **settings})

    assert run.exit == 1
    assert run.errors == [line]
