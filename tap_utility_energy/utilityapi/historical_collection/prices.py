"""UtilityAPI's price list for on-demand collections.

Per meter, as published in November 2026: 1 to 7 months $1.50 per month, 8 to 12 months $12,
13 to 36 months $12 and $1.50 for each month after the twelfth. The charge is made when a collection
starts and lowered within 7 days to the months that were collected. Contracts, free collections and
demo meters can make it less.

Source: https://utilityapi.com/pricing
"""

from __future__ import annotations

from decimal import Decimal

#: Months that the vendor collects at most, and by default on some plans.
LONGEST_DURATION = 36


def price(months: int | None) -> Decimal:
    """The most that collecting one meter costs, in dollars.

    Args:
        months: The duration of the collection; None for the vendor's default.

    >>> price(1), price(7), price(8), price(12), price(None)
    (Decimal('1.50'), Decimal('10.50'), Decimal('12.00'), Decimal('12.00'), Decimal('48.00'))
    """
    months = LONGEST_DURATION if months is None else months
    per_month = Decimal("1.50")
    if months <= 7:  # noqa: PLR2004 - as the list says
        return months * per_month
    return Decimal("12.00") + max(0, months - 12) * per_month
