"""Historical collections as they run, and the bill for them (docs/api/meters/...-collection)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from sandbox.options import SandboxOptions
    from sandbox.timeline import Timeline
    from sandbox.utilityapi.data.platform import Platform
    from sandbox.utilityapi.data.services import Service

# The older page says 36 and is the dearer one.
DEFAULT_MONTHS = 36
_DONE = "done"
RULES = (
    "balance",
    "job_start_delay",
    "job_seconds",
    "job_fail_uids",
    "job_stuck_uids",
    "job_silent_uids",
    "job_nothing_uids",
)


def price(months: int) -> Decimal:
    """What a collection of a number of months costs, in dollars (utilityapi.com/pricing)."""
    if months <= 7:
        return Decimal("1.50") * months
    return Decimal(12) + Decimal("1.50") * max(0, months - 12)


class Step(NamedTuple):
    """What a job comes to at a time: a message, or none, and the bill period's end it collects."""

    at: float
    message: str
    end: dt.date | None = None


@dataclass
class Job:
    """A collection for one meter; times in sandbox seconds."""

    service: Service
    months: int
    cost: Decimal
    started: float
    shows: float
    ends: float
    outcome: str
    status: str = "waiting"
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Order:
    """An accepted request: a line of the bill, `t` in sandbox seconds."""

    t: float
    duration: int | None
    jobs: tuple[Job, ...]

    @property
    def cost(self) -> Decimal:
        """What is charged, in dollars; a collection that fails is not."""
        free = {"errored", "nothing"}
        return sum((job.cost for job in self.jobs if job.outcome not in free), Decimal("0.00"))


class Collections:
    """Starts jobs, moves them on as time passes, and keeps the bill."""

    def __init__(self, options: SandboxOptions, platform: Platform, timeline: Timeline) -> None:
        """Begin with nothing running and nothing billed."""
        self.rules = options
        self._platform = platform
        self._timeline = timeline
        self._orders: list[Order] = []

    @property
    def balance(self) -> Decimal:
        """What is left of the prepaid balance, in dollars."""
        spent = sum((order.cost for order in self._orders), Decimal("0.00"))
        return Decimal(str(self.rules.balance)) - spent

    def change_rules(self, changes: object) -> None:
        """Change options of jobs to come, by their names."""
        if not isinstance(changes, dict):
            raise TypeError("the rules of jobs are an object")
        if unknown := set(changes) - set(RULES):
            raise ValueError(f"{sorted(unknown)}: none of {', '.join(RULES)}")
        plain = {k: float(v) if isinstance(v, Decimal) else v for k, v in changes.items()}
        self.rules = dataclasses.replace(self.rules, **plain)  # type: ignore[arg-type]

    def is_free(self, service: Service) -> bool:
        """Tell whether collecting a meter costs nothing."""
        return service.consent.authorization.utility.id == "DEMO"

    def start(self, services: Sequence[Service], duration: int | None) -> None:
        """Start a job for every service given, each time it is given, and bill them."""
        now = self._timeline.seconds
        jobs = tuple(self._job(service, duration or DEFAULT_MONTHS, now) for service in services)
        self._orders.append(Order(now, duration, jobs))
        self.settle()

    def settle(self) -> None:
        """Let everything happen that is due by now, in order."""
        now = self._timeline.seconds
        due = [
            (step, job)
            for order in self._orders
            for job in order.jobs
            for step in job.steps
            if step.at <= now
        ]
        for step, job in sorted(due, key=lambda pair: pair[0].at):
            job.steps.remove(step)
            self._take(job, step)

    def bill(self) -> dict[str, object]:
        """Print what was accepted and what it costs."""
        counts: dict[str, int] = {}
        for order in self._orders:
            for job in order.jobs:
                counts[job.service.uid] = counts.get(job.service.uid, 0) + 1
        lines = [
            {
                "n": n,
                "t": round(order.t, 6),
                "meters": [job.service.uid for job in order.jobs],
                "collection_duration": order.duration,
                "cost": order.cost,
            }
            for n, order in enumerate(self._orders, start=1)
        ]
        return {"collections": lines, "meters": counts, "balance": self.balance}

    def jobs(self) -> list[dict[str, object]]:
        """Print every job as it stands by now; times in sandbox seconds, null for never."""
        self.settle()
        return [
            {
                "n": n,
                "meter_uid": job.service.uid,
                "authorization_uid": job.service.consent.uid,
                "collection_duration": order.duration,
                "months": job.months,
                "cost": job.cost,
                "t": round(job.started, 6),
                "shows": None if job.outcome in {"silent", "nothing"} else round(job.shows, 6),
                "ends": None if job.outcome in {"stuck", "nothing"} else round(job.ends, 6),
                "outcome": job.outcome,
                "status": job.status,
            }
            for n, order in enumerate(self._orders, start=1)
            for job in order.jobs
        ]

    def _job(self, service: Service, months: int, now: float) -> Job:
        shows = now + self.rules.job_start_delay
        ends = shows + self.rules.job_seconds
        cost = Decimal("0.00") if self.is_free(service) else price(months)
        job = Job(service, months, cost, now, shows, ends, self._outcome(service.uid))
        job.steps += self._steps(job)
        return job

    def _outcome(self, uid: str) -> str:
        rules = self.rules
        if _names(rules.job_nothing_uids, uid):
            return "nothing"
        if _names(rules.job_stuck_uids, uid):
            return "stuck"
        if _names(rules.job_fail_uids, uid):
            return "errored"
        return "silent" if _names(rules.job_silent_uids, uid) else "updated"

    def _steps(self, job: Job) -> Iterator[Step]:
        """Plan when there is which message, and which bill period's end is collected."""
        if job.outcome == "nothing":
            return
        ends = [statement.end for statement in job.service.book.statements[-job.months :]]
        if job.outcome == "silent":
            yield from (Step(job.ends, "", end) for end in ends)
        else:
            yield Step(job.shows, "Logging in to the utility's site...")
        for i, end in enumerate(ends, start=1):
            at = job.shows + (job.ends - job.shows) * i / (len(ends) + 1)
            text = f"Found bill {i} of {len(ends)}! Parsing..."
            if job.outcome == "updated":
                yield Step(at, text, end)
            elif job.outcome == "stuck" and i == 1:
                yield Step(at, text)
        if job.outcome != "stuck":
            yield Step(job.ends, _DONE)

    def _take(self, job: Job, step: Step) -> None:
        service, moment = job.service, self._timeline.moment(step.at)
        self._platform.version += 1
        if service.consent.revoked:
            job.status = "errored"
            return
        if step.end and not service.has_bill(step.end):
            self._platform.collect(service.book, step.end, moment)
        if step.message == _DONE:
            self._end(job, moment)
        elif step.message:
            job.status = "pending"
            if service.status == "pending":
                service.status_message = step.message
            else:
                service.turn("pending", step.message, moment)

    def _end(self, job: Job, moment: dt.datetime) -> None:
        service = job.service
        job.status = "errored" if job.outcome == "errored" else "updated"
        others = (j for order in self._orders for j in order.jobs if j.service is service)
        if any(j.status == "pending" for j in others):
            # Another job of the meter goes on, and so does the meter.
            return
        if job.status == "errored":
            service.fail(moment)
        else:
            service.finish(moment)


def _names(uids: str | None, uid: str) -> bool:
    """Tell whether a comma list, or an asterisk, names a uid."""
    return uids is not None and (uids == "*" or uid in uids.split(","))
