"""Filter expressions that read the rows of some bills, in EnergyCAP's filter language.

Source: https://developer.energycap.com/api-getting-started/filters/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Bills that are requested at once by the first and the last of their ids. Their rows are in memory
#: at once, and take several pages.
LONGEST_RANGE = 2000
#: Ids that are requested at once one by one: with ids of ten digits the URL has about 1,700
#: characters, and many servers refuse more than 2,048.
LONGEST_LIST = 80
#: Ids of a list that a message shows.
MOST_SHOWN = 3
#: Consecutive bills from which on a range takes the place of a list.
SHORTEST_RANGE = 20


@dataclass(frozen=True)
class BillFilter:
    """The filter for the rows of some bills.

    >>> BillFilter((7, 9)).expression, BillFilter((7, 8, 9), is_range=True).expression
    ("billId one of '7'|'9'", "billId between '7'|'9'")

    Args:
        bills: Their ids, in ascending order.
        is_range: Whether they are all known bills between the first and the last of them.
    """

    bills: tuple[int, ...]
    is_range: bool = False

    @property
    def expression(self) -> str:
        """The expression."""
        if self.is_range:
            return f"billId between '{self.bills[0]}'|'{self.bills[-1]}'"
        quoted = "|".join(f"'{bill}'" for bill in self.bills)
        return f"billId one of {quoted}"

    @property
    def shown(self) -> str:
        """The expression for messages, with the first few bills of a long list.

        >>> BillFilter((1, 2, 3, 4)).shown
        "billId one of '1'|'2'|'3'|…"
        """
        is_long = not self.is_range and len(self.bills) > MOST_SHOWN
        first = replace(self, bills=self.bills[:MOST_SHOWN])
        return f"{first.expression}|…" if is_long else self.expression

    @property
    def halves(self) -> tuple[BillFilter, BillFilter]:
        """Two filters that ask for the same bills."""
        middle = len(self.bills) // 2
        return replace(self, bills=self.bills[:middle]), replace(self, bills=self.bills[middle:])

    def matches(self, bill: int) -> bool:
        """Whether the vendor may send rows of a bill in answer to it."""
        if self.is_range:
            return self.bills[0] <= bill <= self.bills[-1]
        return bill in self.bills


def bill_filters(wanted: Sequence[int], known: Sequence[int] | None) -> Iterator[BillFilter]:
    """Filters that together ask for each of the wanted bills once, and for no other known bill.

    Args:
        wanted: The ids of the wanted bills, in ascending order.
        known: The ids of all bills, in ascending order; the wanted ones are among them. None if not
            all are known: then there may be any number of others in a range.
    """
    single = [] if known is not None else list(wanted)
    for run in _runs(wanted, known or ()):
        if len(run) < SHORTEST_RANGE:
            single += run
            continue
        for start in range(0, len(run), LONGEST_RANGE):
            part = tuple(run[start : start + LONGEST_RANGE])
            yield BillFilter(part, is_range=True)
    for start in range(0, len(single), LONGEST_LIST):
        yield BillFilter(tuple(single[start : start + LONGEST_LIST]))


def _runs(wanted: Sequence[int], known: Sequence[int]) -> Iterator[list[int]]:
    """The wanted bills in runs between which there are other known bills."""
    run: list[int] = []
    remaining = iter(wanted)
    following = next(remaining, None)
    for bill in known:
        if bill == following:
            run.append(bill)
            following = next(remaining, None)
        elif run:
            yield run
            run = []
    if run:
        yield run
