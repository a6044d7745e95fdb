"""What the bills and intervals of UtilityAPI show."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_utility_energy.check.facts import (
    Verdict,
    counted,
    differs,
    holds,
    not_seen,
    verdict,
)
from tap_utility_energy.check.utilityapi import (
    UtilityAPIEvidence,
    block,
    day_of,
    latest,
    moment,
    readings_of,
    starts_of,
    uid_of,
)
from tap_utility_energy.check.utilityapi_lists import order_of, pairs_in, seconds_of, uids_of
from tap_utility_energy.utilityapi.interval_versions import IntervalUid
from tap_utility_energy.utilityapi.streams import BILLS, INTERVALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


NO_METER_WITH_BILLS = "no meter with enough bills"
NO_READINGS = "no meter with enough readings"
#: How far a count may be from what the coverage says, as a part of it.
TOLERANCE = 0.25


def bills_latest_first(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the bills and intervals of a meter come latest first."""
    bills = evidence.bills.records if evidence.bills else []
    ends = [moment(block(bill, "base").get("bill_end_date")) for bill in bills]
    intervals = evidence.intervals.records if evidence.intervals else []
    starts = [moment(next(iter(starts_of(each)), None)) for each in intervals]
    return order_of({"bills": ends, "intervals": starts}, "meter with two bills or intervals")


def readings_latest_first(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the readings of an interval come latest first."""
    intervals = evidence.intervals.records if evidence.intervals else []
    readings = readings_of(intervals[0]) if intervals else []
    dates = [moment(reading.get("start")) for reading in readings]
    return order_of({"readings": dates}, "interval with two readings")


def bill_start(evidence: UtilityAPIEvidence) -> Verdict:
    """Which bills a day as ``start`` brings."""
    first, second = evidence.from_day, evidence.from_next_day
    if first is None or second is None or not (first.page and second.page):
        return not_seen(NO_METER_WITH_BILLS)
    parts = []
    if evidence.day not in map(day_of, first.records):
        parts.append("a bill that begins on that day is left out")
    if any(day_of(bill) < evidence.day for bill in first.records):
        parts.append("earlier bills come too")
    if any(day_of(bill) <= evidence.day for bill in second.records):
        parts.append("a bill that began the day before comes too")
    return verdict("; ".join(parts) or "bills that begin then or later", is_as_assumed=not parts)


def bill_count(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether a meter's count is that of its bills."""
    answer = evidence.bills
    if answer is None or not answer.page or answer.has_more:
        return not_seen(NO_METER_WITH_BILLS)
    is_same = evidence.meter.get(BILLS.count_field) == len(answer.records)
    return verdict("the same number" if is_same else "another number", is_as_assumed=is_same)


def interval_count(evidence: UtilityAPIEvidence) -> Verdict:
    """What a meter's count of intervals counts."""
    answer, count = evidence.intervals, evidence.read_meter.get(INTERVALS.count_field)
    if answer is None or not answer.page or not isinstance(count, int):
        return not_seen(NO_READINGS)
    listed, readings = len(answer.records), sum(len(readings_of(each)) for each in answer.records)
    if not answer.has_more:
        if count == readings:
            return holds("readings")
        return differs("intervals" if count == listed else "neither readings nor intervals")
    return _count_by_coverage(evidence, count)


def _count_by_coverage(evidence: UtilityAPIEvidence, count: int) -> Verdict:
    """Whether a count is about that of the readings that fill a meter's coverage."""
    covered = sum(
        seconds_of(pair) for pair in pairs_in(evidence.read_meter.get("interval_coverage"))
    )
    length = _usual_length(evidence.intervals.records if evidence.intervals else [])
    if not covered or not length:
        return not_seen("no coverage to compare with")
    is_near = abs(count * length - covered) <= TOLERANCE * covered
    return verdict(
        "about the readings that the coverage has room for"
        if is_near
        else "not the readings that the coverage has room for",
        is_as_assumed=is_near,
    )


def _usual_length(intervals: Iterable[Mapping[str, Any]]) -> float:
    lengths = Counter(
        seconds_of((reading.get("start"), reading.get("end")))
        for interval in intervals
        for reading in readings_of(interval)
    )
    return lengths.most_common(1)[0][0] if lengths else 0


def interval_uids(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the uids of intervals hold epochs."""
    intervals = [each for each in evidence.sources["/intervals"].records if starts_of(each)]
    if not intervals:
        return not_seen(NO_READINGS)
    good = sum(map(_holds_epochs, intervals))
    seen = f"{good} of {len(intervals)} hold the epochs of their end and start"
    return verdict(seen, is_as_assumed=good == len(intervals))


def _holds_epochs(interval: Mapping[str, Any]) -> bool:
    uid = IntervalUid.parse(uid_of(interval))
    readings = readings_of(interval)
    starts = [start.timestamp() for r in readings if (start := moment(r.get("start")))]
    ends = [end.timestamp() for r in readings if (end := moment(r.get("end")))]
    return bool(uid and starts and ends) and (uid.start, uid.end) == (min(starts), max(ends))  # type: ignore[union-attr]


def interval_size(evidence: UtilityAPIEvidence) -> Verdict:
    """How many readings an interval holds."""
    intervals = evidence.sources["/intervals"].records
    counts = [len(readings_of(interval)) for interval in intervals]
    if not counts:
        return not_seen(NO_READINGS)
    seen = f"{min(counts):,} to {max(counts):,} readings in {len(counts)} intervals"
    return verdict(seen, is_as_assumed=max(counts) > 1)


def interval_start(evidence: UtilityAPIEvidence) -> Verdict:
    """What a moment as ``start`` does to an interval that began before it."""
    answer, whole = evidence.from_middle, latest(evidence.intervals)
    if answer is None or not answer.page:
        return not_seen(NO_READINGS)
    begin, middle = moment(evidence.moment), moment(evidence.middle)
    end = moment(starts_of(whole)[-1])
    starts = [moment(text) for interval in answer.records for text in starts_of(interval)]
    inside = [each for each in starts if each and begin <= each <= end]  # type: ignore[operator]
    if not inside:
        return holds("an interval that began before is left out whole")
    is_whole = any(each < middle for each in inside)  # type: ignore[operator]
    return differs("an interval that began before comes " + ("whole" if is_whole else "cut"))


def interval_start_inclusive(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether a moment as ``start`` brings an interval that begins then."""
    answer = evidence.from_moment
    if answer is None or not answer.page:
        return not_seen(NO_READINGS)
    is_in = uid_of(latest(evidence.intervals)) in uids_of(answer)
    seen = "an interval that begins then " + ("comes" if is_in else "is left out")
    return verdict(seen, is_as_assumed=is_in)


def change_dates(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether bills and intervals have a date of change."""
    sources = [evidence.sources[path] for path in ("/bills", "/intervals")]
    read = [source for source in sources if source.shape.records]
    if not read:
        return not_seen("no meter has bills or readings")
    absent = {source.names[0]: source.shape.missing("updated") for source in read}
    absent = {name: count for name, count in absent.items() if count}
    return verdict(counted(absent.items()) or "on every record", is_as_assumed=not absent)


def incomplete(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the list of intervals says if it is incomplete."""
    answer = evidence.intervals
    if answer is None or not answer.page:
        return not_seen(NO_READINGS)
    is_there = isinstance(answer.fields.get("is_incomplete"), bool)
    return verdict("true or false" if is_there else "absent", is_as_assumed=is_there)
