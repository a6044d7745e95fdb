"""Figures of all meters of a place, an account or a cost center, by commodity and period."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.savings import Saving, Savings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sandbox.energycap.data.catalogue import Commodity
    from sandbox.energycap.data.figures import Figures
    from sandbox.energycap.data.lines import Line
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Account, CostCenter, Meter, Place

_ZERO = Decimal(0)


@dataclasses.dataclass(slots=True)
class Sum:
    """Figures of several meters: dollars, common units, MMBtu, and the same by the baseline."""

    cost: Decimal = _ZERO
    common: Decimal = _ZERO
    energy: Decimal = _ZERO
    batcc_cost: Decimal = _ZERO
    batcc_common: Decimal = _ZERO
    batcc_energy: Decimal = _ZERO
    demand: Decimal | None = None

    @classmethod
    def of(cls, one: Figures | Line | Saving) -> Sum:
        """Take the figures of one meter."""
        found = cls(one.cost, one.common, one.energy)
        if isinstance(one, Saving):
            found.batcc_cost, found.batcc_common = one.batcc_cost, one.batcc_common
            found.batcc_energy = one.batcc_energy
        else:
            found.demand = one.actual
        return found

    def add(self, other: Sum) -> None:
        """Add other meters of the same period: their peaks add up."""
        peaks = (self.demand, other.demand)
        self._add_amounts(other)
        self.demand = None if peaks == (None, None) else sum(map(_or_zero, peaks), _ZERO)

    def add_later(self, other: Sum) -> None:
        """Add another period: the higher peak stays."""
        self._add_amounts(other)
        if other.demand is not None:
            self.demand = max(other.demand, _or_zero(self.demand))

    def _add_amounts(self, other: Sum) -> None:
        self.cost += other.cost
        self.common += other.common
        self.energy += other.energy
        self.batcc_cost += other.batcc_cost
        self.batcc_common += other.batcc_common
        self.batcc_energy += other.batcc_energy


ByPeriod = dict[int, Sum]
ByCommodity = dict["Commodity", ByPeriod]


class Sums:
    """Adds up the meters of places and cost centers, with all below them, and of accounts."""

    def __init__(self, model: Model) -> None:
        """Add up the figures of a portfolio."""
        self._portfolio, self._billing, self._lines = model.portfolio, model.billing, model.lines
        self._seed, self._figures = model.options.seed, model.figures
        self._savings = Savings(model)
        self._kept: dict[tuple[str, int, range], ByCommodity] = {}

    def forget(self) -> None:
        """Forget the sums, as something has changed."""
        self._kept.clear()

    def place(self, view: str, place: Place, window: range) -> ByCommodity:
        """Add up the meters of a place and of all below it, in a view."""

        def parts() -> Iterator[ByCommodity]:
            for meter in self._portfolio.meters_at[place.id]:
                figures = self._view(view, meter, window)
                yield {meter.service.commodity: {i: Sum.of(one) for i, one in figures.items()}}
            for child in self._portfolio.children[place.id]:
                yield self.place(view, child, window)

        return self._keep((view, place.id, window), parts)

    def account(self, account: Account, window: range) -> ByCommodity:
        """Add up what an account was billed, by the periods that its bills are reported in."""

        def parts() -> Iterator[ByCommodity]:
            for bill in self._billing.in_periods(account, window.start, window.stop - 1):
                for meter in self._billing.meters_on(bill) if not bill.is_void else ():
                    line = Sum.of(self._lines.line(meter, bill))
                    yield {meter.service.commodity: {bill.period: line}}

        return self._keep(("account", account.id, window), parts)

    def cost_center(self, center: CostCenter, window: range) -> ByCommodity:
        """Add up the accounts of a cost center and of all below it."""

        def parts() -> Iterator[ByCommodity]:
            for account in self._portfolio.accounts:
                if account.cost_center is center:
                    yield self.account(account, window)
            for child in self._portfolio.cost_centers:
                if child.parent is center:
                    yield self.cost_center(child, window)

        return self._keep(("cost center", center.id, window), parts)

    def _view(
        self, view: str, meter: Meter, window: range
    ) -> Mapping[int, Figures] | Mapping[int, Saving]:
        match view:
            case "savings":
                return {i: s for i, s in self._savings.by_month(meter).items() if i in window}
            case "normalized":
                return self._figures.normalized(self._seed, meter, window)
        return self._figures.view(view, meter, window)

    def _keep(
        self, key: tuple[str, int, range], parts: Callable[[], Iterable[ByCommodity]]
    ) -> ByCommodity:
        if key not in self._kept:
            self._kept[key] = _added(parts())
        return self._kept[key]


def _added(parts: Iterable[ByCommodity]) -> ByCommodity:
    found: ByCommodity = {}
    for part in parts:
        for commodity, by_period in part.items():
            for index, one in by_period.items():
                found.setdefault(commodity, {}).setdefault(index, Sum()).add(one)
    return found


def within(sums: ByCommodity, window: range) -> ByCommodity:
    """Keep the periods of a window, and the commodities that have any."""
    cut = {
        commodity: {i: s for i, s in by_period.items() if i in window}
        for commodity, by_period in sums.items()
    }
    return {commodity: by_period for commodity, by_period in cut.items() if by_period}


def across(sums: ByCommodity) -> ByPeriod:
    """Add up commodities; common units and demand differ and are not to be added."""
    found: ByPeriod = {}
    for by_period in sums.values():
        for index, part in by_period.items():
            found.setdefault(index, Sum()).add(part)
    return found


def by_year(sums: ByPeriod, periods_a_year: int) -> ByPeriod:
    """Add up periods by calendar year."""
    found: ByPeriod = {}
    for index in sorted(sums):
        found.setdefault(index // periods_a_year, Sum()).add_later(sums[index])
    return found


def total(sums: ByPeriod) -> Sum:
    """Add up all periods."""
    found = Sum()
    for one in sums.values():
        found.add_later(one)
    return found


def _or_zero(peak: Decimal | None) -> Decimal:
    return _ZERO if peak is None else peak
