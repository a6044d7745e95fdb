"""Rows that empty replaced intervals, so that no reading is in two rows of a warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.utilityapi.interval_versions import compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.utilityapi.meter_data import MeterDataStream


def with_replaced(
    stream: MeterDataStream, pages: Iterable[Iterable[Record]]
) -> Iterator[Iterable[Record]]:
    """The pages of intervals, with a page of the replaced ones after each chunk of meters.

    The state holds the periods of each meter's intervals. They are dropped when the window changes:
    another window leaves out intervals that exist.

    Args:
        stream: The stream of intervals.
        pages: The intervals of each page.
    """
    uids: list[str] = []
    for number, page in enumerate(pages, start=1):
        records = list(page)
        uids += (record["uid"] for record in records)
        yield records
        if stream.changes.ends_chunk(number):
            periods: dict[str, list[str]] = stream.kept_for_window("intervals")
            versions = compare(periods, uids)
            no_values = dict.fromkeys(stream.fitter.properties)
            yield [
                {**no_values, "uid": old.uid, "meter_uid": old.meter, "replaced_by": new.uid}
                for old, new in versions.replaced.items()
            ]
            periods.update(versions.periods)
            uids = []
