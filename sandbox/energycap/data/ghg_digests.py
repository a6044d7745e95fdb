"""Greenhouse gas digests of places: use times factor, by gas, by scope and by commodity."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.energycap.data import rollup_rows as rows
from sandbox.energycap.data import savings
from sandbox.energycap.data.catalogue import GASES, MTCO2E, Commodity
from sandbox.energycap.data.place_digests import TARGET_LABEL, place_names
from sandbox.energycap.data.rows import period_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Place
    from sandbox.energycap.data.sums import Sums

_NAME = "equivalentCO2Emissions"


class Emission(NamedTuple):
    """What the use of a commodity in a period has emitted of a gas."""

    commodity: Commodity
    gas: tuple[int, str, str]
    period: int
    amount: Decimal

    @property
    def scope(self) -> int | None:
        """The scope that the commodity is in."""
        return self.commodity.scope


class PlaceGHGDigests:
    """Prints digests by span, results in no order."""

    def __init__(self, model: Model, sums: Sums) -> None:
        """Print what follows from use."""
        self._windows, self._sums = model.windows, sums
        self._names = place_names(model)
        self.printers: dict[tuple[str, str, str], Callable[[Place, int], Record]] = {
            ("place", "ghg", span): partial(self._digest, span) for span in ("monthly", "yearly")
        }

    def _digest(self, span: str, place: Place, years: int) -> Record:
        windows = self._windows
        window = (windows.monthly if span == "monthly" else windows.yearly)("actual", years)
        own = self._emissions(place, window)
        before = self._emissions(place, windows.target("actual")[0])
        part = partial(self._part, span, place)
        gases, scopes = _grouped("gas", own, before), _grouped("scope", own, before)
        head = {**self._names(place), "equivalentCO2EmissionsUnit": MTCO2E.child}
        types = [part(savings.ghg_type(gas), *of) for gas, *of in gases]
        if span == "yearly":
            return {
                **head,
                "ghgTypes": types,
                "ghgScopes": [
                    {
                        **savings.ghg_scope(scope),
                        "ghgTypes": [
                            part(savings.ghg_type(gas), *of_gas)
                            for gas, *of_gas in _grouped("gas", *of)
                        ],
                    }
                    for scope, *of in scopes
                ],
            }
        return {
            **head,
            "ghgTypes": types,
            "ghgScopes": [part(_scope_names(scope), *of) for scope, *of in scopes],
            "commodities": [
                part({**rows.commodity_names(commodity), **rows.category(commodity)}, *of)
                for commodity, *of in _grouped("commodity", own, before)
            ],
        }

    def _emissions(self, place: Place, window: range) -> list[Emission]:
        return [
            Emission(commodity, gas, index, savings.emissions(found.common, factor))
            for commodity, by_period in self._sums.place("actual", place, window).items()
            for gas, factor in zip(GASES, commodity.ghg, strict=False)
            for index, found in by_period.items()
        ]

    def _part(
        self, span: str, place: Place, name: Record, own: list[Emission], before: list[Emission]
    ) -> Record:
        """Print the rows of a gas, a scope or a commodity, and what they are compared with."""
        target = self._target(span, before) if place.ordinal % 4 == 0 else None
        results = (self._months if span == "monthly" else self._years)(own)
        return {
            **name,
            "targetComparison": target,
            "results": rows.shuffled(place.id, results),
        }

    def _target(self, span: str, before: list[Emission]) -> Record:
        head = {"targetYear": self._windows.target_year, "targetLabel": TARGET_LABEL}
        if span == "monthly":
            return {**head, "results": self._months(before)}
        _, so_far = self._windows.target("actual")
        now = [emission for emission in before if emission.period in so_far]
        return {**head, _NAME: _total(before), f"{_NAME}Ytd": _total(now)}

    def _months(self, emissions: list[Emission]) -> list[Record]:
        period = self._windows.calendar.period
        return [
            {**period_of(period(index)), _NAME: _total(of)}
            for index, of in _groups("period", emissions).items()
        ]

    def _years(self, emissions: list[Emission]) -> list[Record]:
        count, years = self._windows.calendar.count, dict[int, list[Emission]]()
        for emission in emissions:
            years.setdefault(emission.period // count, []).append(emission)
        return [{"year": str(year), _NAME: _total(of)} for year, of in years.items()]


def _scope_names(scope: int) -> Record:
    return {name: v for name, v in savings.ghg_scope(scope).items() if "ScopeType" not in name}


def _total(emissions: Iterable[Emission]) -> Decimal:
    return sum((emission.amount for emission in emissions), Decimal(0))


def _groups(name: str, emissions: Iterable[Emission]) -> dict[Any, list[Emission]]:
    found: dict[Any, list[Emission]] = {}
    for emission in emissions:
        found.setdefault(getattr(emission, name), []).append(emission)
    return found


def _grouped(
    name: str, own: Iterable[Emission], before: Iterable[Emission]
) -> list[tuple[Any, list[Emission], list[Emission]]]:
    """Divide emissions by a field, next to those of the target's year."""
    past = _groups(name, before)
    return [(key, of, past.get(key, [])) for key, of in _groups(name, own).items()]
