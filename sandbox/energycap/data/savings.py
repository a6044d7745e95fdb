"""Savings and greenhouse gas digests of meters (api-reference/meterdigest)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.catalogue import GASES, MTCO2E
from sandbox.energycap.data.lines import FOUR, SIX, in_common_unit
from sandbox.energycap.data.rows import common_of, period_of
from sandbox.energycap.data.seeded import SeededRandom

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.figures import ByPeriod, Figures
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
    cost: Decimal = _ZERO
    batcc_use: Decimal = _ZERO
    batcc_common: Decimal = _ZERO
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


def saving(seed: int, meter: Meter, index: int, figures: Figures) -> Saving:
    """Compare a month's figures with its baseline, which they now and then exceed."""
    percent = SeededRandom(seed, "baseline", meter.id, index).between(94, 127)
    use = (figures.use * percent / 100).quantize(SIX)
    avoided = (use - figures.use) * figures.cost / figures.use if figures.use else _ZERO
    return Saving(
        days=figures.days,
        use=figures.use,
        common=figures.common,
        cost=figures.cost,
        batcc_use=use,
        batcc_common=in_common_unit(meter, use),
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
    return {
        "year": str(year),
        "batccTotalCost": found.batcc_cost,
        "totalCost": found.cost,
        "savingsTotalCost": found.batcc_cost - found.cost,
        **_uses(meter, found),
    }


def all_time(meter: Meter, found: Saving) -> Record:
    """Print the sums since savings began, next to the years."""
    uses = _uses(meter, found).items()
    return {
        **{f"allTime{n[0].upper()}{n[1:].replace('atcc', 'ATCC', 1)}": v for n, v in uses},
        "allTimeBATCCTotalCost": found.batcc_cost,
        "allTimeTotalCost": found.cost,
        "allTimeSavingsTotalCost": found.batcc_cost - found.cost,
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
    if scope is None:
        return {"equivalentCO2EmissionsUnit": MTCO2E.child, "ghgScope": None}
    names = ("ghgScopeCode", "ghgScopeInfo", "ghgScopeTypeCode", "ghgScopeTypeInfo")
    return {
        "equivalentCO2EmissionsUnit": MTCO2E.child,
        "ghgScope": {"ghgScopeId": scope, **dict(zip(names, _SCOPES[scope], strict=True))},
    }


def ghg_types(meter: Meter, years: ByPeriod) -> list[Record]:
    """Print each gas with its years, in metric tons of CO2 equivalent."""
    if not years:
        return []
    return [
        {
            "ghgTypeId": gas_id,
            "ghgTypeCode": code,
            "ghgTypeInfo": info,
            "results": [
                {
                    "year": str(year),
                    "equivalentCO2Emissions": (figures.common * factor).quantize(SIX),
                }
                for year, figures in years.items()
            ],
        }
        for (gas_id, code, info), factor in zip(GASES, meter.service.commodity.ghg, strict=False)
    ]
