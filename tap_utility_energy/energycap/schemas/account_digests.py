"""Digests of accounts and of cost centers, which have the same figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_utility_energy.core.schema import key, text
from tap_utility_energy.energycap.nested_rows import Level, NestedRows
from tap_utility_energy.energycap.schemas.digest_parts import (
    BY_COMMODITY,
    COMMODITY,
    COST_UNIT,
    GLOBAL_UNIT,
    TOTALS,
    UPDATED,
    level,
    month,
    year,
)

if TYPE_CHECKING:
    from tap_utility_energy.core.schema import Fields

ACCOUNT = (
    key("accountId", th.IntegerType, "Id of the account."),
    text("accountCode", "Account number at the utility."),
    text("accountInfo", "Name of the account. Users can change it."),
    UPDATED,
    GLOBAL_UNIT,
    COST_UNIT,
)
COST_CENTER = (
    key("costCenterId", th.IntegerType, "Id of the cost center. Figures include all below it."),
    text("costCenterCode", "Code of the cost center. Users can change it."),
    text("costCenterInfo", "Name of the cost center. Users can change it."),
    UPDATED,
    GLOBAL_UNIT,
    COST_UNIT,
)


def _totals(kind: str, fields: Fields) -> Level:
    return level(kind, fields, "results", "commodities")


def _commodities(kind: str, fields: Fields) -> tuple[Level, Level]:
    return (
        level(kind, fields, "commodities", "results"),
        level("commodity", COMMODITY, "results"),
    )


MONTHS = NestedRows(_totals("account", ACCOUNT), month(*TOTALS))
COMMODITY_MONTHS = NestedRows(*_commodities("account", ACCOUNT), month(*BY_COMMODITY))
YEARS = NestedRows(_totals("account", ACCOUNT), year(*TOTALS))
COMMODITY_YEARS = NestedRows(*_commodities("account", ACCOUNT), year(*BY_COMMODITY))

COST_CENTER_MONTHS = NestedRows(_totals("costCenter", COST_CENTER), month(*TOTALS))
COST_CENTER_COMMODITY_MONTHS = NestedRows(
    *_commodities("costCenter", COST_CENTER), month(*BY_COMMODITY)
)
COST_CENTER_YEARS = NestedRows(_totals("costCenter", COST_CENTER), year(*TOTALS))
COST_CENTER_COMMODITY_YEARS = NestedRows(
    *_commodities("costCenter", COST_CENTER), year(*BY_COMMODITY)
)
