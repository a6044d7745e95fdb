"""A meter's figures by period, added up from its bills in each of the vendor's views."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.lines import FOUR, SIX, Line, energy_of, in_common_unit
from sandbox.energycap.data.seeded import SeededRandom
from sandbox.utilityapi.data.catalogue import SEASONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.energycap.data.bills import Bill, Billing
    from sandbox.energycap.data.lines import Lines
    from sandbox.energycap.data.portfolio import Meter, Portfolio
    from sandbox.energycap.data.windows import Windows

ZERO = Decimal(0)


@dataclasses.dataclass(slots=True)
class Figures:
    """Lines added up: amounts and days are summed, of demands the highest stays."""

    use: Decimal = ZERO
    common: Decimal = ZERO
    energy: Decimal = ZERO
    cost: Decimal = ZERO
    days: int = 0
    actual: Decimal | None = None
    billed: Decimal | None = None
    is_estimated: bool = False

    def add(self, line: Line | Figures, *, is_estimated: bool = False) -> None:
        """Add a line, or the figures of another period."""
        self.use += line.use
        self.common += line.common
        self.energy += line.energy
        self.cost += line.cost
        self.days += line.days
        self.actual = _higher(self.actual, line.actual)
        self.billed = _higher(self.billed, line.billed)
        self.is_estimated |= is_estimated


ByPeriod = dict[int, Figures]


class MeterFigures:
    """Figures of meters; a range of periods is always a range of their indices."""

    def __init__(
        self, portfolio: Portfolio, billing: Billing, lines: Lines, windows: Windows
    ) -> None:
        """Add up what was billed."""
        self._portfolio, self._billing, self._lines = portfolio, billing, lines
        self._calendar, self._months = windows.calendar, windows.months

    def view(self, name: str, meter: Meter, periods: range) -> ByPeriod:
        """Return the figures of the view ``actual`` or ``calendarized``."""
        return self.actual(meter, periods) if name == "actual" else self.prorated(meter, periods)

    def actual(self, meter: Meter, periods: range) -> ByPeriod:
        """Add up each bill in the period that it is reported in."""
        found: ByPeriod = {}
        for account in self._portfolio.accounts_of[meter.id]:
            for bill in self._billing.in_periods(account, periods.start, periods.stop - 1):
                if self._has_line(meter, bill):
                    figures = found.setdefault(bill.period, Figures())
                    figures.add(self._lines.line(meter, bill), is_estimated=bill.is_estimated)
        return found

    def prorated(self, meter: Meter, periods: range) -> ByPeriod:
        """Divide each bill among the periods that its days are in."""
        found: ByPeriod = {}
        for bill, line in self._lines_near(meter, periods.start - 2, periods.stop + 1):
            for index, part in self.prorate(meter, bill, line):
                if index in periods:
                    found.setdefault(index, Figures()).add(part, is_estimated=bill.is_estimated)
        return found

    def by_month(self, meter: Meter, since: int) -> ByPeriod:
        """Add up each bill in its month, thirteen periods a year or not."""
        found: ByPeriod = {}
        for bill, line in self._lines_near(meter, self._billing.first_slot, None):
            index = self._month(bill)
            if index >= since:
                found.setdefault(index, Figures()).add(line)
        return found

    def normalized(self, seed: int, meter: Meter, periods: range) -> ByPeriod:
        """Set each period's use right for the weather; there is no cost in this view."""
        found = self.prorated(meter, periods)
        for index, figures in found.items():
            figures.cost = ZERO
            if meter.service.is_weather_sensitive:
                percent = SeededRandom(seed, "weather", index, meter.service.season).between(
                    88, 112
                )
                figures.use = (figures.use * percent / 100).quantize(SIX)
                figures.common = in_common_unit(meter, figures.use)
                figures.energy = energy_of(meter, figures.common)
        return found

    def _has_line(self, meter: Meter, bill: Bill) -> bool:
        return (
            not bill.is_void
            and any(
                tenure.meter is meter and tenure.covers(bill.slot)
                for tenure in bill.account.tenures
            )
            and self._billing.is_read(meter, bill.slot)
        )

    def _lines_near(
        self, meter: Meter, first: int, last: int | None
    ) -> Iterator[tuple[Bill, Line]]:
        """Yield a meter's lines on bills drawn for some periods, wherever they are reported."""
        last = self._billing.last_slot if last is None else last
        for account in self._portfolio.accounts_of[meter.id]:
            for bill in self._billing.in_slots(account, first, last):
                if self._has_line(meter, bill):
                    yield bill, self._lines.line(meter, bill)

    def _month(self, bill: Bill) -> int:
        if self._calendar.count == self._months.count:
            return bill.period
        return self._months.at(bill.begin + (bill.end - bill.begin) / 2)

    def prorate(self, meter: Meter, bill: Bill, line: Line) -> Iterator[tuple[int, Line]]:
        """Divide a line among the periods that the bill's days are in, by their indices."""
        indices = range(
            self._calendar.at(bill.begin), self._calendar.at(bill.end - dt.timedelta(days=1)) + 1
        )
        days, weights = [], []
        for index in indices:
            period = self._calendar.period(index)
            days.append((min(bill.end, period.end) - max(bill.begin, period.start)).days)
            season = SEASONS[meter.service.season][period.start.month - 1]
            weights.append(days[-1] * (season if meter.service.is_weather_sensitive else 1))
        parts = zip(
            divide(line.use, weights, SIX),
            divide(line.common, weights, SIX),
            divide(line.energy, weights, SIX),
            divide(line.cost, weights, FOUR),
            days,
            strict=True,
        )
        for index, part in zip(indices, parts, strict=True):
            yield index, Line(*part, line.actual, line.billed)


def divide(amount: Decimal, weights: list[int], digits: Decimal) -> list[Decimal]:
    """Divide an amount by weight; the last part is what is left, so that nothing is lost."""
    total = sum(weights)
    parts = [(amount * weight / total).quantize(digits) for weight in weights[:-1]]
    return [*parts, amount - sum(parts, ZERO)]


def _higher(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
