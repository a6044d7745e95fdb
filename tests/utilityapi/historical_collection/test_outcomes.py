"""What follows when a historical collection is refused, fails, or its answer is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tap_utility_energy.utilityapi.historical_collection.requests import Request, RequestOutcome
from tap_utility_energy.utilityapi.historical_collection.rules import Plan
from tap_utility_energy.utilityapi.historical_collection.vendor import (
    CollectionRefusedError,
)
from tests.utilityapi.historical_collection.world import NEW, OLD, World

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "outcome", "dollars"),
    [
        ({}, RequestOutcome.OPEN, 48),
        ({"status": "pending", "accepted": True}, RequestOutcome.OPEN, 48),
        ({"collection_duration": 8}, RequestOutcome.OPEN, 12),
        ({"accepted": True, "collection_duration_answered": 24}, RequestOutcome.OPEN, 30),
        ({"accepted": True, "status": "updated"}, RequestOutcome.DONE, 48),
        ({"accepted": True, "status": "errored"}, RequestOutcome.ERRORED, 0),
        ({"accepted": False}, RequestOutcome.REFUSED, 0),
        ({"accepted": False, "status": "updated"}, RequestOutcome.REFUSED, 0),
        ({"accepted": False, "was_left_out": True}, RequestOutcome.LEFT_OUT, 0),
    ],
)
def test_what_a_request_may_have_cost(
    known: dict[str, Any], outcome: RequestOutcome, dollars: int
) -> None:
    request = Request("1", TODAY.isoformat(), **known)

    assert (request.outcome, request.cost) == (outcome, dollars)


@pytest.mark.parametrize(("duration", "dollars"), [(None, 96), (1, 3), (12, 24), (36, 96)])
def test_what_a_plan_may_cost(duration: int | None, dollars: int) -> None:
    plan = Plan([NEW, replace(NEW, uid="2")], {}, duration, Decimal(5))

    assert plan.cost == dollars


@pytest.mark.parametrize("mishap", ["refused", "left out"])
def test_what_was_not_carried_out_costs_nothing(mishap: str) -> None:
    world = World(NEW, mishaps=[mishap])
    bound = {"duration": 36, "max_cost": Decimal(48)}

    try:
        world.run(**bound)
    except CollectionRefusedError:
        assert mishap == "refused"
    world.pass_time(days=1)
    world.run(**bound)

    assert world.vendor.is_collected("1")


def test_what_a_lost_request_may_have_brought_is_not_asked_for_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(OLD, mishaps=["lost before"])
    with suppress(CollectionRefusedError):
        world.run(repeat_before=TODAY - timedelta(days=1))
    # Ongoing monitoring, or the lost request after all.
    world.vendor.meters["1"] = replace(OLD, status_ts=world.clock.local_now().isoformat())
    world.pass_time(days=9)
    caplog.clear()
    world.run()

    assert len(world.vendor.posts) == 1
    (record,) = caplog.records
    assert (record.levelname, "never answered" in record.getMessage()) == ("WARNING", True)


def test_a_job_that_takes_more_than_eight_days_is_followed_to_its_end() -> None:
    world = World(NEW, replace(NEW, uid="2"), takes=timedelta(days=10))
    (row,) = world.run(wait_seconds=60)
    assert row["status"] == "pending"

    world.pass_time(days=11)
    rows = {row["meter_uid"]: row for row in world.run(meters=("2",), wait_seconds=60)}
    assert {uid: row["status"] for uid, row in rows.items()} == {"1": "updated", "2": "pending"}


def test_a_refusal_ends_the_run_with_a_failure_and_the_next_one_asks() -> None:
    world = World(NEW, mishaps=["refused"])

    with pytest.raises(CollectionRefusedError, match="no money"):
        world.run()
    (row,) = world.run()

    assert row["accepted"] is True
    assert len(world.vendor.posts) == 2


def test_a_refused_repeat_is_not_asked_for_when_it_is_no_longer_wanted() -> None:
    world = World(OLD, mishaps=["refused"])

    with pytest.raises(CollectionRefusedError):
        world.run(repeat_before=TODAY)
    world.run()

    assert len(world.vendor.posts) == 1


def test_a_meter_that_is_left_out_is_asked_for_after_a_day(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(NEW, replace(NEW, uid="2"), mishaps=["left out"])

    world.run()
    assert "meter 1: UtilityAPI left it out of its answer" in caplog.text
    world.run(meters=("1", "2"), max_meters=1)
    assert [uids for _, uids, _ in world.vendor.posts] == [("1",), ("2",)], "it does not count"
    world.pass_time(days=1)
    world.run()

    assert world.vendor.is_collected("1")


def test_a_lost_answer_is_settled_by_the_meter() -> None:
    world = World(NEW, mishaps=["lost after"], shows_after=timedelta(seconds=95))

    (row,) = world.run()

    assert row["accepted"] is True
    assert len(world.vendor.posts) == 1


def test_a_lost_answer_without_a_sign_fails_this_run_alone_and_is_never_asked_twice() -> None:
    world = World(NEW, mishaps=["lost after"], shows_after=timedelta(days=3))

    with pytest.raises(
        CollectionRefusedError, match=r"it broke off. It is unknown .* after 2026-07-09"
    ):
        world.run()
    assert not world.run()
    world.pass_time(days=3, seconds=90)
    (row,) = world.run()

    assert row["accepted"] is True
    assert row["status"] == "updated"
    assert len(world.vendor.posts) == 1


def test_a_lost_request_is_asked_for_once_more_after_eight_days() -> None:
    world = World(NEW, mishaps=["lost before"] * 2)

    posts = []
    for days in (0, 7.9, 0.2, 9, 40):
        world.pass_time(days=days)
        with suppress(CollectionRefusedError):
            world.run()
        posts.append(len(world.vendor.posts))
    assert posts == [1, 1, 2, 2, 2]
    world.run(repeat_before=world.clock.local_now())

    assert len(world.vendor.posts) == 3


def test_a_lost_request_that_has_failed_unseen_is_asked_for_once_more() -> None:
    mishaps = ["lost after", "lost before"]
    world = World(NEW, mishaps=mishaps, outcome="errored", shows_after=timedelta(days=1))

    posts = []
    for days in (0, 2, 6.5, 1, 9, 9):
        world.pass_time(days=days)
        with suppress(CollectionRefusedError):
            world.run()
        posts.append(len(world.vendor.posts))

    assert posts == [1, 1, 1, 2, 2, 2], "the vendor retries for a week what has failed"


def test_an_answer_lost_on_a_meter_that_changed_is_not_asked_for_again() -> None:
    world = World(OLD, mishaps=["lost after"], outcome="silent")

    with pytest.raises(CollectionRefusedError):
        world.run(repeat_before=TODAY)
    world.pass_time(days=20)
    world.run(repeat_before=TODAY)

    assert len(world.vendor.posts) == 1


def test_a_request_that_was_lost_twice_is_not_said_to_be_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(NEW, mishaps=["lost before"] * 2)
    for _ in range(2):
        with pytest.raises(CollectionRefusedError):
            world.run()
        world.pass_time(days=9)

    failed_at = world.clock.local_now().isoformat()
    world.vendor.meters["1"] = replace(NEW, status="errored", status_ts=failed_at)
    caplog.clear()
    world.run()

    (words,) = caplog.messages
    assert "it is requested again only if historical_collection_repeat_before is set" in words


def test_a_change_by_monitoring_is_not_the_end_of_a_job_that_has_not_begun() -> None:
    world = World(NEW, shows_after=timedelta(days=3))
    world.run(duration=1)
    activated_at = world.clock.local_now().isoformat()
    world.vendor.meters["1"] = replace(OLD, status_ts=activated_at)

    world.run(duration=12)
    assert len(world.vendor.posts) == 1
    world.pass_time(days=9)
    world.run(duration=12)

    assert [len(job.months) for job in world.vendor.jobs] == [1, 11], "no month is paid twice"


def test_an_errored_collection_is_asked_for_three_times_more_then_only_when_told() -> None:
    world = World(NEW, outcome="errored")

    for _ in range(6):
        world.run()
        world.run()
        world.pass_time(days=9)
    assert len(world.vendor.posts) == 4
    world.run(repeat_before=world.clock.local_now())

    assert len(world.vendor.posts) == 5


def test_a_request_is_followed_though_a_later_one_was_refused() -> None:
    world = World(NEW, mishaps=["lost before", "refused"])
    for days in (0, 9):
        world.pass_time(days=days)
        with pytest.raises(CollectionRefusedError):
            world.run()

    world.vendor.meters["1"] = replace(OLD, status_ts=world.clock.local_now().isoformat())
    world.run()

    assert len(world.vendor.posts) == 2, "it has data now, whoever has asked for them"


def test_a_new_meter_whose_request_was_refused_is_not_repeated() -> None:
    world = World(NEW, mishaps=["refused"])
    with pytest.raises(CollectionRefusedError):
        world.run(meters=(), new_meters=True)

    world.vendor.meters["1"] = OLD  # collected in the dashboard
    world.run(meters=(), new_meters=True, repeat_days=30)

    assert len(world.vendor.posts) == 1
