"""Runs at random, each of which can be killed, refused or lost, while monitoring goes on as well.

`test_model` walks all ways of one request; this looks for what several of them do together.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tap_utility_energy.utilityapi.historical_collection.journal import Journal
from tap_utility_energy.utilityapi.historical_collection.rules import CollectionConfig
from tap_utility_energy.utilityapi.historical_collection.vendor import CollectionRefusedError
from tests.utilityapi.historical_collection.world import CONFIG, NEW, OLD, Job, World

SHOWS_AFTER = [
    timedelta(seconds=5),
    timedelta(seconds=95),
    timedelta(hours=1),
    timedelta(days=3),
    timedelta(days=6, hours=12),
]
TAKES = [timedelta(seconds=1), timedelta(seconds=100), timedelta(days=1)]
OUTCOMES = ["updated"] * 5 + ["silent", "nothing", "errored"]
MISHAPS = ["", "", "", "refused", "left out", "lost before", "lost after"]
KILLS = ["", "", "", "watching", "before the request", "before the answer", "waiting"]
PAUSES = [timedelta(minutes=1), timedelta(hours=1), *(timedelta(days=n) for n in (1, 2, 7, 9, 31))]


class Killed(BaseException):
    """The process ends."""


class Story:
    """Some runs for one to three meters; the state is kept, or a journal is."""

    def __init__(self, seed: int, path: Path) -> None:
        self._random = Random(seed)
        uids = "123"[: self._random.randint(1, 3)]
        self.world = World(*(replace(self._random.choice([NEW, NEW, OLD]), uid=u) for u in uids))
        self._has_journal = self._random.random() < 0.5
        self._path = path
        self._config_of: dict[int, CollectionConfig] = {}

    def tell(self) -> None:
        for _ in range(self._random.randint(2, 9)):
            requests, jobs = len(self.world.vendor.posts), len(self.world.vendor.jobs)
            config = self._config()
            self._run(config)
            assert len(self.world.vendor.posts) <= requests + 1, "one request per run"
            self._config_of |= {id(job): config for job in self.world.vendor.jobs[jobs:]}
            self._monitor()
            self.world.clock.sleep(self._random.choice(PAUSES).total_seconds())
            if self._has_journal and self._random.random() < 0.3:
                self.world.state = {}

    def charged_twice(self) -> list[tuple[Job, Job]]:
        """Pairs of jobs that charged the same months, though no repeat was wanted."""
        jobs = [job for job in self.world.vendor.jobs if job.outcome in {"updated", "silent"}]
        return [
            (earlier, later)
            for number, later in enumerate(jobs)
            for earlier in jobs[:number]
            if earlier.uid == later.uid
            and earlier.months & later.months
            and not self._is_repeat(earlier, later)
        ]

    def _is_repeat(self, earlier: Job, later: Job) -> bool:
        config = self._config_of[id(later)]
        last_change = max(earlier.started, earlier.ends)
        is_due = config.repeat_days and later.started - last_change >= timedelta(config.repeat_days)
        return bool(is_due or (config.repeat_before and last_change < config.repeat_before))

    def _config(self) -> CollectionConfig:
        choose, now = self._random.choice, self.world.clock.local_now()
        return replace(
            CONFIG,
            meters=tuple(uid for uid in self.world.vendor.meters if choose([True, True, False])),
            new_meters=choose([True, False]),
            duration=choose([1, 1, 12, 36, None]),
            poll_seconds=60,
            wait_seconds=choose([0, 600]),
            repeat_days=choose([None] * 6 + [5, 30]),
            repeat_before=choose([None] * 6 + [now, now - timedelta(days=10)]),
        )

    def _run(self, config: CollectionConfig) -> None:
        vendor, clock, choose = self.world.vendor, self.world.clock, self._random.choice
        vendor.shows_after, vendor.takes = choose(SHOWS_AFTER), choose(TAKES)
        vendor.outcome, vendor.mishaps = choose(OUTCOMES), list(filter(None, [choose(MISHAPS)]))
        kill = choose(KILLS)
        begun, real = clock.now(), clock.sleep

        def die() -> None:
            raise Killed

        def sleep(seconds: float) -> None:
            if kill == ("waiting" if clock.now() - begun >= 60 else "watching"):
                raise Killed
            real(seconds)

        clock.sleep = sleep  # type: ignore[method-assign]
        vendor.on_request = die if kill == "before the request" else lambda: None
        vendor.on_answer = die if kill == "before the answer" else lambda: None
        with suppress(Killed, CollectionRefusedError):
            self.world.run(config, Journal(str(self._path)) if self._has_journal else None)
        clock.sleep = real  # type: ignore[method-assign]

    def _monitor(self) -> None:
        """Now and then ongoing monitoring, or another program, changes a meter."""
        if self._random.random() > 0.3:
            return
        uid = self._random.choice(list(self.world.vendor.meters))
        meter = self.world.vendor.meters[uid]
        changes = self._random.choice([{"is_activated": True, "bill_count": 1}, {}])
        now: datetime = self.world.clock.local_now()
        self.world.vendor.meters[uid] = replace(meter, status_ts=now.isoformat(), **changes)


def test_no_month_is_charged_twice_however_runs_go(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("CRITICAL")
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no machine fails here, and it takes long
    charged = 0
    for seed in range(1000):
        story = Story(seed, tmp_path / str(seed))
        story.tell()
        assert not story.charged_twice(), seed
        charged += len(story.world.vendor.charges())
    assert charged > 10_000, "most of what is wanted is collected"
