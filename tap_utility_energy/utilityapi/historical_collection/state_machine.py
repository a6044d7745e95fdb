"""Request historical collections, which cost money: once, on purpose, never by accident.

A state machine without HTTP and without the SDK. It looks at the meters, applies the rules
(`rules`), watches the meters to request during a minute, sends one request, and waits.

What the answer proves (`_send_request`, and `Request.follow` for what the meters show later):

- refused, or no connection was ever made: ``accepted`` is false
- the meters that a good answer names: true; those that it leaves out: false
- anything else: null, until the meter is pending or is activated for the first time

All times are by the vendor's clock.

Source: https://utilityapi.com/docs/api/meters/historical-collection
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_utility_energy.utilityapi.historical_collection.journal import Journal, JournalError
from tap_utility_energy.utilityapi.historical_collection.prices import LONGEST_DURATION
from tap_utility_energy.utilityapi.historical_collection.requests import (
    COST_WINDOW,
    Meter,
    Request,
    RequestLog,
    RequestOutcome,
    snapshot,
)
from tap_utility_energy.utilityapi.historical_collection.rules import (
    LEFT_OUT_FOR,
    OPEN_FOR,
    OUT_OF_REACH,
    REPEATS_WITHOUT_ANSWER,
    SERVED,
    WARNINGS,
    CollectionConfig,
    Decision,
    Plan,
    Reason,
    Rules,
    named,
)
from tap_utility_energy.utilityapi.historical_collection.vendor import (
    CollectionRefusedError,
    Listing,
    OutcomeUnknownError,
    Vendor,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tap_utility_energy.clock import Clock

#: Seconds that meters are watched before the request: another run may have requested them.
WATCH_SECONDS = 60.0
#: Seconds to wait for the first sign of a job. There is none if there is nothing to collect.
FIRST_SIGN_SECONDS = 120.0
PROGRESS_SECONDS = 30.0

logger = logging.getLogger("tap-utility-energy.historical_collection")


class HistoricalCollection:
    """One run's collection.

    Args:
        config: What the user has set.
        vendor: Reads meters and requests collections.
        clock: Tells the time.
        sleep: Sleeps between two status checks.
        state: What an earlier run has saved.
        save: Stores the new state durably.
        journal: Remembers requests as well, if the user wants it.
    """

    def __init__(
        self,
        config: CollectionConfig,
        vendor: Vendor,
        clock: Clock,
        *,
        sleep: Callable[[float], None],
        state: Mapping[str, Any],
        save: Callable[[Mapping[str, Any]], None],
        journal: Journal | None = None,
    ) -> None:
        self._config = config
        self._vendor = vendor
        self._clock = clock
        self._sleep = sleep
        self._save = save
        self._journal = journal
        listed = _list(state.get("listed"))
        self._listed = dict.fromkeys(uid for uid in listed if isinstance(uid, str))
        saved = state.get("requests", [])
        self._saved = _list(saved)
        self._requests = RequestLog(self._saved)
        if self._requests.unreadable or not isinstance(saved, list):
            logger.warning("some requests in the state cannot be read, and are dropped")
        self._made: list[Request] = []
        self._changed: dict[tuple[str, str], Request] = {}
        self._vendor_ahead: timedelta | None = None

    def rows(self, emitted_until: datetime | None) -> list[dict[str, Any]]:
        """The requests of this run, those whose progress it saw, and those never emitted.

        Args:
            emitted_until: When the latest request was made that was emitted, if one was.
        """
        new = {id(request): request for request in self._requests.made_after(emitted_until)}
        requests = new | {id(request): request for request in self._changed.values()}
        return [r.row for r in sorted(requests.values(), key=lambda request: request.made_at)]

    def run(self) -> None:
        """Request the collections that are due, and wait for them within the time limit.

        Raises:
            CollectionRefusedError: Something was not requested though it should be, the vendor
                refused, or it is unknown whether it accepted.
        """
        with ExitStack() as stack:
            try:
                if self._journal:
                    journaled = stack.enter_context(self._journal.locked(self._now()))
                    self._requests = RequestLog([*self._saved, *journaled])
                self._run()
            except JournalError as error:
                is_requested = any(request.accepted is not False for request in self._made)
                nothing = "" if is_requested else " Nothing is requested."
                refused = CollectionRefusedError(f"{error}.{nothing}")
                logger.error("%s", refused)  # noqa: TRY400 - a sentence, at once
                raise refused from error

    def preview(self) -> None:
        """Log what `run` would request, without requesting it.

        Raises:
            CollectionRefusedError: It would request nothing, though something is wanted.
        """
        try:
            journaled = self._journal.read() if self._journal else []
        except JournalError as error:
            raise CollectionRefusedError(f"{error}. Nothing would be requested.") from error
        self._requests = RequestLog([*self._saved, *journaled])
        plan = self._plan()
        for line in plan.describe():
            logger.info("%s", line)
        failures = plan.failures
        unserved = [d for d in plan.decisions.values() if d.reason not in SERVED]
        if not failures and not plan.to_request and unserved:
            failures = ["a run would request nothing: every meter is left out, see above."]
        if failures:
            raise CollectionRefusedError(" ".join(failures))

    def _run(self) -> None:
        plan = self._plan()
        self._save_requests()
        for decision, uids in plan.groups.items():
            level = logging.WARNING if decision.reason in WARNINGS else logging.INFO
            logger.log(level, "%s: %s", named(uids), decision.text)
        failures = plan.failures
        lost = ""
        try:
            if plan.to_request and not plan.obstacles:
                self._log_price(plan)
                lost = self._send_request(self._watch(plan.to_request))
        except CollectionRefusedError as refused:
            failures.append(str(refused))
        for failure in failures:
            logger.error("%s", failure)
        try:
            self._wait()
        finally:
            if unknown := self._unknown(lost):
                logger.error("%s", unknown)
        if failures := [*failures, *filter(None, [unknown])]:
            raise CollectionRefusedError(" ".join(failures))

    # Planning

    def _plan(self) -> Plan:
        """Read the meters, and decide about each of them."""
        config = self._config
        none = Listing({}, None)
        new = self._vendor.get_new_meters() if config.new_meters else none
        new_uids = [uid for uid, meter in new.meters.items() if not meter.is_activated]
        latest = self._requests.all_latest_carried_out()
        if config.new_meters:
            new_uids += [request.meter_uid for request in latest if request.was_new_meter]
        wanted = dict.fromkeys((*config.meters, *new_uids))
        followed = {r.meter_uid for r in latest if self._is_followed(r)}
        unread = wanted.keys() - new.meters.keys() | followed
        read = self._vendor.get_meters(unread) if unread else none
        meters = {**new.meters, **read.meters}
        date = read.date or new.date
        self._vendor_ahead = date - self._clock.local_now() if date else None
        self._follow(meters)
        rules = Rules(config, self._requests, self._listed, self._now())
        decisions = {}
        for uid in wanted:
            decision = rules.decide(uid, meters.get(uid))
            if uid in config.meters or decision.reason not in OUT_OF_REACH:
                decisions[uid] = decision
        self._listed |= dict.fromkeys(uid for uid in config.meters if uid in meters)
        to_request = [
            meters[uid] for uid, each in decisions.items() if each.reason is Reason.REQUEST
        ]
        spent = self._requests.cost_since(self._now() - COST_WINDOW)
        plan = Plan(to_request, decisions, config.duration, spent)
        plan.obstacles.extend(rules.obstacles(plan, self._vendor_ahead))
        return plan

    def _now(self) -> datetime:
        """The time by the vendor's clock, once it is known."""
        return (self._clock.local_now() + (self._vendor_ahead or timedelta())).astimezone(UTC)

    # Requesting

    def _log_price(self, plan: Plan) -> None:
        if plan.duration is None:
            logger.warning(
                "historical_collection_duration is not set: the vendor's default is charged, up "
                "to %s months per meter",
                LONGEST_DURATION,
            )
        meters = named([meter.uid for meter in plan.to_request])
        logger.info("requesting %s costs at most $%s", meters, plan.cost)

    def _watch(self, meters: list[Meter]) -> list[Meter]:
        """The meters that do not change while they are watched."""
        logger.info(
            "watching %s for %.0f s before the request, so that nothing is requested twice",
            named([meter.uid for meter in meters]),
            WATCH_SECONDS,
        )
        until = self._clock.now() + WATCH_SECONDS
        changed = set[str]()
        uids = [meter.uid for meter in meters]
        while (left := until - self._clock.now()) > 0:
            now = self._look_after(left, uids)
            changed |= {meter.uid for meter in meters if now.get(meter.uid) != meter}
        if changed:
            logger.warning("%s: %s", named(sorted(changed)), Reason.CHANGED.value)
        return [meter for meter in meters if meter.uid not in changed]

    def _send_request(self, meters: list[Meter]) -> str:
        """Send the one request of this run; how its answer was lost, or ''.

        Raises:
            CollectionRefusedError: It was certainly not carried out.
        """
        if not meters:
            return ""
        requests = [self._new_request(meter) for meter in meters]
        uids = [request.meter_uid for request in requests]
        try:
            self._save_requests()
            answer = self._vendor.request_collection(uids, self._config.duration)
        except OutcomeUnknownError as lost:
            logger.warning("%s; the meters may show whether the request has arrived", lost)
            return str(lost)
        except (CollectionRefusedError, JournalError):
            for request in requests:
                request.accepted = False
            self._save_requests()
            raise
        for request in requests:
            request.accepted = request.meter_uid in answer.accepted
            request.was_left_out = not request.accepted
            request.collection_duration_answered = answer.duration
        self._save_requests()
        if left_out := [request.meter_uid for request in requests if request.was_left_out]:
            decision = Decision(Reason.LEFT_OUT, self._now() + LEFT_OUT_FOR)
            logger.warning("%s: %s", named(left_out), decision.text)
        return ""

    def _new_request(self, meter: Meter) -> Request:
        old = self._requests.latest_carried_out(meter.uid)
        is_repeat = old and (old.outcome is RequestOutcome.ERRORED or old.is_without_sign(meter))
        request = Request(
            meter.uid,
            self._now().isoformat(timespec="microseconds"),
            self._config.duration,
            was_new_meter=meter.uid not in self._config.meters,
            attempts=old.attempts + 1 if old and is_repeat else 0,
            before=snapshot(meter),
        )
        self._requests.add(request)
        self._made.append(request)
        self._note(request)
        return request

    # Waiting

    def _wait(self) -> None:
        """Wait for the requests that may finish, each up to its time limit."""
        started = said = self._clock.now()
        waited_for = self._waited_for(started)
        number = len(waited_for)
        while waited_for:
            left = min(self._seconds_left(request, started) for request in waited_for)
            self._look_after(left, [request.meter_uid for request in waited_for])
            self._save_requests()
            still = self._waited_for(started)
            if len(still) != len(waited_for) or self._clock.now() - said >= PROGRESS_SECONDS:
                said = self._clock.now()
                logger.info(
                    "%s of %s meters done after %.0f s%s",
                    number - len(still),
                    number,
                    said - started,
                    f"; waiting for {named([r.meter_uid for r in still])}" if still else "",
                )
            waited_for = still
        latest = self._requests.all_latest_carried_out()
        if running := [r.meter_uid for r in latest if r.status == "pending"]:
            logger.warning(
                "%s: not done yet; what is there is extracted, and the next run checks again",
                named(running),
            )
        if silent := [r.meter_uid for r in self._made if r.accepted and r.status is None]:
            logger.info(
                "%s: accepted, and no sign of a job yet; there may be nothing to collect",
                named(silent),
            )

    def _waited_for(self, started: float) -> list[Request]:
        latest = self._requests.all_latest_carried_out()
        return [request for request in latest if self._seconds_left(request, started) > 0]

    def _seconds_left(self, request: Request, started: float) -> float:
        """How long to wait for a request; for an earlier run's, only once its job has started."""
        if request.outcome is not RequestOutcome.OPEN:
            return 0
        bound = self._config.wait_seconds
        if request in self._made:
            has_shown = request.status is not None
            bound = bound if has_shown else min(bound, FIRST_SIGN_SECONDS)
            return bound - (self._clock.now() - started)
        age = (self._now() - request.made_at).total_seconds()
        return bound - age if request.status == "pending" else 0

    def _unknown(self, lost: str) -> str:
        """A message if the outcome of this run's request is unknown, else ''."""
        unknown = [request for request in self._made if request.accepted is None]
        if not unknown:
            return ""
        until = f"{self._now() + OPEN_FOR:%Y-%m-%dT%H:%M:%SZ}"
        is_last = all(request.attempts >= REPEATS_WITHOUT_ANSWER for request in unknown)
        later = (
            f"request it again only if historical_collection_repeat_before is set after {until}"
            if is_last
            else f"request it once more after {until} if there is none"
        )
        return (
            f"{named([request.meter_uid for request in unknown])}: {lost}. It is unknown whether "
            f"the collection has begun. Later runs check for a sign of it, and {later}."
        )

    # Polling and recording

    def _look_after(self, seconds: float, uids: Collection[str]) -> Mapping[str, Meter]:
        """Sleep until the next status check at the latest, and read the meters."""
        self._sleep(min(seconds, self._config.poll_seconds))
        meters = self._vendor.get_meters(uids).meters
        self._follow(meters)
        return meters

    def _is_followed(self, request: Request) -> bool:
        is_recent = self._now() < request.made_at + OPEN_FOR
        return request.outcome is RequestOutcome.OPEN and (is_recent or request.status == "pending")

    def _follow(self, meters: Mapping[str, Meter]) -> None:
        """Update the open requests of these meters."""
        for request in self._requests.all_latest_carried_out():
            if request.outcome is RequestOutcome.OPEN and request.meter_uid in meters:
                row = request.row
                request.follow(meters[request.meter_uid])
                if request.row != row:
                    self._note(request)

    def _note(self, request: Request) -> None:
        self._changed[request.meter_uid, request.requested_at] = request

    def _save_requests(self) -> None:
        """Write the requests to the state and to the journal."""
        requests = self._requests.save(self._now())
        self._save({"requests": requests, "listed": list(self._listed)})
        if self._journal:
            self._journal.write(requests)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
