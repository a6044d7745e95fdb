"""Paged lists, with several pages requested at the same time."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from tap_utility_energy.core.shared_pages import Reader, SharedPages
from tap_utility_energy.http.pagination import HeaderPaginator
from tap_utility_energy.http.threads import InOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_utility_energy.http.page import Page


class PagedList(SharedPages[Reader]):
    """A paged list, read once for all its streams."""

    #: The paging headers of the latest read; None if the list is not paged.
    paginator: HeaderPaginator | None = None

    def fetch(
        self, get: Callable[[int, Callable[[], bool]], Page], width: int, key: str
    ) -> Iterator[Page]:
        """Every page in order; see `fetch_pages`.

        Args:
            get: Gets a page by its number, unless the answer is no longer wanted.
            width: How many are in flight at most.
            key: The field that tells one record from another.
        """
        self.paginator = HeaderPaginator(key)
        return fetch_pages(self.paginator, get, width)


def fetch_pages(
    paginator: HeaderPaginator, get: Callable[[int, Callable[[], bool]], Page], width: int
) -> Iterator[Page]:
    """Every page in order; after the first, which tells their number, several in parallel.

    Args:
        paginator: Takes the paging headers.
        get: Gets a page by its number, unless the answer is no longer wanted.
        width: How many are in flight at most.
    """
    numbers = count(1)
    with closing(InOrder["Page"](width)) as in_flight:
        while paginator.current_value:
            last = min(paginator.current_value + width - 1, paginator.pages)
            while paginator.current_value + len(in_flight) <= last:
                in_flight.start(partial(get, next(numbers), in_flight.is_open))
            page = in_flight.take()
            yield page
            paginator.advance(page)
