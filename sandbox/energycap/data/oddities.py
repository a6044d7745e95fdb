"""Oddities of digests that the documentation does not rule out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.options import SandboxOptions

#: What a row has to differ in, if it is there twice: each row has one of them.
_AMOUNTS = ("totalCost", "commonUse", "globalUse", "savingsTotalCost")


def break_keys(options: SandboxOptions, n: int, results: list[Record]) -> None:
    """Repeat a period, or take its number away, as the options ask for."""
    if not results:
        return
    if options.duplicate_period and n == 0:
        again = dict(results[0])
        amount = next(name for name in _AMOUNTS if name in again)
        results.append(again | {amount: Decimal("1.10")})
    if options.missing_period_key and n == 1:
        results[len(results) // 2]["calendarPeriod"] = None


def add_oddities(n: int, record: Record, payload: str) -> None:
    """Leave out what may be missing of the `n`-th digest; add what no page names."""
    if not record[payload] and n % 20 == 5:
        record[payload] = None
    if not record[payload] and n % 20 == 7:
        del record[payload]
    if n % 7 == 4:
        record["dataAccess"] = {"releaseId": None, "approved": n % 2 == 0}
    if n % 11 == 6:
        record["energyStarScore"] = Decimal(n).scaleb(-1)
    if n == 2:
        record["extra"] = "a field of the vendor's that is called extra"
