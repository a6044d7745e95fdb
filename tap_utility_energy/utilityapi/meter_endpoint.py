"""A list that requires a filter by meter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_utility_energy.utilityapi.known_readings import EARLIEST, LONGEST_PERIOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass
class MeterEndpoint:
    """A list that requires a filter by meter.

    Args:
        path: Its path.
        records_key: The key of an answer that holds the records.
        count_field: The field of a meter that counts its data.
        fingerprint_fields: The fields of a meter that change when its data does.
        counts_records: Whether `count_field` counts the records of the list.
        bytes_per_record: The usual size of a bill or reading.
        meters_at_once: The maximum number of meters in the first chunk, which one request and its
            following pages read.
        most_meters: The maximum number in any chunk.
        takes_mixed: Whether it takes ``allow_mixed``, and so the setting for it.
        has_readings: Whether its records are intervals, of which the latest readings can be read.
    """

    path: str
    records_key: str
    count_field: str
    fingerprint_fields: Sequence[str]
    counts_records: bool = False
    bytes_per_record: int = 4000
    meters_at_once: int = 100
    most_meters: int = 100
    takes_mixed: bool = False
    has_readings: bool = False

    def window(self, config: Mapping[str, Any]) -> dict[str, list[str]]:
        """Query parameters that restrict the data, besides the meters."""
        window = {}
        if start := config.get("start_date"):
            earliest = max(datetime.fromisoformat(start).date(), EARLIEST + LONGEST_PERIOD)
            window["start"] = [f"{earliest - LONGEST_PERIOD}"]
        if self.takes_mixed and config["utilityapi_mixed_intervals"]:
            window["allow_mixed"] = ["true"]
        return window
