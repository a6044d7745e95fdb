"""Meters as UtilityAPI lists them, and the requests to collect them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tap_utility_energy.utilityapi.historical_collection.prices import LONGEST_DURATION, price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: How long the cost of a request counts against `historical_collection_max_cost`.
COST_WINDOW = timedelta(days=30)
LARGEST_COUNT = 2**53
#: The statuses of a meter on which no collection is running.
FINISHED_STATUSES = {"updated", "errored"}


@dataclass(frozen=True)
class Meter:
    """The state of a meter, as its record shows it. If in doubt, it was collected before."""

    uid: str
    authorization_uid: str | None
    is_archived: bool
    is_activated: bool
    status: str | None
    status_message: str | None
    status_ts: str | None
    bill_count: int | str
    interval_count: int | str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Read a meter as the vendor sends it, whatever the types of its values."""

        def text(name: str) -> str | None:
            value = record.get(name)
            return None if value is None else _text(value)

        return cls(
            uid=str(record["uid"]),
            authorization_uid=text("authorization_uid"),
            is_archived=record.get("is_archived") not in (False, None),
            is_activated=record.get("is_activated") is not False,
            status=text("status"),
            status_message=text("status_message"),
            status_ts=text("status_ts"),
            bill_count=_count(record.get("bill_count")),
            interval_count=_count(record.get("interval_count")),
        )

    @property
    def is_empty(self) -> bool:
        """Whether it certainly has neither bills nor intervals."""
        return self.bill_count == 0 and self.interval_count == 0

    @property
    def is_pending(self) -> bool:
        """Whether a collection is running."""
        return self.status == "pending"

    @property
    def has_unknown_status(self) -> bool:
        """Whether its status is missing or undocumented."""
        return self.status not in FINISHED_STATUSES | {"pending"}

    @property
    def changed_at(self) -> datetime | None:
        """When its status changed, or None if that cannot be read."""
        return parse_timestamp(self.status_ts)


class RequestOutcome(Enum):
    """The outcome of a request."""

    OPEN = auto()  # accepted, or perhaps so, and its end was not seen
    REFUSED = auto()
    LEFT_OUT = auto()  # of an answer that names the other meters
    ERRORED = auto()
    DONE = auto()


@dataclass
class Request:
    """One request for one meter: a row of `historical_collections`, and what a later run needs.

    ``accepted`` is None while it is unknown. ``was_pending`` tells that its job was seen, and not
    only a change of its meter; ``before`` is how the meter's record was at first. ``attempts``
    counts the requests in a row that were repeated because the one before had errored or had no
    answer.
    """

    meter_uid: str
    requested_at: str
    collection_duration: int | None = None
    collection_duration_answered: int | None = None
    accepted: bool | None = None
    status: str | None = None
    status_message: str | None = None
    status_ts: str | None = None

    was_left_out: bool = False
    was_new_meter: bool = False
    was_pending: bool = False
    has_changed: bool = False
    attempts: int = 0
    before: dict[str, Any] | None = None

    @property
    def row(self) -> dict[str, Any]:
        """The record of the stream."""
        return {name: getattr(self, name) for name in ROW}

    @classmethod
    def restored(cls, saved: object) -> Self | None:
        """Read a request from a state or journal, or None if it names no meter and time.

        If a value has another type than it should, only the meter and the time are kept: the
        request counts as one whose outcome is not known.
        """
        if not isinstance(saved, dict):
            return None
        key = {name: saved.get(name) for name in ("meter_uid", "requested_at")}
        for values in (saved, key):
            try:
                request = msgspec.convert(values, cls)
            except msgspec.ValidationError:
                continue
            return request if parse_timestamp(request.requested_at) else None
        return None

    @property
    def made_at(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.requested_at)

    @property
    def has_ended(self) -> bool:
        """Whether the end of its job was seen."""
        return self.status in FINISHED_STATUSES

    @property
    def outcome(self) -> RequestOutcome:
        """The outcome, as far as it is known."""
        if self.accepted is False:
            return RequestOutcome.LEFT_OUT if self.was_left_out else RequestOutcome.REFUSED
        if self.has_ended:
            return RequestOutcome.ERRORED if self.status == "errored" else RequestOutcome.DONE
        return RequestOutcome.OPEN

    def is_without_sign(self, meter: Meter) -> bool:
        """Whether its answer was lost, and nothing shows that it was carried out.

        A meter that is not activated has no data of it, however its status has changed.
        """
        is_lost = self.accepted is None and not self.has_ended
        return is_lost and not (self.has_changed and meter.is_activated)

    @property
    def months_covered(self) -> int:
        """The months that it may have collected; without a duration, what the answer named."""
        return self.collection_duration or self.collection_duration_answered or LONGEST_DURATION

    @property
    def cost(self) -> Decimal:
        """The maximum cost, in dollars. The vendor charges for successful collections only."""
        is_free = self.outcome in {
            RequestOutcome.REFUSED,
            RequestOutcome.LEFT_OUT,
            RequestOutcome.ERRORED,
        }
        return price(self.months_covered) * (not is_free)

    def covers(self, duration: int | None) -> bool:
        """Whether a request of that many months, or of the vendor's default, brings no more."""
        if duration is None:
            return self.collection_duration in {None, LONGEST_DURATION}
        return self.months_covered >= duration

    def follow(self, meter: Meter) -> None:
        """Record the progress of its job.

        A job shows as ``pending`` or as a first activation. Another change can be the work of
        ongoing monitoring: it does not prove that the request arrived, though it may have.
        """
        before = self.before or {}
        was_activated = meter.is_activated and before.get("is_activated") is False
        shown = snapshot(meter)
        has_changed = any(shown[name] != before[name] for name in shown.keys() & before.keys())
        if not before:  # a state of another version: what is there now may be new
            has_changed = meter.is_activated
        self.has_changed = self.has_changed or has_changed
        self.was_pending = self.was_pending or meter.is_pending
        if meter.is_pending or was_activated:
            self.accepted = True
        elif self.status != "pending" and not (self.accepted and has_changed):
            return
        self.status, self.status_message = meter.status, meter.status_message
        self.status_ts = meter.status_ts if meter.changed_at else None


ROW = (
    "meter_uid",
    "requested_at",
    "collection_duration",
    "collection_duration_answered",
    "accepted",
    "status",
    "status_message",
    "status_ts",
)


def snapshot(meter: Meter) -> dict[str, Any]:
    """The part of a meter's record that a collection changes, to compare it later."""
    names = ("is_activated", "status", "status_ts", "bill_count", "interval_count")
    return {name: getattr(meter, name) for name in names}


def _text(value: object) -> str:
    """The value as text that JSON can hold: a lone surrogate becomes U+FFFD."""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(value: object) -> int | str:
    """A count that JSON holds without loss; as text, which is never 0, if it is no count."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        is_whole = -LARGEST_COUNT < value < LARGEST_COUNT and value == int(value)
        return int(value) if is_whole else _text(value)
    return _text(value)


class RequestLog:
    """The recorded requests, by meter.

    Args:
        saved: Requests as `save` returns them, from several places. Of two versions of one request
            the one that knows more counts, and the later one if they know as much.
    """

    def __init__(self, saved: Iterable[object]) -> None:
        found: dict[tuple[str, str], Request] = {}
        #: How many entries could not be read.
        self.unreadable = 0
        for entry in saved:
            request = Request.restored(entry)
            if request is None:
                self.unreadable += 1
                continue
            key = (request.meter_uid, request.requested_at)
            found[key] = max(request, found.get(key, request), key=_knowledge)
        self._by_meter = defaultdict[str, list[Request]](list)
        for request in sorted(found.values(), key=lambda request: request.made_at):
            self.add(request)

    def add(self, request: Request) -> None:
        """Add a new request."""
        self._by_meter[request.meter_uid].append(request)

    def made_after(self, time: datetime | None) -> Iterator[Request]:
        """The requests that were made after a time, or all."""
        for requests in self._by_meter.values():
            yield from (r for r in requests if time is None or r.made_at > time)

    def latest(self, uid: str) -> Request | None:
        """The latest request for a meter."""
        return self._by_meter[uid][-1] if self._by_meter.get(uid) else None

    def latest_carried_out(self, uid: str) -> Request | None:
        """The latest request for a meter that was, or may have been, carried out."""
        carried_out = [r for r in self._by_meter.get(uid, ()) if r.accepted is not False]
        return carried_out[-1] if carried_out else None

    def all_latest_carried_out(self) -> list[Request]:
        """The latest request for each meter that was, or may have been, carried out."""
        return list(filter(None, map(self.latest_carried_out, self._by_meter)))

    def covers(self, uid: str, duration: int | None) -> bool:
        """Whether a request that was, or may have been, carried out had at least that duration."""
        return any(
            request.covers(duration)
            for request in self._by_meter.get(uid, ())
            if request.outcome in {RequestOutcome.OPEN, RequestOutcome.DONE}
        )

    def cost_since(self, start: datetime) -> Decimal:
        """What the requests made since then may have cost, in dollars."""
        requests = [request for each in self._by_meter.values() for request in each]
        return sum((r.cost for r in requests if r.made_at >= start), price(0))

    def save(self, now: datetime) -> list[dict[str, Any]]:
        """What a later run needs of each meter's requests.

        The latest one, the recent ones, and those that cover the most months and the vendor's
        default.
        """
        return [asdict(r) for uid in self._by_meter for r in self._needed(uid, now)]

    def _needed(self, uid: str, now: datetime) -> Iterator[Request]:
        requests = self._by_meter[uid]
        longest = max(requests, key=_months_brought)
        default = max(requests, key=lambda request: request.covers(None) * _months_brought(request))
        kept = (requests[-1], longest, default, self.latest_carried_out(uid))
        for request in requests:
            is_recent = now - request.made_at < COST_WINDOW
            if is_recent or any(request is each for each in kept):
                yield request


def _months_brought(request: Request) -> int:
    return (
        request.months_covered
        if request.outcome in {RequestOutcome.OPEN, RequestOutcome.DONE}
        else 0
    )


def _knowledge(request: Request) -> tuple[bool, bool, bool]:
    return request.has_ended, request.status is not None, request.accepted is not None


def parse_timestamp(text: str | None) -> datetime | None:
    """Parse a timestamp; None if it is invalid or has no offset."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    # Years at the ends of the calendar leave no room for arithmetic.
    return found if found.tzinfo and 1970 <= found.year < 3000 else None  # noqa: PLR2004
