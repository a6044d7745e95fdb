"""One row per reading of a meter's intervals."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, lru_cache
from itertools import groupby, starmap
from typing import TYPE_CHECKING, Any, TypedDict, cast

import msgspec

from tap_utility_energy import signals
from tap_utility_energy.core.raw_rows import RawFitter, RawRows, Rows
from tap_utility_energy.http.errors import shown
from tap_utility_energy.http.lazy_records import LazyRecord, decoded, fully_decoded
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.json_values import items, meter_of
from tap_utility_energy.utilityapi.merged_readings import MergedReadings
from tap_utility_energy.utilityapi.reading_lengths import minutes_between, minutes_of
from tap_utility_energy.utilityapi.reading_order import are_distinct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Record
    from typing_extensions import Buffer

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


class _Interval(TypedDict, total=False):
    """An interval, as raw JSON."""

    uid: msgspec.Raw
    authorization_uid: msgspec.Raw
    updated: msgspec.Raw
    readings: list[msgspec.Raw] | None


#: The field that tells readings of mixed durations apart.
LENGTH = "duration_minutes"

_decode = msgspec.json.Decoder(_Interval).decode


class ReadingRows:
    """Makes the rows of a meter: one per reading, whatever intervals list it.

    Args:
        stream: The stream that emits the rows.
    """

    def __init__(self, stream: VendorStream) -> None:
        self._stream = stream

    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        """The rows of a record of `intervals_by_meter`."""
        meter, intervals = record["meter_uid"], record["intervals"]
        if not meter:
            for interval in map(fully_decoded, intervals):
                self._leave_out(len(items(interval.get("readings"))), interval, "meter_uid")
        elif all(isinstance(each, LazyRecord) for each in intervals) and are_distinct(
            each.raw for each in intervals
        ):
            for interval in intervals:
                yield from self._raw_rows(meter, interval.raw)
        else:
            yield from self._merged_rows(meter, intervals)

    def _raw_rows(self, meter: str, sent: Buffer) -> Rows:
        """The rows of an interval whose readings are in no other."""
        signals.check()
        found = _decode(sent)
        readings = found.pop("readings", None)
        if not readings:
            return Rows()
        fields = cast("dict[str, msgspec.Raw]", found)
        interval = {name: decoded(value) for name, value in fields.items()}
        with suppress(msgspec.ValidationError):
            return self._all_raw(meter, interval, readings)
        rows, shared = Rows(), self._shared_by_length(meter, interval)
        for reading in readings:
            try:
                text, period = self._raw_fitter.fit_with_key(reading)
                rows.add_raw(text, shared(self._minutes_of(*period)))
            except msgspec.ValidationError:
                rows.append(self._row(meter, interval, decoded(reading)))
        return rows

    def _all_raw(self, meter: str, interval: Record, readings: list[msgspec.Raw]) -> Rows:
        """The rows of readings that fit as they were sent.

        Raises:
            msgspec.ValidationError: One does not.
        """
        texts, periods = self._raw_fitter.fit_all_with_key(readings)
        rows, shared, begin = Rows(), self._shared_by_length(meter, interval), 0
        for minutes, run in groupby(starmap(self._minutes_of, periods)):
            end = begin + len(list(run))
            rows.append(RawRows(texts[begin:end], shared(minutes)))
            begin = end
        return rows

    def _shared_by_length(
        self, meter: str, interval: Record
    ) -> Callable[[float | None], Mapping[str, Any]]:
        """What tells the fields that all readings of an interval of one length have in common."""
        fields = _shared(meter, interval)

        @lru_cache
        def of_length(minutes: float | None) -> Mapping[str, Any]:
            return self._stream.fitter.fit({**fields, **self._length(minutes)})

        return of_length

    @cached_property
    def _minutes_of(self) -> Callable[[str, str], float | None]:
        """What tells the length of a reading whose times have the documented form."""
        return minutes_of if self._length(None) else lambda *_: None

    def _length(self, minutes: float | None) -> Record:
        """The field with a reading's length, if the catalog has it."""
        return {LENGTH: minutes} if LENGTH in self._stream.fitter.properties else {}

    def _merged_rows(self, meter: str, intervals: list[Record]) -> Iterator[Record]:
        """The rows of intervals that may list the same reading."""
        merged = MergedReadings(intervals)
        intervals.clear()  # each is dropped when its readings are out
        for reading, interval in merged:
            signals.check()
            yield self._row(meter, interval, reading)
        for interval, left_out in merged.without_time:
            self._leave_out(left_out, interval, "start or end")
        if merged.differing:
            self._stream.stats.log.warning(
                "meter %s has %s twice, with different values: the one from the interval that was "
                "updated last is kept",
                meter,
                number(merged.differing, "reading"),
            )

    def _row(self, meter: str, interval: Mapping[str, Any], reading: Record) -> Record:
        known, unknown = self._fitter.split(reading)
        length = self._length(minutes_between(reading["start"], reading["end"]))
        return self._stream.fitter.fit({**known, **_shared(meter, interval), **length}, unknown)

    @cached_property
    def _raw_fitter(self) -> RawFitter:
        return RawFitter(self._fitter, ("start", "end"))

    @cached_property
    def _fitter(self) -> RecordFitter:
        own = schemas.INTERVAL["properties"]["readings"]["items"]
        return self._stream.fitter_of(own["properties"])

    def _leave_out(self, count: int, interval: Record, lack: str) -> None:
        whose = (
            f"interval {shown(interval.get('uid'), 40)} of meter {shown(meter_of(interval), 40)}"
        )
        if count:
            self._stream.bad_records.add_rows(count, f"{whose} has {count} without {lack}")


def _shared(meter: str, interval: Mapping[str, Any]) -> Record:
    """The fields of an interval that each of its rows has."""
    return {
        "meter_uid": meter,
        "authorization_uid": interval.get("authorization_uid"),
        "interval_uid": interval.get("uid"),
        "updated": interval.get("updated"),
    }
