"""Listings: filters, cursors, next links in every style, and the cache that is built first."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from sandbox.utilityapi.api.refusals import RefusedError, invalid
from sandbox.wire import Answer, Call, Param, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sandbox.options import SandboxOptions
    from sandbox.utilityapi.api.params import Filters, Params

    # What an object can be filtered by.
    Facts = Callable[[Any], Mapping[str, Collection[str]]]

PLACE = attrgetter("place")
# A cursor after which comes an empty page: as if what was on it had been deleted meanwhile.
_GAP = "-gap"


class Row(NamedTuple):
    """An object in a listing, with its place in the order."""

    uid: str
    place: tuple[Any, ...]
    thing: Any


@dataclass(frozen=True)
class Listing:
    """What is listed: rows in order; their places fall unless `is_rising`."""

    path: str
    plural: str
    docs: str
    rows: Sequence[Row]
    limit: int
    is_rising: bool = False

    def after(self, place: tuple[Any, ...] | None) -> int:
        """Return how many rows come up to a place."""
        if place is None:
            return 0
        if self.is_rising:
            return bisect_right(self.rows, place, key=PLACE)
        count = len(self.rows)
        backwards = range(count - 1, -1, -1)
        return count - bisect_left(backwards, place, key=lambda i: self.rows[i].place)


class Pager:
    """Pages of one kind of listing; remembers the places of cursors and the caches built.

    A cursor stays good when its object has vanished.
    """

    def __init__(self, options: SandboxOptions) -> None:
        """Begin without any cache."""
        self._options = options
        self._places: dict[str, tuple[Any, ...]] = {}
        self._built_at: dict[object, float] = {}

    def page(
        self,
        call: Call,
        params: Params,
        listing: Listing,
        render: Callable[[Any], bytes],
        more: Mapping[str, object] | None = None,
    ) -> bytes:
        """Print the page that `after` asks for, with the link to the next and what is more."""
        uid, is_gap = self._cursor(params.get("after"), listing)
        first = listing.after(self._places[uid] if uid else None)
        last = first if is_gap else min(first + listing.limit, len(listing.rows))
        objects = b", ".join(render(row.thing) for row in listing.rows[first:last])
        following = uid if is_gap else self._following(listing, last)
        link = self._link(call, params, listing.path, following) if following else None
        rest = to_json({"next": link, **(more or {})})
        return b'{"%b": [%b], %b' % (listing.plural.encode(), objects, rest[1:])

    def answer(
        self,
        call: Call,
        params: Params,
        listing: Listing,
        render: Callable[[Any], bytes],
        more: Mapping[str, object] | None = None,
    ) -> Answer:
        """Answer with that page, once the cache of a long listing is there."""
        self._build_cache(call, params, listing)
        body = self.page(call, params, listing, render, more)
        return Answer(200, body, "application/json; charset=utf-8")

    def _cursor(self, after: Param | None, listing: Listing) -> tuple[str | None, bool]:
        """Return the uid that a cursor stands for and whether an empty page follows it."""
        if after is None:
            return None, False
        cursor = after.value
        if self._options.next_style == "opaque":
            cursor = _opaque_inside(after.raw, listing.docs)
        uid = cursor.removesuffix(_GAP)
        if uid not in self._places:
            row = next((row for row in listing.rows if row.uid == uid), None)
            if row is None:
                raise invalid("Unknown value of after", listing.docs)
            self._places[uid] = row.place
        return uid, cursor != uid

    def _build_cache(self, call: Call, params: Params, listing: Listing) -> None:
        """A listing of several pages is not there at once (202, docs/api/.../list)."""
        if len(listing.rows) <= listing.limit or not self._options.cache_seconds:
            return
        names = sorted(set(params) - {"after"})
        key = tuple((name, *sorted(params[name].value.split(","))) for name in names)
        built_at = self._built_at.setdefault(key, call.now + self._options.cache_seconds)
        if call.now < built_at:
            wait = str(math.ceil(built_at - call.now))
            raise RefusedError(Answer(202, headers={"Retry-After": wait}))

    def _following(self, listing: Listing, last: int) -> str | None:
        """Return the cursor of the next page."""
        rows, limit, every = listing.rows, listing.limit, self._options.empty_page_every
        if last < len(rows):
            uid = self._remembered(rows[last - 1])
            gap = every and math.ceil(last / limit) % every == 0
            return uid + _GAP if gap else uid
        if self._options.next_cycle and rows:
            return self._remembered(rows[min(limit, len(rows)) - 1])
        return None

    def _remembered(self, row: Row) -> str:
        self._places[row.uid] = row.place
        return row.uid

    def _link(self, call: Call, params: Params, path: str, cursor: str) -> str:
        style = self._options.next_style
        pairs = {"after": cursor}
        if style == "full":
            pairs = {name: param.value for name, param in params.items()} | pairs
        query = f"after={_opaque(cursor)}" if style == "opaque" else urlencode(pairs)
        if self._options.next_foreign:
            return f"{self._options.next_foreign.rstrip('/')}{path}?{query}"
        if style == "relative-query":
            return f"?{query}"
        if style == "relative":
            return f"{path}?{query}"
        return f"http://{call.host}{path}?{query}"


def matching(rows: Sequence[Row], filters: Filters, facts: Facts) -> Sequence[Row]:
    """Return the rows that every filter lets through."""
    if not filters:
        return rows
    return [row for row in rows if _is_match(facts(row.thing), filters)]


def _is_match(facts: Mapping[str, Collection[str]], filters: Filters) -> bool:
    return all(not wanted.isdisjoint(facts[name]) for name, wanted in filters)


def _opaque(cursor: str) -> str:
    """Wrap a cursor in characters that decoding and encoding again would change."""
    return f"v1%2F{cursor}%3d%20a+b~%26%E2%9C%93,%2C%2B"


def _opaque_inside(raw: str, docs: str) -> str:
    """Unwrap a cursor that came back as it was sent; only the case of escapes may differ."""
    same = re.sub("%..", lambda escape: escape[0].upper(), raw)
    head, tail = re.sub("%..", lambda escape: escape[0].upper(), _opaque("|")).split("|")
    if not (same.startswith(head) and same.endswith(tail)):
        raise invalid("Malformed value of after", docs)
    return raw[len(head) : len(raw) - len(tail)]
