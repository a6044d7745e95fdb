"""Joins the historical collection to the tap: its stream, its HTTP, its place in the state."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_utility_energy.http import faults
from tap_utility_energy.http.faults import Fault, Refusal
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.client import UtilityAPIStream
from tap_utility_energy.utilityapi.collection_requests import Meter
from tap_utility_energy.utilityapi.historical_collection import (
    AnswerLost,
    HistoricalCollection,
    NotAsked,
    Wish,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import requests
    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.tap import TapUtilityEnergy


class HistoricalCollectionsStream(UtilityAPIStream):
    """What the tap has asked UtilityAPI to collect: one record a meter and request.

    The records of a run are the requests that it made and those whose progress it saw. Empty
    unless ``historical_collection_enabled``.

    Source: https://utilityapi.com/docs/api/meters/historical-collection
    """

    name = "historical_collections"
    path = "/meters"
    records_key = "meters"
    primary_keys = ("meter_uid", "requested_at")
    replication_key = "requested_at"
    schema = schemas.HISTORICAL_COLLECTION

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        self._collection: HistoricalCollection | None = None
        self.is_called_for = self.config["historical_collection_enabled"]

    def collect(self, write_state: Callable[[], None]) -> None:
        """Ask for the collections that the settings call for, and wait for them.

        Raises:
            Refusal: The vendor refused, or too many meters were to be asked for.
        """
        self._collection = self._new_collection(write_state)
        try:
            self._collection.run()
        except NotAsked as refused:
            raise Refusal(str(refused)) from refused

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """The requests of this run. A dry run only says what it would ask for."""
        if self._collection is not None:
            yield from self._collection.rows
        elif self.is_called_for and self.is_dry_run:
            self._new_collection(lambda: None).announce()

    @property
    def is_dry_run(self) -> bool:
        """Whether ``--test`` or a test suite runs the stream."""
        return self.ABORT_AT_RECORD_COUNT is not None

    def _new_collection(self, write_state: Callable[[], None]) -> HistoricalCollection:
        state = self.stream_state

        def remember(latest: list[dict[str, Any]]) -> None:
            state["requests"] = latest
            write_state()

        return HistoricalCollection(
            self._wish(), self, self._clock, state.get("requests", ()), remember
        )

    def _wish(self) -> Wish:
        days = self.config.get("historical_collection_repeat_days")
        return Wish(
            meters=tuple(dict.fromkeys(self.config.get("historical_collection_meters", ()))),
            new_meters=self.config["historical_collection_new_meters"],
            max_meters=self.config["historical_collection_max_meters"],
            duration=self.config.get("historical_collection_duration"),
            repeat_after=None if days is None else timedelta(days=days),
            wait_seconds=self.config["historical_collection_wait_seconds"],
            poll_seconds=self.config["historical_collection_poll_seconds"],
        )

    def look(self, uids: Collection[str]) -> dict[str, Meter]:
        """Read these meters, those of them that the vendor lists."""
        return self._read({"uids": sorted(uids)}) if uids else {}

    def look_for_new(self) -> dict[str, Meter]:
        """Read all meters that were never activated and are not archived."""
        return self._read({
            "authorizations": self.config.get("utilityapi_authorizations", []),
            "is_activated": ["false"],
            "is_archived": ["false"],
        })

    def _read(self, filters: Mapping[str, Sequence[str]]) -> dict[str, Meter]:
        self.where = filters
        meters = map(Meter.of, self.request_records(None))
        return {meter.uid: meter for meter in meters}

    def ask(self, uids: Collection[str], duration: int | None) -> set[str]:
        """Request a collection; the uids that the vendor has accepted.

        Raises:
            AnswerLost: The request may have been carried out.
            NotAsked: It was refused.
        """
        body = {"meters": list(uids)} | (
            {} if duration is None else {"collection_duration": duration}
        )
        request = self.build_prepared_request(
            method="POST",
            url=f"{self.url_base}/meters/historical-collection",
            headers=self.http_headers,
            json=body,
        )
        try:
            response = self.client.send_unrepeatable(request, _check_accepted, self.stats)
        except Refusal as refused:
            raise NotAsked(f"the collection was refused: {refused}") from refused
        except faults.AnswerLost as lost:
            raise AnswerLost(str(lost)) from lost
        return set(response.json()["meters"])


def _check_accepted(response: requests.Response) -> None:
    """See that a 200 names the meters that were accepted.

    Raises:
        Fault: It does not; whether anything was accepted is not known.
    """
    try:
        answer = response.json()
        accepted = answer["success"] is True and all(isinstance(u, str) for u in answer["meters"])
    except (ValueError, TypeError, KeyError):
        accepted = False
    if not accepted:
        raise Fault("sent an answer that does not say which meters it accepted", response)
