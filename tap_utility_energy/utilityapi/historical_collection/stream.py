"""The stream of requested collections, and their requests over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_utility_energy.clock import LONGEST_SLEEP
from tap_utility_energy.core.keys import BadRecords
from tap_utility_energy.http.errors import AnswerLostError, FatalError
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tap_utility_energy.utilityapi.historical_collection.journal import Journal
from tap_utility_energy.utilityapi.historical_collection.requests import Meter, parse_timestamp
from tap_utility_energy.utilityapi.historical_collection.rules import CollectionConfig
from tap_utility_energy.utilityapi.historical_collection.state_machine import HistoricalCollection
from tap_utility_energy.utilityapi.historical_collection.vendor import (
    Answer,
    CollectionRefusedError,
    Listing,
    OutcomeUnknownError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import requests
    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.utilityapi.client import UtilityAPI
    from tap_utility_energy.utilityapi.consents import ConsentList

#: Statuses that prove that the vendor has not carried out a request.
REFUSED = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422})


class HistoricalCollectionsStream(UtilityAPIStream):
    """Collections that the tap has requested from UtilityAPI: one record per meter and request.

    The records of a run are the requests that it made, those whose progress it saw, and those of
    an earlier run that ended before it emitted them. Empty unless
    ``historical_collection_enabled``.
    """

    name = "historical_collections"
    docs_url = "https://utilityapi.com/docs/api/meters/historical-collection"
    path = "/meters"
    records_key = "meters"
    primary_keys = ("meter_uid", "requested_at")
    replication_key = "requested_at"
    schema = schemas.HISTORICAL_COLLECTION
    # Progress of earlier requests comes too, but otherwise the SDK would warn that a run cannot be
    # resumed.
    is_sorted = True
    check_sorted = False

    def __init__(self, tap: Tap, client: UtilityAPI, consents: ConsentList | None = None) -> None:
        super().__init__(tap, client, consents)
        self._collection: HistoricalCollection | None = None
        self.is_enabled = self.config["historical_collection_enabled"]

    @override
    def narrowed_by(self) -> str:
        return "it has the requests of this run only"

    def collect(self, write_state: Callable[[], None]) -> None:
        """Request the collections that the settings call for, and wait for them.

        Raises:
            FatalError: Something was not requested though it should be, or the outcome is unknown.
        """
        state = self.stream_state

        def save(values: Mapping[str, Any]) -> None:
            state.update(values)
            write_state()

        self._collection = self._new_collection(save)
        try:
            self._collection.run()
        except CollectionRefusedError as refused:
            raise FatalError(str(refused)) from refused

    def preview(self) -> None:
        """Log what a run would request.

        Raises:
            FatalError: A run would request nothing, though something is wanted.
        """
        try:
            self._new_collection(lambda _: None).preview()
        except CollectionRefusedError as refused:
            raise FatalError(str(refused)) from refused

    @override
    def record_pages(self) -> Iterator[Iterable[Record]]:
        """The requests of this run and their progress, as one page."""
        if self._collection:
            yield self._collection.rows(self._emitted_until)

    @override
    def advance_bookmark(self, record: Mapping[str, Any]) -> None:
        requested_at = parse_timestamp(record["requested_at"])
        if self._emitted_until is None or (requested_at and requested_at > self._emitted_until):
            super().advance_bookmark(record)

    @property
    def _emitted_until(self) -> datetime | None:
        """When the latest request was made that was emitted."""
        return parse_timestamp(self.stream_state.get("replication_key_value"))

    def _new_collection(self, save: Callable[[Mapping[str, Any]], None]) -> HistoricalCollection:
        path = self.config.get("historical_collection_journal")
        return HistoricalCollection(
            self._collection_config(),
            self,
            self.client.clock,
            sleep=lambda seconds: self.client.clock.wait(
                seconds, "for the next status check of the meters", self.stats
            ),
            state=self.stream_state,
            save=save,
            journal=Journal(path) if path else None,
        )

    def _collection_config(self) -> CollectionConfig:
        def setting(name: str) -> Any:
            return self.config.get(f"historical_collection_{name}")

        max_cost, before = setting("max_cost"), setting("repeat_before")
        return CollectionConfig(
            meters=tuple(dict.fromkeys(setting("meters") or ())),
            new_meters=setting("new_meters") and self._allowed != frozenset(),
            authorizations=self._allowed,
            max_meters=setting("max_meters"),
            max_cost=None if max_cost is None else Decimal(str(max_cost)),
            duration=setting("duration"),
            repeat_days=setting("repeat_days"),
            repeat_before=datetime.fromisoformat(before) if before else None,
            wait_seconds=min(setting("wait_seconds"), LONGEST_SLEEP),
            poll_seconds=setting("poll_seconds"),
        )

    @cached_property
    def _allowed(self) -> frozenset[str] | None:
        """The authorizations within which money may be spent; None for all.

        The vendor may ignore a filter that it does not know, so records have to show that they
        match.
        """
        if self._consents and self._consents.filters:
            return self._consents.certain_uids()
        return frozenset(self.config.get("utilityapi_authorizations", ())) or None

    def get_meters(self, uids: Collection[str]) -> Listing:
        """Read these meters, without their blocks."""
        return self._read({"uids": sorted(uids)})

    def get_new_meters(self) -> Listing:
        """Read all meters that were never activated and are not archived."""
        return self._read({
            "authorizations": sorted(self._allowed or ()),
            "is_activated": ["false"],
            "is_archived": ["false"],
        })

    def _read(self, filters: Mapping[str, Sequence[str]]) -> Listing:
        """Read meters. One that is listed twice and differs has no status: it is in doubt."""
        meters, date = dict[str, Meter](), None
        for page in self.client.pages(self.path, filters, self.page_format, self.stats):
            date = _date(page.headers)
            records = self.drop_bad_records(page.records, 1, BadRecords())
            for meter in map(Meter.of, records):
                is_clear = meters.get(meter.uid, meter) == meter
                meters[meter.uid] = meter if is_clear else replace(meter, status=None)
        return Listing(meters, date)

    def request_collection(self, uids: Sequence[str], duration: int | None) -> Answer:
        """Request a collection.

        Raises:
            OutcomeUnknownError: It is unknown whether it was carried out.
            CollectionRefusedError: It was certainly not carried out.
        """
        months = {} if duration is None else {"collection_duration": duration}
        body = {"meters": list(uids), **months}
        try:
            response = self.client.post_once("/meters/historical-collection", body, self.stats)
        except FatalError as refused:
            raise CollectionRefusedError(
                f"the collection was not requested: {refused}"
            ) from refused
        except AnswerLostError as lost:
            raise OutcomeUnknownError(str(lost)) from lost
        if response.status_code in REFUSED:
            refusal = self.client.refusal(response, self.permission)
            raise CollectionRefusedError(f"the collection was refused: {refusal}")
        if response.status_code != HTTPStatus.OK:
            raise OutcomeUnknownError(f"UtilityAPI answered {response.status_code}")
        return _accepted(response)


def _accepted(response: requests.Response) -> Answer:
    """The meters that an answer with status 200 accepts, as text.

    Raises:
        OutcomeUnknownError: It does not say that it was a success, or names no list.
    """
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        answer = None
    meters = answer.get("meters") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or answer.get("success") is not True:
        raise OutcomeUnknownError(
            "UtilityAPI's answer does not say whether it accepted the request"
        )
    if not isinstance(meters, list) or not all(type(uid) in {str, int} for uid in meters):
        raise OutcomeUnknownError("UtilityAPI's answer does not say which meters it accepted")
    duration = answer.get("collection_duration")
    return Answer(
        {str(uid) for uid in meters},
        duration if type(duration) is int and 0 < duration < 2**31 else None,
    )


def _date(headers: Mapping[str, str]) -> datetime | None:
    """The Date header: the time of the answer by the vendor's clock."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        return date.replace(tzinfo=date.tzinfo or UTC)
    except (ValueError, OverflowError):
        return None
