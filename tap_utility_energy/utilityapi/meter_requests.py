"""Requests for the data of some meters, of which some may be refused meanwhile."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.lazy_records import lazy_records
from tap_utility_energy.http.page import PageFormat
from tap_utility_energy.logs import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tap_utility_energy.http.page import Page
    from tap_utility_energy.stats import StreamStats
    from tap_utility_energy.utilityapi.client import UtilityAPI
    from tap_utility_energy.utilityapi.meter_list import MeterList

#: Fields of bills and intervals that are decoded before the record is, besides the key.
HEAD_FIELDS = ("meter_uid", "updated")
#: Errors that may mean that a consent has ended since the meters were listed.
CONSENT_ENDED = frozenset({"not_found", "expired_or_revoked"})
#: Maximum refusals in a run that lead to smaller requests, to find the refused meter. One of a
#: hundred takes eight.
MOST_REFUSALS = 100


class MeterRequests:
    """Requests a list for some meters at a time, from any thread.

    Args:
        client: The client.
        meters: Lists the meters.
        path: The path of the list.
        records_key: The key of an answer that holds the records.
    """

    def __init__(self, client: UtilityAPI, meters: MeterList, path: str, records_key: str) -> None:
        self._client = client
        self._meters = meters
        self._path = path
        self._page_format = PageFormat(records_key)
        #: Decodes an answer.
        self.decoder = lazy_records(records_key, "uid", str, HEAD_FIELDS)
        #: The meters that are refused though they are listed, and why.
        self.refused: dict[str, FatalError] = {}
        self._refusals = 0
        self._lock = threading.Lock()

    @property
    def left_out(self) -> set[str]:
        """The meters that are refused, or not listed any more."""
        return self._meters.unlisted | self.refused.keys()

    def begin(self) -> None:
        """Begin a run: forget earlier refusals."""
        self._refusals, self.refused = 0, {}

    def check(self) -> None:
        """Check, after all requests, that no meter was refused.

        Raises:
            FatalError: Some were.
        """
        if not self.refused:
            return
        why = next(iter(self.refused.values()))
        raise FatalError(
            f"the data of these meters did not come, though UtilityAPI lists them: "
            f"{shortened(self.refused)}; that of all others did. For the first of them, {why}",
            slug=why.slug,
        )

    def pages_of(
        self,
        meters: list[str],
        window: Mapping[str, Sequence[str]],
        stats: StreamStats,
        *,
        are_listed: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Iterator[Page]:
        """Every page of data of these meters, without those that ended or are refused.

        Args:
            meters: The meters.
            window: Query parameters besides them.
            stats: The stream that asks.
            are_listed: Whether the meters were listed after one of them was refused.
            is_wanted: Whether the pages are still wanted.
        """
        filters = {"meters": meters, **window}
        try:
            yield from self._client.pages(
                self._path, filters, self._page_format, stats, self.decoder, is_wanted=is_wanted
            )
        except FatalError as refused:
            if refused.slug not in CONSENT_ENDED and refused.status != HTTPStatus.NOT_FOUND:
                raise
            left = list(meters)
            if not are_listed or len(meters) == 1:
                listed = self._meters.still_listed(meters)
                left = [uid for uid in meters if uid in listed]
            are_listed = len(left) == len(meters)
            parts = self._halves(left, refused) if are_listed else [left]
        else:
            return
        for part in filter(None, parts):
            yield from self.pages_of(
                part, window, stats, are_listed=are_listed, is_wanted=is_wanted
            )

    def _halves(self, meters: list[str], refused: FatalError) -> list[list[str]]:
        """What to ask for in place of these meters, of which one is meant by the refusal.

        Raises:
            FatalError: Too many requests were refused.
        """
        with self._lock:
            self._refusals += 1
            if self._refusals > MOST_REFUSALS:
                raise refused
        half = len(meters) // 2
        if not half:
            self.refused[meters[0]] = refused
            return []
        return [meters[:half], meters[half:]]
