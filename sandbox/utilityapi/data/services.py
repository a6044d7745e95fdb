"""The objects of UtilityAPI that change: consents, accounts, meters and bills."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sandbox.utilityapi.data.clock import midnight, utc_stamp
from sandbox.utilityapi.data.readings import Metering, joined

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from sandbox.utilityapi.data.customers import Authorization, BillingAccount, Meter
    from sandbox.utilityapi.data.ledger import ChargeLine, MeterMonth, Statement
    from sandbox.utilityapi.data.readings import Period, Span

NEVER_ACTIVATED = "Service exists, but no logs yet."

Note = dict[str, Any]


@dataclass
class Consent:
    """The state of an authorization (docs/api/authorizations); moments are UTC.

    `ordinal` decides its oddities. A consent without `expires` has a preset instead of a date.
    """

    authorization: Authorization
    ordinal: int
    expires: dt.datetime | None
    is_test: bool = False
    declined: dt.datetime | None = None
    revoked: dt.datetime | None = None

    status_message: str = "Meters found!"
    status_ts: dt.datetime | None = None

    @property
    def uid(self) -> str:
        """The authorization's uid."""
        return self.authorization.uid

    @property
    def user_uid(self) -> str:
        """The user who owns its form."""
        return "1402" if self.ordinal % 5 == 3 and not self.is_test else "1337"

    @property
    def user_email(self) -> str:
        """The user's address."""
        return "sales@example.com" if self.user_uid == "1337" else "field@example.com"

    def turn(self, message: str, moment: dt.datetime) -> None:
        """Change the status at a moment."""
        self.status_message, self.status_ts = message, moment

    def is_expired(self, today: dt.date) -> bool:
        """Whether it has run out on a day; what was collected before stays visible."""
        return self.expires is not None and self.expires.date() <= today

    def is_usable(self, today: dt.date) -> bool:
        """Whether new data may be collected on a day."""
        return not (self.revoked or self.declined or self.is_expired(today))


@dataclass(eq=False)
class Book:
    """An account at the utility, with its statements, which are made on demand."""

    account: BillingAccount
    consent: Consent
    created: dt.datetime
    first_statements: Callable[[], Iterable[Statement]] = tuple

    @cached_property
    def statements(self) -> list[Statement]:
        """The statements so far, oldest first."""
        return list(self.first_statements())


@dataclass(frozen=True, slots=True)
class Bill:
    """One meter's part of a statement, as collected; moments are UTC."""

    uid: str
    service: Service
    statement: Statement
    created: dt.datetime
    updated: dt.datetime

    @property
    def start(self) -> dt.datetime:
        """The moment (UTC) at which the period starts."""
        return midnight(self.service.zone, self.statement.start)

    @property
    def end(self) -> dt.datetime:
        """The moment (UTC) at which the period ends."""
        return midnight(self.service.zone, self.statement.end)

    @property
    def month(self) -> MeterMonth:
        """The meter's use and charges."""
        return self.statement.month_of(self.service.meter)

    @property
    def lines(self) -> tuple[ChargeLine, ...]:
        """Its charges; those of the whole account are on the bill of the account's first meter.

        So the bills of a statement add up to the statement.
        """
        is_first = self.statement.account.meters[0] is self.service.meter
        return (*self.month.lines, *(self.statement.others if is_first else ()))

    @property
    def is_flagged(self) -> bool:
        """Whether a line is missing, and a note says so."""
        return self.statement.ordinal % 400 == 6 and len(self.lines) > 1


@dataclass(eq=False)
class Service:
    """A Meter (docs/api/meters) and what was collected of it; moments are UTC.

    `reading_seconds` is the primary duration of its readings; 0 is that it has none. A `renewal`
    is a later consent that it is shared by, instead of its account's. The first bills and readings
    are drawn when they are asked for.
    """

    meter: Meter
    book: Book
    ordinal: int
    created: dt.datetime
    status_ts: dt.datetime
    status: str = "updated"
    status_message: str = NEVER_ACTIVATED
    notes: list[Note] = field(default_factory=list)
    is_activated: bool = False
    is_archived: bool = False
    frequency: str = "off"
    reading_seconds: int = 0
    renewal: Consent | None = None
    first_bills: Callable[[], Iterable[Bill]] = tuple
    first_periods: Callable[[], Sequence[Period]] = tuple
    first_metering: Callable[[], Metering] = Metering
    changed_metering: Metering | None = None

    @cached_property
    def bills(self) -> list[Bill]:
        """The bills collected so far, oldest first."""
        return list(self.first_bills())

    @property
    def metering(self) -> Metering:
        """The readings so far, which are too many to be kept: `keep` them once they change."""
        return self.changed_metering or self.first_metering()

    def keep(self, metering: Metering) -> None:
        """Keep readings that have changed."""
        self.changed_metering = metering

    def reading_coverage(self) -> tuple[int, list[Span]]:
        """Count the readings, and tell from when to when there are any."""
        if metering := self.changed_metering:
            return len(metering.true), metering.coverage()
        periods = self.first_periods()
        spans = [period.span(self) for period in periods]
        counts = (
            int((end - start).total_seconds()) // period.seconds
            for period, (start, end) in zip(periods, spans, strict=True)
        )
        return sum(counts), joined(spans)

    def has_bill(self, end: dt.date) -> bool:
        """Whether the bill of the period that ends on a day was collected."""
        return any(bill.statement.end == end for bill in self.bills)

    @property
    def uid(self) -> str:
        """The meter's uid."""
        return self.meter.uid

    @property
    def consent(self) -> Consent:
        """The consent that it is shared by."""
        return self.renewal or self.book.consent

    @property
    def zone(self) -> str:
        """The utility's time zone."""
        return self.consent.authorization.utility.zone

    def turn(self, status: str, message: str, moment: dt.datetime) -> None:
        """Change the status at a moment."""
        self.status, self.status_message, self.status_ts = status, message, moment

    def note(self, kind: str, text: str, moment: dt.datetime, **more: object) -> None:
        """Put a note (docs/api/meters/notes) in the place of an earlier one of its type."""
        self.notes = [note for note in self.notes if note["type"] != kind]
        self.notes.append({"type": kind, "msg": text, "ts": utc_stamp(moment), **more})

    def unnote(self, *kinds: str) -> None:
        """Take notes away."""
        self.notes = [note for note in self.notes if note["type"] not in kinds]

    def finish(self, moment: dt.datetime) -> None:
        """All that there is has been collected (docs/api/meters/blocks: "finished")."""
        self.is_activated = True
        self.unnote("waiting", "retrying", "bills_errored")
        self.note("meters_full", "Found all data of this meter.", moment)
        self.note("bills_full", "Found all bills available.", moment)
        for bill in self.bills:
            if bill.is_flagged:
                self._note_strange(bill)
        self.turn("updated", "Data refreshed", moment)

    def _note_strange(self, bill: Bill) -> None:
        text = "One of this meter's bills has line items that don't add up."
        self.note(
            "bills_strange",
            text,
            bill.updated,
            bill_note_type="audit_failed_on_line_items",
            # Malformed as in the vendor's own example.
            bill_statement_date=f"{bill.statement.end}:17:00:00.000000+00:00",
            bill_uid=bill.uid,
        )

    def fail(self, moment: dt.datetime) -> None:
        """Nothing could be collected."""
        self.unnote("waiting", "retrying")
        text = "All the bills listed returned errors from the utility."
        self.note("bills_errored", text, moment)
        self.turn("errored", "We could not collect the data.", moment)
