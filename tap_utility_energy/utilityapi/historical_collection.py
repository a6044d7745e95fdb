"""Asking UtilityAPI to collect, which costs money: once, on purpose, never by accident.

A state machine without HTTP and without the SDK. It looks at the meters, decides which to ask for,
watches them for `SETTLING` seconds, asks, and waits. The vendor's own record decides; what a run
remembers is a hint, because a target may never have echoed it.

"Once" rests on one thing: a job shows on its meter, by ``pending`` or by any other change, at most
`SETTLING` seconds after the request for it was sent. So no request is sent before the meters have
been watched for that long without a change, and one whose answer was lost is settled in the same
way.

Source: https://utilityapi.com/docs/api/meters/historical-collection
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from tap_utility_energy.utilityapi.collection_requests import Meter, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from tap_utility_energy.clock import Clock

#: Seconds after which a request that was sent shows on its meters.
SETTLING = 60.0
AGAIN_AFTER_FAILURE = timedelta(days=1)
PROGRESS_EVERY = 60.0  # seconds
FOLLOWED = timedelta(days=8)  # the vendor goes on trying for seven
LONGEST_DURATION = 36  # months, the vendor's default at most
NAMED = 5

logger = logging.getLogger("tap-utility-energy.historical_collection")


class Outcome(Enum):
    """What is to be done about a meter, or why nothing is."""

    ASK = "to be asked for"
    NOT_LISTED = "the vendor does not list it"
    PENDING = "a collection is running; what is there is extracted"
    COLLECTED = "it was collected before (see historical_collection_repeat_days)"
    FAILED_TODAY = "a request for it failed less than a day ago"
    CHANGED = "another request for it is on its way; what is there is extracted"


WORTH_A_WARNING = {Outcome.NOT_LISTED, Outcome.PENDING}


class AnswerLost(Exception):
    """A request was sent, and nobody knows what became of it."""


class NotAsked(Exception):
    """Nothing was asked for, or the vendor refused. Its text is one line for a person."""


class Vendor(Protocol):
    """The three things that are needed of the vendor."""

    def look(self, uids: Collection[str]) -> dict[str, Meter]:
        """Read these meters, those of them that the vendor lists."""

    def look_for_new(self) -> dict[str, Meter]:
        """Read all meters that were never activated."""

    def ask(self, uids: Collection[str], duration: int | None) -> set[str]:
        """Request a collection; the uids that the vendor has accepted.

        Raises:
            AnswerLost: The request may have been carried out.
            NotAsked: It was refused.
        """


@dataclass(frozen=True)
class Wish:
    """What the user has set."""

    meters: tuple[str, ...]
    new_meters: bool
    max_meters: int
    duration: int | None
    repeat_after: timedelta | None
    wait_seconds: float
    poll_seconds: float


class HistoricalCollection:
    """One run's collection.

    Args:
        wish: What the user has set.
        vendor: Reads meters and asks for collections.
        clock: Tells and passes the time.
        remembered: The latest request of each meter, from the state.
        remember: Keeps them, in a way that outlives the process.
    """

    def __init__(
        self,
        wish: Wish,
        vendor: Vendor,
        clock: Clock,
        remembered: Iterable[Mapping[str, Any]],
        remember: Callable[[list[dict[str, Any]]], None],
    ) -> None:
        self._wish = wish
        self._vendor = vendor
        self._clock = clock
        self._remember = remember
        self._latest = {old["meter_uid"]: Request.restored(old) for old in remembered}
        self._news: dict[tuple[str, str], Request] = {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The requests that were made, or were followed further, in this run."""
        return [request.row for request in self._news.values()]

    def plan(self) -> list[Meter]:
        """Look at the meters; the log says which are to be asked for, and why the others not."""
        new = self._vendor.look_for_new() if self._wish.new_meters else {}
        wanted = dict.fromkeys((*self._wish.meters, *new))
        meters = new | self._vendor.look(wanted.keys() - new.keys() | self._open().keys())
        self._follow(meters)
        plan: dict[Outcome, list[str]] = defaultdict(list)
        for uid in wanted:
            plan[self._outcome(meters.get(uid))].append(uid)
        for outcome, uids in plan.items():
            level = logging.WARNING if outcome in WORTH_A_WARNING else logging.INFO
            logger.log(level, "%s: %s", _meters(uids), outcome.value)
        return [meters[uid] for uid in plan[Outcome.ASK]]

    def announce(self) -> None:
        """Say on the log what `run` would ask for, without asking."""
        meters = self.plan()
        self._say_price(meters)
        try:
            self._check_number(len(meters))
        except NotAsked as refused:
            logger.warning("%s", refused)

    def _say_price(self, meters: Collection[Meter]) -> None:
        if self._wish.duration is None:
            logger.warning(
                "historical_collection_duration is not set: the vendor's default is charged, up "
                "to 36 months a meter",
            )
        logger.info(
            "to be asked for: %s, %s months at most in all",
            _meters([meter.uid for meter in meters]),
            len(meters) * (self._wish.duration or LONGEST_DURATION),
        )

    def run(self) -> None:
        """Ask for what is wanted and not there, and wait for it within the bound.

        Raises:
            NotAsked: There were too many meters, or the vendor refused.
        """
        started = self._clock.now()
        meters = self.plan()
        try:
            self._check_number(len(meters))
            if meters:
                self._say_price(meters)
                meters = self._watched(meters, started + SETTLING)
            if meters:
                self._ask(meters)
        except NotAsked as refused:
            logger.error("%s", refused)  # noqa: TRY400 - a sentence, at once
            self._wait()
            raise
        self._wait()

    def _check_number(self, number: int) -> None:
        if number > self._wish.max_meters:
            raise NotAsked(
                f"{number} meters are to be collected and historical_collection_max_meters is "
                f"{self._wish.max_meters}: nothing was asked for. Raise it if all of them are "
                "meant.",
            )

    def _outcome(self, meter: Meter | None) -> Outcome:
        if meter is None:
            return Outcome.NOT_LISTED
        if meter.status == "pending":
            return Outcome.PENDING
        request = self._latest.get(meter.uid)
        asked = _moment(request.requested_at) if request else None
        changed = _moment(meter.status_ts)
        if request and asked and request.has_failed and self._age(asked) < AGAIN_AFTER_FAILURE:
            return Outcome.FAILED_TODAY
        if meter.has_failed and changed and self._age(changed) < AGAIN_AFTER_FAILURE:
            return Outcome.FAILED_TODAY
        counts = request is not None and request.accepted and not request.has_failed
        if not counts and not meter.was_collected:
            return Outcome.ASK
        repeat_after = self._wish.repeat_after
        since = [moment for moment in (asked if counts else None, changed) if moment]
        if repeat_after is None or not since or self._age(max(since)) < repeat_after:
            return Outcome.COLLECTED
        return Outcome.ASK

    def _age(self, moment: datetime) -> timedelta:
        return self._clock.today() - moment

    def _watched(self, meters: list[Meter], until: float) -> list[Meter]:
        """The meters that do not change until then."""
        logger.info(
            "watching %s for %.0f s, so that nothing is asked for twice",
            _meters([meter.uid for meter in meters]),
            until - self._clock.now(),
        )
        changed = set[str]()
        for now in self._looks([meter.uid for meter in meters], until):
            changed |= {meter.uid for meter in meters if now.get(meter.uid) != meter}
        if changed:
            logger.warning("%s: %s", _meters(sorted(changed)), Outcome.CHANGED.value)
        return [meter for meter in meters if meter.uid not in changed]

    def _looks(self, uids: Collection[str], until: float) -> Iterator[dict[str, Meter]]:
        """Look at the meters again and again, for the last time at ``until`` or a little later."""
        while (left := until - self._clock.now()) > 0:
            self._clock.sleep(min(left, self._wish.poll_seconds))
            meters = self._vendor.look(uids)
            self._follow(meters)
            yield meters

    def _ask(self, meters: list[Meter], *, again: bool = False) -> None:
        requests = [self._new_request(meter) for meter in meters]
        self._keep()
        try:
            accepted = self._vendor.ask([meter.uid for meter in meters], self._wish.duration)
        except AnswerLost as lost:
            logger.warning("%s; the meters will tell whether it arrived", lost)
            self._settle(requests)
            missed = [meter for meter in meters if not self._latest[meter.uid].accepted]
            if missed and again:
                named = _meters([meter.uid for meter in missed])
                raise NotAsked(f"{named}: asked for twice, without a sign of it: {lost}") from lost
            if missed:
                self._ask(missed, again=True)
            return
        except NotAsked:
            self._answered(requests, set())
            raise
        self._answered(requests, accepted)
        if left_out := [meter.uid for meter in meters if meter.uid not in accepted]:
            logger.warning(
                "%s: not accepted, probably because the customer's consent has ended",
                _meters(left_out),
            )

    def _new_request(self, meter: Meter) -> Request:
        if (old := self._latest.get(meter.uid)) and old.accepted is None:
            old.accepted = False  # it never showed on the meter
        at = self._clock.today().astimezone(UTC).isoformat(timespec="microseconds")
        request = Request(meter.uid, at, self._wish.duration, before=meter)
        self._latest[meter.uid] = request
        self._note(request)
        return request

    def _settle(self, requests: list[Request]) -> None:
        """Watch the meters of a request whose answer was lost, until it must have shown.

        The time counts from now: how long ago the request left, behind 429s and a long timeout,
        is not known here.
        """
        until = self._clock.now() + SETTLING
        for _ in self._looks([request.meter_uid for request in requests], until):
            if all(request.accepted for request in requests):
                break
        self._answered(requests, {request.meter_uid for request in requests if request.accepted})

    def _answered(self, requests: list[Request], accepted: set[str]) -> None:
        for request in requests:
            request.accepted = request.meter_uid in accepted
        self._keep()

    def _wait(self) -> None:
        """Wait for the accepted requests, each within the bound from when it was made."""
        waited_for = self._waited_for()
        number, said = len(waited_for), 0.0
        while waited_for:
            self._clock.sleep(min(self._wish.poll_seconds, self._seconds_left(waited_for[-1])))
            self._follow(self._vendor.look([request.meter_uid for request in waited_for]))
            self._keep()
            left = self._waited_for()
            passed = self._wish.wait_seconds - self._seconds_left(waited_for[-1])
            if len(left) != len(waited_for) or passed - said >= PROGRESS_EVERY:
                said = passed
                self._say_progress(number - len(left), number, passed, left)
            waited_for = left
        if pending := [request.meter_uid for request in self._open().values()]:
            logger.warning(
                "%s: not done yet; what is there is extracted, and the next run looks again",
                _meters(pending),
            )

    def _waited_for(self) -> list[Request]:
        """The requests whose end is worth waiting for, the oldest first."""
        found = [request for request in self._open().values() if self._seconds_left(request) > 0]
        return sorted(found, key=lambda request: request.requested_at)

    def _seconds_left(self, request: Request) -> float:
        age = self._age(datetime.fromisoformat(request.requested_at))
        return self._wish.wait_seconds - age.total_seconds()

    def _say_progress(self, done: int, number: int, passed: float, left: list[Request]) -> None:
        waiting = f"; waiting for {_meters([r.meter_uid for r in left])}" if left else ""
        logger.info(
            "%s of %s meters done, %.0f s of %.0f s%s",
            done,
            number,
            passed,
            self._wish.wait_seconds,
            waiting,
        )

    def _open(self) -> dict[str, Request]:
        return {
            uid: request
            for uid, request in self._latest.items()
            if request.is_open
            and self._age(datetime.fromisoformat(request.requested_at)) < FOLLOWED
        }

    def _follow(self, meters: Mapping[str, Meter]) -> None:
        """Take down what these meters tell about their open requests."""
        for uid, request in self._open().items():
            row = request.row
            if uid in meters:
                request.follow(meters[uid])
            if request.row != row:
                self._note(request)

    def _note(self, request: Request) -> None:
        self._news[request.meter_uid, request.requested_at] = request

    def _keep(self) -> None:
        self._remember([asdict(request) for request in self._latest.values()])


def _meters(uids: Collection[str]) -> str:
    """The meters by name, the first few of many."""
    if not uids:
        return "no meters"
    named = ", ".join(list(uids)[:NAMED])
    return (
        f"meter {named}"
        if len(uids) == 1
        else f"{len(uids)} meters ({named}{' …' * (len(uids) > NAMED)})"
    )


def _moment(text: str | None) -> datetime | None:
    """The time that a vendor's timestamp tells, or None if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
