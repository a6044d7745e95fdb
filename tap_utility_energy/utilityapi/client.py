"""HTTP client for UtilityAPI: auth, rate limit and advice per status."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_utility_energy.http.client import Client
from tap_utility_energy.http.decoding import parse
from tap_utility_energy.http.errors import error_slug
from tap_utility_energy.http.filters import plan
from tap_utility_energy.http.pagination import NextURLPaginator
from tap_utility_energy.http.rate_limit import RateLimit
from tap_utility_energy.http.shared_rate import SharedStateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import requests

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.http.filters import Plan
    from tap_utility_energy.http.page import Decoder, Page, PageFormat
    from tap_utility_energy.stats import StreamStats

RATE_LIMIT_FILE = "utilityapi_rate_limit_file"
ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Check the uids in the utilityapi_… settings.",
    HTTPStatus.UNAUTHORIZED: "Check utilityapi_token: tokens are created and revoked in "
    "UtilityAPI's dashboard under Settings, API Settings.",
    HTTPStatus.PAYMENT_REQUIRED: "Collecting data needs a positive prepaid balance: top it up in "
    "UtilityAPI's dashboard settings.",
    HTTPStatus.FORBIDDEN: "Check that utilityapi_token belongs to the account that holds the "
    "consent.",
    HTTPStatus.NOT_FOUND: "Check utilityapi_base_url, and that the uids in the utilityapi_… "
    "settings exist and their consent was not revoked.",
}
ADVICE_BY_SLUG = {
    "expired_or_revoked": "The customers' consent has expired or was revoked: ask them for a new "
    "authorization.",
    "required_param_missing": "This looks like a bug in this tap: report it with this line.",
}


class UtilityAPI(Client):
    """Requests to UtilityAPI, evenly spaced over the whole run.

    Sources: https://utilityapi.com/docs/authentication, https://utilityapi.com/docs/formats
    """

    vendor = "UtilityAPI"
    credential_setting = "utilityapi_token"
    base_url_setting = "utilityapi_base_url"
    advice_by_status = ADVICE
    fatal_for_all = frozenset({HTTPStatus.UNAUTHORIZED})

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(config, clock)
        file, token = config.get(RATE_LIMIT_FILE), config.get(self.credential_setting, "")
        # Others may read the file, so it holds a hash of the token.
        name = sha256(token.encode()).hexdigest()[:16]
        self._rate_limit = RateLimit(
            config["utilityapi_requests_per_minute"],
            clock,
            SharedStateStore(file, name, RATE_LIMIT_FILE) if file else None,
        )

    @override
    def auth_headers(self, credential: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {credential}"}

    @override
    def acquire(self, stats: StreamStats) -> None:
        self._rate_limit.wait(stats)

    @override
    def advice(self, response: requests.Response, permission: str) -> str:
        by_slug = ADVICE_BY_SLUG.get(error_slug(response))
        return by_slug or super().advice(response, permission)

    def pages(
        self,
        path: str,
        filters: Mapping[str, Sequence[str]],
        page_format: PageFormat,
        stats: StreamStats,
        decoder: Decoder = parse,
        *,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Iterator[Page]:
        """Every page of a list; see `pages_from`.

        Args:
            path: The list's, below the base URL.
            filters: The values to filter by for each query parameter.
            page_format: The documented format of the answer.
            stats: The stream that asks.
            decoder: What decodes an answer.
            is_wanted: Whether the pages are still wanted.
        """
        (urls,) = self.plan(path, filters).reads
        return self.pages_from(urls, page_format, stats, decoder, is_wanted=is_wanted)

    def pages_from(
        self,
        urls: Sequence[str],
        page_format: PageFormat,
        stats: StreamStats,
        decoder: Decoder = parse,
        *,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Iterator[Page]:
        """Every page of a list; each names the URL of the next one.

        Args:
            urls: The URLs that the list begins with.
            page_format: The documented format of the answer.
            stats: The stream that asks.
            decoder: What decodes an answer.
            is_wanted: Whether the pages are still wanted.

        Raises:
            FatalError: The vendor refuses, or gave no valid answer within the time limit.
        """
        paginator = NextURLPaginator(urls)
        while paginator.current_value:
            url = paginator.current_value
            page = self.get(url, page_format, stats, decoder=decoder, is_wanted=is_wanted)
            self.clock.heartbeat(stats)
            yield page
            paginator.advance(page)

    def plan(
        self,
        path: str,
        filters: Mapping[str, Sequence[str]],
        settings: Mapping[str, str] | None = None,
    ) -> Plan:
        """How to read a list with filters, which may be too long for one URL; see `filters.plan`.

        Raises:
            FatalError: They take too many requests.
        """
        return plan(f"{self.base_url}{path}", filters, settings or {})
