"""The state machine of the historical collection, with a vendor and a clock made for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tap_utility_energy.utilityapi.collection_requests import Meter
from tap_utility_energy.utilityapi.historical_collection import (
    AnswerLost,
    HistoricalCollection,
    NotAsked,
    Wish,
)
from tests.support import FakeClock

NEW = Meter(
    uid="1",
    status="updated",
    status_message="Service exists, but no logs yet.",
    status_ts="2026-01-01T00:00:00+00:00",
    is_activated=False,
    bill_count=0,
    interval_count=0,
)
OLD = replace(NEW, uid="2", is_activated=True, bill_count=13)
WISH = Wish(
    meters=("1",),
    new_meters=False,
    max_meters=10,
    duration=12,
    repeat_after=None,
    wait_seconds=600,
    poll_seconds=15,
)


@dataclass
class FakeVendor:
    """Runs jobs on the clock, and keeps the bill."""

    clock: FakeClock
    meters: dict[str, Meter] = field(default_factory=dict)
    shows_after: float = 5
    takes: float = 100
    ends: str = "updated"
    loses: list[str] = field(default_factory=list)
    refuses: str = ""
    accepts: set[str] | None = None
    bill: list[tuple[str, int | None]] = field(default_factory=list)
    looks: int = 0
    jobs: dict[str, float] = field(default_factory=dict)

    def look(self, uids: Any) -> dict[str, Meter]:
        self.looks += 1
        return {uid: self._now(uid) for uid in uids if uid in self.meters}

    def look_for_new(self) -> dict[str, Meter]:
        return {uid: m for uid, m in self.look(self.meters).items() if not m.is_activated}

    def ask(self, uids: Any, duration: int | None) -> set[str]:
        if self.refuses:
            raise NotAsked(self.refuses)
        mishap = self.loses.pop(0) if self.loses else ""
        if mishap == "before":
            raise AnswerLost("it broke off")
        accepted = set(uids) if self.accepts is None else set(uids) & self.accepts
        for uid in accepted:
            self.bill.append((uid, duration))
            self.jobs[uid] = self.clock.now()
        if mishap == "after":
            raise AnswerLost("it broke off")
        return accepted

    def _now(self, uid: str) -> Meter:
        meter = self.meters[uid]
        if uid not in self.jobs:
            return meter
        age = self.clock.now() - self.jobs[uid]
        if age < self.shows_after:
            return meter
        if age < self.shows_after + self.takes:
            return replace(meter, status="pending", status_ts="2026-07-01T12:00:01+00:00")
        done = replace(meter, status=self.ends, status_ts="2026-07-01T12:30:00+00:00")
        return replace(done, is_activated=True, bill_count=13) if self.ends == "updated" else done


class World:
    """A vendor that stays, and runs of the tap that come and go with or without their state."""

    def __init__(self, *meters: Meter, **vendor: Any) -> None:
        self.clock = FakeClock()
        self.vendor = FakeVendor(self.clock, {meter.uid: meter for meter in meters}, **vendor)
        self.state: list[dict[str, Any]] = []
        self.states: list[list[dict[str, Any]]] = []

    def run(self, wish: Wish = WISH, state: list[dict[str, Any]] | None = None) -> list[dict]:
        collection = self.collection(wish, state)
        collection.run()
        return collection.rows

    def collection(self, wish: Wish, state: list[dict[str, Any]] | None) -> HistoricalCollection:
        remembered = self.state if state is None else state
        return HistoricalCollection(wish, self.vendor, self.clock, remembered, self._remember)

    def _remember(self, requests: list[dict[str, Any]]) -> None:
        self.state = requests
        self.states.append(requests)


def test_a_new_meter_is_asked_for_and_waited_for() -> None:
    world = World(NEW)

    (row,) = world.run()

    assert world.vendor.bill == [("1", 12)]
    assert row == {
        "meter_uid": "1",
        "requested_at": "2026-07-01T12:01:00.000000+00:00",
        "collection_duration": 12,
        "accepted": True,
        "status": "updated",
        "status_message": "Service exists, but no logs yet.",
        "status_ts": "2026-07-01T12:30:00+00:00",
    }
    assert [state[0]["accepted"] for state in world.states[:2]] == [None, True]


def test_a_status_that_was_there_before_proves_nothing() -> None:
    world = World(NEW, shows_after=50, takes=10)

    (row,) = world.run()

    assert row["status_ts"] == "2026-07-01T12:30:00+00:00", "it waited for the job, not for a word"


@pytest.mark.parametrize(
    ("meters", "words"),
    [
        ([], "the vendor does not list it"),
        ([replace(NEW, status="pending")], "a collection is running"),
        ([replace(OLD, uid="1")], "it was collected before"),
        (
            [replace(NEW, status="errored", status_ts="2026-07-01T11:00:00+00:00")],
            "a request for it failed less than a day ago",
        ),
    ],
)
def test_what_is_left_out_is_told_with_its_reason(
    meters: list[Meter], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(*meters)

    with caplog.at_level("INFO"):
        assert not world.run()

    assert not world.vendor.bill
    assert f"meter 1: {words}" in caplog.text
    assert not world.clock.slept, "nothing to watch"


@pytest.mark.parametrize("state", [None, []])
def test_a_second_run_asks_for_nothing_with_or_without_its_state(state: list | None) -> None:
    world = World(NEW)
    world.run()
    world.clock.sleep(10_000_000)

    assert not world.run(state=state)
    assert len(world.vendor.bill) == 1


@pytest.mark.parametrize("state", [None, []])
@pytest.mark.parametrize("after", [0, 1, 59, 61, 104, 106, 700])
def test_a_run_killed_after_it_has_asked_never_asks_again(state: list | None, after: int) -> None:
    world = World(NEW, shows_after=59)
    killed = world.collection(WISH, None)
    with pytest.raises(KeyboardInterrupt):
        kill_after(world, killed, 60.0)
    assert len(world.vendor.bill) == 1
    world.clock.sleep(after or 0.001)

    world.run(state=state)

    assert len(world.vendor.bill) == 1


def kill_after(world: World, collection: HistoricalCollection, seconds: float) -> None:
    """Run until some time has gone by, and no further."""
    end = world.clock.now() + seconds
    real = world.clock.sleep

    def sleep(wanted: float) -> None:
        if world.clock.now() >= end:
            raise KeyboardInterrupt
        real(wanted)

    world.clock.sleep = sleep  # type: ignore[method-assign]
    try:
        collection.run()
    finally:
        world.clock.sleep = real  # type: ignore[method-assign]


def test_a_run_killed_between_its_word_and_the_request_leaves_nothing_unpaid_or_unasked() -> None:
    world = World(NEW)

    def die(*_: object) -> set[str]:
        raise KeyboardInterrupt

    ask, world.vendor.ask = world.vendor.ask, die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.vendor.ask = ask  # type: ignore[method-assign]
    assert world.state[0]["accepted"] is None

    rows = world.run()

    assert [row["accepted"] for row in rows] == [False, True] or [
        row["accepted"] for row in rows
    ] == [True]
    assert len(world.vendor.bill) == 1


def test_an_answer_lost_after_the_job_began_is_not_asked_again() -> None:
    world = World(NEW, loses=["after"], shows_after=58)

    (row,) = world.run()

    assert row["accepted"] is True
    assert len(world.vendor.bill) == 1


def test_an_answer_lost_before_the_job_began_is_asked_again_once_and_after_a_minute() -> None:
    world = World(NEW, loses=["before"])

    first, second = world.run()

    assert (first["accepted"], second["accepted"]) == (False, True)
    assert second["requested_at"] >= "2026-07-01T12:02:00"
    assert len(world.vendor.bill) == 1


def test_two_lost_answers_end_the_asking() -> None:
    world = World(NEW, loses=["before", "before", "before"])

    with pytest.raises(NotAsked, match="meter 1: asked for twice, without a sign of it"):
        world.run()

    assert [request["accepted"] for request in world.state] == [False]
    assert not world.vendor.bill
    assert not world.run(), "at most once a day"
    world.clock.sleep(86_400)
    world.vendor.loses.clear()
    assert [row["accepted"] for row in world.run()] == [True]


def test_a_refusal_is_told_and_repeated_at_most_once_a_day() -> None:
    world = World(NEW, refuses="no money")

    with pytest.raises(NotAsked, match="no money"):
        world.run()
    assert world.state[0]["accepted"] is False
    world.vendor.refuses = ""
    assert not world.run()
    world.clock.sleep(86_400)
    world.run()

    assert len(world.vendor.bill) == 1


def test_meters_that_the_answer_leaves_out_are_named(caplog: pytest.LogCaptureFixture) -> None:
    world = World(NEW, replace(NEW, uid="9"), accepts={"1"})

    rows = world.run(replace(WISH, meters=("1", "9")))

    assert {row["meter_uid"]: row["accepted"] for row in rows} == {"1": True, "9": False}
    assert "meter 9: not accepted" in caplog.text


def test_too_many_meters_are_refused_before_anything_is_asked() -> None:
    world = World(*(replace(NEW, uid=str(number)) for number in range(11)))

    with pytest.raises(NotAsked, match="11 meters are to be collected"):
        world.run(replace(WISH, meters=(), new_meters=True))

    assert not world.vendor.bill
    assert not world.states
    assert not world.clock.slept


@pytest.mark.parametrize(("days", "asked"), [(29, 0), (31, 1)])
def test_a_meter_is_refreshed_after_the_days_that_are_set(days: int, asked: int) -> None:
    ago = (FakeClock().today() - timedelta(days=days)).isoformat()
    world = World(replace(OLD, uid="1", status_ts=ago))

    world.run(replace(WISH, repeat_after=timedelta(days=30)))

    assert len(world.vendor.bill) == asked


def test_the_later_of_request_and_status_counts_for_a_refresh() -> None:
    world = World(NEW)
    world.run()
    world.clock.sleep(31 * 86_400)
    world.vendor.meters["1"] = replace(OLD, uid="1", status_ts=world.clock.today().isoformat())
    world.vendor.jobs.clear()

    world.run(replace(WISH, repeat_after=timedelta(days=30)))

    assert len(world.vendor.bill) == 1


def test_what_is_still_pending_is_completed_by_the_next_run_without_a_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(NEW, takes=5000)

    (row,) = world.run()
    assert row["status"] == "pending"
    assert "meter 1: not done yet" in caplog.text
    asked = world.vendor.looks
    world.clock.sleep(5000)
    (completed,) = world.run()

    assert completed["requested_at"] == row["requested_at"]
    assert completed["status"] == "updated"
    assert world.vendor.looks == asked + 1
    assert len(world.vendor.bill) == 1


def test_no_waiting_at_all_can_be_asked_for() -> None:
    world = World(NEW)

    (row,) = world.run(replace(WISH, wait_seconds=0))

    assert row["accepted"] is True
    assert sum(world.clock.slept) == 60, "the minute of watching alone"


def test_a_change_while_watching_means_that_another_run_has_asked() -> None:
    world = World(NEW, shows_after=30)
    world.vendor.ask(["1"], 12)  # another run, a moment ago

    assert not world.run()
    assert len(world.vendor.bill) == 1


def test_an_errored_collection_is_tried_again_a_day_later() -> None:
    world = World(NEW, ends="errored")
    world.run()
    assert not world.run()
    world.clock.sleep(86_400 * 2)
    world.vendor.jobs.clear()

    world.run()

    assert len(world.vendor.bill) == 2


def test_progress_is_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    world = World(NEW, replace(NEW, uid="9"), takes=500)

    with caplog.at_level("INFO"):
        world.run(replace(WISH, meters=("1", "9"), poll_seconds=1))

    lines = [record.message for record in caplog.records if " done, " in record.message]
    assert 5 <= len(lines) <= 12
    assert lines[0].startswith("0 of 2 meters done, 60 s of 600 s; waiting for 2 meters (1, 9)")
    assert lines[-1].startswith("2 of 2 meters done")


def test_an_unset_duration_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    world = World(NEW)

    world.run(replace(WISH, duration=None))

    assert world.vendor.bill == [("1", None)]
    assert "the vendor's default is charged, up to 36 months" in caplog.text
