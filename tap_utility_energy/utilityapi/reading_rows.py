"""One row per reading of a meter's intervals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tap_utility_energy import signals
from tap_utility_energy.http.errors import shown
from tap_utility_energy.http.lazy_records import fully_decoded
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.json_values import items, meter_of
from tap_utility_energy.utilityapi.merged_readings import MergedReadings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.stream import VendorStream


def intervals_by_meter(
    pages: Iterable[Iterable[Record]], ends_chunk: Callable[[int], bool]
) -> Iterator[Iterable[Record]]:
    """One record per meter, with all of its intervals, in a page per chunk of meters.

    The intervals of a meter can be on several pages of a chunk, in any order.

    >>> pages = [[{"meter_uid": "1", "uid": "a"}], [{"meter_uid": "1", "uid": "b"}]]
    >>> [[len(record["intervals"]) for record in page]
    ...  for page in intervals_by_meter(pages, lambda pages: pages == 2)]
    [[2]]

    Args:
        pages: The intervals of each page.
        ends_chunk: Whether the last of so many pages is the last of its chunk.
    """
    by_meter: dict[str, list[Record]] = {}
    for position, page in enumerate(pages, start=1):
        for interval in page:
            by_meter.setdefault(meter_of(interval) or "", []).append(interval)
        if ends_chunk(position):
            yield _taken_from(by_meter)


def _taken_from(by_meter: dict[str, list[Record]]) -> Iterator[Record]:
    """A record per meter; each is removed, so that memory holds one chunk at most."""
    while by_meter:
        meter = next(iter(by_meter))
        yield {"meter_uid": meter, "intervals": by_meter.pop(meter)}


class ReadingRows:
    """Makes the rows of a meter: one per reading, whatever intervals list it.

    Args:
        stream: The stream that emits the rows.
    """

    def __init__(self, stream: VendorStream) -> None:
        self._stream = stream

    def rows_of(self, record: Record) -> Iterable[Record]:
        """The rows of a record of `intervals_by_meter`."""
        meter, intervals = record["meter_uid"], record["intervals"]
        if not meter:
            for interval in map(fully_decoded, intervals):
                self._leave_out(len(items(interval.get("readings"))), interval, "meter_uid")
            return
        merged = MergedReadings(intervals)
        intervals.clear()  # each is dropped when its readings are out
        for reading, interval in merged:
            signals.check()
            known, unknown = self._reading_fitter.split(reading)
            row = known | {
                "meter_uid": meter,
                "authorization_uid": interval.get("authorization_uid"),
                "interval_uid": interval.get("uid"),
                "updated": interval.get("updated"),
            }
            yield self._stream.fitter.fit(row, unknown)
        for interval, left_out in merged.without_time:
            self._leave_out(left_out, interval, "start or end")
        if merged.differing:
            self._stream.stats.log.warning(
                "meter %s has %s twice, with different values: the one from the interval that was "
                "updated last is kept",
                meter,
                number(merged.differing, "reading"),
            )

    @cached_property
    def _reading_fitter(self) -> RecordFitter:
        own = schemas.INTERVAL["properties"]["readings"]["items"]
        return self._stream.fitter_of(own["properties"])

    def _leave_out(self, count: int, interval: Record, lack: str) -> None:
        whose = (
            f"interval {shown(interval.get('uid'), 40)} of meter {shown(meter_of(interval), 40)}"
        )
        if count:
            self._stream.bad_records.add_rows(count, f"{whose} has {count} without {lack}")
