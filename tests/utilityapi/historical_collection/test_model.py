"""All ways in which a collection can go, against a vendor that charges.

A run asks for a meter, is killed or not, keeps its state or not; later runs come a minute, two
days, nine days and forty days after it. No month is charged twice unless the user wants a repeat,
and every meter that is wanted and can be collected is asked for.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tap_utility_energy.utilityapi.historical_collection.journal import Journal
from tap_utility_energy.utilityapi.historical_collection.rules import CollectionConfig
from tap_utility_energy.utilityapi.historical_collection.vendor import CollectionRefusedError
from tests.utilityapi.historical_collection.world import CONFIG, NEW, OLD, World

ANSWERS = ("", "refused", "left out", "lost before", "lost after")
#: How a job shows: after how long, and how it ends.
SIGNS = {
    "at once": (timedelta(seconds=5), "updated"),
    "after 95 seconds": (timedelta(seconds=95), "updated"),
    "after three days": (timedelta(days=3), "updated"),
    "after seven days": (timedelta(days=7), "updated"),
    "by its end alone": (timedelta(seconds=5), "silent"),
    "by its end alone, after a day": (timedelta(days=1), "silent"),
    "not at all": (timedelta(), "nothing"),
    "as a failure": (timedelta(seconds=5), "errored"),
}
KILLS = ("never", "while watching", "before the request", "before the answer", "while waiting")
STATES = ("kept", "lost once", "always lost")
JOURNALS = (True, False)
LATER = {
    "the same": {},
    "more months": {"duration": 36},
    "the vendor's default": {"duration": None},
    "repeated after 30 days": {"repeat_days": 30},
    "repeated once": {"repeat_before": "now"},
    "no waiting": {"wait_seconds": 0},
}
METERS = {"new": NEW, "collected by others": OLD}
PAUSES = (timedelta(minutes=1), timedelta(days=2), timedelta(days=7), timedelta(days=31))


class Killed(BaseException):
    """The process ends."""


@dataclass(frozen=True)
class Case:
    answer: str
    sign: str
    kill: str
    state: str
    has_journal: bool
    later: str
    meter: str

    @property
    def can_forget(self) -> bool:
        """Whether a later run knows of the first request only from what the meter shows."""
        return self.state != "kept" and not self.has_journal


def cases(sign: str) -> Iterator[Case]:
    rest = product(ANSWERS, KILLS, STATES, JOURNALS, LATER, METERS)
    for answer, kill, state, has_journal, later, meter in rest:
        yield Case(answer, sign, kill, state, has_journal, later, meter)


def walk(case: Case, folder: Path) -> World:
    """Do all the runs of a case; the first one is killed at its moment."""
    shows_after, outcome = SIGNS[case.sign]
    mishaps = [case.answer] if case.answer else []
    world = World(METERS[case.meter], shows_after=shows_after, outcome=outcome, mishaps=mishaps)
    first = replace(CONFIG, duration=1, poll_seconds=60)
    if case.meter != "new":
        first = replace(first, repeat_before=world.clock.local_now())
    path = folder / "journal"
    path.unlink(missing_ok=True)
    with suppress(Killed, CollectionRefusedError):
        run(world, first, path if case.has_journal else None, case.kill)
    changes: dict[str, Any] = LATER[case.later]
    if changes.get("repeat_before") == "now":
        changes = {"repeat_before": world.clock.local_now()}
    for number, pause in enumerate(PAUSES):
        world.clock.sleep(pause.total_seconds())
        if case.state == "always lost" or (case.state == "lost once" and number == 0):
            world.state = {}
        before = len(world.vendor.posts)
        with suppress(CollectionRefusedError):
            run(world, replace(first, **changes), path if case.has_journal else None, "never")
        assert len(world.vendor.posts) <= before + 1, "one request per run"
    world.pass_time(days=1)
    return world


def run(world: World, config: CollectionConfig, path: Path | None, kill: str) -> None:
    def die() -> None:
        raise Killed

    vendor, real = world.vendor, world.clock.sleep
    begun = world.clock.now()

    def sleep(seconds: float) -> None:
        is_waiting = world.clock.now() - begun >= 60
        if kill == ("while waiting" if is_waiting else "while watching"):
            raise Killed
        real(seconds)

    world.clock.sleep = sleep  # type: ignore[method-assign]
    vendor.on_request = die if kill == "before the request" else lambda: None
    vendor.on_answer = die if kill == "before the answer" else lambda: None
    try:
        world.run(config, Journal(str(path)) if path else None)
    finally:
        world.clock.sleep = real  # type: ignore[method-assign]
        vendor.on_request = vendor.on_answer = lambda: None


def charged_twice(case: Case, world: World) -> list[tuple[str, int]]:
    """Months that were charged again though nobody wanted them again."""
    charges = world.vendor.charges()
    found = []
    for (uid, month), times in Counter((uid, month) for uid, month, _ in charges).items():
        asked = sorted(at for u, m, at in charges if (u, m) == (uid, month))
        repeats = [
            later
            for later, earlier in zip(asked[1:], asked, strict=False)
            if not is_wanted_again(case, world, earlier, later)
        ]
        if times > 1 and repeats:
            found.append((uid, month))
    return found


def is_wanted_again(case: Case, world: World, earlier: datetime, later: datetime) -> bool:
    """Whether the settings ask for a repeat at that time, by what the vendor's record shows."""
    job = next(job for job in world.vendor.jobs if job.started == earlier)
    last_change = max(earlier, job.ends)
    if case.later == "repeated after 30 days":
        return later - last_change > timedelta(days=30)
    # After the first run, which is over within a quarter of an hour.
    return case.later == "repeated once" and last_change < later


def is_hidden(world: World) -> bool:
    """Whether a job did not show on its meter while a run without memory was watching."""
    first = world.vendor.jobs[0]
    return any(
        job.started < first.shows or (first.outcome == "silent" and job.started < first.ends)
        for job in world.vendor.jobs[1:]
    )


def can_be_collected(case: Case) -> bool:
    """Whether the later runs are to bring it about, whatever happened to the first.

    A request that was never answered is repeated once: not if that is lost as well.
    """
    is_lost_again = case.kill == "before the request" and case.answer == "lost before"
    shows = case.sign in {"at once", "after 95 seconds", "by its end alone"}
    return case.meter == "new" and shows and not is_lost_again


@pytest.mark.parametrize("sign", SIGNS)
def test_no_month_is_charged_twice_and_every_meter_is_asked_for(
    sign: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    caplog.set_level("CRITICAL")
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no machine fails here, and it takes long
    walked = 0
    problems, hidden = [], []
    for case in cases(sign):
        world = walk(case, tmp_path)
        walked += 1
        if charged_twice(case, world):
            (hidden if case.can_forget and is_hidden(world) else problems).append(case)
        if not world.vendor.posts and case.meter == "new":
            problems.append(case)
        if can_be_collected(case) and not world.vendor.is_collected("1"):
            problems.append(case)

    record_property("walked", walked)
    record_property("forgotten", len(hidden))
    assert not problems, problems[:5]
    assert walked == len(ANSWERS) * len(KILLS) * 3 * 2 * len(LATER) * len(METERS)
    # The docs say what is left without a journal: a job that does not show, and a lost state.
    assert bool(hidden) == (SIGNS[sign][0] > timedelta(minutes=2))
