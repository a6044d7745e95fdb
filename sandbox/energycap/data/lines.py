"""What a bill says about one of its meters: use, cost and demand."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sandbox.energycap.data.bills import FIRST
from sandbox.energycap.data.seeded import SeededRandom
from sandbox.utilityapi.data.catalogue import SEASONS

if TYPE_CHECKING:
    from sandbox.energycap.data.bills import Bill
    from sandbox.energycap.data.periods import Calendar
    from sandbox.energycap.data.portfolio import Meter

SIX, FOUR, CENT = Decimal("0.000001"), Decimal("0.0001"), Decimal("0.01")
# Of more digits than a double holds.
HARD_USE = Decimal("12345678901234567890.123456")
# Lines, so that the views of a small tenant are drawn from the same ones.
_KEPT = 50_000
_HARD_COST = Decimal("-0.10000000000000000000001")


class Line(NamedTuple):
    """A meter's part of a bill.

    `use` is in native units, `common` in the commodity's, `energy` in MMBtu, `cost` in dollars,
    the demands (metered and charged for) in the commodity's unit of demand.
    """

    use: Decimal
    common: Decimal
    energy: Decimal
    cost: Decimal
    days: int
    actual: Decimal | None
    billed: Decimal | None


class Lines:
    """Draws lines; those of a meter follow from the meter and the period of the bill."""

    def __init__(self, seed: int, calendar: Calendar, *, hard_numbers: bool) -> None:
        """Draw ordinary figures, or hard ones among them."""
        self._seed, self._calendar, self._hard = seed, calendar, hard_numbers
        self._kept = lru_cache(_KEPT)(self._draw)

    def line(self, meter: Meter, bill: Bill) -> Line:
        """Return a meter's line on a bill that has one."""
        return self._kept(meter, bill)

    def _draw(self, meter: Meter, bill: Bill) -> Line:
        rng = SeededRandom(self._seed, meter.id, bill.slot, bill.is_void)
        use = _use(rng, meter, min(self._calendar.period(bill.slot).number, 12))
        cost = _cost(rng, meter, use)
        actual, billed = _demand(rng, meter, use, bill.whole)
        if bill.days < bill.whole:
            use, cost = _part(use, bill), _part(cost, bill)
            actual, billed = _part_of_demand(bill, actual), _part_of_demand(bill, billed)
        elif self._hard and rng.take(10) < 3:
            use, cost = HARD_USE, _HARD_COST
        if bill.more:
            use, cost = use + 1, cost + bill.more
        common = in_common_unit(meter, use)
        return Line(use, common, energy_of(meter, common), cost, bill.days, actual, billed)


def in_common_unit(meter: Meter, use: Decimal) -> Decimal:
    """Turn native use into common use."""
    factor = meter.service.factor
    return use if factor == 1 else (use * factor).quantize(SIX, ROUND_HALF_UP)


def energy_of(meter: Meter, common: Decimal) -> Decimal:
    """Turn common use into MMBtu."""
    return (common * meter.service.commodity.energy).quantize(SIX, ROUND_HALF_UP)


def _use(rng: SeededRandom, meter: Meter, month: int) -> Decimal:
    digits = rng.pick((0, 1, 4, 6))
    season = SEASONS[meter.service.season][month - 1]
    size = meter.volume * season * rng.between(85, 115)
    use = Decimal(size * 10**digits // (10_000 * meter.service.divisor)).scaleb(-digits)
    return Decimal(0) if rng.take(33) == 0 else use


def _cost(rng: SeededRandom, meter: Meter, use: Decimal) -> Decimal:
    # An occasional credit turns the month's cost negative.
    sign = -1 if rng.take(33) == 0 else 1
    cost = use * meter.service.cents_a_unit / 100 * sign + rng.between(1, 40)
    return cost.quantize(rng.pick((FOUR, CENT)))


def _demand(
    rng: SeededRandom, meter: Meter, use: Decimal, days: int
) -> tuple[Decimal | None, Decimal | None]:
    """Demand follows use, and with it the season; a minimum is charged for."""
    if meter.service.commodity.demand is None:
        return None, None
    average = use * meter.service.factor / (24 * days)
    actual = (average * rng.between(140, 320) / 100).quantize(CENT)
    return actual, max(actual, Decimal(5)) if rng.take(10) else None


def _part(amount: Decimal, bill: Bill) -> Decimal:
    """Divide by days, so that the two bills of a period add up to the amount."""
    first_days = bill.days if bill.part == FIRST else bill.whole - bill.days
    first = (amount * first_days / bill.whole).quantize(amount)
    return first if bill.part == FIRST else amount - first


def _part_of_demand(bill: Bill, demand: Decimal | None) -> Decimal | None:
    """The peak was in the second of two bills."""
    if demand is None or bill.part != FIRST:
        return demand
    return (demand * 3 / 4).quantize(CENT)
