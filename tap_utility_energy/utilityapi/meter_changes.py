"""Reading the data of new and changed meters, once for several streams.

The vendor's lists of bills and intervals require a filter by meter and have no filter by date of
change. But the record of a meter changes with its data: its consent, status or counts. So a run
lists the meters, compares the fingerprint of each with the state, and reads the data of those that
differ: all of it, or the latest readings if these are enough. The fingerprint is taken before the
data is read, and goes into the state after all data of the meter was emitted. So after an
interrupted run the next one reads the remaining meters, and changes during a run are read by the
next one. If the number of bills differs from the meter's own count, the next run reads the meter
again, until two runs in a row have seen the same number.

Sources: https://utilityapi.com/docs/api/bills/list, https://utilityapi.com/docs/api/intervals/list
"""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_utility_energy.core.shared_pages import Reader, SharedPages
from tap_utility_energy.http.page import PageFormat
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi.answer_sizes import MOST_BYTES, MOST_PARTS, AnswerSizes
from tap_utility_energy.utilityapi.chunk_answers import ChunkAnswers
from tap_utility_energy.utilityapi.json_values import meter_of, objects
from tap_utility_energy.utilityapi.known_readings import count_of
from tap_utility_energy.utilityapi.meter_chunks import ChunkPlan
from tap_utility_energy.utilityapi.meter_requests import MeterRequests
from tap_utility_energy.utilityapi.reading_windows import ReadingWindows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.stats import StreamStats
    from tap_utility_energy.utilityapi.client import UtilityAPI
    from tap_utility_energy.utilityapi.meter_chunks import Chunk
    from tap_utility_energy.utilityapi.meter_endpoint import MeterEndpoint
    from tap_utility_energy.utilityapi.meter_list import MeterList

T = TypeVar("T")

#: Records per page, for estimates; the vendor does not document it.
USUAL_PAGE = 500


class MeterReader(Reader, Protocol):
    """A stream that reads the data of meters."""

    @property
    def replication_method(self) -> str:
        """INCREMENTAL if unchanged meters need not be read again."""

    @property
    def completed(self) -> dict[str, str]:
        """The fingerprint of each meter whose data was emitted in full."""

    @property
    def known_readings(self) -> dict[str, object] | None:
        """What the state holds of each meter's readings; None if the stream needs whole answers."""


class MeterChanges(SharedPages[MeterReader]):
    """One read of the changed meters' data, chunk by chunk of meters.

    It knows which page is the last of a chunk, and so which meters were read to their end.

    Args:
        client: The client.
        meters: Lists the meters.
        endpoint: The list that is read.
    """

    _client: UtilityAPI

    def __init__(self, client: UtilityAPI, meters: MeterList, endpoint: MeterEndpoint) -> None:
        super().__init__(client, PageFormat(endpoint.records_key))
        self._meters = meters
        self._endpoint = endpoint
        #: Query parameters that restrict the data, besides the meters.
        self.window = endpoint.window(client.config)
        self._requests = MeterRequests(client, meters, endpoint.path, endpoint.records_key)
        lookback_days = client.config["utilityapi_interval_lookback_days"]
        self._windows = ReadingWindows(lookback_days, self.window, client.clock)
        self.fingerprints: dict[str, str] = {}
        #: Whether some data of the meters is missing.
        self.has_missing_data = False
        self._width: int = client.config["utilityapi_max_parallel_requests"]
        self._answers = ChunkAnswers(self._requests, self._windows.parameters, self._width)
        self._known: list[dict[str, str]] = []
        self._observes_readings = False
        self._chunks: dict[int, set[str]] = {}

    @property
    def decoder(self) -> Decoder:
        """What decodes an answer."""
        return self._requests.decoder

    def ends_chunk(self, pages: int) -> bool:
        """Whether a chunk ends after this number of pages."""
        return pages in self._chunks

    def completed(self, pages: int) -> dict[str, str]:
        """The fingerprints of the meters that are complete after this number of pages."""
        return {uid: self.fingerprints[uid] for uid in self._chunks.get(pages, ())}

    def pages_for(self, reader: VendorStream) -> Iterator[Page]:
        """Every page of data of the changed meters, for one of the streams."""
        return self.read(reader.name, partial(self._fetch, reader), self.decoder)

    def known_readings(self, meter: str) -> list[int | str] | None:
        """What the state is to hold of the readings of a meter that was read in this run."""
        return self._windows.known_now.get(meter)

    def estimated_requests(self, meters: Mapping[str, Record]) -> int:
        """The approximate number of requests for all data of the meters."""
        counts = {uid: self._count(meter) for uid, meter in meters.items()}
        sizes = self._new_sizes()
        plan = ChunkPlan(sizes, counts.__getitem__)
        plan.add(uid for uid, meter in meters.items() if self._has_data(meter))
        requests = 0
        while chunk := plan.next():
            per_page = USUAL_PAGE if self._endpoint.counts_records else math.inf
            requests += max(1, math.ceil(chunk.records / per_page))
            size = self._endpoint.bytes_per_record * chunk.records
            sizes.note(len(chunk.meters), chunk.records, size)
        return requests

    def _fetch(self, reader: VendorStream) -> Iterator[Page]:
        gone_before, stats = frozenset(self._meters.unlisted), reader.stats
        meters = {meter["uid"]: meter for meter in self._meters.listed(reader)}
        listed = {uid: self._fingerprint(meters[uid]) for uid in meters if uid not in gone_before}
        changed = self._begin(listed, meters)
        stats.log.info(
            "%s of %s are new or have changed", f"{len(changed):,}", number(len(listed), "meter")
        )
        with_data = [uid for uid in changed if self._has_data(meters[uid])]
        self._end_chunk(0, set(changed) - set(with_data))
        incomplete, takes_mixed = 0, self._endpoint.takes_mixed
        try:
            for page in self._pages_by_chunk(with_data, meters, stats):
                incomplete += takes_mixed and bool(page.fields.get("is_incomplete"))
                yield page
        finally:  # also after a failure: these meters are not requested or reported again
            if gone := self._meters.unlisted - gone_before:
                stats.log.warning(
                    "the consent for these meters ended during the run, they are left out: %s",
                    ", ".join(sorted(gone)),
                )
        if incomplete:
            self.has_missing_data = True
            stats.log.info(
                "UtilityAPI calls %s incomplete: data is still being collected, or "
                "utilityapi_mixed_intervals would bring more",
                number(incomplete, "answer"),
            )
        self._requests.check()

    def _begin(self, fingerprints: dict[str, str], meters: Mapping[str, Record]) -> list[str]:
        """Store the fingerprints of the listed meters; return the meters that have changed."""
        self.fingerprints, self.has_missing_data = fingerprints, False
        self._requests.begin()
        self._chunks = {}
        # A full-table stream may make the loader delete rows that are not sent again.
        self._known = [
            reader.completed if reader.replication_method == REPLICATION_INCREMENTAL else {}
            for reader in self.readers
        ]
        self._begin_windows(meters)
        return [
            uid
            for uid, fingerprint in fingerprints.items()
            if any(known.get(uid) != fingerprint for known in self._known)
        ]

    def _begin_windows(self, meters: Mapping[str, Record]) -> None:
        """Find the meters whose latest readings are enough, if they are for every stream."""
        held = [reader.known_readings for reader in self.readers]
        known = next((each for each in held if each is not None), {})
        is_enough = None not in held and self._known
        read = set.intersection(*map(set, self._known)) if is_enough else set[str]()
        self._windows.begin(meters, known, read)
        self._observes_readings = self._endpoint.has_readings and any(
            each is not None for each in held
        )

    def _end_chunk(self, pages: int, meters: Iterable[str]) -> None:
        """Note that a chunk ends after this number of pages, and which meters it completes."""
        self._chunks.setdefault(pages, set()).update(meters)

    def _pages_by_chunk(
        self, uids: list[str], meters: Mapping[str, Record], stats: StreamStats
    ) -> Iterator[Page]:
        pages, total = 0, len(uids)
        sizes = self._new_sizes()
        plan = self._plan(uids, meters, sizes)
        answers, done = self._answers.read(plan, sizes, stats), 0
        for chunk, answer in answers:
            stats.position = f"{done:,} of {number(total, 'meter')}"
            received, begun, requested = set[tuple[str | None, str]](), pages, len(chunk.meters)
            size = 0
            for page, is_last in with_last(self._used(chunk, answer, plan, stats)):
                rows = objects(page.records)
                # A record without uid counts too, or it would seem to be missing on every run.
                received |= {(meter_of(row), str(row.get("uid") or row)) for row in rows}
                pages, size = pages + 1, size + len(page.body)
                if is_last:
                    sizes.note(requested, chunk.records, size)
                    read = self._review(chunk.meters, received, pages - begun, meters, stats)
                    self._end_chunk(pages, read)
                yield page
            if pages == begun:
                self._review(chunk.meters, received, 0, meters, stats)
            done += len(chunk.meters)

    def _new_sizes(self) -> AnswerSizes:
        return AnswerSizes(
            self._endpoint.bytes_per_record,
            self._endpoint.meters_at_once,
            self._endpoint.most_meters,
            most_bytes=MOST_BYTES // min(self._width, MOST_PARTS),
        )

    def _plan(self, uids: list[str], meters: Mapping[str, Record], sizes: AnswerSizes) -> ChunkPlan:
        """How to read the meters, which is decided chunk by chunk."""
        windows, endpoint = self._windows, self._endpoint

        def expected(uid: str) -> int:
            return windows.expected(uid) if endpoint.has_readings else self._count(meters[uid])

        def start_of(uid: str) -> int | None:
            start = windows.start_of(uid)
            return start and start.moment

        plan = ChunkPlan(sizes, expected, start_of)
        plan.add(uids)
        return plan

    def _used(
        self, chunk: Chunk, pages: Iterable[Page], plan: ChunkPlan, stats: StreamStats
    ) -> Iterator[Page]:
        """The pages of a chunk, without meters of which its answer is not enough.

        These are removed from the chunk and planned again.
        """
        if chunk.start is None:
            yield from map(self._observed, pages) if self._observes_readings else pages
            return
        pages = list(map(self._observed, pages))
        ended = self._requests.left_out
        enough = self._windows.verified(uid for uid in chunk.meters if uid not in ended)
        again = [uid for uid in chunk.meters if uid not in enough and uid not in ended]
        chunk.meters = [uid for uid in chunk.meters if uid not in again]
        if again:
            stats.log.info(
                "%s: the answer does not show that earlier readings are unchanged, requesting more",
                number(len(again), "meter"),
            )
            plan.add(again)
        yield from (self._windows.without_partial(enough, again, page) for page in pages)

    def _observed(self, page: Page) -> Page:
        self._windows.receive(page.records)
        return page

    def _has_data(self, meter: Record) -> bool:
        return bool(meter.get(self._endpoint.count_field) != 0)

    def _count(self, meter: Record) -> int:
        return count_of(meter, self._endpoint.count_field) or 0

    def _review(
        self,
        chunk: list[str],
        received: set[tuple[str | None, str]],
        pages: int,
        meters: Mapping[str, Record],
        stats: StreamStats,
    ) -> set[str]:
        """Find the meters of a chunk that were deleted, and those to read again.

        Args:
            chunk: The meters that were requested.
            received: The meter and uid of each record that was received.
            pages: How many pages were received.
            meters: All meters that are listed.
            stats: Takes the warnings.

        Returns:
            Those of which all has come.
        """
        read = {uid for uid in chunk if uid not in self._requests.refused}
        counts = Counter(meter for meter, _ in received)
        if self._observes_readings:
            self._windows.remember(read)
        if None in counts:
            # It is unknown which meters these records belong to.
            return read - self._meters.unlisted
        count_field, is_counted = self._endpoint.count_field, self._endpoint.counts_records
        differing = {uid for uid in read if counts[uid] != meters[uid].get(count_field)}
        # One page is consistent in itself: a meter with any record on it still exists.
        is_partial = is_counted and pages > 1
        suspects = {uid for uid in differing if is_partial or not counts[uid]}
        self._meters.unlisted |= self._gone(suspects, meters)
        if is_counted and not self.window:
            differing -= self._meters.unlisted
            self._recheck({uid: counts[uid] for uid in differing}, stats)
        return read - self._meters.unlisted

    def _recheck(self, counts: Mapping[str, int], stats: StreamStats) -> None:
        """Have the next run read meters again, unless it saw the same counts as the last run.

        Args:
            counts: The number of records that came of each meter.
            stats: Takes the warnings.
        """
        settled = set[str]()
        for uid, count in counts.items():
            rechecked = f"{self.fingerprints[uid]}?{count}"
            if self._known and all(known.get(uid) == rechecked for known in self._known):
                settled.add(uid)
            else:
                self.fingerprints[uid] = rechecked
                self.has_missing_data = True
        what = "UtilityAPI's count of records differs from what it sent for these meters"
        stats.notices[f"{what}; the next run reads them again"] |= counts.keys() - settled
        then = "as in the previous run, so they are read again only when they change"
        stats.notices[f"{what}; {then}"] |= settled

    def _gone(self, uids: set[str], meters: Mapping[str, Record]) -> set[str]:
        """The meters that the vendor no longer lists, and others of the same consents."""
        gone = uids - self._meters.still_listed(uids) if uids else set[str]()
        if not gone:
            return gone
        consents = [meters[uid].get("authorization_uid") for uid in gone]
        mates = {uid for uid in meters if meters[uid].get("authorization_uid") in consents}
        return mates - self._meters.still_listed(mates)

    def _fingerprint(self, meter: Record) -> str:
        """A short hash that changes with the meter's data; the state holds one per meter."""
        shown: list[Any] = [meter.get(name) for name in self._endpoint.fingerprint_fields]
        return sha256(json.dumps([*shown, self.window], default=str).encode()).hexdigest()[:12]


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
