"""Paginators: by the URL of the next page, and by headers that count pages."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from tap_utility_energy.http.errors import FatalError, shown
from tap_utility_energy.http.lazy_records import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_utility_energy.http.page import Page

#: UtilityAPI takes the token in the query as well, and a link may repeat it.
CREDENTIAL_PARAM = "access_token"
#: Pages without new records in a row after which a list is considered endless.
MOST_STALE_PAGES = 2
MOST_EMPTY_PAGES = 100
#: Size of the filter of seen records: of ten million records, one in fifteen seems seen before.
SEEN_BITS = 1 << 26


class EndlessListGuard:
    """Ends a read of a list without new records, whatever its links or totals say.

    Records are remembered in a Bloom filter of fixed size, not one by one.

    Args:
        key: The field that tells one record from another; '' if only the whole record does.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._seen = bytearray()
        self._stale = self._empty = 0

    def check(self, page: Page) -> None:
        """Take the next page of the list.

        Raises:
            FatalError: Too many pages in a row were empty, or held no new record.
        """
        is_new = False
        self._seen = self._seen or bytearray(SEEN_BITS // 8)
        for record in page.records:
            is_new |= self._add(record)
        self._stale = 0 if is_new else self._stale + bool(page.records)
        self._empty = 0 if page.records else self._empty + 1
        if self._stale >= MOST_STALE_PAGES or self._empty >= MOST_EMPTY_PAGES:
            empty, stale = f"{self._empty} empty ones", f"{self._stale} without new records"
            raise FatalError(
                f"the list has no end: its last pages were {stale if self._stale else empty}. Try "
                "again later, or report it to the vendor.",
            )

    def _add(self, record: object) -> bool:
        """Remember a record; whether it is new."""
        key = record.get(self._key) if isinstance(record, dict) else None
        value = hash(key if isinstance(key, str) else repr(key) if key else content_of(record))
        is_new = False
        for bit in (value % SEEN_BITS, (value >> 32) % SEEN_BITS):
            byte, mask = bit >> 3, 1 << (bit & 7)
            is_new |= not self._seen[byte] & mask
            self._seen[byte] |= mask
        return is_new


class NextURLPaginator:
    """Paginates by the URL of the next page in each answer.

    ``next`` may be absolute or relative, and may repeat the filters or leave them out: the
    paginator adds them. Its other parameters, except a credential, are sent back unchanged.
    Several first URLs are read one after the other, as one list.

    >>> paginator = NextURLPaginator(["https://host/list?meters=1,2"])
    >>> paginator.current_value
    'https://host/list?meters=1,2'

    An answer of ``{"next": "/list?after=9"}`` then leads to
    ``https://host/list?after=9&meters=1,2``.

    Source: https://utilityapi.com/docs/api/accounting/billing-summaries/list
    """

    def __init__(self, first_urls: Sequence[str], key: str = "uid") -> None:
        #: The URL to request next; '' at the end.
        self.current_value = first_urls[0]
        self._first_urls = iter(first_urls[1:])
        self._first_url = first_urls[0]
        self._seen = set(first_urls)
        self._key = key
        self._guard = EndlessListGuard(key)

    def advance(self, page: Page) -> None:
        """Go on to the page after this one.

        Raises:
            FatalError: The links lead back to a page that was read already, or are no text; or the
                pages bring nothing new.
        """
        link = page.fields.get("next")
        if link is not None and link != "":  # most lists of a few meters have one page
            self._guard.check(page)
        self.current_value = self._next(link)

    def _next(self, link: object) -> str:
        if link is None or link == "":
            self._first_url = next(self._first_urls, "")
            if self._first_url:
                self._guard = EndlessListGuard(self._key)
            return self._first_url
        if not isinstance(link, str):
            raise FatalError(
                f"the link to the next page is not text but {shown(link)}. Report it to the vendor."
            )
        try:
            url = urljoin(self.current_value, urldefrag(link).url)
            url = with_params_of(self._first_url, with_scheme_of(self._first_url, url))
        except ValueError as error:
            raise FatalError(
                f"the link to the next page is not a URL: {error}. Report it to the vendor."
            ) from error
        if url in self._seen:
            raise FatalError(
                f"the vendor's links to the next page form a cycle, back to {url}. "
                "Try again later, or report it to the vendor.",
            )
        self._seen.add(url)
        return url


def with_scheme_of(first_url: str, url: str) -> str:
    """``url`` with the scheme of ``first_url``, if only that tells the two servers apart.

    >>> with_scheme_of("https://host/list", "http://host/list?after=9")
    'https://host/list?after=9'
    """
    first, other = urlsplit(first_url), urlsplit(url)
    is_web = {first.scheme, other.scheme} <= {"http", "https"}
    is_default = first.port is None and other.port in {None, 80, 443}
    same_port = is_default or first.port == other.port
    if not is_web or first.hostname != other.hostname or not same_port or "@" in other.netloc:
        return url
    return other._replace(scheme=first.scheme, netloc=first.netloc).geturl()


def with_params_of(first_url: str, url: str) -> str:
    """``url`` with those query parameters of ``first_url`` that it does not name itself.

    Without the credential, which is in a header and, in an answer, has been redacted.
    """
    if CREDENTIAL_PARAM in url:
        pieces = urlsplit(url).query.split("&")
        kept = [piece for piece in pieces if piece.partition("=")[0] != CREDENTIAL_PARAM]
        url = urlsplit(url)._replace(query="&".join(kept)).geturl()
    named = {key for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    pieces = [piece for piece in urlsplit(first_url).query.split("&") if piece]
    missing = [piece for piece in pieces if _name(piece) not in named]
    query = "&".join(filter(None, [urlsplit(url).query, *missing]))
    return urlsplit(url)._replace(query=query).geturl()


def _name(parameter: str) -> str:
    """The name in a part of a query, such as ``a=1`` or ``a=``."""
    return parse_qsl(parameter, keep_blank_values=True)[0][0]


class HeaderPaginator:
    """Paginates by page number, up to the total in the headers of the latest answer.

    >>> HeaderPaginator("meterId").current_value
    1

    Source: https://developer.energycap.com/api-getting-started/paging/
    """

    def __init__(self, key: str) -> None:
        self._guard = EndlessListGuard(key)
        #: The number of the page to request next; 0 at the end.
        self.current_value = 1
        #: ``TotalNumberOfRecords`` of the latest answer; 0 for a tenant without data.
        self.total = 0
        #: ``TotalPages`` of the latest answer.
        self.pages = 1
        #: Decrease of the total during the read: records then move onto pages already read.
        self.removed = 0
        self._page_size: int | None = None

    def advance(self, page: Page) -> None:
        """Go on to the page after this one.

        Raises:
            FatalError: A header is missing, is no number, or contradicts another; or the pages
                bring nothing new.
        """
        self._guard.check(page)
        # A 204, or a 200 with null: no data, or the total fell below this page.
        is_empty = page.body.strip() in {b"", b"null"}
        self.current_value = 0 if is_empty else self._next(page.headers)

    def _next(self, headers: Mapping[str, str]) -> int:
        number, size, total, pages = (
            self._read(headers, name)
            for name in ("PageNumber", "PageSize", "TotalNumberOfRecords", "TotalPages")
        )
        self._check(number, size, total, pages)
        self.removed += max(0, self.total - total)
        self.total, self.pages, self._page_size = total, pages, size
        return self.current_value + 1 if self.current_value < pages else 0

    def _read(self, headers: Mapping[str, str], name: str) -> int:
        value = headers.get(name, "").strip()
        if not re.fullmatch(r"[0-9]{1,18}", value):
            found = f"is {shown(value, 40)}" if value else "is missing"
            raise _unreliable(f"the header {name} of page {self.current_value} {found}")
        return int(value)

    def _check(self, page: int, size: int, total: int, pages: int) -> None:
        if page != self.current_value:
            raise _unreliable(f"page {self.current_value} was requested and page {page} was sent")
        if size < 1 or size != (self._page_size or size):
            raise _unreliable(f"PageSize changed from {self._page_size} to {size} on page {page}")
        if pages not in {math.ceil(total / size), max(1, math.ceil(total / size))}:
            raise _unreliable(
                f"page {page} declares {total} records in {pages} pages of {size}",
            )


def _unreliable(what: str) -> FatalError:
    return FatalError(
        f"the paging headers cannot be trusted: {what}. A proxy may strip or change them; "
        "nothing more is read, because pages could be missed.",
    )
