"""What UtilityAPI has of its meters, read for those meters only whose data has changed.

The vendor's lists of bills and intervals have to be asked for by meter and tell nothing of
changes. A meter's own record does: its consent, status or counts change whenever its data does. So
a run lists the meters, compares the fingerprint of each with the state, and reads all data of those
that differ. The fingerprint of a meter goes into the state when all of its data has been emitted,
and is that of before its data was read: a run that ends half-way reads the rest again, and a change
that comes while it reads is seen by the next run. A meter of which another number of bills came
than it counts is read by the next run as well, until two runs in a row have seen the same.

Sources: https://utilityapi.com/docs/api/bills/list, https://utilityapi.com/docs/api/intervals/list
"""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from typing_extensions import override

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.keys import LARGEST_INTEGER
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi.client import UtilityAPIStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import requests
    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.tap import TapUtilityEnergy
    from tap_utility_energy.utilityapi.streams import MetersStream

T = TypeVar("T")

#: The form in which the state holds meters. A state in another form is not used, so that all data
#: is read once more.
STATE_VERSION = 2
#: The vendor leaves out a period that begins before ``start``; few are longer than this.
LONGEST_PERIOD = timedelta(days=62)
#: Before all data; a vendor's server may not know what to do with the year 1.
EARLIEST = date(1900, 1, 1)
#: Errors that may mean that a consent has ended since the meters were listed.
ENDED = frozenset({"not_found", "expired_or_revoked"})
#: The most bills or readings in a chunk of several meters: readings are merged in memory.
MOST_AT_ONCE = 100_000
#: Records on a page, for estimates; the vendor does not tell how many there are.
USUAL_PAGE = 500


class MeterDataStream(UtilityAPIStream):
    """A stream of the data of meters. All streams of a path are served by one walk."""

    replication_key = "updated"
    # Not by ``updated``, but the SDK would warn that a run that stops has to begin again.
    is_sorted = True
    check_sorted = False
    # A chunk is asked for again without the meters whose consent ended meanwhile.
    can_repeat = True
    #: The most meters in a chunk, which is asked for in one request and its following pages.
    meters_at_once: ClassVar[int] = 100
    #: The field of a meter that counts its data.
    count_field: ClassVar[str]
    #: Whether that field counts the records of the list.
    is_counted: ClassVar[bool] = False
    #: The fields of a meter that change when its data does.
    fingerprint_fields: ClassVar[Sequence[str]]

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
    def completed(self) -> dict[str, str]:
        """The fingerprint of each meter whose data is out, which is kept in the state."""
        state = self.stream_state
        # A state can be edited, or another tap's.
        if state.get("version") != STATE_VERSION or not isinstance(state.get("meters"), dict):
            state.update(version=STATE_VERSION, meters={})
        return cast("dict[str, str]", state["meters"])

    @override
    def record_pages(self, context: Context | None) -> Iterator[Iterable[Record]]:
        """The records of each answer. A meter is completed when its last record is out."""
        pages = 0
        try:
            for page in self._walk.read(self):
                yield page
                pages += 1
                self.completed.update(self._walk.completed(pages))
        finally:
            self.completed.update(self._walk.completed(0))  # meters without data
        self._forget_unlisted()
        if self.client.gone_meters or self._walk.is_short:
            self.mark_incomplete("not all of the meters' data came")

    @override
    def narrowed_by(self) -> str:
        return self._meter_list.narrowed_by() or (
            "start_date" if self.config.get("start_date") else ""
        )

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        # For people who read the state: what is read again is decided by the meters' fingerprints.
        updated = latest_record.get("updated")
        latest = self.stream_state.get("replication_key_value")
        if isinstance(updated, str) and not (isinstance(latest, str) and latest >= updated):
            super()._increment_stream_state(latest_record, context=context)

    def _forget_unlisted(self) -> None:
        """A meter that comes back later is to be read whole, unless it was only filtered out."""
        if any(self.config.get(setting) for setting in self._meter_list.filters.values()):
            return
        for uid in self.completed.keys() - self._walk.fingerprints.keys():
            self.forget(uid)

    def forget(self, meter: str) -> None:
        """Take a meter out of the state."""
        del self.completed[meter]

    @override
    def pages(self, context: Context | None) -> Iterator[requests.Response]:
        """Every answer about the meters that changed for a stream that reads this walk."""
        gone_before = frozenset(self.client.gone_meters)
        meters = {meter["uid"]: meter for meter in self._meter_list.listed(self)}
        listed = {uid: self._fingerprint(meters[uid]) for uid in meters if uid not in gone_before}
        changed = self._walk.begin(listed)
        self.stats.log.info(
            "%s of %s are new or have changed", f"{len(changed):,}", number(len(listed), "meter")
        )
        read = [uid for uid in changed if meters[uid].get(self.count_field) != 0]
        self._walk.end_chunk(0, set(changed) - set(read))
        try:
            yield from self._pages_by_chunk(read, meters)
        finally:  # after a failure as well: nothing asks for these meters again, nor tells of them
            if gone := self.client.gone_meters - gone_before:
                self.stats.log.warning(
                    "the consent for these meters ended during the run, they are left out: %s",
                    ", ".join(sorted(gone)),
                )

    def _pages_by_chunk(
        self, uids: list[str], meters: Mapping[str, Record]
    ) -> Iterator[requests.Response]:
        pages, every = 0, uids
        while uids := [uid for uid in uids if uid not in self.client.gone_meters]:
            size = self._chunk_size(uids, meters)
            self.stats.position = f"{len(every) - len(uids):,} of {number(len(every), 'meter')}"
            chunk, uids, begun = uids[:size], uids[size:], pages
            came = set[tuple[str | None, str]]()
            for response, is_last in with_last(self._pages_of(chunk)):
                rows = objects(self.items_of(response))
                # One without uid counts too, or the meter would seem to lack it on every run.
                came |= {(meter_of(row), str(row.get("uid") or row)) for row in rows}
                pages += 1
                if is_last:
                    self._review(chunk, came, pages - begun, meters)
                    self._walk.end_chunk(pages, set(chunk) - self.client.gone_meters)
                yield response
            if pages == begun:
                self._review(chunk, came, 0, meters)

    def estimated_requests(self, meters: Mapping[str, Record]) -> int:
        """About how many requests it takes to read all data of the meters."""
        uids = [uid for uid, meter in meters.items() if meter.get(self.count_field) != 0]
        requests = 0
        while uids:
            size = self._chunk_size(uids, meters)
            chunk, uids = uids[:size], uids[size:]
            records = sum(self._count(meters[uid]) for uid in chunk)
            requests += max(1, math.ceil(records / USUAL_PAGE)) if self.is_counted else 1
        return requests

    def _count(self, meter: Record) -> int:
        count = meter.get(self.count_field)
        return count if isinstance(count, int) and 0 <= count < LARGEST_INTEGER else 0

    def _chunk_size(self, uids: list[str], meters: Mapping[str, Record]) -> int:
        """How many of the first meters are a chunk."""
        total = 0
        for size, uid in enumerate(uids[: self.meters_at_once]):
            total += self._count(meters[uid])
            if size and total > MOST_AT_ONCE:
                return size
        return self.meters_at_once

    def _review(
        self,
        chunk: list[str],
        came: set[tuple[str | None, str]],
        pages: int,
        meters: Mapping[str, Record],
    ) -> None:
        """Find the meters of a chunk that are gone, and those that are to be read again.

        Args:
            chunk: The meters that were asked for.
            came: The meter and uid of each record that came.
            pages: How many pages came.
            meters: All meters that are listed.
        """
        counts = Counter(meter for meter, _ in came)
        if None in counts:
            return  # nobody knows of which meters these records are
        differing = {uid for uid in chunk if counts[uid] != meters[uid].get(self.count_field)}
        # One page is of one moment: what it has a part of is there.
        is_partial = self.is_counted and pages > 1
        suspects = {uid for uid in differing if is_partial or not counts[uid]}
        self.client.gone_meters |= self._gone(suspects, meters)
        if self.is_counted and not self.window():
            self._recheck({uid: counts[uid] for uid in differing - self.client.gone_meters})

    def _recheck(self, counts: Mapping[str, int]) -> None:
        """Have meters read again by the next run, unless this one saw what the last one did."""
        settled, notices = self._walk.recheck(counts), self.stats.notices
        what = "of these meters another number of records came than UtilityAPI counts"
        notices[f"{what}; the next run reads them again"] |= counts.keys() - settled
        then = "as in the run before, so they are read again only when they change"
        notices[f"{what}; {then}"] |= settled

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
        except FatalError as refused:
            if refused.slug not in ENDED:
                raise
            listed = self._meter_list.still_listed(meters)
            if listed.issuperset(meters):
                raise
            if left := [uid for uid in meters if uid in listed]:
                yield from self._pages_of(left)

    def _fingerprint(self, meter: Record) -> str:
        """What tells whether a meter's data has changed: short, as the state holds one of each."""
        shown: list[Any] = [meter.get(name) for name in self.fingerprint_fields]
        return sha256(json.dumps([*shown, self.window()], default=str).encode()).hexdigest()[:12]


def with_last(items: Iterable[T]) -> Iterator[tuple[T, bool]]:
    """Each item, and whether it is the last.

    >>> list(with_last("ab"))
    [('a', False), ('b', True)]
    """
    known: list[T] = []
    for item in items:
        if known:
            yield known.pop(), False
        known.append(item)
    if known:
        yield known.pop(), True


def meter_of(record: Record) -> str | None:
    """The meter that a record is of, if it says so and was taken apart at all."""
    meter = record.get("meter_uid")
    return meter if isinstance(meter, str) else None


def objects(things: object) -> list[Record]:
    """The objects of a list. Whatever else the vendor may put there is left out."""
    listed = things if isinstance(things, list) else []
    return [thing for thing in listed if isinstance(thing, dict)]


def items(things: object) -> list[object]:
    """What a list holds apart from nulls; whatever else it is holds itself."""
    listed = things if isinstance(things, list) else [things]
    return [thing for thing in listed if thing is not None]
