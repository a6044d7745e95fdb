"""The rules of historical collections, with a vendor and a clock made for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tap_utility_energy.utilityapi.historical_collection.requests import Meter
from tap_utility_energy.utilityapi.historical_collection.vendor import (
    CollectionRefusedError,
)
from tests.utilityapi.historical_collection.world import NEW, OLD, World

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_new_meter_is_asked_for_and_waited_for() -> None:
    world = World(NEW, answered_duration=12)

    (row,) = world.run()

    assert world.vendor.posts == [(TODAY + timedelta(seconds=60), ("1",), 12)]
    assert row == {
        "meter_uid": "1",
        "requested_at": "2026-07-01T12:01:00.000000+00:00",
        "collection_duration": 12,
        "collection_duration_answered": 12,
        "accepted": True,
        "status": "updated",
        "status_message": "Service exists, but no logs yet.",
        "status_ts": "2026-07-01T12:02:45+00:00",
    }
    accepted = [[r["accepted"] for r in state["requests"]] for state in world.states]
    assert accepted[:3] == [[], [None], [True]], "it is remembered before it is sent"


@pytest.mark.parametrize(
    ("meter", "words"),
    [
        (replace(NEW, is_archived=True), "it is archived"),
        (replace(NEW, authorization_uid="b"), "not one that utilityapi_authorizations and the"),
        (replace(NEW, status="pending"), "a collection is running"),
        (replace(OLD, status_ts="2026-05-06T07:08:09.5+00:00"), "to 2026-05-06T07:08:10+00:00"),
        (replace(OLD, status_ts="2026-05-06:07:08"), "status_ts cannot be read"),
        (
            replace(NEW, status="errored", status_ts="2026-06-30T12:00:00+00:00"),
            "its collection failed; it is requested again after 2026-07-08T12:00:00+00:00",
        ),
    ],
)
def test_a_meter_that_is_left_out_is_named_with_the_reason(
    meter: Meter, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(meter)

    with caplog.at_level("INFO"):
        assert not world.run(authorizations=frozenset({"a"}))

    assert not world.vendor.posts
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("meter 1: ")
    assert words in line
    assert not world.clock.slept, "there is nothing to watch"


@pytest.mark.parametrize(
    "meter",
    [
        NEW,
        replace(NEW, status="errored"),
        replace(NEW, status_ts=None),
        replace(OLD, bill_count=0, interval_count=0),
    ],
)
def test_a_meter_without_data_is_asked_for(meter: Meter) -> None:
    world = World(meter)

    world.run()

    assert len(world.vendor.posts) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"is_activated": None},
        {"is_activated": "false"},
        {"is_activated": 0},
        {"is_activated": None, "bill_count": None},
        {"is_activated": True, "bill_count": "0"},
        {"is_activated": True, "bill_count": False, "interval_count": False},
        {"is_archived": "no"},
        {"is_archived": []},
        {"is_archived": {}},
        {"status": "pending"},
        {"status": "retrying"},
        {"status": None},
        {"status": 5},
    ],
)
def test_in_doubt_nobody_pays(changes: dict[str, Any]) -> None:
    record = {
        "uid": 1,
        "authorization_uid": "a",
        "is_activated": False,
        "is_archived": False,
        "status": "updated",
        "status_ts": "2026-01-01T00:00:00+00:00",
        "bill_count": 0,
        "interval_count": 3,
    }
    world = World(Meter.of({**record, **changes}))

    world.run()

    assert not world.vendor.posts


@pytest.mark.parametrize(
    "changes",
    [
        {"bill_count": Decimal("0.0"), "interval_count": 10**30},
        {"bill_count": Decimal("1E+999999999"), "interval_count": [Decimal("0.5")]},
        {"status_message": "\ud800", "status_ts": {"\ud800": 1}, "interval_count": "\ud800"},
        {"authorization_uid": 5, "bill_count": None},
    ],
)
def test_whatever_a_record_holds_can_be_remembered(changes: dict[str, Any]) -> None:
    record = {"uid": "1", "is_activated": False, "status": "updated", "bill_count": 0}
    world = World(Meter.of({**record, **changes}), mishaps=["lost before"])

    with pytest.raises(CollectionRefusedError, match="It is unknown"):
        world.run()

    assert json.loads(json.dumps(world.state)) == world.state
    assert json.dumps(world.state, ensure_ascii=False).encode()


def test_a_meter_that_is_not_listed_fails_the_run_and_the_others_are_asked_for() -> None:
    world = World(NEW)

    with pytest.raises(CollectionRefusedError, match="meter 9: UtilityAPI does not list it"):
        world.run(meters=("1", "9"))

    assert [uids for _, uids, _ in world.vendor.posts] == [("1",)]


def test_a_meter_that_was_listed_once_is_a_warning_alone(caplog: pytest.LogCaptureFixture) -> None:
    world = World(OLD)
    world.run()
    world.vendor.meters.clear()

    assert not world.run()

    assert "meter 1: UtilityAPI no longer lists it" in caplog.text


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (None, "has no date"),
        (timedelta(hours=2), "more than an hour apart"),
        (timedelta(days=-60), "more than an hour apart"),
    ],
)
def test_nothing_is_asked_without_the_vendors_time(ahead: timedelta | None, words: str) -> None:
    world = World(NEW, ahead=ahead)

    with pytest.raises(CollectionRefusedError, match=words):
        world.run()

    assert not world.vendor.posts
    assert not world.clock.slept


def test_all_times_are_by_the_vendors_clock() -> None:
    world = World(NEW, ahead=timedelta(minutes=-50))

    (row,) = world.run()

    assert row["requested_at"] == "2026-07-01T11:11:00.000000+00:00"


def test_too_many_meters_are_refused_before_anything_is_asked() -> None:
    world = World(*(replace(NEW, uid=str(number)) for number in range(11)))

    with pytest.raises(CollectionRefusedError, match="11 meters are to be collected"):
        world.run(meters=(), new_meters=True)

    assert not world.vendor.posts


def test_what_it_may_cost_is_bounded_over_thirty_days() -> None:
    world = World(NEW, replace(NEW, uid="2"), replace(NEW, uid="3"))
    bound = {"duration": 12, "max_cost": Decimal(30)}

    world.run(meters=("1", "2"), **bound)
    world.pass_time(days=29.9)
    with pytest.raises(
        CollectionRefusedError, match=r"may cost \$12.00, with \$24.00 in the last 30 days"
    ):
        world.run(meters=("1", "2", "3"), **bound)
    world.pass_time(days=0.2)
    world.run(meters=("1", "2", "3"), **bound)

    assert [uids for _, uids, _ in world.vendor.posts] == [("1", "2"), ("3",)]


@pytest.mark.parametrize(
    ("first", "then", "asked"),
    [
        (1, 36, 2),
        (1, None, 2),
        (12, 12, 1),
        (36, 1, 1),
        (36, None, 1),
        (None, 36, 1),
        (None, None, 1),
    ],
)
def test_more_months_are_asked_for(first: int | None, then: int | None, asked: int) -> None:
    world = World(NEW)

    world.run(duration=first)
    world.run(duration=then)
    world.run(duration=then)

    assert len(world.vendor.posts) == asked


def test_what_was_sent_counts_and_not_what_was_answered() -> None:
    world = World(NEW, answered_duration=12)

    world.run(duration=36)
    assert not world.run(duration=36)
    world.vendor.jobs.clear()
    world.vendor.meters = {"2": replace(NEW, uid="2")}
    world.run(meters=("2",), duration=None)
    (row,) = world.run(meters=("2",), duration=36)

    assert row["collection_duration"] == 36, "the default was 12"


@pytest.mark.parametrize(("days", "asked"), [(29, 1), (31, 2)])
def test_a_repeat_is_due_after_the_days_that_are_set(days: int, asked: int) -> None:
    world = World(NEW)
    world.run()

    world.pass_time(days=days)
    world.run(repeat_days=30)

    assert len(world.vendor.posts) == asked


def test_the_later_of_request_and_status_counts_for_a_repeat() -> None:
    world = World(NEW)
    world.run()
    world.pass_time(days=31)
    world.vendor.meters["1"] = replace(OLD, status_ts=world.clock.local_now().isoformat())
    world.vendor.jobs.clear()

    world.run(repeat_days=30)
    assert len(world.vendor.posts) == 1
    world.pass_time(days=31)
    world.run(repeat_days=30)

    assert len(world.vendor.posts) == 2


def test_a_fixed_moment_repeats_each_meter_once() -> None:
    changes = {"2": "2026-06-30T00:00:00+00:00", "3": "2026-06-01T00:00:00+00:00"}
    world = World(OLD, *(replace(OLD, uid=uid, status_ts=ts) for uid, ts in changes.items()))
    moment = datetime(2026, 6, 1, tzinfo=UTC)

    for _ in range(3):
        world.run(meters=("1", "2", "3"), repeat_before=moment)
        world.pass_time(days=40)

    assert [uids for _, uids, _ in world.vendor.posts] == [("1",)]


def test_a_moment_in_the_future_is_refused() -> None:
    world = World(NEW)

    with pytest.raises(CollectionRefusedError, match="repeat_before is in the future"):
        world.run(repeat_before=TODAY + timedelta(minutes=1))

    assert not world.vendor.posts


def test_new_meters_are_chosen_by_their_own_fields() -> None:
    world = World(
        NEW,
        replace(NEW, uid="2", is_archived=True),
        replace(NEW, uid="3", authorization_uid="b"),
        replace(OLD, uid="4"),
        ignores_filters=True,
    )

    world.run(meters=(), new_meters=True, authorizations=frozenset({"a"}))

    assert [uids for _, uids, _ in world.vendor.posts] == [("1",)]


def test_new_meters_are_repeated_as_named_ones_are() -> None:
    world = World(NEW)

    world.run(meters=(), new_meters=True)
    world.pass_time(days=31)
    world.run(meters=(), new_meters=True, repeat_days=30)

    assert len(world.vendor.posts) == 2


def test_the_vendors_default_is_remembered_beside_longer_requests() -> None:
    world = World(NEW, answered_duration=12)
    world.run(duration=None)
    world.vendor.answered_duration = None
    world.run(duration=24)
    for _ in range(2):
        world.pass_time(days=40)
        world.run(duration=1, repeat_days=30)
    asked = len(world.vendor.posts)

    world.run(duration=None)

    assert len(world.vendor.posts) == asked == 4


def test_the_longest_request_is_remembered_between_shorter_ones() -> None:
    world = World(NEW)
    for months in (12, 24, 12, 12):
        world.run(duration=months, repeat_days=30)
        world.pass_time(days=40)
    asked = len(world.vendor.posts)

    world.run(duration=24)

    assert len(world.vendor.posts) == asked == 4


def test_a_repeat_that_is_not_due_for_a_meter_of_others_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(replace(OLD, status_ts="2026-06-30T00:00:00+00:00"))

    world.run(repeat_days=30)

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "set historical_collection_repeat_before to 2026-06-30T00:00:01" in record.getMessage()
