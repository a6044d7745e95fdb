"""EnergyCAP's side of HTTP, and the base of its streams."""

from __future__ import annotations

from collections import defaultdict, deque
from contextlib import closing
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk.streams.rest import PageContext
from typing_extensions import override

from tap_utility_energy import signals
from tap_utility_energy.core.shared_pages import SharedPages
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.http.client import Client
from tap_utility_energy.http.errors import LONGEST_QUOTE, one_line
from tap_utility_energy.http.pagination import HeaderPaginator
from tap_utility_energy.http.threads import DaemonPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    import requests
    from singer_sdk.helpers.types import Context

    from tap_utility_energy.clock import Clock

ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Check energycap_number_of_years, energycap_page_size and "
    "energycap_filters.",
    HTTPStatus.UNAUTHORIZED: "The key is wrong or deleted, or its owner lacks the permission "
    "{permission}: check energycap_api_key, that energycap_base_url is the environment that the "
    "key was made in, and the owner's role.",
    HTTPStatus.FORBIDDEN: "The owner of the key may lack the permission {permission}: check their "
    "role in EnergyCAP.",
    HTTPStatus.NOT_FOUND: "Check energycap_base_url: the host alone, without a path. If other "
    "streams are read, EnergyCAP may have withdrawn the endpoint: look for a newer version of this "
    "tap.",
}


class EnergyCAP(Client):
    """Requests to EnergyCAP.

    Source: https://developer.energycap.com/api-getting-started/authentication/
    """

    vendor = "EnergyCAP"
    credential_setting = "energycap_api_key"
    base_url_setting = "energycap_base_url"
    advice_by_status = ADVICE
    good_statuses = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(config, clock)
        #: What the streams of a path read, by path.
        self.walks = defaultdict[str, SharedPages](SharedPages)
        #: What was odd about the latest read of a list, by its path; see `EnergyCAPStream.walked`.
        self.discrepancies: dict[str, dict[str, int]] = {}

    @override
    def auth_headers(self, credential: str) -> dict[str, str]:
        return {"ECI-ApiKey": credential}


class EnergyCAPStream(VendorStream):
    """A list of EnergyCAP: an array, with the paging in the answer's headers."""

    client: EnergyCAP
    client_class = EnergyCAP
    record_key_type = int
    never_emitted = "token"  # the key of a session
    # Rows move between pages while data changes: the vendor keeps no snapshot for a walk.
    can_repeat = True
    #: Whether the list comes in pages. If not, it is one answer and takes no paging parameters.
    is_paged: ClassVar[bool] = True
    _paginator: HeaderPaginator | None = None
    _is_deprecated = False

    @property
    @override
    def http_headers(self) -> dict[str, str]:
        # The vendor requires a content type on every request, though a GET has no content.
        return {"Content-Type": "application/json", "Accept": "application/json"}

    @override
    def decode(self, body: bytes) -> Any:
        document = super().decode(body)
        return [] if document is None else document  # null stands for no data

    @override
    def get_new_paginator(self) -> HeaderPaginator | None:
        self._paginator = HeaderPaginator() if self.is_paged else None
        return self._paginator

    @override
    def pages(self, context: Context | None) -> Iterator[requests.Response]:
        """Every page in order, several in flight once the first has told how many there are."""
        width = self.config["energycap_max_parallel_requests"] if self.is_paged else 1
        pages = super().pages(context) if width == 1 else self._pages_side_by_side(context, width)
        for number, response in enumerate(pages, 1):
            self._warn_if_deprecated(response)
            if self._paginator and number > 1:  # the first has not been looked at yet
                self.stats.position = f"page {number} of {self._paginator.pages}"
            yield response

    def _warn_if_deprecated(self, response: requests.Response) -> None:
        """Say once what replaces the endpoint; it answers as before for some months.

        Source: https://developer.energycap.com/api-getting-started/versioning/
        """
        successor = response.headers.get("ECI-Deprecated")
        if successor and not self._is_deprecated:
            self._is_deprecated = True
            self.stats.log.warning(
                "EnergyCAP will withdraw %s; it names as the replacement: %s. Look for a newer "
                "version of this tap.",
                self.path,
                one_line(successor, LONGEST_QUOTE),
            )

    def _pages_side_by_side(
        self, context: Context | None, width: int
    ) -> Iterator[requests.Response]:
        paginator = self._paginator = HeaderPaginator()
        in_flight: deque[Future[requests.Response]] = deque()
        numbers = count(1)
        with (
            self.get_http_request_counter() as counter,
            closing(DaemonPool["requests.Response"](width)) as pool,
        ):
            while not paginator.finished:
                last = min(paginator.current_value + width - 1, paginator.pages)
                while paginator.current_value + len(in_flight) <= last:
                    page = PageContext(context, next(numbers))
                    in_flight.append(pool.submit(partial(self.fetch, page, pool.is_open)))
                with signals.interruptible():
                    response = in_flight.popleft().result()
                counter.increment()
                self._say_progress()
                yield response
                paginator.advance(response)

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: int | None
    ) -> dict[str, Any]:
        if not self.is_paged:
            return {}
        return {"pageNumber": next_page_token, "pageSize": self.config["energycap_page_size"]}

    @override
    def walked(self, distinct: int) -> None:
        """Compare what came with what EnergyCAP counted, and with what the run before has seen.

        If they differ, records may have moved past the walk while it read. If the run before has
        seen the same, the list is taken as it is: one that always repeats or lacks a record would
        keep the stream from ever being incremental otherwise. What was seen, and in how many runs
        in a row, is kept in the state.
        """
        if paginator := self._paginator:
            seen = {"lacking": paginator.total - distinct, "removed": paginator.removed}
            self.client.discrepancies[self.path] = seen if any(seen.values()) else {}
        seen = self.client.discrepancies.get(self.path, {})
        before = self.discrepancy
        is_known = seen.items() <= before.items()
        self.stream_state.pop("discrepancy", None)
        if not seen:
            return
        runs = before["runs"] + 1 if is_known else 1
        self.stream_state["discrepancy"] = {**(before if is_known else {}), **seen, "runs": runs}
        if not is_known:
            self.mark_incomplete("data may have changed while pages were read")
        if paginator:
            self.stats.log.warning(
                "EnergyCAP counted %s records%s and %s different ones came. %s.",
                paginator.total,
                ", more before," if paginator.removed else "",
                distinct,
                "The run before has seen the same, so this is taken as the whole list"
                if is_known
                else "Data may have changed during the walk; the next run reads all again",
            )

    @property
    def discrepancy(self) -> dict[str, Any]:
        """What was odd about the list in the run before, or by the end of this one; else empty."""
        found = self.stream_state.get("discrepancy")
        is_ours = isinstance(found, dict) and isinstance(found.get("runs"), int)
        return cast("dict[str, Any]", found) if is_ours else {}
