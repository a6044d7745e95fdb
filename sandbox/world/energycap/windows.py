"""Which periods a digest of so many years is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.world.energycap.periods import Calendar

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions
    from sandbox.world.energycap.changes import Changes

# No meter is older, so that any number of years can be asked for.
_OLDEST_YEARS = 9


class Windows:
    """Ranges of period indices up to the present; a year is a calendar year."""

    def __init__(self, options: SandboxOptions, changes: Changes) -> None:
        """Take the tenant's calendar, and one of months for the views that have twelve."""
        self._changes = changes
        self._first_year = options.today.year - _OLDEST_YEARS
        self.calendar = Calendar(options.accounting_periods, options.fiscal_start_month)
        self.months = Calendar(12, options.fiscal_start_month)

    def periods(self, view: str, years: int) -> range:
        """Periods of the actual view, which end with the last bills, or of another."""
        today = self._changes.billed_until
        first = self.calendar.index(self._year(years))
        if view == "actual":
            return range(first, self.calendar.closed(today))
        return range(first, self.calendar.at(today) + 1)

    def savings(self, years: int) -> range:
        """Months of the savings view, which has twelve a year whatever the tenant has."""
        first = self.months.index(self._year(years))
        return range(first, self.months.at(self._changes.billed_until) + 1)

    def _year(self, years: int) -> int:
        return max(self._changes.billed_until.year - years + 1, self._first_year)
