"""Digests of places, with all below them (api-reference/placedigest)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sandbox.energycap.data import rollup_rows as rows
from sandbox.energycap.data import timestamps
from sandbox.energycap.data.catalogue import unit_child
from sandbox.energycap.data.rows import period_of, running_totals
from sandbox.energycap.data.savings import all_time_names
from sandbox.energycap.data.sums import across, by_year, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.energycap.data.catalogue import Commodity, Record
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.periods import Calendar
    from sandbox.energycap.data.portfolio import Place
    from sandbox.energycap.data.sums import ByPeriod, Sums

Names = tuple[str, ...]

TARGET_LABEL = "Año anterior"

# Of a running total, the figure that it adds up.
_RUNNING = {
    "cumulativeTotalCost": "totalCost",
    "cumulativeGlobalUse": "globalUse",
    "cumulativeCommonUse": "commonUse",
}
_CUMULATIVE = ("cumulativeTotalCost", "cumulativeGlobalUse")
_BY_COMMODITY = (*rows.TOTALS, *rows.COMMON, *rows.DEMAND)
_NORMALIZED = ("cumulativeCommonUse", "globalUse", "commonUse", "commonDemand")
_SAVED = ("savingsTotalCost", "savingsGlobalUse")
_COMPARED = (
    *("batccTotalCost", "totalCost", "savingsTotalCost"),
    *("batccGlobalUse", "globalUse", "savingsGlobalUse"),
)
_COMPARED_COMMON = ("batccCommonUse", "commonUse", "savingsCommonUse")
_COST, _COST_AND_ENERGY, _ENERGY = ("totalCost",), ("totalCost", "globalUse"), ("globalUse",)


class Shape(NamedTuple):
    """The figures of a place or a commodity, and those that can have a target."""

    figures: Names
    target: Names = ()


# Of a place, and of a commodity there.
_MONTHLY = (
    Shape((*rows.TOTALS, *_CUMULATIVE), _COST),
    Shape((*_BY_COMMODITY, *_CUMULATIVE, "cumulativeCommonUse"), _COST),
)
_YEARLY = (Shape(rows.TOTALS, _COST_AND_ENERGY), Shape(_BY_COMMODITY, _COST_AND_ENERGY))
SHAPES = {
    ("actual", "monthly"): _MONTHLY,
    ("calendarized", "monthly"): _MONTHLY,
    ("normalized", "monthly"): (Shape(_ENERGY, _ENERGY), Shape(_NORMALIZED, _NORMALIZED)),
    ("savings", "monthly"): (Shape(_SAVED), Shape((*_SAVED, "savingsCommonUse"))),
    ("actual", "yearly"): _YEARLY,
    ("calendarized", "yearly"): _YEARLY,
    ("normalized", "yearly"): (Shape(_ENERGY, _ENERGY), Shape(("commonUse", *_ENERGY), _ENERGY)),
    ("savings", "yearly"): (Shape(_COMPARED), Shape((*_COMPARED, *_COMPARED_COMMON))),
}


class PlaceDigests:
    """Prints digests by view and span, results in no order."""

    def __init__(self, model: Model, sums: Sums) -> None:
        """Print what has been added up."""
        self.printers: dict[tuple[str, str, str], Callable[[Place, int], Record]] = {
            ("place", *name): PlaceDigest(*name, model, sums).record for name in SHAPES
        }


class PlaceDigest:
    """Prints the digests of one view and span."""

    def __init__(self, view: str, span: str, model: Model, sums: Sums) -> None:
        """Print what has been added up."""
        self._view, self._span, self._shapes = view, span, SHAPES[view, span]
        self._windows, self._sums = model.windows, sums
        self._calendar = model.windows.months if view == "savings" else model.windows.calendar
        self._names = place_names(model)

    def record(self, place: Place, years: int) -> Record:
        """Print a place's digest of some years."""
        window = self._window(years)
        # A year more, so that the running total of its fiscal year is right from the start.
        wide = self._window(years + 1 if self._span == "monthly" else years)
        sums = self._sums.place(self._view, place, wide)
        parts = [commodity for commodity in sums if sums[commodity].keys() & {*window}]
        return {
            **self._names(place),
            **self._units(place, window),
            "commodities": [
                {
                    **rows.commodity_names(commodity),
                    **rows.category(commodity),
                    **self._commodity_units(commodity),
                    **self._part(place, sums[commodity], window, commodity),
                }
                for commodity in parts
            ],
            **self._part(place, across(sums), window),
        }

    def _window(self, years: int) -> range:
        windows = self._windows
        return (windows.monthly if self._span == "monthly" else windows.yearly)(self._view, years)

    def _units(self, place: Place, window: range) -> Record:
        units = rows.units(place.ordinal)
        if self._view == "normalized":
            del units["costUnit"]
        if self._view in {"actual", "calendarized"} and self._span == "monthly":
            units["periodRange"] = self._range(window) if place.ordinal % 3 else None
        return units

    def _range(self, window: range) -> Record | None:
        if not window:
            return None
        period = self._calendar.period
        return {"startPeriod": period(window[0]).code, "endPeriod": period(window[-1]).code}

    def _commodity_units(self, commodity: Commodity) -> Record:
        demand = {"commonDemandUnit": unit_child(commodity.demand)}
        has_demand = "commonDemand" in self._shapes[1].figures
        return {
            **rows.common_unit(commodity),
            **(demand if has_demand else {}),
            **(rows.cost_unit(commodity) if self._view != "normalized" else {}),
        }

    def _part(
        self, place: Place, sums: ByPeriod, window: range, commodity: Commodity | None = None
    ) -> Record:
        """Print the rows of a place or a commodity, and what is said of all of them."""
        shape = self._shapes[commodity is not None]
        results = self._rows(sums, window, shape.figures, commodity)
        return {
            **(self._targets(place, commodity) if shape.target else {}),
            **(self._all_time(place, commodity) if "batccTotalCost" in shape.figures else {}),
            "results": rows.shuffled(place.id, results),
        }

    def _rows(
        self, sums: ByPeriod, window: range, names: Names, commodity: Commodity | None
    ) -> list[Record]:
        if self._span == "yearly":
            years = by_year(sums, self._calendar.count)
            return [{"year": str(y), **rows.figures(names, s, commodity)} for y, s in years.items()]
        return monthly_rows(self._calendar, sums, window, names, commodity)

    def _all_time(self, place: Place, commodity: Commodity | None) -> Record:
        """Print the sums since savings began, next to the years."""
        everything = self._sums.place(self._view, place, self._windows.everything(self._view))
        sums = everything.get(commodity, {}) if commodity else across(everything)
        names = self._shapes[commodity is not None].figures
        return all_time_names(rows.figures(names, total(sums), commodity))

    def _targets(self, place: Place, commodity: Commodity | None) -> Record:
        """Print a target, or null; a commodity has one or not whatever its place has."""
        lot = (place.ordinal + commodity.id) % 3 if commodity else place.ordinal % 4
        if commodity and lot == 1:
            return {}
        return {"targetComparison": self._target(place, commodity) if lot == 0 else None}

    def _target(self, place: Place, commodity: Commodity | None) -> Record:
        windows, names = self._windows, self._shapes[commodity is not None].target
        sums = self._sums.place(self._view, place, windows.yearly(self._view, 3))
        own = sums.get(commodity, {}) if commodity else across(sums)
        whole, so_far = windows.target(self._view)
        head = {"targetYear": windows.target_year, "targetLabel": TARGET_LABEL}
        if self._span == "monthly":
            results = monthly_rows(self._calendar, own, whole, names, commodity)
            return {**head, "results": results}
        year, part = (
            rows.figures(names, total({i: own[i] for i in own if i in window}), commodity)
            for window in (whole, so_far)
        )
        return {**head, **year, **{f"{name}Ytd": amount for name, amount in part.items()}}


def monthly_rows(
    calendar: Calendar, sums: ByPeriod, window: range, names: Names, commodity: Commodity | None
) -> list[Record]:
    """Print the periods of a window; running totals begin before it."""
    period = calendar.period
    own = [name for name in names if name not in _RUNNING]
    running = {
        name: running_totals((period(i), rows.amount(_RUNNING[name], s)) for i, s in sums.items())
        for name in names
        if name in _RUNNING
    }
    has_common = commodity is None or commodity.common
    return [
        {
            **period_of(period(i)),
            **rows.figures(own, sums[i], commodity),
            **{
                name: totals[i] if has_common or "Common" not in name else None
                for name, totals in running.items()
            },
        }
        for i in sorted(sums)
        if i in window
    ]


def place_names(model: Model) -> Callable[[Place], Record]:
    """Return what prints the names of a place, and when its digest was updated."""
    updated = timestamps.updates(model.options)

    def names(place: Place) -> Record:
        return {
            "placeCode": place.code,
            "placeInfo": place.info,
            "placeId": place.id,
            "updated": updated(place.ordinal + 3, model.changes.now.date()),
        }

    return names
