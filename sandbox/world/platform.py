"""UtilityAPI's half of the world as it is now: what was collected, and what each consent allows."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.wire import to_json
from sandbox.world.clock import has_clock_change, months_back
from sandbox.world.customers import Authorization, Uids, billing_accounts
from sandbox.world.ledger import corrected, next_statement, rebalanced, statements
from sandbox.world.readings import period_readings
from sandbox.world.services import Bill, Book, Consent, Service
from sandbox.world.specials import FIRST_ORDINAL, special_consents, special_services
from sandbox.world.summaries import billing_summary

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions
    from sandbox.world.customers import BillingAccount, Meter
    from sandbox.world.ledger import Statement
    from sandbox.world.readings import Reading

_FREQUENCIES = ("monthly", "weekly", "daily")
_QUARTER, _HOUR = 900, 3_600


@dataclass(frozen=True)
class Summary:
    """A Billing Summary as served (`body`), its meters as it names them, and its statement."""

    uid: str
    meter_uids: frozenset[str]
    body: bytes
    statement: Statement

    @property
    def authorization_uid(self) -> str:
        """The authorization's uid."""
        return self.statement.account.authorization.uid

    @property
    def billing_account_uid(self) -> str:
        """The billing account's uid."""
        return self.statement.account.uid


class Platform:
    """Consents, books and services by uid, the vanished ones too; `version` counts changes.

    `summaries` holds the visible ones, newest created first.
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
        self._metered = 0
        self._ordinals = options.billing_summaries
        self._add_ordinary()
        self._add_special()

    def visible_services(self) -> list[Service]:
        """Return the meters that a token can see, newest created first."""
        found = [s for s in self.services.values() if not s.consent.revoked]
        return sorted(found, key=lambda s: (s.created, s.ordinal), reverse=True)

    def collect(self, book: Book, end: dt.date, moment: dt.datetime) -> None:
        """Collect the statement that ends on a day, at a moment (UTC)."""
        index = next(i for i, s in enumerate(book.statements) if s.end == end)
        book.statements[index] = dataclasses.replace(book.statements[index], created=moment)
        self._publish(book, book.statements[index], moment, moment)
        self.summaries.sort(key=lambda summary: _age(summary.statement), reverse=True)
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

    def _readings(self, service: Service, statement: Statement, seconds: int) -> list[Reading]:
        hard = self._options.hard_numbers
        return list(period_readings(service, statement, seconds, hard_numbers=hard))

    def _replace(self, book: Book, index: int, statement: Statement) -> None:
        """Put a changed statement in the place of the one that it was."""
        old, book.statements[index] = book.statements[index], statement
        for month in statement.months:
            bills = self.services[month.meter.uid].bills
            for i, bill in enumerate(bills):
                if bill.statement is old:
                    bills[i] = dataclasses.replace(bill, statement=statement)
        self.summaries = [
            self._summary(statement, s.uid) if s.statement is old else s for s in self.summaries
        ]

    def _publish(
        self, book: Book, statement: Statement, created: dt.datetime, updated: dt.datetime
    ) -> None:
        """Let the bills of a statement appear, and its summary where there is accounting."""
        book.collected.add(statement.end)
        for month in statement.months:
            service = self.services[month.meter.uid]
            uid = self._bill_uids.take()
            service.bills.append(Bill(uid, service, statement, created, updated))
            service.bills.sort(key=lambda bill: bill.statement.end)
            if seconds := self._reading_seconds(service, statement):
                # Readings do not change when the amount of the bill does.
                readings = self._readings(service, statement, seconds)
                service.metering.collect(service, readings, created)
        if book.account.authorization.utility.has_accounting:
            self.summaries.append(self._summary(statement, self._summary_uids.take()))

    def _reading_seconds(self, service: Service, statement: Statement) -> int:
        """Readings are many: only the latest periods have them, and those of a clock change.

        A meter of quarter-hours has one older period of hours, which is not its primary duration.
        """
        primary, end = service.reading_seconds, statement.end
        older = months_back(self._options.today, 5)
        if primary == _QUARTER and (end.year, end.month) == (older.year, older.month):
            return _HOUR
        is_latest = end > months_back(self.today, 3)
        is_change = end > months_back(self.today, 12) and has_clock_change(statement.start, end)
        return primary if is_latest or is_change else 0

    def _summary(self, statement: Statement, uid: str) -> Summary:
        record = billing_summary(statement, hard_numbers=self._options.hard_numbers)
        meters = record.get("meter_uids", [])
        return Summary(
            uid=uid,
            meter_uids=frozenset(meters if isinstance(meters, list) else ()),
            body=to_json({"uid": uid, **record}),
            statement=statement,
        )

    def _add_ordinary(self) -> None:
        wanted, seed = self._options.billing_summaries, self._options.seed
        accounts = billing_accounts(seed, self.today)
        found: list[tuple[Book, Statement]] = []
        while len(found) < wanted:
            account, left = next(accounts), wanted - len(found)
            book = self._open_book(account)
            book.statements += statements(account, seed, self.today, left, len(found))
            found += [(book, statement) for statement in book.statements]
        # Uids are drawn newest first.
        for book, statement in sorted(found, key=lambda pair: _age(pair[1]), reverse=True):
            created = statement.created + dt.timedelta(seconds=5)
            # Some were read anew before anyone asked.
            later = dt.timedelta(hours=36 if statement.ordinal % 30 == 11 else 0)
            self._publish(book, statement, created, created + later)
        for service in self.services.values():
            moment = max(bill.updated for bill in service.bills)
            service.finish(moment + dt.timedelta(seconds=9))

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
            self.consents[consent.uid] = consent
        return self.consents[authorization.uid]

    def _add_special(self) -> None:
        cases = special_consents(self._options)
        self.consents |= {consent.uid: consent for consent in cases.values()}
        for service in special_services(self._options, cases):
            if service.consent.is_test:
                service.reading_seconds = _HOUR
            self.services[service.uid] = service
            self.books[service.book.account.uid] = service.book
            if service.is_activated and not service.consent.revoked:
                for statement in service.book.statements:
                    stamp = statement.created
                    self._publish(service.book, statement, stamp, stamp)
                service.finish(service.bills[-1].updated + dt.timedelta(seconds=9))


def _age(statement: Statement) -> tuple[dt.datetime, int]:
    return statement.created, statement.ordinal
