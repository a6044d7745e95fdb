"""When accounts are billed, and the bills there are (api-reference/bill)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.seeded import fraction
from sandbox.utilityapi.data.clock import months_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.energycap.data.changes import Changes
    from sandbox.energycap.data.periods import Calendar
    from sandbox.energycap.data.portfolio import Account, Meter, Portfolio

_FIRST_ID, _IDS_AN_ACCOUNT = 2_000, 640
_YEARS_BACK = 9
# A bill's part: the only or the first one of its period, the second one, one that is void.
FIRST, SECOND, VOID = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class Bill:
    """A bill of an account for [begin, end); `period` is where its figures are reported.

    `slot` is the period that it was drawn for, `whole` the days of that period's bills
    together, `more` what a change has added to the dollars of each of its lines.
    """

    id: int
    account: Account
    slot: int
    part: int
    begin: dt.date
    end: dt.date
    whole: int
    period: int
    created: dt.datetime
    modified: dt.datetime | None
    is_estimated: bool
    more: Decimal = Decimal(0)

    @property
    def days(self) -> int:
        """Days that the bill is for."""
        return (self.end - self.begin).days

    @property
    def is_void(self) -> bool:
        """Whether it is kept for the record only and counts nowhere."""
        return self.part == VOID


class Billing:
    """Bills drawn by account and period when they are asked for, with all changes since."""

    def __init__(
        self, seed: int, portfolio: Portfolio, calendar: Calendar, changes: Changes, today: dt.date
    ) -> None:
        """Bill every account of an portfolio."""
        self._seed, self._portfolio, self._calendar = seed, portfolio, calendar
        self._changes = changes
        self._opening = dt.datetime.combine(today, dt.time(11))
        self.first_slot = calendar.index(today.year - _YEARS_BACK)
        self._drawn: dict[tuple[int, int], tuple[Bill, ...]] = {}
        self._cuts: dict[tuple[int, int], dt.date] = {}

    @property
    def last_slot(self) -> int:
        """The last period that can have bills."""
        return self._calendar.closed(self._changes.billed_until) - 1

    def is_read(self, meter: Meter, slot: int) -> bool:
        """Tell whether a meter has figures in a period; now and then it has none."""
        return (
            meter.is_billed
            and slot >= self._calendar.index(meter.since)
            and fraction(25, self._seed, "read", meter.id, slot) > 0
        )

    def meters_on(self, bill: Bill) -> list[Meter]:
        """Return the meters that a bill has lines for."""
        return [
            tenure.meter
            for tenure in bill.account.tenures
            if tenure.covers(bill.slot) and self.is_read(tenure.meter, bill.slot)
        ]

    def in_slots(self, account: Account, first: int, last: int) -> Iterator[Bill]:
        """Yield an account's bills that were drawn for the periods `first` to `last`."""
        changed = self._changes.bills
        first = max(first, self._calendar.index(account.since))
        for slot in range(first, min(last, self.last_slot) + 1):
            for bill in self._slot(account, slot):
                current = changed.get(bill.id, bill)
                if current is not None and bill.created.date() <= self._changes.billed_until:
                    yield self._as_it_came(current)

    def _as_it_came(self, bill: Bill) -> Bill:
        created = self._changes.arrival(bill.created)
        if created == bill.created:
            return bill
        modified = bill.modified and max(bill.modified, created)
        return dataclasses.replace(bill, created=created, modified=modified)

    def in_periods(self, account: Account, first: int, last: int) -> Iterator[Bill]:
        """Yield an account's bills that are reported in the periods `first` to `last`."""
        for bill in self.in_slots(account, first, last):
            if first <= bill.period <= last:
                yield bill
        for moved in self._changes.bills.values():
            if (
                moved
                and moved.account is account
                and first <= moved.period <= last
                and not first <= moved.slot <= last
            ):
                yield moved

    def all(self) -> list[Bill]:
        """Return every bill, in no order that means anything."""
        found = [
            bill
            for account in self._portfolio.accounts
            for bill in self.in_slots(account, self.first_slot, self.last_slot)
        ]
        return sorted(found, key=lambda bill: zlib.crc32(b"%d" % bill.id))

    def find(self, bill_id: int) -> Bill | None:
        """Return a bill by its id."""
        ordinal, number = divmod(bill_id - _FIRST_ID, _IDS_AN_ACCOUNT)
        slot = self.first_slot + number // 3
        for account in self._portfolio.accounts:
            if account.ordinal == ordinal:
                bills = self.in_slots(account, slot, slot)
                return next((bill for bill in bills if bill.id == bill_id), None)
        return None

    def _slot(self, account: Account, slot: int) -> tuple[Bill, ...]:
        key = (account.ordinal, slot)
        found = self._drawn.get(key)
        if found is None:
            found = self._drawn[key] = tuple(self._draw(account, slot))
        return found

    def _draw(self, account: Account, slot: int) -> Iterator[Bill]:
        if not any(
            tenure.covers(slot) and self.is_read(tenure.meter, slot) for tenure in account.tenures
        ):
            return
        begin, end = self._cut(account, slot - 1), self._cut(account, slot)
        lot = fraction(1200, self._seed, "bill", account.ordinal, slot)
        if lot % 25 == 7:
            # Two bills for one period, as when a vendor changes its reading route.
            middle = begin + (end - begin) * 2 // 5
            yield self._bill(account, slot, FIRST, (begin, middle), (end - begin).days)
            yield self._bill(account, slot, SECOND, (middle, end), (end - begin).days)
        else:
            yield self._bill(account, slot, FIRST, (begin, end), (end - begin).days)
        if lot % 30 == 4:
            yield self._bill(account, slot, VOID, (begin, end), (end - begin).days)

    def _bill(
        self, account: Account, slot: int, part: int, dates: tuple[dt.date, dt.date], whole: int
    ) -> Bill:
        bill_id = _FIRST_ID + _IDS_AN_ACCOUNT * account.ordinal + 3 * (slot - self.first_slot)
        lot = fraction(100_000, self._seed, "made", account.ordinal, slot, part)
        made = dt.time(8 + lot % 3, lot % 60, lot % 59, lot * 10 % 1_000_000)
        # Nothing turns up that was made before it could be seen.
        arrived = max(dates[1], self._calendar.closes(slot)) + dt.timedelta(days=2 + lot % 8)
        created = dt.datetime.combine(arrived, made)
        later = min(created + dt.timedelta(days=lot % 11, hours=1), max(created, self._opening))
        # Some were never touched again, some have the moment of their making twice.
        modified = (None, created, later)[lot % 3]
        return Bill(
            id=bill_id + part,
            account=account,
            slot=slot,
            part=part,
            begin=dates[0],
            end=dates[1],
            whole=whole,
            period=slot,
            created=created,
            modified=modified,
            is_estimated=lot % 20 == 3,
        )

    def _cut(self, account: Account, slot: int) -> dt.date:
        """Return the day on which an account's bill of a period ends and its next one begins.

        The middle of a bill is in its period (helpcenter, Determining_Billing_Period).
        """
        key = (account.ordinal, slot)
        found = self._cuts.get(key)
        if found is None:
            found = self._cuts[key] = self._draw_cut(account, slot)
        return found

    def _draw_cut(self, account: Account, slot: int) -> dt.date:
        period = self._calendar.period(slot)
        if self._calendar.count != 12:
            return period.end + dt.timedelta(days=account.read_day % 19 - 9)
        month = period.start if account.read_day > 15 else months_back(period.start, -1)
        jitter = fraction(4, self._seed, "cut", account.ordinal, slot) - 1
        return month + dt.timedelta(days=account.read_day - 1 + jitter)
