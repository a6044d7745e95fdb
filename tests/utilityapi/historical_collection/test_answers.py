"""The vendor's answers to a request for a historical collection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import SUMMARIES, TapRunner
from tests.utilityapi.historical_collection.command_line import (
    STREAM,
    never_activated,
    posts,
    sync,
    vendor,
)

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


def test_an_answer_that_is_larger_than_allowed_is_settled_by_the_meters(tap: TapRunner) -> None:
    fault = {"method": "POST", "garbage": " " * (1 << 20) + "{}", "after": True}
    with vendor(faults=[fault]) as box:
        meters = never_activated(box)[:1]
        run = sync(tap, box, meters, max_response_megabytes=1)

        assert run.exit == 0, run.stderr
        assert box.bill()["meters"] == dict.fromkeys(meters, 1)
    assert "sent an answer of more than 1 MB, which is max_response_megabytes" in run.stderr


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


@pytest.mark.parametrize("other", [{"status": "pending"}, {"is_activated": True}])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_meter_that_is_listed_twice_and_differs_is_in_doubt(
    tap: TapRunner, other: dict[str, Any], *, is_first: bool
) -> None:
    meter = {"uid": "1", "is_activated": False, "status": "updated", "bill_count": 0}
    listed = [meter | other, meter] if is_first else [meter, meter | other]
    body = json.dumps({"meters": listed, "next": None})
    with vendor(faults=[{"path": "/meters?", "garbage": body, "times": None}]) as box:
        run = sync(tap, box, ["1"], streams=(STREAM,))

        assert not posts(box)
    assert run.exit == 0, run.stderr
    assert "meter 1: this version does not know its status" in run.stderr


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
