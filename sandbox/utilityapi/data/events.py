"""What can happen at UtilityAPI between two runs of a client, or during one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.utilityapi.data.clock import months_back
from sandbox.utilityapi.data.event_details import first, only
from sandbox.utilityapi.data.interval_events import IntervalEvents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.timeline import Timeline
    from sandbox.utilityapi.data.platform import Platform
    from sandbox.utilityapi.data.services import Bill, Book, Consent, Service


class Events:
    """Changes the platform; each method takes what the event's object says besides its name.

    Moments are of the real time (UTC) at which an event was asked for, a moment apart.
    """

    def __init__(self, platform: Platform, timeline: Timeline) -> None:
        """Change a platform."""
        self._platform = platform
        self._timeline = timeline
        self._awaited: list[tuple[int, Consent]] = []
        self._last = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._intervals = IntervalEvents(platform, self._now)

    def events(self) -> dict[str, Callable[[dict[str, Any]], object]]:
        """Return every event by name."""
        return {
            "to": self.move_on,
            "pace": self.change_pace,
            "new_bills": self.add_bills,
            "correct_bill": self.correct_bill,
            "revoke_authorization": self.revoke,
            "renew_authorization": self.renew,
            **self._intervals.events(),
            "monitor_meter": self.monitor,
        }

    def move_on(self, given: dict[str, Any]) -> object:
        """``to``: a later day. Every account that is monitored gets its bills up to then.

        Of their meters `status_ts`, `bill_count` and `bill_coverage` move, and with readings
        `interval_count` and `interval_coverage`. Consents may expire. Other accounts' utilities
        go on billing, which the next collection finds.
        """
        day = dt.date.fromisoformat(only(given, "to")["to"])
        if day < self._platform.today:
            raise ValueError(f"to: {day} is before {self._platform.today}")
        self._timeline.not_before(day)
        books = self._platform.books
        monitored = {uid for uid, book in books.items() if self._is_monitored(book)}
        self._platform.today = day
        self._platform.version += 1
        new = []
        for uid, book in books.items():
            last = months_back(day.replace(day=book.account.bill_day), 1)
            while book.statements and book.statements[-1].end < last:
                self._platform.extend(book)
            if uid in monitored:
                new += self._collect(book)
        return {"today": day.isoformat(), "bills": new}

    def change_pace(self, given: dict[str, Any]) -> object:
        """``scale``: replaces the option `time_scale` from now on; at 0 time stands still."""
        scale = only(given, "scale")["scale"]
        if not isinstance(scale, int | Decimal) or isinstance(scale, bool) or scale < 0:
            raise ValueError(f"scale: {scale!r} is not a number of 0 or more")
        self._timeline.run_at(float(scale))
        return {"scale": scale}

    def add_bills(self, given: dict[str, Any]) -> object:
        """``billing_account``, or else the first: the next month's bills of one account.

        It changes the same fields as time does, of this account's meters only. The day stays.
        """
        uid = only(given, "billing_account").get("billing_account")
        books = (b for b in self._platform.books.values() if self._is_monitored(b))
        book = first(books, uid, lambda b: b.account.uid)
        self._platform.extend(book)
        return {"billing_account": book.account.uid, "bills": self._collect(book)}

    def correct_bill(self, given: dict[str, Any]) -> object:
        """``bill``, or else the oldest with a summary: its amount changes, read anew.

        Of the bill `updated` moves; of its billing summary and the later ones the amounts, with
        no mark at all. Of the meter **only `status_ts`** moves: no bill came or went, so counts
        and coverages stay as they were, and so do the other meters of the statement. With
        ``silent: true`` not even `status_ts` moves, and only reading the bill again shows it.
        """
        details = only(given, "bill", "silent")
        bills = sorted(self._visible_bills(), key=_age)
        bill = first(bills, details.get("bill"), lambda b: b.uid)
        moment = self._now()
        self._platform.correct(bill, moment)
        if details.get("silent") is not True:
            bill.service.turn("updated", "Data refreshed", self._now())
        return {"bill": bill.uid, "meter": bill.service.uid}

    def revoke(self, given: dict[str, Any]) -> object:
        """``authorization``, or else the first, ``after_requests``: a consent is taken back.

        Its meters, bills, intervals, billing accounts and summaries vanish without a mark; the
        authorization stays, with `revoked`, `is_revoked` and `status_ts`. It happens when as many
        more requests to UtilityAPI have been answered.
        """
        details = only(given, "authorization", "after_requests")
        usable = (s.consent for s in self._platform.services.values() if s.bills)
        consents = (consent for consent in usable if not consent.revoked)
        consent = first(consents, details.get("authorization"), lambda c: c.uid)
        count = details.get("after_requests", 0)
        if type(count) is not int or count < 0:
            raise ValueError(f"after_requests: {count!r} is not a number of requests")
        if count:
            self._awaited.append((count, consent))
        else:
            self._platform.revoke(consent, self._now())
        return {"authorization": consent.uid, "after_requests": count}

    def renew(self, given: dict[str, Any]) -> object:
        """``meter``, or else the first with readings: from now on it is under a new consent.

        Its bills, intervals and readings change their `authorization_uid` and nothing else, and
        so does the meter: no mark moves. The old consent stays, with the billing account.
        """
        uid = only(given, "meter").get("meter")
        services = (s for s in self._platform.visible_services() if s.metering.intervals)
        service = first(services, uid, lambda s: s.uid)
        consent = self._platform.renew(service, self._now())
        return {"meter": service.uid, "authorization": consent.uid}

    def monitor(self, given: dict[str, Any]) -> object:
        """``meter``: ongoing monitoring collects its latest bill, which activates the meter."""
        uid = only(given, "meter")["meter"]
        service = self._platform.services[uid]
        service.frequency = "monthly"
        for statement in service.book.statements[-1:]:
            if not service.has_bill(statement.end):
                self._platform.collect(service.book, statement.end, self._now())
        service.finish(self._now())
        self._platform.version += 1
        return {"meter": uid}

    def count_request(self) -> None:
        """Let what waits for requests happen or come closer; to be called before each."""
        for left, consent in self._awaited:
            if not left:
                self._platform.revoke(consent, self._now())
        self._awaited = [(left - 1, consent) for left, consent in self._awaited if left]

    def _now(self) -> dt.datetime:
        """Return the moment it is, never the same twice."""
        now = self._timeline.moment(self._timeline.seconds)
        self._last = max(now, self._last + dt.timedelta(microseconds=1))
        return self._last

    def _is_monitored(self, book: Book) -> bool:
        services = self._services(book)
        usable = book.consent.is_usable(self._platform.today)
        return usable and any(service.frequency != "off" for service in services)

    def _services(self, book: Book) -> list[Service]:
        return [self._platform.services[meter.uid] for meter in book.account.meters]

    def _collect(self, book: Book) -> list[str]:
        """Collect what is missing; return the uids of the new bills."""
        services = self._services(book)
        missing = [s.end for s in book.statements if not services[0].has_bill(s.end)]
        for end in missing:
            self._platform.collect(book, end, self._now())
        for service in services if missing else ():
            service.finish(self._now())
        return [b.uid for s in services for b in s.bills if b.statement.end in missing]

    def _visible_bills(self) -> Iterable[Bill]:
        services = self._platform.visible_services()
        return (bill for service in services for bill in service.bills)


def _age(bill: Bill) -> tuple[bool, dt.datetime, int]:
    """Bills that belong to a summary come first, then the oldest."""
    has_summary = bill.service.consent.authorization.utility.has_accounting
    return not has_summary, bill.end, bill.service.ordinal
