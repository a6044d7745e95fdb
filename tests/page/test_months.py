"""Which months the page shows, and which of them count as full."""

from __future__ import annotations

from datetime import date

import pytest

from demo.page.months import add_months, months_of

YEAR = {add_months(date(2025, 1, 1), index): 300.0 for index in range(12)}


@pytest.mark.parametrize(
    ("month", "count", "expected"),
    [
        ((2026, 1), -1, (2025, 12)),
        ((2025, 12), 1, (2026, 1)),
        ((2026, 5), -17, (2024, 12)),
        ((2026, 5), 0, (2026, 5)),
    ],
)
def test_months_are_counted_over_the_turn_of_a_year(
    month: tuple[int, int], count: int, expected: tuple[int, int]
) -> None:
    assert add_months(date(*month, 1), count) == date(*expected, 1)


def test_a_month_whose_bills_are_still_to_come_is_not_full() -> None:
    billed = YEAR | {date(2026, 1, 1): 270, date(2026, 2, 1): 269}
    months = months_of(billed, date(2026, 3, 5))

    assert months.last == date(2026, 2, 1)
    assert months.last_full == date(2026, 1, 1)
    assert months.year == (date(2025, 2, 1), date(2026, 1, 1))
    assert months.year_before == (date(2024, 2, 1), date(2025, 1, 1))
    assert months.shown[0] == date(2024, 3, 1)
    assert months.shown[-1] == date(2026, 2, 1)


def test_a_bill_of_a_year_to_come_moves_nothing() -> None:
    months = months_of(YEAR | {date(2062, 5, 1): 900.0}, date(2026, 1, 20))

    assert months.last == months.last_full == date(2025, 12, 1)


def test_a_single_month_is_the_last_full_one() -> None:
    assert months_of({date(2026, 2, 1): 5.0}, date(2026, 3, 5)).last_full == date(2026, 2, 1)


def test_without_bills_it_is_the_present_month() -> None:
    assert months_of({}, date(2026, 3, 5)).last == date(2026, 3, 1)
