"""Whether readings can be told apart by their order alone."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter, lt
from typing import TYPE_CHECKING

import msgspec

from tap_utility_energy.utilityapi.merged_readings import read_time
from tap_utility_energy.utilityapi.reading_times import sent_periods

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

#: The form that the vendor documents for times, with 0 for digits and - for the offset's sign.
PATTERN = b"0000-00-00T00:00:00.000000-00:00,"
DIGITS_TO_PATTERN = bytes.maketrans(b"123456789+", b"000000000-")
offset_of = itemgetter(slice(26, None))
ANY_TIME = "2000-01-01T00:00:00.000000"


def are_distinct(intervals: Iterable[Buffer]) -> bool:
    """Whether all readings of a meter certainly start at different times.

    They do if those of each interval are in order and no two intervals overlap. Times of another
    form than documented are not compared.

    Args:
        intervals: The intervals as they were sent.
    """
    spans = []
    for interval in intervals:
        try:
            periods = sent_periods(interval)
        except msgspec.ValidationError:
            return False
        if periods:
            span = _span([each.start for each in periods], [each.end for each in periods])
            if span is None:
                return False
            spans.append(span)
    spans.sort()
    return all(last < first for (_, last), (first, _) in pairwise(spans))


def _span(starts: list[str], ends: list[str]) -> tuple[datetime, datetime] | None:
    """The starts of an interval's first and last reading if all are in order, else None."""
    if not _have_form(starts, ends):
        return None
    try:
        if datetime.fromisoformat(starts[0]) > datetime.fromisoformat(starts[-1]):
            starts.reverse()
        runs = [list(run) for _, run in groupby(starts, offset_of)]
        bounds = [(datetime.fromisoformat(run[0]), datetime.fromisoformat(run[-1])) for run in runs]
    except ValueError:
        return None
    # As long as the offset is the same, the order of the texts is that of the times.
    are_in_order = all(all(map(lt, run, run[1:])) for run in runs) and all(
        one[1] < other[0] for one, other in pairwise(bounds)
    )
    return (bounds[0][0], bounds[-1][1]) if are_in_order else None


def _have_form(*times: list[str]) -> bool:
    """Whether times have the documented form, which `read_time` leaves as it is."""
    for texts in times:
        joined = ",".join([*texts, ""]).encode()
        if joined.translate(DIGITS_TO_PATTERN) != PATTERN * len(texts) or b"T24" in joined:
            return False
    offsets = {offset_of(text) for texts in times for text in texts}
    return all(read_time(f"{ANY_TIME}{offset}")[1].endswith(offset) for offset in offsets)
