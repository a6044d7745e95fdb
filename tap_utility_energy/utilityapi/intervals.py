"""Intervals and their readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from typing_extensions import override

from tap_utility_energy import signals
from tap_utility_energy.http.decoding import parse
from tap_utility_energy.http.errors import shown
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.interval_versions import compare
from tap_utility_energy.utilityapi.json_values import items, meter_of
from tap_utility_energy.utilityapi.meter_changes import MeterEndpoint
from tap_utility_energy.utilityapi.meter_data import MeterDataStream
from tap_utility_energy.utilityapi.readings import merge_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.core.extra_fields import ExtraFields
    from tap_utility_energy.http.page import Decoder
    from tap_utility_energy.utilityapi.interval_versions import IntervalUid


#: The list of intervals. A meter counts its readings, of all durations.
INTERVALS = MeterEndpoint(
    path="/intervals",
    records_key="intervals",
    count_field="interval_count",
    fingerprint_fields=("authorization_uid", "status_ts", "interval_count", "interval_coverage"),
    meters_at_once=10,  # small, so that runs that are always stopped early still make progress
    takes_mixed=True,
)


class IntervalsStream(MeterDataStream):
    """Intervals: readings that were collected together, nested as sent.

    The vendor gives an interval another ``uid`` when it grows. The row of the old one then comes
    once more, with ``replaced_by`` and nothing but its ``meter_uid`` besides, so that no reading
    stays in two rows. For that the state holds the periods of each meter's intervals.
    """

    name = "utilityapi_intervals"
    docs_url = "https://utilityapi.com/docs/api/intervals"
    endpoint = INTERVALS
    selected_by_default = False  # intervals are large
    schema = schemas.INTERVAL

    @override
    def record_pages(self, decoder: Decoder = parse) -> Iterator[Iterable[Record]]:
        uids: list[str] = []
        for pages, page in enumerate(super().record_pages(decoder), start=1):
            records = list(page)
            uids += (record["uid"] for record in records)
            yield records
            if self.changes.ends_chunk(pages):
                versions = compare(self._periods, uids)
                yield [self._emptied(old, new) for old, new in versions.replaced.items()]
                self._periods.update(versions.periods)
                uids = []

    @property
    def _periods(self) -> dict[str, list[str]]:
        """The periods of each meter's intervals, which are kept in the state.

        Another window leaves out intervals that are there: what was known is of no use then.
        """
        state = self.stream_state
        if state.get("window") != self.changes.window or not isinstance(
            state.get("intervals"), dict
        ):
            state.update(window=self.changes.window, intervals={})
        return cast("dict[str, list[str]]", state["intervals"])

    def _emptied(self, old: IntervalUid, new: IntervalUid) -> Record:
        """The row of an old version."""
        fields = dict.fromkeys(self.extra_fields.known)
        return {**fields, "uid": old.uid, "meter_uid": old.meter, "replaced_by": new.uid}

    @override
    def forget(self, meter: str) -> None:
        super().forget(meter)
        self._periods.pop(meter, None)


class IntervalReadingsStream(MeterDataStream):
    """Readings: one record per meter and period, whatever intervals list it.

    ``start`` and ``end`` are written in one form: with microseconds and a numeric offset, which is
    the utility's. Of a reading that is listed twice with different values, the one of the interval
    with the latest ``updated`` is kept, within one interval the first; a warning names the meter. A
    reading without start or end is left out and named; its interval still has it.
    """

    name = "utilityapi_interval_readings"
    docs_url = "https://utilityapi.com/docs/api/intervals/blocks"
    endpoint = INTERVALS
    selected_by_default = False
    primary_keys = ("meter_uid", "start", "end")
    record_key = ""  # a reading of an interval without uid has its key all the same
    bad_records_hint = "; utilityapi_intervals has the readings"
    schema = schemas.INTERVAL_READING

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        own = schemas.INTERVAL["properties"]["readings"]["items"]
        reading_fields = self.extra_fields_of(own["properties"])
        by_meter: dict[str, list[Record]] = {}
        for pages, page in enumerate(self.record_pages(), start=1):
            for interval in page:
                by_meter.setdefault(meter_of(interval) or "", []).append(interval)
            # The intervals of a meter can lie on several pages, and in any order.
            if self.changes.ends_chunk(pages):
                for meter, intervals in by_meter.items():
                    yield from self.rows_of_meter(meter, intervals, reading_fields)
                by_meter.clear()

    def rows_of_meter(
        self, meter: str, intervals: list[Record], fields: ExtraFields
    ) -> Iterator[Record]:
        """The readings of a meter, each once.

        Args:
            meter: The meter's uid.
            intervals: Its intervals.
            fields: What finds the unknown fields of a reading.
        """
        if not meter:
            for interval in intervals:
                self._leave_out(len(items(interval.get("readings"))), interval, "meter_uid")
            return
        merged = merge_readings(intervals)
        for interval, number in merged.without_time:
            self._leave_out(number, interval, "start or end")
        if merged.differing:
            self.stats.log.warning(
                "meter %s has %s readings twice, with different values: of each the one is "
                "kept whose interval was updated last",
                meter,
                merged.differing,
            )
        for reading, interval in merged.rows:
            signals.check()
            known, unknown = fields.split(reading)
            row = known | {
                "meter_uid": meter,
                "authorization_uid": interval.get("authorization_uid"),
                "interval_uid": interval.get("uid"),
                "updated": interval.get("updated"),
            }
            yield self.extra_fields.keep(row, unknown)

    def _leave_out(self, number: int, interval: Record, lack: str) -> None:
        whose = (
            f"interval {shown(interval.get('uid'), 40)} of meter {shown(meter_of(interval), 40)}"
        )
        if number:
            self.bad_records.add_rows(number, f"{whose} has {number} without {lack}")
