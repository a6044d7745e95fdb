"""Which months the page shows, and which of them are billed in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Months in the chart and the heat map.
SHOWN = 24
#: A month is full if it has this share of the days that are usually billed.
FULL = 0.9


@dataclass(frozen=True)
class Months:
    """The months of the page, each by its first day."""

    #: The day that the tables are made for.
    as_of: date
    #: The latest month with bills.
    last: date
    #: The latest month that is billed in full.
    last_full: date

    @property
    def shown(self) -> list[date]:
        """The months of the chart and the heat map."""
        return [add_months(self.last, -back) for back in reversed(range(SHOWN))]

    @property
    def year(self) -> tuple[date, date]:
        """The first and the last of the last twelve full months."""
        return add_months(self.last_full, -11), self.last_full

    @property
    def year_before(self) -> tuple[date, date]:
        """The first and the last of the twelve months before these."""
        return add_months(self.last_full, -23), add_months(self.last_full, -12)

    @property
    def last_ended(self) -> date:
        """The latest month that was over on the day that the tables are made for."""
        return add_months(self.as_of.replace(day=1), -1)


def months_of(billed: Mapping[date, float], as_of: date) -> Months:
    """Choose the months.

    Args:
        billed: For each month the days that bills cover, summed over meters.
        as_of: The day that the tables are made for. Later months do not count: a bill may name
            a year by mistake.
    """
    known = sorted(month for month in billed if month <= as_of) or [as_of.replace(day=1)]
    full = [month for month in known if _is_full(month, billed)]
    return Months(as_of=as_of, last=known[-1], last_full=(full or known)[-1])


def _is_full(month: date, billed: Mapping[date, float]) -> bool:
    before = [billed[each] for back in range(1, 13) if (each := add_months(month, -back)) in billed]
    return bool(before) and billed[month] >= FULL * median(before)


def add_months(month: date, count: int) -> date:
    """The month so many months later, or earlier."""
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)
