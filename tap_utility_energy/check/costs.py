"""What a first sync costs, in requests and in time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tap_utility_energy.check.utilityapi import uid_of
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi.known_readings import count_of
from tap_utility_energy.utilityapi.streams import BILLS, INTERVALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_utility_energy.check.asking import Answer, Source
    from tap_utility_energy.check.energycap import EnergyCAPEvidence
    from tap_utility_energy.check.utilityapi import UtilityAPIEvidence
    from tap_utility_energy.utilityapi.meter_changes import MeterChanges
    from tap_utility_energy.utilityapi.meter_endpoint import MeterEndpoint


#: Meters by which the estimate of many is told.
MANY = 1000
MORE_PAGES = "Only {pages} were read. There are more, how many is unknown: a sync reads all."
MORE_METERS = (
    "Only {meters} were looked at, and there are more: {many} more of their kind would take about "
    "{requests} more."
)
NO_COUNT = "not counted: {meters} whose number of records is unknown."


class Cost(NamedTuple):
    """The requests and the seconds of a sync, as far as they can be told."""

    requests: int
    seconds: float
    #: Whether it may be more, because not all lists could be counted.
    is_at_least: bool


def estimate_utilityapi(evidence: UtilityAPIEvidence, changes: Mapping[str, MeterChanges]) -> None:
    """Estimate each list of UtilityAPI, in place.

    Args:
        evidence: What the requests have brought.
        changes: What reads bills and intervals, by their paths.
    """
    for source in evidence.sources.values():
        if source.path not in changes and source.answer and source.answer.page:
            _estimate_list(source, _pages(evidence, source))
    if meters := _pages(evidence, evidence.sources["/meters"]):
        listed = {uid: meter for page in meters for meter in page.records if (uid := uid_of(meter))}
        for endpoint in (BILLS, INTERVALS):
            source = evidence.sources[endpoint.path]
            source.requests = changes[endpoint.path].estimated_requests(listed)
            _estimate_data(source, endpoint, listed)
            source.is_at_least |= evidence.sources["/meters"].is_at_least
            if evidence.sources["/meters"].is_at_least and listed:
                source.left_out.append(_of_more_meters(source, len(listed)))
    per_minute = evidence.config["utilityapi_requests_per_minute"]
    for source in evidence.sources.values():
        if source.requests is not None:
            source.sync_seconds = source.requests * max(60 / per_minute, _seconds_each(source))


def _pages(evidence: UtilityAPIEvidence, source: Source) -> list[Answer]:
    """The pages of a list that were read: the first ones."""
    following = [second for first, _, second in evidence.links if first is source.answer]
    return [answer for answer in (source.answer, *following) if answer and answer.page]


def _estimate_list(source: Source, pages: Sequence[Answer]) -> None:
    source.total = sum(len(answer.records) for answer in pages)
    source.requests = source.parts - 1 + len(pages)
    if pages[-1].has_more:
        source.left_out.append(MORE_PAGES.format(pages=number(len(pages), "page")))
    source.is_at_least = pages[-1].has_more or source.parts > 1


def _estimate_data(
    source: Source, endpoint: MeterEndpoint, listed: Mapping[str, dict[str, Any]]
) -> None:
    """Estimate the records of meters by their counts."""
    counts = [count_of(meter, endpoint.count_field) for meter in listed.values()]
    source.total = sum(count or 0 for count in counts)
    if unknown := counts.count(None):
        source.is_at_least = True
        source.left_out.append(NO_COUNT.format(meters=number(unknown, "meter")))


def _of_more_meters(source: Source, listed: int) -> str:
    each = math.ceil(MANY * (source.requests or 0) / listed)
    return MORE_METERS.format(
        meters=number(listed, "meter"), many=f"{MANY:,}", requests=number(each, "request")
    )


def _seconds_each(source: Source) -> float:
    return source.answer.seconds if source.answer and source.answer.page else 0.0


def estimate_energycap(evidence: EnergyCAPEvidence) -> None:
    """Estimate each list of EnergyCAP, in place."""
    config = evidence.config
    size, width = config["energycap_page_size"], config["energycap_max_parallel_requests"]
    for source in evidence.sources.values():
        if source.total is None or source.answer is None:
            continue
        records = max(1, len(source.records))
        is_whole = source.total <= len(source.records)
        source.requests = 1 if is_whole else math.ceil(source.total / size)
        # A larger page takes longer, at most in proportion to its records.
        longer = 1 if is_whole else source.total / records
        at_once = min(width, source.requests)
        source.sync_seconds = source.answer.seconds * longer / max(1, at_once)


def total(sources: Iterable[Source], *, default_only: bool) -> Cost:
    """The cost of the lists that a sync reads by default, or of all."""
    chosen = [source for source in sources if source.is_default or not default_only]
    known = [source for source in chosen if source.requests is not None]
    return Cost(
        sum(cast("int", source.requests) for source in known),
        sum(source.sync_seconds or 0.0 for source in known),
        is_at_least=len(known) < len(chosen) or any(source.is_at_least for source in known),
    )


def changes_of(streams: Mapping[str, Any]) -> dict[str, MeterChanges]:
    """What reads bills and intervals, by their paths."""
    return {
        BILLS.path: streams["utilityapi_bills"].changes,
        INTERVALS.path: streams["utilityapi_intervals"].changes,
    }
