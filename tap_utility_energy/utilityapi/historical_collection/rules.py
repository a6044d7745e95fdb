"""The rules: what to do about each meter, and what forbids all requests; if in doubt, no request.

`Rules.decide` has the rules for a meter, of which the first match applies; `Rules.obstacles` has
those for a run as a whole. All times are by the vendor's clock.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi.historical_collection.prices import LONGEST_DURATION, price
from tap_utility_energy.utilityapi.historical_collection.requests import (
    Meter,
    Request,
    RequestLog,
    RequestOutcome,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from decimal import Decimal

#: The vendor retries for seven days, so an unfinished request is open for eight.
OPEN_FOR = timedelta(days=8)
LEFT_OUT_FOR = timedelta(days=1)
#: Repeats of a request that errored, and of one whose answer was lost without a sign of it.
REPEATS_AFTER_ERROR = 3
REPEATS_WITHOUT_ANSWER = 1
CLOCK_TOLERANCE = timedelta(hours=1)
#: An answer's date has whole seconds.
DATE_RESOLUTION = timedelta(seconds=2)
MOST_NAMED = 5


@dataclass(frozen=True)
class CollectionConfig:
    """The settings of the same names, without the prefix `historical_collection_`.

    ``authorizations`` are those that the filters of UtilityAPI choose.
    """

    meters: tuple[str, ...] = ()
    new_meters: bool = False
    authorizations: frozenset[str] | None = None
    max_meters: int = 10
    max_cost: Decimal | None = None
    duration: int | None = None
    repeat_days: int | None = None
    repeat_before: datetime | None = None
    wait_seconds: float = 600
    poll_seconds: float = 15


class Reason(Enum):
    """What is done about a meter, and why. The texts follow a meter's name and a colon."""

    REQUEST = "to be requested"
    NOT_LISTED = (
        "UtilityAPI does not list it, so nothing is requested. Check historical_collection_meters"
    )
    NO_LONGER_LISTED = "UtilityAPI no longer lists it: the customer's consent has probably ended"
    ARCHIVED = "it is archived, so nothing is requested"
    OTHER_AUTHORIZATION = (
        "its authorization is not one that utilityapi_authorizations and the other filters choose"
    )
    PENDING = "a collection is running; what is there is extracted"
    UNKNOWN_STATUS = "this version does not know its status, so nothing is requested. Report it"
    OPEN = "it was requested and the result is not known yet; nothing is requested before {until}"
    LEFT_OUT = (
        "UtilityAPI left it out of its answer, probably because the customer's consent has ended; "
        "it is requested again after {until}"
    )
    ERRORED = "its collection failed; it is requested again after {until}"
    GIVEN_UP = (
        "its collections failed or were never answered; it is requested again only if "
        "historical_collection_repeat_before is set to a time after {until}"
    )
    COLLECTED = "it was collected before"
    IN_DOUBT = (
        "it has data that no recorded request has brought, from ongoing monitoring or another "
        "program, so nothing is requested. To collect it anyway, set "
        "historical_collection_repeat_before to {until}"
    )
    UNDATED = (
        "it has data that no recorded request has brought, and its status_ts cannot be read, so "
        "nothing is requested. Collect it in UtilityAPI's dashboard"
    )
    CHANGED = "it changed while it was watched, probably by another request; nothing is requested"


#: Logged as warnings; the first one also fails the run.
WARNINGS = {
    Reason.NOT_LISTED,
    Reason.NO_LONGER_LISTED,
    Reason.ARCHIVED,
    Reason.OTHER_AUTHORIZATION,
    Reason.UNKNOWN_STATUS,
    Reason.LEFT_OUT,
    Reason.GIVEN_UP,
    Reason.IN_DOUBT,
    Reason.UNDATED,
    Reason.CHANGED,
}
#: Logged only for meters that the user has named.
OUT_OF_REACH = {
    Reason.NOT_LISTED,
    Reason.NO_LONGER_LISTED,
    Reason.ARCHIVED,
    Reason.OTHER_AUTHORIZATION,
}
#: Nothing needs to be requested, because a request was made before.
SERVED = {Reason.PENDING, Reason.OPEN, Reason.COLLECTED}


@dataclass(frozen=True)
class Decision:
    """What is done about a meter, and the time that the reason names."""

    reason: Reason
    until: datetime | None = None

    @property
    def text(self) -> str:
        """The reason, for a person."""
        until = (self.until or datetime.now(UTC)).astimezone(UTC)
        return self.reason.value.format(until=until.isoformat(timespec="seconds"))


@dataclass(frozen=True)
class Plan:
    """What a run will request, and why it leaves out the rest."""

    to_request: list[Meter]
    decisions: Mapping[str, Decision]
    duration: int | None
    spent: Decimal
    #: Why nothing at all is requested, as sentences.
    obstacles: list[str] = field(default_factory=list)

    @property
    def cost(self) -> Decimal:
        """The maximum cost, in dollars."""
        return len(self.to_request) * price(self.duration)

    @property
    def groups(self) -> dict[Decision, list[str]]:
        """The meters by decision. Those in doubt share the latest time."""
        doubtful = [d.until for d in self.decisions.values() if d.reason is Reason.IN_DOUBT]
        in_doubt = Decision(Reason.IN_DOUBT, max(filter(None, doubtful), default=None))
        groups = defaultdict[Decision, list[str]](list)
        for uid, decision in self.decisions.items():
            groups[in_doubt if decision.reason is Reason.IN_DOUBT else decision].append(uid)
        return groups

    @property
    def failures(self) -> list[str]:
        """The messages that make the run fail."""
        not_listed = [u for u, d in self.decisions.items() if d.reason is Reason.NOT_LISTED]
        lines = [f"{named(not_listed)}: {Reason.NOT_LISTED.value}."] if not_listed else []
        return lines + self.obstacles

    def describe(self) -> Iterator[str]:
        """Every meter, its price and the sum, as lines for a person."""
        default = f"the vendor's default, up to {LONGEST_DURATION} months"
        months = number(self.duration, "month") if self.duration else default
        meters = number(len(self.to_request), "meter")
        are = "is" if len(self.to_request) == 1 else "are"
        requested = f"nothing, though {meters} {are} wanted" if self.obstacles else meters
        yield f"Historical collection: a run would request {requested}"
        for meter in self.to_request:
            yield f"  meter {meter.uid}: {months}, at most ${price(self.duration)}"
        yield f"  in all at most ${self.cost}; ${self.spent} may have been spent in 30 days before"
        for decision, uids in self.groups.items():
            if decision.reason is not Reason.REQUEST:
                yield from (f"  left out: meter {uid}: {decision.text}" for uid in uids)
        yield from (f"  {obstacle}" for obstacle in self.obstacles)


class Rules:
    """The rules, at one point in time of a run.

    Args:
        config: What the user has set.
        requests: The requests that are remembered.
        listed: Named meters that the vendor has listed once.
        now: The time by the vendor's clock.
    """

    def __init__(
        self,
        config: CollectionConfig,
        requests: RequestLog,
        listed: Collection[str],
        now: datetime,
    ) -> None:
        self._config = config
        self._requests = requests
        self._listed = listed
        self._now = now

    def decide(self, uid: str, meter: Meter | None) -> Decision:
        """What to do about a meter: the first matching rule."""
        latest = self._requests.latest(uid)
        if meter is None:
            was_listed = uid in self._listed or latest is not None
            return Decision(Reason.NO_LONGER_LISTED if was_listed else Reason.NOT_LISTED)
        if excluded := self._excluded(meter):
            return Decision(excluded)
        if latest and latest.outcome is RequestOutcome.LEFT_OUT:
            left_out_until = latest.made_at + LEFT_OUT_FOR
            if self._now < left_out_until:
                return Decision(Reason.LEFT_OUT, left_out_until)
        if request := self._requests.latest_carried_out(uid):
            return self._decide_again(meter, request)
        return self._decide_first(meter)

    def _excluded(self, meter: Meter) -> Reason | None:
        """Why the meter is not requested, whatever was requested before."""
        authorizations = self._config.authorizations
        if meter.is_archived:
            return Reason.ARCHIVED
        if authorizations is not None and meter.authorization_uid not in authorizations:
            return Reason.OTHER_AUTHORIZATION
        if meter.is_pending:
            return Reason.PENDING
        return Reason.UNKNOWN_STATUS if meter.has_unknown_status else None

    def _decide_first(self, meter: Meter) -> Decision:
        """What to do about a meter without a recorded request."""
        changed_at = meter.changed_at
        if not meter.is_activated or meter.is_empty:
            return self._errored_lately(meter) or Decision(Reason.REQUEST)
        if changed_at is None:
            return Decision(Reason.UNDATED)
        if self._is_repeat_due(changed_at):
            return Decision(Reason.REQUEST)
        return Decision(Reason.IN_DOUBT, _just_after(changed_at))

    def _decide_again(self, meter: Meter, request: Request) -> Decision:
        """What to do about a meter whose latest request was, or may have been, carried out."""
        open_until = request.made_at + OPEN_FOR
        is_recent = self._now < open_until
        last_change = max(filter(None, (request.made_at, meter.changed_at)))
        if request.outcome is RequestOutcome.OPEN and is_recent:
            return Decision(Reason.OPEN, open_until)
        if request.outcome is RequestOutcome.ERRORED and is_recent:
            return Decision(Reason.ERRORED, open_until)
        if request.outcome is RequestOutcome.ERRORED:
            is_due = request.attempts < REPEATS_AFTER_ERROR or self._is_before(last_change)
            return Decision(Reason.REQUEST) if is_due else Decision(Reason.GIVEN_UP, last_change)
        if request.is_without_sign(meter):
            is_due = request.attempts < REPEATS_WITHOUT_ANSWER or self._is_before(last_change)
            if not is_due:
                return Decision(Reason.GIVEN_UP, last_change)
            return self._errored_lately(meter) or Decision(Reason.REQUEST)
        is_covered = self._requests.covers(meter.uid, self._config.duration)
        if not is_covered or self._is_repeat_due(last_change):
            # Monitoring can have changed the meter while the job has not begun.
            is_open = is_recent and not request.was_pending
            return Decision(Reason.OPEN, open_until) if is_open else Decision(Reason.REQUEST)
        if request.accepted is None:
            return Decision(Reason.GIVEN_UP, last_change)
        return Decision(Reason.COLLECTED)

    def _errored_lately(self, meter: Meter) -> Decision | None:
        """What to do if another request may have failed: the vendor retries it for a week."""
        changed_at = meter.changed_at
        if meter.status != "errored" or not changed_at or self._now >= changed_at + OPEN_FOR:
            return None
        return Decision(Reason.ERRORED, changed_at + OPEN_FOR)

    def _is_repeat_due(self, last_change: datetime) -> bool:
        days = self._config.repeat_days
        is_old = days is not None and (self._now - last_change) / timedelta(days=1) > days
        return is_old or self._is_before(last_change)

    def _is_before(self, last_change: datetime) -> bool:
        before = self._config.repeat_before
        return before is not None and last_change < before

    def obstacles(self, plan: Plan, vendor_ahead: timedelta | None) -> Iterator[str]:
        """Why nothing is requested at all, as sentences."""
        config = self._config
        if vendor_ahead is None and plan.decisions:
            yield "UtilityAPI's answer has no date, so nothing is requested. Check the proxy."
        elif vendor_ahead and abs(vendor_ahead) > CLOCK_TOLERANCE:
            yield (
                "This machine's clock and UtilityAPI's are more than an hour apart, so nothing is "
                "requested. Set the clock."
            )
        if config.repeat_before and config.repeat_before > self._now + DATE_RESOLUTION:
            yield (
                "historical_collection_repeat_before is in the future, so nothing is requested. "
                "Set a time in the past."
            )
        if len(plan.to_request) > config.max_meters:
            yield (
                f"{len(plan.to_request)} meters are to be collected and "
                f"historical_collection_max_meters is {config.max_meters}, so nothing is "
                "requested. Raise it if all of them are meant."
            )
        if config.max_cost is not None and plan.to_request:
            total = plan.spent + plan.cost
            if total > config.max_cost:
                yield (
                    f"This may cost ${plan.cost}, with ${plan.spent} in the last 30 days, and "
                    f"historical_collection_max_cost is ${config.max_cost}, so nothing is "
                    "requested."
                )


def _just_after(time: datetime) -> datetime:
    return time.replace(microsecond=0) + timedelta(seconds=1)


def named(uids: Collection[str]) -> str:
    """The meters by name, the first few of many."""
    named = ", ".join(list(uids)[:MOST_NAMED])
    if len(uids) == 1:
        return f"meter {named}"
    return f"{len(uids)} meters ({named}{' …' * (len(uids) > MOST_NAMED)})"
