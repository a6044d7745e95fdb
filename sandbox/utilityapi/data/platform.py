"""UtilityAPI's current data: what was collected, and what each consent makes visible."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from bisect import insort
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING

from sandbox.recent import Recent
from sandbox.utilityapi.data.clock import has_clock_change, months_back
from sandbox.utilityapi.data.copies import Original
from sandbox.utilityapi.data.customers import Authorization, Uids, billing_accounts
from sandbox.utilityapi.data.edge_cases import FIRST_ORDINAL, edge_case_consents, edge_case_services
from sandbox.utilityapi.data.ledger import corrected, next_statement, rebalanced, statements
from sandbox.utilityapi.data.readings import Metering, Period, Reading, period_readings
from sandbox.utilityapi.data.services import Bill, Book, Consent, Service
from sandbox.utilityapi.data.summaries import billing_summary, meter_uids
from sandbox.wire import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.options import SandboxOptions
    from sandbox.utilityapi.data.customers import BillingAccount, Meter
    from sandbox.utilityapi.data.ledger import Statement

_FREQUENCIES = ("monthly", "weekly", "daily")
_QUARTER, _HOUR = 900, 3_600
_PLACE = attrgetter("place")
# So many Billing Summaries are drawn; more than that are copies of them.
_COPIED = 5_000


@dataclass(eq=False, slots=True)
class Summary:
    """A Billing Summary: the statement at an index of a book.

    `place` is its place in the order: when it was created, its ordinal, the number of the copy.
    """

    uid: str
    book: Book
    index: int
    place: tuple[dt.datetime, int, int]

    @property
    def statement(self) -> Statement:
        """The statement as it is now."""
        return self.book.statements[self.index]

    @property
    def meter_uids(self) -> list[str]:
        """The uids of its meters, as it names them."""
        return meter_uids(self.book.account, self.place[1])

    @property
    def authorization_uid(self) -> str:
        """The authorization's uid."""
        return self.book.consent.uid

    @property
    def billing_account_uid(self) -> str:
        """The billing account's uid."""
        return self.book.account.uid


class Platform:
    """Consents, books and services by uid, the vanished ones too; `version` counts changes.

    `summaries` holds the visible ones, oldest created first.
    """

    def __init__(self, options: SandboxOptions) -> None:
        """Build the world of the first day."""
        self._options = options
        self._summary_uids = Uids(options.seed, "summary")
        self._bill_uids = Uids(options.seed, "bill")
        self.today = options.today
        self.version = 0
        self.consents: dict[str, Consent] = {}
        self.books: dict[str, Book] = {}
        self.services: dict[str, Service] = {}
        self.summaries: list[Summary] = []
        self._printed: Recent[bytes] = Recent()
        self._meterings: Recent[Metering] = Recent(200)
        self._visible: tuple[int, list[Service]] = (-1, [])
        self._metered = 0
        self._ordinals = options.billing_summaries
        self._add_ordinary()
        self._add_copies()
        self._add_edge_case()

    def visible_services(self) -> list[Service]:
        """Return the meters that a token can see, newest created first."""
        if self._visible[0] != self.version:
            found = [s for s in self.services.values() if not s.consent.revoked]
            found.sort(key=lambda s: (s.created, s.ordinal), reverse=True)
            self._visible = self.version, found
        return self._visible[1]

    def print_summary(self, summary: Summary) -> bytes:
        """Print a Billing Summary as served."""
        statement = summary.statement

        def write() -> bytes:
            record = billing_summary(statement, hard_numbers=self._options.hard_numbers)
            return to_json({"uid": summary.uid, **record})

        return self._printed.get(summary.uid, statement, write)

    def collect(self, book: Book, end: dt.date, moment: dt.datetime) -> None:
        """Collect the statement that ends on a day, at a moment (UTC)."""
        index = next(i for i, s in enumerate(book.statements) if s.end == end)
        book.statements[index] = dataclasses.replace(book.statements[index], created=moment)
        self._publish(book, index, moment, moment)
        for meter in book.account.meters:
            service = self.services[meter.uid]
            statement, metering = book.statements[index], service.metering
            if period := self._period(service, statement, moment, self.today):
                metering.collect(service, self._readings_in(service, period), moment)
                service.keep(metering)
        self.version += 1

    def extend(self, book: Book) -> Statement | None:
        """Let the utility write the next statement of an account that has had one."""
        if not book.statements:
            return None
        statement = next_statement(book.account, self._options.seed, book.statements[-1])
        ordinal = statement.ordinal + 1
        if statement.ordinal < FIRST_ORDINAL:
            ordinal = self._ordinals = self._ordinals + 1
        book.statements.append(dataclasses.replace(statement, ordinal=ordinal))
        return book.statements[-1]

    def correct(self, bill: Bill, moment: dt.datetime) -> None:
        """Change the amount of a bill, of its summary, and the balances that follow from it."""
        book = bill.service.book
        index = book.statements.index(bill.statement)
        changed = corrected(bill.statement, bill.service.meter)
        self._replace(book, index, changed)
        for i in range(index + 1, len(book.statements)):
            changed = rebalanced(book.statements[i], changed.balance)
            self._replace(book, i, changed)
        bills = bill.service.bills
        i = next(i for i, other in enumerate(bills) if other.uid == bill.uid)
        bills[i] = dataclasses.replace(bills[i], updated=moment)
        self.version += 1

    def revoke(self, consent: Consent, moment: dt.datetime) -> None:
        """Take back a consent: all that was collected under it is deleted."""
        consent.revoked = moment
        consent.turn("Authorization was revoked.", moment)
        self.summaries = [s for s in self.summaries if s.authorization_uid != consent.uid]
        self.version += 1

    def renew(self, service: Service, moment: dt.datetime) -> Consent:
        """Let the customer give one more consent, which this meter is shared by from now on."""
        old = service.consent
        uid = f"{old.uid}-{len(self.consents)}"
        authorization = Authorization(
            uid, old.authorization.customer, old.authorization.utility, moment
        )
        consent = Consent(authorization, len(self.consents), expires=None)
        self.consents[uid] = service.renewal = consent
        self.version += 1
        return consent

    def upcoming(self, service: Service, count: int) -> list[Reading]:
        """Return the meter's next readings, of its primary duration, after all that there are."""
        last = max(end for _, end in service.metering.true)
        statements = iter(service.book.statements)
        statement = next(statements)
        found: list[Reading] = []
        while len(found) < count:
            readings = self._readings(service, statement, service.reading_seconds)
            found += [reading for reading in readings if reading.start >= last]
            following = next_statement(service.book.account, self._options.seed, statement)
            statement = next(statements, following)
        return found[:count]

    def preceding(self, service: Service, count: int) -> list[Reading]:
        """Return as many readings, of its primary duration, before all that there are."""
        first = min(start for start, _ in service.metering.true)
        step = dt.timedelta(seconds=service.reading_seconds)
        starts = [first - step * number for number in range(count, 0, -1)]
        return [Reading(start, start + step, Decimal(start.day).scaleb(-2)) for start in starts]

    def _let_read(self, service: Service, bills: Callable[[], Iterable[Bill]]) -> None:
        """Give a meter the readings of its first bills; they do not change when amounts do."""
        today = self._options.today  # time goes by, and the first readings stay

        def periods() -> list[Period]:
            found = (
                self._period(service, bill.statement, bill.created, today)
                for bill in reversed(list(bills()))
            )
            return list(filter(None, found))

        def metering() -> Metering:
            found = Metering()
            for period in periods():
                found.collect(service, self._readings_in(service, period), period.created)
            return found

        if service.reading_seconds:
            service.first_periods = periods
            service.first_metering = lambda: self._meterings.get(service.uid, service, metering)

    def _period(
        self, service: Service, statement: Statement, created: dt.datetime, today: dt.date
    ) -> Period | None:
        seconds = self._reading_seconds(service, statement, today)
        return Period(statement, seconds, created, self._options.interval_days) if seconds else None

    def _readings_in(self, service: Service, period: Period) -> list[Reading]:
        start, _ = period.span(service)
        readings = self._readings(service, period.statement, period.seconds)
        return [reading for reading in readings if reading.start >= start]

    def _readings(self, service: Service, statement: Statement, seconds: int) -> list[Reading]:
        hard = self._options.hard_numbers
        return list(period_readings(service, statement, seconds, hard_numbers=hard))

    def _replace(self, book: Book, index: int, statement: Statement) -> None:
        """Put a changed statement in the place of the one that it was."""
        old, book.statements[index] = book.statements[index], statement
        for meter in book.account.meters:
            bills = self.services[meter.uid].bills
            for i, bill in enumerate(bills):
                if bill.statement is old:
                    bills[i] = dataclasses.replace(bill, statement=statement)

    def _publish(self, book: Book, index: int, created: dt.datetime, updated: dt.datetime) -> None:
        """Let the bills of a statement appear, and its summary where there is accounting."""
        statement = book.statements[index]
        for meter in book.account.meters:
            service = self.services[meter.uid]
            uid = self._bill_uids.take()
            service.bills.append(Bill(uid, service, statement, created, updated))
            service.bills.sort(key=lambda bill: bill.statement.end)
        if book.account.authorization.utility.has_accounting:
            uid = self._summary_uids.take()
            place = (statement.created, statement.ordinal, 0)
            insort(self.summaries, Summary(uid, book, index, place), key=_PLACE)

    def _reading_seconds(self, service: Service, statement: Statement, today: dt.date) -> int:
        """Readings are many: only the latest periods have them, and those of a clock change.

        A meter of quarter-hours has one older period of hours, which is not its primary duration.
        """
        primary, end = service.reading_seconds, statement.end
        older = months_back(self._options.today, 5)
        if primary == _QUARTER and (end.year, end.month) == (older.year, older.month):
            return _HOUR
        is_latest = end > months_back(today, 3)
        is_change = end > months_back(today, 12) and has_clock_change(statement.start, end)
        return primary if is_latest or is_change else 0

    def _add_ordinary(self) -> None:
        wanted, seed = min(self._options.billing_summaries, _COPIED), self._options.seed
        accounts = billing_accounts(seed, self.today)
        found: list[tuple[Book, int]] = []
        while len(found) < wanted:
            account, left = next(accounts), wanted - len(found)
            book = self._open_book(account)
            book.statements += statements(account, seed, self.today, left, len(found))
            found += [(book, index) for index in range(len(book.statements))]
        # Uids are drawn newest first.
        for book, index in sorted(found, key=_age, reverse=True):
            statement = book.statements[index]
            created = statement.created + dt.timedelta(seconds=5)
            # Some were read anew before anyone asked.
            later = dt.timedelta(hours=36 if statement.ordinal % 30 == 11 else 0)
            self._publish(book, index, created, created + later)
        for service in self.services.values():
            moment = max(bill.updated for bill in service.bills)
            service.finish(moment + dt.timedelta(seconds=9))
            self._let_read(service, tuple(service.bills).__iter__)

    def _add_copies(self) -> None:
        """Copy the ordinary accounts until there are as many Billing Summaries as wanted."""
        wanted = self._options.billing_summaries
        books: dict[str, list[Book]] = {}
        originals = [self._original(book) for book in self.books.values()]
        for n in range(1, math.ceil(wanted / _COPIED)):
            below = wanted - n * _COPIED
            for original in originals:
                if original.statements[0].ordinal < below:
                    copies = books.setdefault(original.book.account.uid, [original.book])
                    copies.append(self._copy(original, str(n), below))
        self.summaries = [
            Summary(f"{n}-{first.uid}", book, first.index, (created, ordinal, n)) if n else first
            for first in self.summaries
            for created, ordinal, _ in (first.place,)
            for n, book in enumerate(books.get(first.billing_account_uid, [first.book]))
            if ordinal < wanted - n * _COPIED
        ]

    def _original(self, book: Book) -> Original:
        services = [self.services[meter.uid] for meter in book.account.meters]
        return Original(book, tuple(book.statements), tuple((s, tuple(s.bills)) for s in services))

    def _copy(self, original: Original, copy: str, below: int) -> Book:
        authorization = original.authorization
        authorization = dataclasses.replace(authorization, uid=f"{copy}-{authorization.uid}")
        if authorization.uid not in self.consents:
            self.consents[authorization.uid] = dataclasses.replace(
                original.book.consent, authorization=authorization, ordinal=len(self.consents)
            )
        book = original.copy_book(copy, self.consents[authorization.uid], below)
        self.books[book.account.uid] = book
        for service in original.copy_services(copy, book, len(self.services)):
            service.reading_seconds = self._primary_seconds(service.meter)
            self._let_read(service, service.first_bills)
            self.services[service.uid] = service
        return book

    def _open_book(self, account: BillingAccount) -> Book:
        consent = self._consent(account.authorization)
        created = account.authorization.created + dt.timedelta(seconds=50 + len(self.books))
        book = self.books[account.uid] = Book(account, consent, created)
        for meter in account.meters:
            n = len(self.services)
            self.services[meter.uid] = Service(
                meter=meter,
                book=book,
                ordinal=n,
                created=created - dt.timedelta(microseconds=n * 7 + 1),
                status_ts=created,
                is_archived=n % 11 == 6,
                frequency="off" if consent.is_expired(self.today) else _FREQUENCIES[n % 3],
                reading_seconds=self._primary_seconds(meter),
            )
        return book

    def _primary_seconds(self, meter: Meter) -> int:
        """The first electric meters have readings, of quarter-hours the very first, then hours."""
        if meter.service != "electric" or self._metered >= self._options.interval_meters:
            return 0
        self._metered += 1
        return _QUARTER if self._metered == 1 else _HOUR

    def _consent(self, authorization: Authorization) -> Consent:
        if authorization.uid not in self.consents:
            n = len(self.consents)
            midnight = dt.datetime.combine(self.today, dt.time(), dt.UTC)
            expires = authorization.created + dt.timedelta(days=1096)
            consent = Consent(authorization, n, None if n % 5 == 2 else expires)
            if n % 7 == 5:
                consent.expires = midnight - dt.timedelta(days=1)
            elif n % 13 == 3:  # to be renewed soon
                consent.expires = midnight + dt.timedelta(days=10 + n)
            self.consents[consent.uid] = consent
        return self.consents[authorization.uid]

    def _add_edge_case(self) -> None:
        cases = edge_case_consents(self._options)
        self.consents |= {consent.uid: consent for consent in cases.values()}
        for service in edge_case_services(self._options, cases):
            if service.consent.is_test:
                service.reading_seconds = _HOUR
            self.services[service.uid] = service
            self.books[service.book.account.uid] = service.book
            if service.is_activated and not service.consent.revoked:
                for index, statement in enumerate(service.book.statements):
                    self._publish(service.book, index, statement.created, statement.created)
                service.finish(service.bills[-1].updated + dt.timedelta(seconds=9))
                self._let_read(service, tuple(service.bills).__iter__)


def _age(found: tuple[Book, int]) -> tuple[dt.datetime, int]:
    statement = found[0].statements[found[1]]
    return statement.created, statement.ordinal
