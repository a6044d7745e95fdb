"""A vendor of historical collections that charges, on a clock that takes no time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tap_utility_energy.utilityapi.historical_collection.journal import Journal
from tap_utility_energy.utilityapi.historical_collection.requests import Meter
from tap_utility_energy.utilityapi.historical_collection.rules import CollectionConfig
from tap_utility_energy.utilityapi.historical_collection.state_machine import HistoricalCollection
from tap_utility_energy.utilityapi.historical_collection.vendor import (
    Answer,
    CollectionRefusedError,
    Listing,
    OutcomeUnknownError,
)
from tests.support import FakeClock

NEW = Meter(
    uid="1",
    authorization_uid="a",
    is_archived=False,
    is_activated=False,
    status="updated",
    status_message="Service exists, but no logs yet.",
    status_ts="2026-01-01T00:00:00+00:00",
    bill_count=0,
    interval_count=0,
)
OLD = replace(NEW, is_activated=True, bill_count=13, status_message="Data refreshed")
CONFIG = CollectionConfig(meters=("1",), duration=12)


@dataclass(frozen=True)
class Job:
    """A collection of one meter: what it charges if it succeeds, and when it shows."""

    uid: str
    months: frozenset[int]
    started: datetime
    shows: datetime
    ends: datetime
    #: ``updated``, ``errored``, ``silent`` (never pending) or ``nothing`` (never seen at all).
    outcome: str


@dataclass
class Vendor:
    """Runs jobs on the clock and keeps the bill."""

    clock: FakeClock
    meters: dict[str, Meter]
    shows_after: timedelta = timedelta(seconds=5)
    takes: timedelta = timedelta(seconds=100)
    outcome: str = "updated"
    #: What happens to the next requests: ``refused``, ``lost before``, ``lost after``, ``left
    #: out``; all others are answered well.
    mishaps: list[str] = field(default_factory=list)
    answered_duration: int | None = None
    ahead: timedelta | None = timedelta()
    ignores_filters: bool = False
    #: Called as a request arrives and before it is answered.
    on_request: Callable[[], None] = lambda: None
    on_answer: Callable[[], None] = lambda: None
    posts: list[tuple[datetime, tuple[str, ...], int | None]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    looks: int = 0

    def get_meters(self, uids: Collection[str]) -> Listing:
        self.looks += 1
        listed = self.meters if self.ignores_filters else [u for u in uids if u in self.meters]
        return self._listing(listed)

    def get_new_meters(self) -> Listing:
        shown = self._listing(self.meters)
        if self.ignores_filters:
            return shown
        return Listing({u: m for u, m in shown.meters.items() if not m.is_activated}, shown.date)

    def request_collection(self, uids: Sequence[str], duration: int | None) -> Answer:
        self.on_request()
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        self.posts.append((self.clock.local_now(), tuple(uids), duration))
        if mishap == "refused":
            raise CollectionRefusedError("no money")
        accepted = () if mishap == "left out" else uids
        if mishap != "lost before":
            self.jobs += [self._job(uid, duration or 36) for uid in accepted]
        self.on_answer()
        if mishap.startswith("lost"):
            raise OutcomeUnknownError("it broke off")
        return Answer(set(accepted), self.answered_duration)

    def charges(self) -> list[tuple[str, int, datetime]]:
        """Every month that was charged: meter, month and when it was asked for."""
        return [
            (job.uid, month, job.started)
            for job in self.jobs
            if job.outcome in {"updated", "silent"}
            for month in sorted(job.months)
        ]

    def is_collected(self, uid: str) -> bool:
        now = self.clock.local_now()
        return any(j.uid == uid and j.ends <= now and j.outcome != "errored" for j in self.jobs)

    def _job(self, uid: str, months: int) -> Job:
        now = self.clock.local_now()
        done = [j.months for j in self.jobs if j.uid == uid and j.ends <= now and _succeeds(j)]
        new = frozenset(range(months)) - frozenset().union(*done)
        shows = now + self.shows_after
        return Job(uid, new, now, shows, shows + self.takes, self.outcome)

    def _listing(self, uids: Collection[str]) -> Listing:
        date = None if self.ahead is None else self.clock.local_now() + self.ahead
        return Listing({uid: self._shown(self.meters[uid]) for uid in uids}, date)

    def _shown(self, meter: Meter) -> Meter:
        for job in self.jobs:
            if job.uid == meter.uid and job.outcome != "nothing":
                meter = self._after(job, meter)
        return meter

    def _after(self, job: Job, meter: Meter) -> Meter:
        now = self.clock.local_now()
        if now < job.shows or (now < job.ends and job.outcome == "silent"):
            return meter
        if now < job.ends:
            return replace(meter, status="pending", status_ts=job.shows.isoformat())
        if job.outcome == "errored":
            return replace(meter, status="errored", status_ts=job.ends.isoformat())
        return replace(
            meter,
            status="updated",
            status_ts=job.ends.isoformat(),
            is_activated=True,
            bill_count=len(job.months),
        )


def _succeeds(job: Job) -> bool:
    return job.outcome in {"updated", "silent"}


class World:
    """A vendor that stays, and runs of the tap that come and go with or without their state."""

    def __init__(self, *meters: Meter, **vendor: Any) -> None:
        self.clock = FakeClock()
        self.vendor = Vendor(self.clock, {meter.uid: meter for meter in meters}, **vendor)
        self.state: dict[str, Any] = {}
        self.states: list[dict[str, Any]] = []
        self.emitted_until: datetime | None = None

    def run(
        self, config: CollectionConfig = CONFIG, journal: Journal | None = None, **changes: Any
    ) -> list[dict[str, Any]]:
        collection = self.collection(replace(config, **changes), journal)
        try:
            collection.run()
        finally:
            rows = collection.rows(self.emitted_until)
            asked_at = [datetime.fromisoformat(row["requested_at"]) for row in rows]
            self.emitted_until = max(filter(None, [self.emitted_until, *asked_at]), default=None)
        return rows

    def collection(
        self, config: CollectionConfig = CONFIG, journal: Journal | None = None
    ) -> HistoricalCollection:
        return HistoricalCollection(
            config,
            self.vendor,
            self.clock,
            sleep=lambda seconds: self.clock.sleep(seconds),  # noqa: PLW0108 - it may be replaced
            state=copy.deepcopy(self.state),
            save=self._save,
            journal=journal,
        )

    def pass_time(self, **units: float) -> None:
        self.clock.sleep(timedelta(**units).total_seconds())

    def _save(self, values: Mapping[str, Any]) -> None:
        self.state = copy.deepcopy(dict(values))
        self.states.append(self.state)
