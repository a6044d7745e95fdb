"""Rows and heads of the digests of places, accounts and cost centers, from sums over meters."""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data.catalogue import DOLLAR, MMBTU, unit_child
from sandbox.energycap.data.rows import each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.energycap.data.catalogue import Commodity, Record
    from sandbox.energycap.data.sums import Sum

TOTALS = ("totalCost", "globalUse", "globalUseUnitCost")
COMMON = ("commonUse", "commonUseUnitCost")
DEMAND = ("commonDemand", "commonDemandUnitCost")
_FIGURES: dict[str, Callable[[Sum], Decimal | None]] = {
    "totalCost": lambda s: s.cost,
    "globalUse": lambda s: s.energy,
    "globalUseUnitCost": lambda s: each(s.cost, s.energy),
    "commonUse": lambda s: s.common,
    "commonUseUnitCost": lambda s: each(s.cost, s.common),
    "commonDemand": lambda s: s.demand,
    # A third of the cost stands for demand.
    "commonDemandUnitCost": lambda s: each(s.cost / 3, s.demand),
    "batccTotalCost": lambda s: s.batcc_cost,
    "savingsTotalCost": lambda s: s.batcc_cost - s.cost,
    "batccGlobalUse": lambda s: s.batcc_energy,
    "savingsGlobalUse": lambda s: s.batcc_energy - s.energy,
    "batccCommonUse": lambda s: s.batcc_common,
    "savingsCommonUse": lambda s: s.batcc_common - s.common,
}


def amount(name: str, found: Sum) -> Decimal:
    """Return a figure that every sum has."""
    return _FIGURES[name](found) or Decimal(0)


def figures(names: Iterable[str], found: Sum, commodity: Commodity | None = None) -> Record:
    """Print figures by name; a commodity without a common unit has no common use."""
    printed: Record = {name: _FIGURES[name](found) for name in names}
    if commodity and not commodity.common:
        printed |= {name: None for name in printed if "commonuse" in name.lower()}
    return printed


def units(n: int) -> Record:
    """Print the units of the `n`-th digest, now and then without a currency."""
    return {"globalUseUnit": MMBTU.child, "costUnit": DOLLAR.child if n % 10 != 7 else None}


def commodity_names(commodity: Commodity) -> Record:
    """Name a commodity."""
    return {
        "commodityCode": commodity.code,
        "commodityInfo": commodity.info,
        "commodityId": commodity.id,
    }


def category(commodity: Commodity) -> Record:
    """Name a commodity's category, which is in the pages of 2026 and not in the client of 2023."""
    category_id, info = commodity.category
    return {"commodityCategoryId": category_id, "commodityCategoryInfo": info}


def common_unit(commodity: Commodity) -> Record:
    """Print the unit of a commodity's use."""
    return {"commonUseUnit": unit_child(commodity.common)}


def cost_unit(commodity: Commodity) -> Record:
    """Print the currency of a commodity, which for one without energy is that of the digest."""
    return {"costUnit": DOLLAR.child if commodity.energy else None}


def shuffled(thing_id: int, rows: list[Record]) -> list[Record]:
    """Put rows in an order that says nothing."""

    def lot(row: Record) -> int:
        return zlib.crc32(f"{thing_id}{row.get('periodName', row.get('year'))}".encode())

    return sorted(rows, key=lot)
