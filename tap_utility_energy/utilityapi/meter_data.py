"""The base of the streams that are read meter by meter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from typing_extensions import override

from tap_utility_energy.core.stream import VendorStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.raw_rows import RawRows
    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.utilityapi.client import UtilityAPI
    from tap_utility_energy.utilityapi.meter_changes import MeterChanges
    from tap_utility_energy.utilityapi.meter_endpoint import MeterEndpoint
    from tap_utility_energy.utilityapi.meter_list import MeterList

#: The version of the meters in the state. A state of another version is ignored, so that all data
#: is read again.
STATE_VERSION = 2


class RowMaker(Protocol):
    """Makes rows of a stream's records."""

    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        """The rows of a record."""


class RowMaking(Protocol):
    """Tells what makes a stream's rows."""

    def __call__(self, stream: VendorStream, /) -> RowMaker:
        """What makes the rows of a stream."""


class MeterDataStream(VendorStream):
    """A stream of the data of meters, read for those meters only whose data has changed.

    All streams of an endpoint share one `MeterChanges`.

    Args:
        tap: The tap, for the SDK.
        client: The client.
        meters: Lists the meters.
        changes: Reads the data.
    """

    client: UtilityAPI
    required = ("endpoint", *VendorStream.required)
    primary_keys: Sequence[str] = ("uid",)
    record_key = "uid"
    replication_key = "updated"
    # Not sorted by ``updated``, but otherwise the SDK would warn that a run cannot be resumed.
    is_sorted = True
    check_sorted = False
    # A chunk is requested again without the meters whose consent ended meanwhile.
    can_repeat = True
    #: The list that its records are in.
    endpoint: ClassVar[MeterEndpoint]
    #: Makes the rows of a record; None if each record is a row.
    row_maker: ClassVar[RowMaking | None] = None

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the path of the endpoint."""
        if endpoint := vars(cls).get("endpoint"):
            cls.path, cls.records_key = endpoint.path, endpoint.records_key
        super().__init_subclass__(**kwargs)

    def __init__(
        self, tap: Tap, client: UtilityAPI, meters: MeterList, changes: MeterChanges
    ) -> None:
        super().__init__(tap, client)
        #: Reads the data.
        self.changes = changes
        self._meters = meters
        self._latest = ""
        self._row_maker = self.row_maker(self) if self.row_maker else None
        if self.is_enabled:  # if not, its meters would be read in vain
            changes.join(self)
            meters.join(self)

    @property
    @override
    def partitions(self) -> None:
        """None, even if the state has partitions from another tap."""

    @property
    def completed(self) -> dict[str, str]:
        """The fingerprint of each meter whose data was emitted completely; part of the state."""
        state = self.stream_state
        # The state may have been edited, or written by another tap.
        if state.get("version") != STATE_VERSION or not isinstance(state.get("meters"), dict):
            state.update(version=STATE_VERSION, meters={})
        return cast("dict[str, str]", state["meters"])

    @property
    @override
    def decoder(self) -> Decoder:
        return self.changes.decoder

    @override
    def pages(self) -> Iterator[Page]:
        return self.changes.pages_for(self)

    @override
    def record_pages(self) -> Iterator[Iterable[Record]]:
        """The records of each page. A meter is complete after its last record."""
        pages = 0
        try:
            for page in super().record_pages():
                yield page
                pages += 1
                self.complete(self.changes.completed(pages))
        finally:
            self.complete(self.changes.completed(0))  # meters without data
        self._forget_unlisted()
        if self._meters.unlisted or self.changes.has_missing_data:
            self.stats.incomplete = "some meters' data is missing"

    def kept_for_window(self, name: str) -> dict[str, Any]:
        """A part of the state, which is dropped when the window of all meters changes.

        Args:
            name: What it is called in the state.
        """
        state, window = self.stream_state, self.changes.window
        if state.get("window") != window or not isinstance(state.get(name), dict):
            state.update({"window": window, name: {}})
        return cast("dict[str, Any]", state[name])

    def more_requests(self, meters: Iterable[Record]) -> int:
        """The approximate number of requests besides those for the list, for all data.

        Args:
            meters: The meters.
        """
        del meters
        return 0

    @property
    def known_readings(self) -> dict[str, object] | None:
        """What the state holds of each meter's readings; None if whole answers are needed."""
        return None

    def complete(self, fingerprints: Mapping[str, str]) -> None:
        """Note meters whose data was emitted completely."""
        self.completed.update(fingerprints)

    @override
    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        return self._row_maker.rows_of(record) if self._row_maker else super().rows_of(record)

    @override
    def narrowed_by(self) -> str:
        if self.endpoint.takes_mixed and not self.config["utilityapi_mixed_intervals"]:
            return "utilityapi_mixed_intervals is off"
        start = "start_date" if self.config.get("start_date") else ""
        return self._meters.stream.narrowed_by() or start

    @override
    def advance_bookmark(self, record: Mapping[str, Any]) -> None:
        # For people who read the state: the fingerprints of the meters decide what is read again.
        updated = record.get("updated")
        if not isinstance(updated, str) or updated <= self._latest:
            return
        latest = self.stream_state.get("replication_key_value")
        self._latest = max(updated, latest if isinstance(latest, str) else "")
        if updated == self._latest:
            super().advance_bookmark(record)

    def _forget_unlisted(self) -> None:
        """Forget meters that are no longer listed, so that they are read whole if they reappear."""
        if self._meters.stream.narrowed_by():
            return
        for uid in self.completed.keys() - self.changes.fingerprints.keys():
            self.forget(uid)

    def forget(self, meter: str) -> None:
        """Remove a meter that was read completely from the state."""
        del self.completed[meter]
