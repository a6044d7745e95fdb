"""Intervals and their readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from tap_utility_energy.extra import ExtraFields
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.meter_data import MeterDataStream, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests
    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.tap import TapUtilityEnergy


class IntervalDataStream(MeterDataStream):
    """A stream of what intervals hold. They are large, so a user has to select it."""

    path = "/intervals"
    records_key = "intervals"
    selected_by_default = False
    meters_at_once = 10  # so that a run that is stopped again and again gets on
    count_field = "interval_count"
    marks = ("status_ts", "interval_count", "interval_coverage")

    @override
    def window(self) -> dict[str, list[str]]:
        mixed = {"allow_mixed": ["true"]} if self.config["utilityapi_mixed_intervals"] else {}
        return super().window() | mixed

    @override
    def pages(self, context: Context | None) -> Iterator[requests.Response]:
        incomplete = 0
        for response in super().pages(context):
            incomplete += bool(response.json().get("is_incomplete"))
            yield response
        if incomplete:
            self.logger.info(
                "%s: UtilityAPI calls %s answers incomplete: data is still being collected, or "
                "utilityapi_mixed_intervals would bring more",
                self.path,
                incomplete,
            )


class IntervalsStream(IntervalDataStream):
    """Intervals: readings that were collected together, nested as sent.

    Source: https://utilityapi.com/docs/api/intervals
    """

    name = "utilityapi_intervals"
    schema = schemas.INTERVAL


class IntervalReadingsStream(IntervalDataStream):
    """Readings: a row for each reading of an interval.

    A reading without start or end is left out with a warning; its interval still has it.

    Source: https://utilityapi.com/docs/api/intervals/blocks
    """

    name = "utilityapi_interval_readings"
    primary_keys = ("interval_uid", "start", "end")
    schema = schemas.INTERVAL_READING

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        own = schemas.INTERVAL["properties"]["readings"]["items"]
        self._reading_fields = ExtraFields(own["properties"], self.stats.unknown_fields)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        timeless = 0
        for interval in self.request_records(context):
            shared = {name: interval.get(name) for name in ("meter_uid", "authorization_uid")}
            shared |= {"interval_uid": interval["uid"], "updated": interval.get("updated")}
            for reading in objects(interval.get("readings")):
                if reading.get("start") is None or reading.get("end") is None:
                    timeless += 1
                    continue
                yield self._reading_fields.keep(reading) | shared
        if timeless:
            self.logger.warning("%s: %s readings without start or end", self.name, timeless)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        return row  # the unknown fields of the reading were seen to
