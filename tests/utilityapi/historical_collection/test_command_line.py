"""The historical collection through the command line, against a vendor that keeps the bill."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, SUMMARIES, FastClock, Run, TapRunner, catalog

STREAM = "historical_collections"
TIMES = 300  # how much faster than real time the tap and the vendor's jobs run
vendor = partial(
    Sandbox,
    billing_summaries=4,
    meters=3,
    cache_seconds=0,
    utilityapi_rate_limit=0,
    time_scale=TIMES,
    job_seconds=120,
)


def never_activated(box: Sandbox, utility: str = "SDG&E") -> list[str]:
    """Meters that were never activated and can be collected."""
    return [
        meter["uid"]
        for meter in box.truth(only="meters")["meters"]
        if not meter["is_activated"]
        and not meter["is_archived"]
        and meter["utility"] == utility
        and meter["status"] == "updated"
    ]


def sync(
    tap: TapRunner,
    box: Sandbox,
    meters: list[str],
    *arguments: str,
    streams: tuple[str, ...] | None = (SUMMARIES, STREAM),
    state: dict[str, Any] | None = None,
    **settings: Any,
) -> Run:
    config = {
        "utilityapi_requests_per_minute": 100_000,
        "historical_collection_enabled": True,
        "historical_collection_meters": meters,
        "historical_collection_duration": 12,
        **settings,
    }
    # A dry run reads other streams first, and a fast clock would be an hour ahead by then.
    clock = FastClock(1 if "--test" in arguments else TIMES)
    return tap(box.tap_config(**config), *arguments, streams=streams, state=state, clock=clock)


def posts(box: Sandbox) -> list[dict[str, Any]]:
    return [request for request in box.requests() if request["method"] == "POST"]


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


REFUSALS = {
    "required_param_missing": (400, "This looks like a bug in this tap"),
    "invalid_param": (400, "Check the uids"),
    "expired_or_revoked": (400, "ask them for a new authorization"),
    "something_new": (400, "Check the uids"),
    "unauthorized": (401, "Check utilityapi_token"),
    "payment_required": (402, "top it up in UtilityAPI's dashboard settings"),
    "not_found": (404, "Check utilityapi_base_url"),
}


@pytest.mark.parametrize("slug", REFUSALS)
def test_a_refusal_is_one_line_at_once_and_the_last_one(tap: TapRunner, slug: str) -> None:
    status, advice = REFUSALS[slug]
    body = json.dumps({"error": slug, "error_description": "Why not", "url": None})
    rule = {"method": "POST", "status": status, "body": body, "times": None}
    with vendor(faults=[rule | {"content_type": "application/json"}]) as box:
        run = sync(tap, box, never_activated(box)[:1])

        assert len(posts(box)) == 1
        assert not box.bill()["meters"]
    assert run.exit == 1
    assert len(run.records(SUMMARIES)) == 4
    line = f"the collection was refused: UtilityAPI answered {status}: {slug}, Why not. "
    assert run.last_line.startswith(f"{STREAM}: {line}")
    assert advice in run.last_line
    at_once = run.stderr.index(line)
    assert at_once < run.stderr.index("billing_summaries: 4 records")
    assert [row["accepted"] for row in run.records(STREAM)] == [False]


def test_an_empty_balance_says_where_to_top_it_up(tap: TapRunner) -> None:
    with vendor(balance=0) as box:
        run = sync(tap, box, never_activated(box)[:1])
        demo = sync(tap, box, never_activated(box, "DEMO")[:1])

        assert demo.exit == 0, "demo meters are free"
    assert run.exit == 1
    assert "prepaid balance: top it up" in run.last_line


def test_meters_that_the_vendor_leaves_out_are_recorded_as_not_accepted(tap: TapRunner) -> None:
    with vendor() as box:
        listed = box.truth(only="meters")["meters"]
        expired = [m["uid"] for m in listed if m["authorization_uid"].endswith("-4")]
        expired = [uid for uid in expired if uid in never_activated(box, "SMUD")]
        good = never_activated(box)[:1]
        run = sync(tap, box, good + expired)
        again = sync(tap, box, good + expired, state=run.state)

        assert len(posts(box)) == 1, "not before a day has gone by"
    assert (run.exit, again.exit) == (0, 0)
    accepted = {row["meter_uid"]: row["accepted"] for row in run.records(STREAM)}
    assert accepted == dict.fromkeys(good, True) | dict.fromkeys(expired, False)
    assert "UtilityAPI left it out of its answer, probably because the customer" in run.stderr


UNKNOWN = [
    {"lose_after": True},
    {"cut": True, "after": True},
    {"reset": True, "after": True},
    {"hang": 3, "after": True},
    {"interim": 103, "after": True},
    {"garbage": "<html>", "after": True},
    {"garbage": '{"meters": ["1"]}', "after": True},
    {"garbage": '{"success": true}', "after": True},
    {"garbage": '{"success": "true", "meters": []}', "after": True},
    {"garbage": '{"success": true, "meters": [{"uid": "1"}]}', "after": True},
    {"garbage": '{"success": true, "meters": [null]}', "after": True},
    {"garbage": "[" * 100_000, "after": True},
    *(
        {"status": status, "after": True}
        for status in (201, 202, 204, 303, 307, 406, 408, 409, 418, 425, 451, 500, 502, 503, 504)
    ),
    *({"status": status, "after": True} for status in (507, 509, 520, 524, 599)),
]


@pytest.mark.parametrize("delay", [0, 95])
@pytest.mark.parametrize("fault", UNKNOWN, ids=str)
def test_an_answer_that_says_nothing_is_settled_by_the_meters(
    tap: TapRunner, fault: dict[str, Any], delay: int
) -> None:
    with vendor(job_start_delay=delay, faults=[fault | {"method": "POST"}]) as box:
        meters = never_activated(box)[:1]
        run = sync(tap, box, meters, request_timeout=1)

        assert run.exit == 0, run.stderr
        assert len(posts(box)) == 1
        assert box.bill()["meters"] == dict.fromkeys(meters, 1)
    assert [row["accepted"] for row in run.records(STREAM)] == [True]


@pytest.mark.parametrize("fault", [{"lose_before": True}, {"status": 504}, {"status": 202}])
def test_a_request_that_leaves_no_sign_fails_this_run_alone(
    tap: TapRunner, fault: dict[str, Any]
) -> None:
    with vendor(faults=[fault | {"method": "POST"}]) as box:
        meters = never_activated(box)[:1]
        first = sync(tap, box, meters)
        second = sync(tap, box, meters, state=first.state)

        assert len(posts(box)) == 1
        assert not box.bill()["meters"]
    assert [row["accepted"] for row in first.records(STREAM)] == [None]
    assert len(first.records(SUMMARIES)) == 4
    assert first.exit == 1
    assert "It is unknown whether the collection has begun" in first.last_line
    assert "request it once more after" in first.last_line
    assert second.exit == 0
    assert "it was requested and the result is not known yet" in second.stderr


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 415, 422])
def test_what_was_certainly_not_carried_out_is_asked_for_by_the_next_run(
    tap: TapRunner, status: int
) -> None:
    with vendor(faults=[{"method": "POST", "status": status}]) as box:
        meters = never_activated(box)[:1]
        first = sync(tap, box, meters)
        second = sync(tap, box, meters, state=first.state)

        assert box.bill()["meters"] == {meters[0]: 1}
    assert (first.exit, second.exit) == (1, 0)
    assert [row["accepted"] for row in first.records(STREAM)] == [False]
    assert [row["accepted"] for row in second.records(STREAM)] == [True]


def test_meters_in_the_answer_are_compared_as_text(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:2]
        body = json.dumps({"success": True, "meters": [meters[0], 12]})
        box.set_faults([{"method": "POST", "garbage": body}])
        run = sync(tap, box, meters, historical_collection_wait_seconds=0)

    assert {row["meter_uid"]: row["accepted"] for row in run.records(STREAM)} == {
        meters[0]: True,
        meters[1]: False,
    }


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 01 Jan 2024 00:00:00 GMT"])
def test_nothing_is_asked_without_the_vendors_time(tap: TapRunner, date: str) -> None:
    with vendor(utilityapi_date=date) as box:
        run = sync(tap, box, never_activated(box)[:1])

        assert not posts(box)
    assert run.exit == 1
    assert "so nothing is requested" in run.last_line


def test_a_server_that_ignores_filters_is_paid_for_nothing_else(tap: TapRunner) -> None:
    with vendor(ignore_filters=True) as box:
        listed = {meter["uid"]: meter for meter in box.truth(only="meters")["meters"]}
        authorization = listed[never_activated(box)[0]]["authorization_uid"]
        run = sync(
            tap,
            box,
            [],
            historical_collection_new_meters=True,
            utilityapi_authorizations=[authorization],
        )

        charged = [listed[uid] for uid in box.bill()["meters"]]
    assert run.exit == 0, run.stderr
    assert charged
    assert {meter["authorization_uid"] for meter in charged} == {authorization}
    assert not any(meter["is_archived"] or meter["is_activated"] for meter in charged)


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


def test_a_wait_between_two_looks_is_told(tap: TapRunner) -> None:
    with vendor(job_seconds=400) as box:
        meters = never_activated(box)[:1]
        run = sync(tap, box, meters, historical_collection_poll_seconds=300)

    assert run.exit == 0, run.stderr
    assert "waiting for the meters, " in run.stderr


def test_a_look_at_the_status_never_expands_blocks(tap: TapRunner) -> None:
    with vendor() as box:
        sync(tap, box, never_activated(box)[:1], streams=(STREAM,))

        looks = [entry["target"] for entry in box.requests() if "/meters?" in entry["target"]]
    assert looks
    assert not any("expand_meter_blocks" in target for target in looks)


def test_429_waits_and_repeats(tap: TapRunner) -> None:
    rule = {"method": "POST", "status": 429, "headers": {"Retry-After": "30"}, "times": 2}
    with vendor(faults=[rule]) as box:
        meters = never_activated(box)[:1]
        run = sync(tap, box, meters)

        assert run.exit == 0
        assert len(posts(box)) == 3
        assert box.bill()["meters"] == {meters[0]: 1}


def test_a_meter_that_stays_pending_is_completed_by_a_later_run(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:1]
        box.set_jobs(job_stuck_uids="*")
        first = sync(tap, box, meters, historical_collection_wait_seconds=60)
        assert first.exit == 0
        (row,) = first.records(STREAM)
        assert row["status"] == "pending"
        assert f"meter {meters[0]}: not done yet" in first.stderr
        second = sync(tap, box, meters, state=first.state)

        assert len(posts(box)) == 1
        assert second.exit == 0


@pytest.mark.parametrize("keep_state", [True, False])
def test_a_job_that_fails_is_recorded_and_not_repeated_within_eight_days(
    tap: TapRunner, *, keep_state: bool
) -> None:
    with vendor() as box:
        meters = never_activated(box)[:1]
        box.set_jobs(job_fail_uids="*")
        first = sync(tap, box, meters)
        second = sync(tap, box, meters, state=first.state if keep_state else None)

        assert len(posts(box)) == 1
    assert [row["status"] for row in first.records(STREAM)] == ["errored"]
    assert "its collection failed; it is requested again after" in second.stderr


def test_a_job_that_never_says_pending_is_seen_by_its_change(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:1]
        box.set_jobs(job_silent_uids="*")
        run = sync(tap, box, meters)

    assert [row["status"] for row in run.records(STREAM)] == ["updated"]


def test_a_failing_look_is_a_failure_like_any_other(tap: TapRunner) -> None:
    rule = {"path": "/meters", "status": 403, "times": None}
    with vendor(faults=[rule]) as box:
        run = sync(tap, box, ["1"])

        assert not posts(box)
    assert run.exit == 1
    assert len(run.records(SUMMARIES)) == 4
    assert run.last_line.startswith(f"{STREAM}: UtilityAPI answered 403")


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
