"""The periods that a digest covers, by number of years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.energycap.data.periods import Calendar
from sandbox.options import FISCAL_START_MONTH

if TYPE_CHECKING:
    from sandbox.energycap.data.changes import Changes
    from sandbox.options import SandboxOptions

# No meter is older, so that any number of years can be asked for.
_OLDEST_YEARS = 9


class Windows:
    """Ranges of period indices up to the present.

    Actual figures end with the last bills, others with today. Savings have twelve months a year
    whatever the tenant has (api-reference/meterdigest).
    """

    def __init__(self, options: SandboxOptions, changes: Changes) -> None:
        """Take the tenant's calendar, and one of months for the views that have twelve."""
        self._changes = changes
        self._first_year = options.today.year - _OLDEST_YEARS
        self.calendar = Calendar(options.accounting_periods, FISCAL_START_MONTH)
        self.months = Calendar(12, FISCAL_START_MONTH)

    def monthly(self, view: str, years: int) -> range:
        """The latest periods: 12 a year in actual figures and savings, else the tenant's number."""
        calendar, end = self._calendar(view), self._end(view)
        count = 12 if view == "actual" else calendar.count
        return range(max(end - years * count, calendar.index(self._first_year)), end)

    def yearly(self, view: str, years: int) -> range:
        """Periods of so many calendar years, the current one among them."""
        year = max(self._changes.billed_until.year - years + 1, self._first_year)
        return range(self._calendar(view).index(year), self._end(view))

    def everything(self, view: str) -> range:
        """All periods that there are."""
        return range(self._end(view))

    @property
    def target_year(self) -> int:
        """The year that places have targets of: the last one."""
        return self._changes.billed_until.year - 1

    def target(self, view: str) -> tuple[range, range]:
        """The periods of the target's year, and those of them that are over in this year too."""
        first, next_first = map(
            self._calendar(view).index, (self.target_year, self.target_year + 1)
        )
        over = max(self._end(view) - next_first, 0)
        return range(first, next_first), range(first, first + over)

    def _calendar(self, view: str) -> Calendar:
        return self.months if view == "savings" else self.calendar

    def _end(self, view: str) -> int:
        today = self._changes.billed_until
        if view == "actual":
            return self.calendar.closed(today)
        return self._calendar(view).at(today) + 1
