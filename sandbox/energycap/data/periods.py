"""Accounting periods, 12 or 13 a year, by their calendar and their fiscal number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sandbox.utilityapi.data.clock import MONTH_NAMES


@dataclass(frozen=True, slots=True)
class Period:
    """A period as a digest names it, with its first day and the day after its last."""

    index: int
    year: int
    number: int
    fiscal_year: int
    fiscal_number: int
    name: str
    start: dt.date
    end: dt.date

    @property
    def code(self) -> int:
        """The period as a bill names it: year and number as YYYYMM."""
        return self.year * 100 + self.number


class Calendar:
    """Periods by their index, which goes on over the turn of the year."""

    def __init__(self, count: int, fiscal_start_month: int) -> None:
        """Take `count` periods a year."""
        self.count = count
        self._shift = fiscal_start_month - 1
        self._drawn: dict[int, Period] = {}

    def period(self, index: int) -> Period:
        """Return a period, drawn once."""
        found = self._drawn.get(index)
        if found is None:
            found = self._drawn[index] = self._draw(index)
        return found

    def index(self, year: int, number: int = 1) -> int:
        """Return the index of a calendar year's period."""
        return year * self.count + number - 1

    def at(self, day: dt.date) -> int:
        """Return the index of the period that a day is in."""
        if self.count == 12:
            return self.index(day.year, day.month)
        weeks = (day - dt.date(day.year, 1, 1)).days // 28
        return self.index(day.year, min(weeks + 1, self.count))

    def closed(self, today: dt.date) -> int:
        """Return the index of the first period that is not over yet."""
        return self.index(today.year) + (today - dt.date(today.year, 1, 1)).days * self.count // 366

    def closes(self, index: int) -> dt.date:
        """Return the day from which on a period is over, as `closed` has it."""
        year, before = divmod(index, self.count)
        days = -((before + 1) * -366 // self.count)
        first, next_first = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
        return min(first + dt.timedelta(days=days), next_first)

    def from_code(self, code: int) -> int:
        """Read a period as a bill names it."""
        year, number = divmod(code, 100)
        if not 1 <= number <= self.count:
            raise ValueError(f"{code} is no period")
        return self.index(year, number)

    def _start(self, index: int) -> dt.date:
        year, number = divmod(index, self.count)
        if self.count == 12:
            return dt.date(year, number + 1, 1)
        return dt.date(year, 1, 1) + dt.timedelta(days=28 * number)

    def _draw(self, index: int) -> Period:
        year, before = divmod(index, self.count)
        number, shift = before + 1, self._shift
        return Period(
            index=index,
            year=year,
            number=number,
            fiscal_year=year + 1 if shift and number > shift else year,
            fiscal_number=(before - shift) % self.count + 1,
            name=MONTH_NAMES[before] if self.count == 12 else f"Período {number}",
            start=self._start(index),
            end=self._start(index + 1),
        )
