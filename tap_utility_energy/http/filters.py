"""Filters of a list, split where they are too long for one URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlencode

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.logs import number

LONGEST_URL = 2000
#: Characters of a URL that are left for the cursor of a following page.
ROOM_FOR_CURSOR = 250
#: Maximum requests for the filters of one list, not counting pages after the first.
MOST_REQUESTS = 2000

#: The values to filter by for each query parameter.
Filters = Mapping[str, Sequence[str]]


class Plan(NamedTuple):
    """How to read a list with filters.

    Args:
        reads: The URLs that each read begins with. A record is on the list if every read has it.
        split: The settings of the filters that are too long for one URL.
    """

    reads: Sequence[Sequence[str]]
    split: Sequence[str]

    @property
    def requests(self) -> int:
        """How many requests it takes, if each has one page."""
        return sum(map(len, self.reads))


def plan(url: str, filters: Filters, settings: Mapping[str, str]) -> Plan:
    """Choose the way to read a list that takes the fewest requests.

    If two filters are too long for one URL, one way is a request per combination of their parts.
    The other is to read the list once per filter, and keep the records that every read has. That
    takes the sum of the requests, and not their product.

    >>> plan("https://host/list", {"meters": ["1", "2"]}, {}).reads
    [['https://host/list?meters=1,2']]

    Args:
        url: The list's.
        filters: The values to filter by for each query parameter.
        settings: The settings that the values of each parameter are from.

    Raises:
        FatalError: No URL can have one of the values, or it takes too many requests.
    """
    filters = {name: list(dict.fromkeys(values)) for name, values in filters.items() if values}
    _check_encoding(filters)
    at_once = list(islice(_parts(url, filters), MOST_REQUESTS + 1))
    split = [
        name for name in filters if any(len(part[name]) < len(filters[name]) for part in at_once)
    ]
    reads = [at_once]
    if len(split) > 1:
        short = {name: values for name, values in filters.items() if name not in split}
        each = [_parts(url, {**short, name: filters[name]}) for name in split]
        one_by_one = [list(islice(parts, MOST_REQUESTS + 1)) for parts in each]
        reads = min(reads, one_by_one, key=lambda reads: sum(map(len, reads)))
    names = [settings.get(name, name) for name in split]
    if sum(map(len, reads)) > MOST_REQUESTS:
        raise FatalError(
            f"the filters take more than {number(MOST_REQUESTS, 'request')}, which is the most for "
            f"a list. Name fewer uids in {', '.join(names)}, or leave a filter out."
        )
    return Plan([[_url(url, part) for part in read] for read in reads], names)


def _url(url: str, filters: Filters) -> str:
    joined = {name: ",".join(values) for name, values in filters.items()}
    return f"{url}?{urlencode(joined, safe=',')}" if filters else url


def _parts(url: str, filters: Filters) -> Iterator[Filters]:
    """The filters, split so that the URL of each part has at most `LONGEST_URL` characters."""
    if not filters or len(_url(url, filters)) <= LONGEST_URL - ROOM_FOR_CURSOR:
        yield filters
        return
    longest = max(filters, key=lambda name: sum(map(len, filters[name])) + len(filters[name]))
    values = filters[longest]
    half = len(values) // 2
    if not half:
        raise FatalError(f"one of the values to filter {longest} by is too long for a URL.")
    yield from _parts(url, {**filters, longest: values[:half]})
    yield from _parts(url, {**filters, longest: values[half:]})


def _check_encoding(filters: Filters) -> None:
    """Check that a URL can hold the values: JSON allows lone surrogates, and URLs do not.

    Raises:
        FatalError: One cannot.
    """
    for key, values in filters.items():
        for value in values:
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise FatalError(
                    f"the value {value!a} to filter {key} by cannot be encoded as UTF-8."
                ) from error
