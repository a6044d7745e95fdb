"""Keys of records, and bad records, which lack them."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.json_types import LARGEST_INTEGER
from tap_utility_energy.http.errors import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Record

#: Maximum number of bad records that a message names.
MOST_NAMED = 5
MOST_DIGITS = 19
#: Characters of a text that is a key: PostgreSQL's index takes 2,704 bytes.
LONGEST_KEY = 255
#: Other fields that may identify the record and are no personal data.
_ID_FIELD = re.compile(r"uid|.*_uid|.*(Id|Code)")


def all_have_keys(page: list[Any], name: str, kind: type) -> bool:
    """Whether all records of a page certainly have their key. A fast check for the usual case."""
    try:
        keys = [record[name] for record in page]
    except (KeyError, TypeError):
        return False
    if set(map(type, keys)) != {kind}:
        return False
    if kind is str:
        lengths = set(map(len, keys))
        return 0 not in lengths and max(lengths) <= LONGEST_KEY
    return bool(min(keys) >= -LARGEST_INTEGER and max(keys) < LARGEST_INTEGER)


def with_key(record: object, name: str, kind: type) -> Record | None:
    """The record with its key as the schema has it, or None if it has none.

    Args:
        record: One element of the page's list of records.
        name: The field that is its key; '' if it needs none.
        kind: The type of the key.
    """
    if not isinstance(record, dict) or not name:
        return record if isinstance(record, dict) else None
    possible = as_key(key := record.get(name), kind)
    if possible is None or possible is key:
        return None if possible is None else record
    return {**record, name: possible}


def as_key(value: object, kind: type) -> Any:
    """The value as part of a key, or None if it is not valid.

    >>> as_key(5, str), as_key(Decimal("5.0"), int), as_key("", str), as_key("5", int)
    ('5', 5, None, None)
    """
    if kind is str:
        text = str(value) if type(value) in {str, int} else ""
        return text if 0 < len(text) <= LONGEST_KEY else None
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < MOST_DIGITS:
        value = int(value) if value == int(value) else None
    is_integer = type(value) is int and -LARGEST_INTEGER <= value < LARGEST_INTEGER
    return value if is_integer else None


class BadRecords:
    """The records that a stream has left out, because they have no unique key."""

    def __init__(self) -> None:
        #: How many were left out.
        self.count = 0
        #: How many of the vendor's own records are among them.
        self.distinct = 0
        self._named: list[str] = []
        self._more = 0
        self._seen = Counter[str]()

    def add_page(self, bad: Sequence[tuple[object, str]]) -> list[str]:
        """Count a page's bad records, except those that an earlier page had as well.

        Args:
            bad: Each record, and what it is called in messages.

        Returns:
            The names of those that are new.
        """
        in_page = Counter[str]()
        new = list[str]()
        for record, name in bad:
            content = repr(record)
            in_page[content] += 1
            if in_page[content] > self._seen[content]:
                self._seen[content] += 1
                self.distinct += 1
                self.add_rows(1, name)
                new.append(name)
        return new

    def add_rows(self, number: int, name: str) -> None:
        """Count bad rows of one record."""
        self.count += number
        if len(self._named) < MOST_NAMED:
            self._named.append(name)
        else:
            self._more += 1

    def summary(self, where: str = "") -> str:
        """What was left out, with the first few by name.

        Args:
            where: Where the rows among them can be found all the same.
        """
        where = where if self.count > self.distinct else ""
        what = "record was" if self.count == 1 else "records were"
        more = f"; and {self._more} more" if self._more else ""
        return (
            f"{self.count} {what} left out for lack of a unique key, all others were written"
            f"{where}: {'; '.join(self._named)}{more}"
        )


def describe_bad_record(record: object, key: str) -> str:
    """A description of a bad record: what is wrong with its key, and its other ids."""
    if not isinstance(record, dict):
        return f"it is not an object but {shown(record, 40)}"
    ids = [
        f"{name} {shown(value, 40)}"
        for name, value in record.items()
        if name != key and _ID_FIELD.fullmatch(name) and type(value) in {int, str}
    ]
    wrong = f"{key} is {shown(record[key], 40)}" if key in record else f"it has no {key}"
    return f"{wrong} ({', '.join(ids[:3])})" if ids else wrong
