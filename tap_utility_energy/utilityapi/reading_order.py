"""Whether readings can be told apart by their order alone."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter, lt
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tap_utility_energy.utilityapi.merged_readings import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

#: The form that the vendor documents for times, with 0 for digits and - for the offset's sign.
FORM = b"0000-00-00T00:00:00.000000-00:00,"
TO_FORM = bytes.maketrans(b"123456789+", b"000000000-")
OFFSET = itemgetter(slice(26, None))
NEW_YEAR = "2000-01-01T00:00:00.000000"


class _Times(msgspec.Struct, gc=False):
    start: str
    end: str


class _Interval(msgspec.Struct, gc=False):
    readings: list[_Times] | None = None


_decode = msgspec.json.Decoder(_Interval).decode


class Span(NamedTuple):
    """The starts of an interval's first and last reading."""

    first: datetime
    last: datetime


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
            readings = _decode(interval).readings
        except msgspec.ValidationError:
            return False
        if readings:
            span = _span([each.start for each in readings], [each.end for each in readings])
            if span is None:
                return False
            spans.append(span)
    spans.sort()
    return all(one.last < other.first for one, other in pairwise(spans))


def _span(starts: list[str], ends: list[str]) -> Span | None:
    """The span of an interval whose readings are in order; None if they may not be."""
    if not _have_form(starts, ends):
        return None
    try:
        if datetime.fromisoformat(starts[0]) > datetime.fromisoformat(starts[-1]):
            starts.reverse()
        runs = [list(run) for _, run in groupby(starts, OFFSET)]
        bounds = [(datetime.fromisoformat(run[0]), datetime.fromisoformat(run[-1])) for run in runs]
    except ValueError:
        return None
    # As long as the offset is the same, the order of the texts is that of the times.
    are_in_order = all(all(map(lt, run, run[1:])) for run in runs) and all(
        one[1] < other[0] for one, other in pairwise(bounds)
    )
    return Span(bounds[0][0], bounds[-1][1]) if are_in_order else None


def _have_form(*times: list[str]) -> bool:
    """Whether times have the documented form, which `read_time` leaves as it is."""
    for texts in times:
        joined = ",".join([*texts, ""]).encode()
        if joined.translate(TO_FORM) != FORM * len(texts) or b"T24" in joined:
            return False
    offsets = {OFFSET(text) for texts in times for text in texts}
    return all(read_time(f"{NEW_YEAR}{offset}")[1].endswith(offset) for offset in offsets)
