"""Digests of places and accounts (api-reference/placedigest, accountdigest): sums over meters."""

from __future__ import annotations

import dataclasses
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data import timestamps
from sandbox.energycap.data.catalogue import DOLLAR, MMBTU, Commodity, unit_child
from sandbox.energycap.data.children import account_name
from sandbox.energycap.data.rows import each, period_of, running_totals

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.figures import Figures
    from sandbox.energycap.data.lines import Line
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Account, Meter, Place

_ZERO = Decimal(0)


@dataclasses.dataclass(slots=True)
class Sum:
    """Figures of several meters: dollars, common units, MMBtu; the sum of their peaks."""

    cost: Decimal = _ZERO
    common: Decimal = _ZERO
    energy: Decimal = _ZERO
    demand: Decimal | None = None

    def add(self, other: Figures | Line | Sum) -> None:
        """Add a meter, or another sum."""
        self.cost += other.cost
        self.common += other.common
        self.energy += other.energy
        peak = other.demand if isinstance(other, Sum) else other.actual
        if peak is not None:
            self.demand = peak + (self.demand or _ZERO)


ByPeriod = dict[int, Sum]
ByCommodity = dict[Commodity, ByPeriod]


class Rollups:
    """Prints digests of places, with all below them, and of accounts."""

    def __init__(self, model: Model) -> None:
        """Add up the meters of a portfolio."""
        self._portfolio, self._billing, self._lines = model.portfolio, model.billing, model.lines
        self._figures, self._windows, self._changes = model.figures, model.windows, model.changes
        self._updated = timestamps.updates(model.options)
        self._places: dict[tuple[int, str, int], ByCommodity] = {}

    def forget(self) -> None:
        """Forget the sums, as something has changed."""
        self._places.clear()

    def place(self, view: str, place: Place, years: int) -> Record:
        """Print a place's digest in the view ``actual`` or ``calendarized``."""
        window = self._windows.monthly(view, years)
        sums = self._place_sums(view, place, years + 1)
        shown = _cut(sums, window)
        return {
            "placeCode": place.code,
            "placeInfo": place.info,
            "placeId": place.id,
            "periodRange": self._range(window) if place.ordinal % 3 else None,
            "targetComparison": None if place.ordinal % 4 else self._target(shown),
            **self._common_head(place.ordinal),
            "commodities": [
                {
                    **_commodity_head(commodity),
                    **self._commodity_target(place, commodity, shown),
                    "commonDemandUnit": unit_child(commodity.demand),
                    # In the pages of 2026, not in the client of 2023.
                    "commodityCategoryId": commodity.category[0],
                    "commodityCategoryInfo": commodity.category[1],
                    "results": self._commodity_rows(place, commodity, sums[commodity], window),
                }
                for commodity in shown
            ],
            "results": self._place_rows(place, sums, window),
        }

    def account(self, account: Account, years: int) -> Record:
        """Print an account's actual digest, without demand and running totals.

        Its results are in order, as a page of account digests says.
        """
        window = self._windows.monthly("actual", years)
        sums = self._account_sums(account, window)
        period = self._windows.calendar.period
        return {
            "accountCode": account.code,
            "accountInfo": account_name(account),
            "accountId": account.id,
            **self._common_head(account.ordinal),
            "commodities": [
                {
                    **_commodity_head(commodity),
                    "results": [
                        {**period_of(period(i)), **_commodity_figures(commodity, s)}
                        for i, s in sorted(by_period.items())
                    ],
                }
                for commodity, by_period in sums.items()
            ],
            "results": [
                {**period_of(period(i)), **_totals(s)} for i, s in sorted(_across(sums).items())
            ],
        }

    def _common_head(self, n: int) -> Record:
        return {
            "updated": self._updated(n + 3, self._changes.now.date()),
            "globalUseUnit": MMBTU.child,
            "costUnit": DOLLAR.child if n % 10 != 7 else None,
        }

    def _place_sums(self, view: str, place: Place, years: int) -> ByCommodity:
        key = (place.id, view, years)
        if key not in self._places:
            sums: ByCommodity = {}
            window = self._windows.monthly(view, years)
            for meter in self._portfolio.meters_at[place.id]:
                _add(sums, meter, self._figures.view(view, meter, window))
            for child in self._portfolio.children[place.id]:
                for commodity, by_period in self._place_sums(view, child, years).items():
                    for index, part in by_period.items():
                        sums.setdefault(commodity, {}).setdefault(index, Sum()).add(part)
            self._places[key] = sums
        return self._places[key]

    def _account_sums(self, account: Account, window: range) -> ByCommodity:
        sums: ByCommodity = {}
        for bill in self._billing.in_periods(account, window.start, window.stop - 1):
            for meter in self._billing.meters_on(bill) if not bill.is_void else ():
                by_period = sums.setdefault(meter.service.commodity, {})
                by_period.setdefault(bill.period, Sum()).add(self._lines.line(meter, bill))
        return sums

    def _place_rows(self, place: Place, sums: ByCommodity, window: range) -> list[Record]:
        period, totals = self._windows.calendar.period, _across(sums)
        costs = running_totals((period(i), s.cost) for i, s in totals.items())
        energies = running_totals((period(i), s.energy) for i, s in totals.items())
        rows = [
            {
                **period_of(period(i)),
                **_totals(s),
                "cumulativeTotalCost": costs[i],
                "cumulativeGlobalUse": energies[i],
            }
            for i, s in totals.items()
            if i in window
        ]
        return _shuffled(place.id, rows)

    def _commodity_rows(
        self, place: Place, commodity: Commodity, sums: ByPeriod, window: range
    ) -> list[Record]:
        period = self._windows.calendar.period
        costs = running_totals((period(i), s.cost) for i, s in sums.items())
        commons = running_totals((period(i), s.common) for i, s in sums.items())
        energies = running_totals((period(i), s.energy) for i, s in sums.items())
        rows = [
            {
                **period_of(period(i)),
                **_commodity_figures(commodity, s),
                "cumulativeTotalCost": costs[i],
                "cumulativeCommonUse": commons[i] if commodity.common else None,
                "cumulativeGlobalUse": energies[i],
                "commonDemand": s.demand,
                "commonDemandUnitCost": each(s.cost / 3, s.demand),
            }
            for i, s in sums.items()
            if i in window
        ]
        return _shuffled(place.id, rows)

    def _range(self, window: range) -> Record | None:
        if not window:
            return None
        period = self._windows.calendar.period
        return {"startPeriod": period(window[0]).code, "endPeriod": period(window[-1]).code}

    def _commodity_target(self, place: Place, commodity: Commodity, shown: ByCommodity) -> Record:
        """Give a commodity a target of its own, or null, or nothing, whatever its place has."""
        match (place.ordinal + commodity.id) % 3:
            case 0:
                return {"targetComparison": self._target({commodity: shown[commodity]})}
            case 1:
                return {"targetComparison": None}
        return {}

    def _target(self, shown: ByCommodity) -> Record:
        """Compare with the same period of the year before."""
        period = self._windows.calendar.period
        totals = sorted(_across(shown).items())[-3:]
        return {
            "targetYear": self._changes.billed_until.year - 1,
            "targetLabel": "Año anterior",
            "results": [{**period_of(period(i)), "totalCost": s.cost} for i, s in totals],
        }


def _add(sums: ByCommodity, meter: Meter, figures: dict[int, Figures]) -> None:
    for index, found in figures.items():
        by_period = sums.setdefault(meter.service.commodity, {})
        by_period.setdefault(index, Sum()).add(found)


def _cut(sums: ByCommodity, window: range) -> ByCommodity:
    cut = {
        commodity: {i: s for i, s in by_period.items() if i in window}
        for commodity, by_period in sums.items()
    }
    return {commodity: by_period for commodity, by_period in cut.items() if by_period}


def _across(sums: ByCommodity) -> ByPeriod:
    """Add up commodities; common units and demand differ and are not to be added."""
    found: ByPeriod = {}
    for by_period in sums.values():
        for index, part in by_period.items():
            found.setdefault(index, Sum()).add(part)
    return found


def _commodity_head(commodity: Commodity) -> Record:
    return {
        "commodityCode": commodity.code,
        "commodityInfo": commodity.info,
        "commodityId": commodity.id,
        "commonUseUnit": unit_child(commodity.common),
        "costUnit": DOLLAR.child if commodity.energy else None,
    }


def _totals(found: Sum) -> Record:
    return {
        "totalCost": found.cost,
        "globalUse": found.energy,
        "globalUseUnitCost": each(found.cost, found.energy),
    }


def _commodity_figures(commodity: Commodity, found: Sum) -> Record:
    common = found.common if commodity.common else None
    return {
        **_totals(found),
        "commonUse": common,
        "commonUseUnitCost": each(found.cost, common),
    }


def _shuffled(thing_id: int, rows: list[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: zlib.crc32(f"{thing_id}{row['periodName']}".encode()))
