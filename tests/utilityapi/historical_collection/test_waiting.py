"""How long a run waits for its historical collections, and what it takes for its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tap_utility_energy.utilityapi.historical_collection.vendor import (
    Listing,
)
from tests.utilityapi.historical_collection.world import NEW, OLD, World

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_collection_with_nothing_to_collect_is_waited_for_once_and_briefly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(NEW, outcome="nothing")

    world.run()
    assert sum(world.clock.slept) == 60 + 120
    world.run()
    assert sum(world.clock.slept) == 60 + 120

    assert not [r for r in caplog.records if r.levelname != "INFO"], "nothing to warn of"
    world.pass_time(days=9)
    world.run()
    assert len(world.vendor.posts) == 1


def test_a_pending_meter_is_waited_for_and_completed_by_the_next_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(NEW, takes=timedelta(seconds=5000))

    (row,) = world.run()
    assert row["status"] == "pending"
    assert "meter 1: not done yet" in caplog.text
    assert sum(world.clock.slept) == 60 + 600
    looks = world.vendor.looks
    world.pass_time(seconds=5000)
    (completed,) = world.run()

    assert completed["requested_at"] == row["requested_at"]
    assert completed["status"] == "updated"
    assert world.vendor.looks == looks + 1
    assert len(world.vendor.posts) == 1


def test_no_waiting_can_be_asked_for() -> None:
    world = World(NEW)

    (row,) = world.run(wait_seconds=0)

    assert row["accepted"] is True
    assert sum(world.clock.slept) == 60, "the minute of watching alone"


def test_a_change_while_watching_is_taken_for_another_request() -> None:
    world = World(NEW, shows_after=timedelta(seconds=30))
    world.vendor.request_collection(["1"], 12)  # another run, a moment ago

    assert not world.run()

    assert len(world.vendor.posts) == 1


def test_a_list_that_takes_long_does_not_shorten_the_minute_of_watching(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(NEW, shows_after=timedelta(seconds=100))
    world.vendor.request_collection(["1"], 12)  # another run, a moment ago
    get_meters = world.vendor.get_meters

    def get_slowly(uids: Collection[str]) -> Listing:
        listing = get_meters(uids)
        if world.vendor.looks == 1:
            world.clock.sleep(90)
        return listing

    monkeypatch.setattr(world.vendor, "get_meters", get_slowly)
    world.run()

    assert len(world.vendor.posts) == 1


def test_a_request_is_followed_though_its_meter_is_no_longer_named() -> None:
    world = World(NEW, replace(NEW, uid="2"), outcome="silent")
    world.run(wait_seconds=0)
    world.pass_time(days=1)

    rows = world.run(meters=("2",))

    assert {row["meter_uid"]: row["status"] for row in rows} == {"1": "updated", "2": "updated"}


def test_a_time_of_a_status_that_cannot_be_read_is_left_out() -> None:
    world = World(NEW)
    world.run(wait_seconds=0)
    world.pass_time(days=1)
    world.vendor.jobs.clear()
    world.vendor.meters["1"] = replace(OLD, status_ts="yesterday")

    (row,) = world.run()

    assert (row["status"], row["status_ts"]) == ("updated", None)
