"""What UtilityAPI has of its meters, read for those meters only whose data has changed.

The vendor's lists of bills and intervals have to be asked for by meter and tell nothing of
changes. A meter's own record does: its status and counts move whenever its data does. So a run
lists the meters, compares, and reads everything of those that moved. What is remembered of a
meter is written to the state when all of its data has been emitted, and is what the meter showed
before its data was read: a run that ends half-way reads the rest again, and a change that comes
while it reads is seen by the next run. A meter that counts more bills than came is read once more.

Sources: https://utilityapi.com/docs/api/bills/list, https://utilityapi.com/docs/api/intervals/list
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, cast

from typing_extensions import override

from tap_utility_energy.http.faults import Refusal
from tap_utility_energy.utilityapi.client import UtilityAPIStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import requests
    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.tap import TapUtilityEnergy
    from tap_utility_energy.utilityapi.streams import MetersStream

#: The vendor leaves out a period that begins before ``start``; few are longer than this.
LONGEST_PERIOD = timedelta(days=62)
#: Before all data; a vendor's server may not know what to do with the year 1.
EARLIEST = date(1900, 1, 1)
#: Errors that may mean that a consent has ended since the meters were listed.
ENDED = frozenset({"not_found", "expired_or_revoked"})


class MeterDataStream(UtilityAPIStream):
    """A stream of the data of meters. All streams of a path are served by one walk."""

    replication_key = "updated"
    # Not by ``updated``, but the SDK would warn that a run that stops has to begin again.
    is_sorted = True
    check_sorted = False
    # A chunk is asked for again without the meters whose consent ended meanwhile.
    can_repeat = True
    #: Meters in one request. What is read of them is remembered when the last of it is out.
    meters_at_once: ClassVar[int] = 100
    #: The field of a meter that counts its data, and those that move when it changes.
    count_field: ClassVar[str]
    #: Whether what is counted is certainly what the list has: else a lack proves nothing.
    is_counted: ClassVar[bool] = False
    marks: ClassVar[Sequence[str]]

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        self._walk = self.client.walks[self.path]
        self._walk.join(self)
        self.client.meter_list.join(self)

    @property
    def _meter_list(self) -> MetersStream:
        return cast("MetersStream", self._tap.streams["utilityapi_meters"])

    def window(self) -> dict[str, list[str]]:
        """What bounds the data besides the meters."""
        if start := self.config.get("start_date"):
            earliest = max(datetime.fromisoformat(start).date(), EARLIEST + LONGEST_PERIOD)
            return {"start": [f"{earliest - LONGEST_PERIOD}"]}
        return {}

    @property
    @override
    def partitions(self) -> None:
        """None, even if the state is of a tap that read meter by meter."""

    @property
    def remembered(self) -> dict[str, str]:
        """The mark of each meter whose data is out, which goes into the state."""
        state = self.stream_state
        if not isinstance(state.get("meters"), dict):  # a state can be edited, or another tap's
            state["meters"] = {}
        return cast("dict[str, str]", state["meters"])

    @override
    def record_pages(self, context: Context | None) -> Iterator[Iterable[Record]]:
        """The records of each answer. A meter is remembered when its last record is out."""
        pages = 0
        try:
            for page in self._walk.read(self):
                yield page
                pages += 1
                self._remember(self._walk.through(pages))
        finally:
            self._remember(self._walk.through(pages))
        self._forget_unlisted()

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        # For people who read the state: what is read again is decided by the meters' marks.
        updated = latest_record.get("updated")
        latest = self.stream_state.get("replication_key_value")
        if isinstance(updated, str) and not (isinstance(latest, str) and latest >= updated):
            super()._increment_stream_state(latest_record, context=context)

    def _remember(self, marks: Mapping[str, str]) -> None:
        self.remembered.update(marks)

    def _forget_unlisted(self) -> None:
        """A meter that comes back later is to be read whole, unless it was only filtered out."""
        if any(self.config.get(setting) for setting in self._meter_list.filters.values()):
            return
        for uid in self.remembered.keys() - self._walk.marks.keys():
            del self.remembered[uid]

    @override
    def pages(self, context: Context | None) -> Iterator[requests.Response]:
        """Every answer about the meters that changed for a stream that reads this walk."""
        gone_before = frozenset(self.client.gone_meters)
        meters = {meter["uid"]: meter for meter in self._meter_list.listed(self)}
        marks = {uid: self._mark(meters[uid]) for uid in meters if uid not in gone_before}
        changed = self._walk.begin(marks)
        self.logger.info("%s: %s of %s meters have changed", self.path, len(changed), len(marks))
        read = [uid for uid in changed if meters[uid].get(self.count_field) != 0]
        self._walk.end(0, set(changed) - set(read))
        try:
            yield from self._pages_by_chunk(read, meters)
        finally:  # after a failure as well: nothing asks for these meters again, nor tells of them
            if gone := self.client.gone_meters - gone_before:
                self.logger.warning(
                    "%s: the consent for these meters ended during the run, they are left out: %s",
                    self.path,
                    ", ".join(sorted(gone)),
                )

    def _pages_by_chunk(
        self, uids: list[str], meters: Mapping[str, Record]
    ) -> Iterator[requests.Response]:
        pages, size = 0, self.meters_at_once
        while uids := [uid for uid in uids if uid not in self.client.gone_meters]:
            chunk, uids, begun = uids[:size], uids[size:], pages
            came = set[tuple[str, str]]()
            for response in self._pages_of(chunk):
                rows = self.parse_response(response)
                came |= {(str(row.get("meter_uid")), row["uid"]) for row in rows}
                pages += 1
                yield response
            counts = Counter(meter for meter, _ in came)
            short = {uid for uid in chunk if counts[uid] != meters[uid].get(self.count_field)}
            # One page is of one moment: what it has a part of is there.
            doubtful = {uid for uid in short if pages > begun + 1 or not counts[uid]}
            self.client.gone_meters |= self._gone(doubtful, meters)
            if self.is_counted and not self.window():
                self._walk.doubt(short)
            self._walk.end(pages, set(chunk) - self.client.gone_meters)

    def _gone(self, uids: set[str], meters: Mapping[str, Record]) -> set[str]:
        """Those of the meters that the vendor lists no more, and such others of their consents."""
        gone = uids - self._meter_list.still_listed(uids) if uids else set[str]()
        if not gone:
            return gone
        consents = [meters[uid].get("authorization_uid") for uid in gone]
        mates = {uid for uid in meters if meters[uid].get("authorization_uid") in consents}
        return mates - self._meter_list.still_listed(mates)

    def _pages_of(self, meters: list[str]) -> Iterator[requests.Response]:
        """Every answer about these meters, those left out whose consent has ended."""
        self.where = {"meters": meters, **self.window()}
        try:
            yield from super().pages(None)
        except Refusal as refused:
            if refused.slug not in ENDED:
                raise
            listed = self._meter_list.still_listed(meters)
            if listed.issuperset(meters):
                raise
            if left := [uid for uid in meters if uid in listed]:
                yield from self._pages_of(left)

    def _mark(self, meter: Record) -> str:
        """What is remembered of a meter: short, as the state holds one of each."""
        shown: list[Any] = [meter.get(name) for name in self.marks]
        return sha256(json.dumps([*shown, self.window()], default=str).encode()).hexdigest()[:12]


def objects(things: object) -> list[Record]:
    """The objects of a list. Whatever else the vendor may put there is left out."""
    listed = things if isinstance(things, list) else []
    return [thing for thing in listed if isinstance(thing, dict)]
