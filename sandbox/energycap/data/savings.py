"""Savings and greenhouse gas digests of meters (api-reference/meterdigest)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.catalogue import GASES, MTCO2E
from sandbox.energycap.data.lines import FOUR, SIX, energy_of, in_common_unit
from sandbox.energycap.data.rows import common_of, period_of
from sandbox.energycap.data.seeded import SeededRandom

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.figures import ByPeriod, Figures
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.periods import Period
    from sandbox.energycap.data.portfolio import Meter

_ZERO = Decimal(0)
_SCOPES = {
    1: ("SCOPE1", "Direct emissions", "STATIONARY", "Stationary combustion"),
    2: ("SCOPE2", "Indirect emissions", "PURCHASED", "Purchased electricity"),
}


@dataclasses.dataclass(slots=True)
class Saving:
    """What was used and paid, and what would have been by the baseline (BATCC)."""

    days: int = 0
    use: Decimal = _ZERO
    common: Decimal = _ZERO
    energy: Decimal = _ZERO
    cost: Decimal = _ZERO
    batcc_use: Decimal = _ZERO
    batcc_common: Decimal = _ZERO
    batcc_energy: Decimal = _ZERO
    batcc_cost: Decimal = _ZERO

    def add(self, other: Saving) -> None:
        """Add another period."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def takes_part(meter: Meter) -> bool:
    """Tell whether cost avoidance is set up for a meter."""
    return meter.ordinal % 3 != 1


def saving_since(meter: Meter) -> dt.date:
    """Return the first day after a meter's baseline year."""
    return dt.date(meter.since + 1, 1, 1)


def meter_cap(meter: Meter) -> Record | None:
    """Print MeterCAPResponse; for a meter that takes no part there may be none."""
    if not takes_part(meter):
        empty: Record = {"baseStart": None, "savingStart": None, "includeInCAP": False}
        return None if meter.ordinal % 2 else empty
    return {
        "baseStart": f"{meter.since}-01-01T00:00:00",
        "savingStart": f"{saving_since(meter)}T00:00:00",
        "includeInCAP": True,
    }


class Savings:
    """What was saved, by meter and month."""

    def __init__(self, model: Model) -> None:
        """Compare the figures of a tenant with their baselines."""
        self._seed, self._figures, self._months = (
            model.options.seed,
            model.figures,
            model.windows.months,
        )

    def by_month(self, meter: Meter) -> dict[int, Saving]:
        """Return by month everything since savings began."""
        if not takes_part(meter):
            return {}
        found = self._figures.by_month(meter, self._months.at(saving_since(meter)))
        return {i: saving(self._seed, meter, i, figures) for i, figures in found.items()}


def saving(seed: int, meter: Meter, index: int, figures: Figures) -> Saving:
    """Compare a month's figures with its baseline, which they now and then exceed."""
    percent = SeededRandom(seed, "baseline", meter.id, index).between(94, 127)
    use = (figures.use * percent / 100).quantize(SIX)
    avoided = (use - figures.use) * figures.cost / figures.use if figures.use else _ZERO
    common = in_common_unit(meter, use)
    return Saving(
        days=figures.days,
        use=figures.use,
        common=figures.common,
        energy=figures.energy,
        cost=figures.cost,
        batcc_use=use,
        batcc_common=common,
        batcc_energy=energy_of(meter, common),
        batcc_cost=figures.cost + avoided.quantize(FOUR),
    )


def monthly(meter: Meter, period: Period, found: Saving) -> Record:
    """Print a month: what was avoided, but not what was paid."""
    return {
        **period_of(period),
        "days": found.days,
        "savingsTotalCost": found.batcc_cost - found.cost,
        **_uses(meter, found),
    }


def yearly(meter: Meter, year: int, found: Saving) -> Record:
    """Print a year."""
    return {"year": str(year), **_compared(meter, found)}


def all_time(meter: Meter, found: Saving) -> Record:
    """Print the sums since savings began, next to the years."""
    return all_time_names(_compared(meter, found))


def all_time_names(figures: Record) -> Record:
    """Print the figures of a year by the names that they have for all years together."""
    return {
        f"allTime{name[0].upper()}{name[1:].replace('atcc', 'ATCC', 1)}": amount
        for name, amount in figures.items()
    }


def _compared(meter: Meter, found: Saving) -> Record:
    return {
        "batccTotalCost": found.batcc_cost,
        "totalCost": found.cost,
        "savingsTotalCost": found.batcc_cost - found.cost,
        **_uses(meter, found),
    }


def _uses(meter: Meter, found: Saving) -> Record:
    return {
        "batccNativeUse": found.batcc_use,
        "nativeUse": found.use,
        "savingsNativeUse": found.batcc_use - found.use,
        "batccCommonUse": common_of(meter, found.batcc_common),
        "commonUse": common_of(meter, found.common),
        "savingsCommonUse": common_of(meter, found.batcc_common - found.common),
    }


def ghg_head(meter: Meter) -> Record:
    """Print the unit and the scope of a meter's emissions, of which water has none."""
    scope = meter.service.commodity.scope
    return {
        "equivalentCO2EmissionsUnit": MTCO2E.child,
        "ghgScope": ghg_scope(scope) if scope else None,
    }


def ghg_scope(scope: int) -> Record:
    """Name a scope and the kind of emissions in it."""
    names = ("ghgScopeCode", "ghgScopeInfo", "ghgScopeTypeCode", "ghgScopeTypeInfo")
    return {"ghgScopeId": scope, **dict(zip(names, _SCOPES[scope], strict=True))}


def ghg_type(gas: tuple[int, str, str]) -> Record:
    """Name a gas."""
    return dict(zip(("ghgTypeId", "ghgTypeCode", "ghgTypeInfo"), gas, strict=True))


def emissions(common: Decimal, factor: Decimal) -> Decimal:
    """Multiply use by a gas's factor, with all digits, so that sums of it are exact."""
    return common * factor or _ZERO


def ghg_types(meter: Meter, years: ByPeriod) -> list[Record]:
    """Print each gas with its years, in metric tons of CO2 equivalent."""
    if not years:
        return []
    return [
        {
            **ghg_type(gas),
            "results": [
                {
                    "year": str(year),
                    "equivalentCO2Emissions": emissions(figures.common, factor),
                }
                for year, figures in years.items()
            ],
        }
        for gas, factor in zip(GASES, meter.service.commodity.ghg, strict=False)
    ]
