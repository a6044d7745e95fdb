"""Monthly charges of a billing account and the balances that follow from them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.catalogue import SEASONS
from sandbox.utilityapi.data.clock import months_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.utilityapi.data.customers import BillingAccount, Meter

CENT = Decimal("0.01")
_RATES = {"electric": (8_000, 31_000), "gas": (90_000, 190_000)}
_UNITS = {"electric": "kwh", "gas": "therms"}


@dataclass(frozen=True)
class ChargeLine:
    """An amount in dollars on a statement; volume in `unit`, rate in dollars a unit."""

    name: str
    kind: str
    cost: Decimal
    volume: Decimal | None = None
    rate: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True)
class MeterMonth:
    """What one meter used in one billing period; demand in kW."""

    volume: Decimal
    unit: str
    demand: Decimal | None
    lines: tuple[ChargeLine, ...]


@dataclass(frozen=True)
class Statement:
    """A month of a billing account; amounts in dollars, None where no bill went before.

    `months` are in the order of the account's meters.
    """

    ordinal: int
    account: BillingAccount
    start: dt.date
    end: dt.date
    created: dt.datetime
    months: tuple[MeterMonth, ...]
    others: tuple[ChargeLine, ...]
    previous: Decimal | None
    payment: Decimal | None
    unpaid: Decimal | None
    new_charges: Decimal
    balance: Decimal

    @property
    def lines(self) -> tuple[ChargeLine, ...]:
        """Every charge of the statement; their costs add up to `new_charges`."""
        return (*(line for month in self.months for line in month.lines), *self.others)

    def month_of(self, meter: Meter) -> MeterMonth:
        """What a meter of the account used."""
        return self.months[self.account.meters.index(meter)]


def statements(
    account: BillingAccount, seed: int, today: dt.date, limit: int, first: int
) -> Iterator[Statement]:
    """Yield an account's statements, oldest first and at most `limit`, numbered from `first`."""
    rng = Random(f"{seed}:ledger:{account.uid}")
    last = months_back(today.replace(day=account.bill_day), 1)
    count = min(account.months, limit)
    balance: Decimal | None = None
    for i in range(count):
        end = months_back(last, count - 1 - i)
        statement = _statement(rng, account, first + i, end, balance)
        balance = statement.balance
        yield statement


def next_statement(account: BillingAccount, seed: int, last: Statement) -> Statement:
    """Return the statement of the month after another's; its ordinal is still to be given."""
    end = months_back(last.end, -1)
    rng = Random(f"{seed}:ledger:{account.uid}:{end}")
    return _statement(rng, account, last.ordinal, end, last.balance)


def corrected(statement: Statement, meter: Meter) -> Statement:
    """Return a statement with a meter's first line at a higher rate."""
    index, months = statement.account.meters.index(meter), list(statement.months)
    month = months[index]
    line = month.lines[0]
    volume, rate = line.volume or Decimal(0), (line.rate or Decimal(0)) + Decimal("0.01000")
    cost = (volume * rate).quantize(CENT, ROUND_HALF_UP)
    lines = (dataclasses.replace(line, rate=rate, cost=cost), *month.lines[1:])
    months[index] = dataclasses.replace(month, lines=lines)
    more = cost - line.cost
    return dataclasses.replace(
        statement,
        months=tuple(months),
        new_charges=statement.new_charges + more,
        balance=statement.balance + more,
    )


def rebalanced(statement: Statement, previous: Decimal) -> Statement:
    """Return a statement with the balances that follow from another previous one, in dollars."""
    unpaid = previous - (statement.payment or Decimal("0.00"))
    balance = statement.new_charges + unpaid
    return dataclasses.replace(statement, previous=previous, unpaid=unpaid, balance=balance)


def _statement(
    rng: Random, account: BillingAccount, ordinal: int, end: dt.date, previous: Decimal | None
) -> Statement:
    months = tuple(_meter_month(rng, meter, end) for meter in account.meters)
    payment = None if previous is None else _payment(rng, previous)
    unpaid = None if previous is None or payment is None else previous - payment
    subtotal = sum((line.cost for month in months for line in month.lines), Decimal("0.00"))
    others = tuple(_others(rng, ordinal, end, subtotal, unpaid))
    charges = subtotal + sum((line.cost for line in others), Decimal("0.00"))
    return Statement(
        ordinal=ordinal,
        account=account,
        start=months_back(end, 1),
        end=end,
        created=_created(rng, account, end),
        months=months,
        others=others,
        previous=previous,
        payment=payment,
        unpaid=unpaid,
        new_charges=charges,
        balance=charges + (unpaid or Decimal("0.00")),
    )


def _created(rng: Random, account: BillingAccount, end: dt.date) -> dt.datetime:
    """A statement from before the consent was collected with it, a later one when it came out."""
    midnight = dt.datetime.combine(end, dt.time(), dt.UTC)
    published = midnight + dt.timedelta(hours=rng.randint(20, 90))
    return max(published, account.authorization.created + dt.timedelta(minutes=2))


def _payment(rng: Random, previous: Decimal) -> Decimal:
    if previous <= 0:
        return Decimal("0.00")
    habit = rng.random()
    if habit < 0.12:
        return Decimal("0.00")
    if habit < 0.20:
        return (previous * rng.randint(20, 90) / 100).quantize(CENT)
    if habit < 0.23:
        return previous + Decimal(rng.randint(1, 50_000)).scaleb(-2)
    return previous


def _meter_month(rng: Random, meter: Meter, end: dt.date) -> MeterMonth:
    season = SEASONS[meter.service][months_back(end, 1).month - 1]
    hundredths = meter.volume * season * rng.randint(90, 110) // 100
    volume = Decimal(hundredths).scaleb(-2)
    demand = None
    if meter.service == "electric":
        volume = volume.quantize(Decimal(1))
        demand = Decimal(hundredths * season // 3_000_000 + rng.randint(20, 90)).scaleb(-1)
    lines = tuple(_lines(rng, meter, volume))
    return MeterMonth(volume, _UNITS[meter.service], demand, lines)


def _lines(rng: Random, meter: Meter, volume: Decimal) -> Iterator[ChargeLine]:
    word = meter.service.capitalize()
    delivery = f"{word} delivery charges - {meter.tariff}" if meter.supplier else f"{word} charges"
    yield _priced(rng, meter, delivery, "delivery", volume)
    if meter.supplier:
        yield _priced(rng, meter, f"{word} supply charges - {meter.supplier}", "supply", volume)


def _priced(rng: Random, meter: Meter, name: str, kind: str, volume: Decimal) -> ChargeLine:
    rate = Decimal(rng.randint(*_RATES[meter.service])).scaleb(-5)
    cost = (volume * rate).quantize(CENT, ROUND_HALF_UP)
    return ChargeLine(name, kind, cost, volume, rate, _UNITS[meter.service])


def _others(
    rng: Random, ordinal: int, end: dt.date, subtotal: Decimal, unpaid: Decimal | None
) -> Iterator[ChargeLine]:
    tax = (subtotal * 5 / 100).quantize(CENT, ROUND_HALF_UP)
    yield ChargeLine("Utility users' tax, Cañon Anytown", "other", tax)
    if unpaid and unpaid > 0:
        late = (unpaid / 100).quantize(CENT, ROUND_HALF_UP)
        yield ChargeLine("Late payment charge", "other", late)
    if end.month in {4, 10}:
        yield ChargeLine("Climate credit", "other", -Decimal(rng.randint(3_000, 9_000)).scaleb(-2))
    if ordinal % 16 == 5:
        refund = (subtotal * rng.randint(105, 160) / 100).quantize(CENT)
        yield ChargeLine("Correction of earlier bills", "other", -refund)
