"""UtilityAPI's side of HTTP, and the base of its streams."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.streams.rest import HTTPRequest
from typing_extensions import override

from tap_utility_energy.core.shared_pages import SharedPages
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.http.client import Client
from tap_utility_energy.http.errors import error_slug
from tap_utility_energy.http.pagination import NextURLPaginator, filtered_urls
from tap_utility_energy.http.rate_limit import RateLimit
from tap_utility_energy.utilityapi.meter_pages import MeterDataPages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import requests
    from singer_sdk.streams.rest import PageContext

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.stats import StreamStats

ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Check the uids in the utilityapi_… settings.",
    HTTPStatus.UNAUTHORIZED: "Check utilityapi_token: tokens are made, and end, in UtilityAPI's "
    "dashboard under Settings, API Settings.",
    HTTPStatus.PAYMENT_REQUIRED: "Collecting data needs a positive prepaid balance: top it up in "
    "UtilityAPI's dashboard settings.",
    HTTPStatus.FORBIDDEN: "Check that utilityapi_token belongs to the account that was given the "
    "consent.",
    HTTPStatus.NOT_FOUND: "Check utilityapi_base_url, and that the uids in the utilityapi_… "
    "settings exist and their consent was not revoked.",
}
ADVICE_BY_SLUG = {
    "expired_or_revoked": "The customers' consent has expired or was revoked: ask them for a new "
    "authorization.",
    "required_param_missing": "This looks like a fault of this tap: report it with this line.",
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
        #: The list of meters, and what is read meter by meter, by path.
        self.meter_list = SharedPages()
        self.walks = defaultdict[str, MeterDataPages](MeterDataPages)
        #: Meters on that list that the vendor has deleted since.
        self.gone_meters = set[str]()
        self._budget = RateLimit(config["utilityapi_requests_per_minute"], clock)

    @override
    def auth_headers(self, credential: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {credential}"}

    @override
    def acquire(self, stats: StreamStats) -> None:
        self._budget.wait(stats)

    @override
    def advice(self, response: requests.Response, permission: str) -> str:
        by_slug = ADVICE_BY_SLUG.get(error_slug(response))
        return by_slug or super().advice(response, permission)


class UtilityAPIStream(VendorStream):
    """A listing of UtilityAPI: an object with the records under a key and ``next`` beside it."""

    client: UtilityAPI
    client_class = UtilityAPI
    primary_keys: Sequence[str] = ("uid",)
    record_key = "uid"
    #: Query parameters of the endpoint and the settings that hold the uids to filter by.
    filters: ClassVar[Mapping[str, str]] = {}
    #: What the tap itself filters by for the time being, instead of what the user has set.
    where: Mapping[str, Sequence[str]] | None = None

    def chosen_filters(self) -> Mapping[str, Sequence[str]]:
        """The values to filter by for each query parameter."""
        if self.where is not None:
            return self.where
        return {name: self.config.get(setting, []) for name, setting in self.filters.items()}

    @override
    def narrowed_by(self) -> str:
        return ", ".join(setting for setting in self.filters.values() if self.config.get(setting))

    @override
    def get_new_paginator(self) -> NextURLPaginator:
        urls = list(filtered_urls(self.get_url(None), self.chosen_filters()))
        self.can_repeat = self.can_repeat or len(urls) > 1
        return NextURLPaginator(urls)

    @override
    def get_http_request(self, *, page: PageContext[str]) -> HTTPRequest:
        return HTTPRequest(url=page.next_page_token or "", headers=self.http_headers)
