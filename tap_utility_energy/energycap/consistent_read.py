"""Reads of a short list in which no record moved between pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_utility_energy.http.lazy_records import content_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_utility_energy.http.page import Page

#: How often a list that changes while it is read is read at most.
MOST_READS = 3


@dataclass(frozen=True)
class Read:
    """One read of a list, page by page."""

    pages: list[list[Any]]
    #: The total that the pages declare, as sent; several if it changed.
    totals: set[str]

    @classmethod
    def of(cls, pages: Iterable[Page]) -> Read:
        """Read the pages of a list."""
        records, totals = [], set[str]()
        for page in pages:
            records.append(page.records)
            totals.add(page.headers.get("TotalNumberOfRecords", "").strip())
        return cls(records, totals - {""})

    @cached_property
    def records(self) -> list[Any]:
        """The records as they were sent."""
        return [record for page in self.pages for record in page]

    @property
    def is_complete(self) -> bool:
        """Whether there are as many records as the pages declare."""
        number = len(self.records)
        return self.totals == {str(number)} if self.totals else not number

    @cached_property
    def repeats(self) -> int:
        """The number of records that an earlier page has too."""
        return len(self.records) - len(self.distinct) if len(self.pages) > 1 else 0

    @property
    def is_consistent(self) -> bool:
        """Whether no record was added, removed or moved to another page meanwhile."""
        return self.is_complete and not self.repeats

    @cached_property
    def distinct(self) -> list[Any]:
        """The records in order. What an earlier page has is not repeated."""
        seen, found = set[bytes | str](), []
        for page in self.pages:
            found += [record for record in page if content_of(record) not in seen]
            seen.update(map(content_of, page))
        return found


def read_consistently(fetch: Callable[[], Iterable[Page]]) -> tuple[Read, bool]:
    """A read of a list, and whether it counts as whole.

    The list is read again if it changed meanwhile. If it differs from its total, or repeats
    records, in the same way twice in a row, it does so always, and counts as read whole.
    """
    before: list[bytes | str] | None = None
    for _ in range(MOST_READS):
        read = Read.of(fetch())
        if read.is_consistent:
            break
        found = list(map(content_of, read.records))
        if found == before:
            break
        before = found
    else:
        return read, False
    return read, True
