"""What the lists of UtilityAPI show: dates, links, orders, refusals."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tap_utility_energy.check.evidence import dates_verdict
from tap_utility_energy.check.facts import (
    Verdict,
    counted,
    differs,
    holds,
    not_seen,
    verdict,
)
from tap_utility_energy.check.utilityapi import (
    FEW_BILLS,
    UtilityAPIEvidence,
    moment,
    uid_of,
)
from tap_utility_energy.http.session import origin
from tap_utility_energy.utilityapi.meter_requests import CONSENT_ENDED
from tap_utility_energy.utilityapi.streams import BILLS, INTERVALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_utility_energy.check.asking import Answer

PLATFORM_DATES = ("created", "updated", "status_ts", "revoked", "declined")
LOCAL_DATES = (
    "base.bill_start_date",
    "base.bill_end_date",
    "readings[].start",
    "readings[].end",
    "line_items[].start",
    "line_items[].end",
)
LARGEST_PAGE = 1000
NO_SECOND_PAGE = "no list had a second page"
NO_METER_WITH_BILLS = "no meter with enough bills"


def platform_dates(evidence: UtilityAPIEvidence) -> Verdict:
    """The forms of dates that the platform sets."""
    forms = evidence.forms(*PLATFORM_DATES)
    good = [form for form in forms if form.startswith("YYYY-MM-DDT") and form.endswith("+00:00")]
    return dates_verdict(forms, good, "record")


def local_dates(evidence: UtilityAPIEvidence) -> Verdict:
    """The forms of dates from bills and readings."""
    forms = evidence.forms(*LOCAL_DATES)
    ends = ("+00:00", "+hh:mm", "-hh:mm", "Z")
    good = [form for form in forms if form.startswith("YYYY-MM-DDT") and form.endswith(ends)]
    return dates_verdict(forms, good, "bill or reading")


def _next_links(evidence: UtilityAPIEvidence) -> list[tuple[str, str]]:
    """The links to next pages that are text, with the URLs that they came from."""
    links = ((answer.fields.get("next"), url) for answer, url, _ in evidence.links)
    return [(link, url) for link, url in links if isinstance(link, str)]


def next_is_absolute(evidence: UtilityAPIEvidence) -> Verdict:
    """Where the links to next pages lead."""
    if not evidence.links:
        return not_seen(NO_SECOND_PAGE)
    kinds = Counter(_link_kind(link, url) for link, url in _next_links(evidence))
    others = len(evidence.links) - kinds.total()
    kinds.update({"no text": others} if others else {})
    return verdict(counted(kinds.items()), is_as_assumed=set(kinds) == {"absolute, same host"})


def _link_kind(link: str, url: str) -> str:
    try:
        if not urlsplit(link).scheme:
            return "relative"
        is_same = origin(link) == origin(url)
    except ValueError:
        return "no URL"
    return "absolute, same host" if is_same else "absolute, another host or scheme"


def next_filters(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the links to next pages repeat the filters."""
    filtered = [(link, url) for link, url in _next_links(evidence) if urlsplit(url).query]
    if not filtered:
        return not_seen("no filtered list had a second page")
    repeats = Counter(_repeats(link, url) for link, url in filtered)
    return verdict(counted(repeats.items()), is_as_assumed=set(repeats) == {"without filters"})


def _repeats(link: str, url: str) -> str:
    named = {name for name, _ in parse_qsl(urlsplit(link).query, keep_blank_values=True)}
    asked = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    if asked <= named:
        return "with all filters"
    return "with some filters" if asked & named else "without filters"


def next_cursor(evidence: UtilityAPIEvidence) -> Verdict:
    """What the links to next pages hold."""
    links = _next_links(evidence)
    if not links:
        return not_seen(NO_SECOND_PAGE)
    names = [{name for name, _ in parse_qsl(urlsplit(link).query)} for link, _ in links]
    with_token = sum("access_token" in each for each in names)
    without_after = sum("after" not in each for each in names)
    if not with_token + without_after:
        return holds(f"after, in {len(names)} links")
    return differs(f"{with_token} with access_token, {without_after} without after")


def pages_are_disjoint(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether a next page repeats records."""
    read = [(first, second) for first, _, second in evidence.links if second.page]
    if not read:
        return not_seen(NO_SECOND_PAGE)
    again = sum(len(uids_of(first) & uids_of(second)) for first, second in read)
    return verdict(f"{again} records of {len(read)} next pages again", is_as_assumed=not again)


def uids_of(answer: Answer) -> set[str]:
    """The uids of an answer's records."""
    return {uid for record in answer.records if (uid := uid_of(record))}


def page_size(evidence: UtilityAPIEvidence) -> Verdict:
    """How many records a full page has."""
    lists = [
        source.answer
        for source in evidence.sources.values()
        if source.path not in {"/bills", "/intervals"} and source.answer and source.answer.page
    ]
    odd = [len(a.records) for a in lists if (len(a.records) != LARGEST_PAGE if a.has_more else 0)]
    odd += [len(a.records) for a in lists if len(a.records) > LARGEST_PAGE]
    if odd:
        return differs(f"{', '.join(f'{count:,}' for count in odd)} records a page")
    more = [answer for answer in lists if answer.has_more]
    return holds("1,000 records a page") if more else not_seen("no list is that long")


def limit(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether ``limit`` is kept."""
    answer = evidence.limited
    if answer is None or not answer.page:
        return not_seen(NO_METER_WITH_BILLS)
    count = len(answer.records)
    if count <= FEW_BILLS and not (answer.has_more or _has_more_bills(evidence)):
        return not_seen(NO_METER_WITH_BILLS)
    seen = f"{count} bills for a limit of {FEW_BILLS}"
    return verdict(seen, is_as_assumed=count <= FEW_BILLS)


def _has_more_bills(evidence: UtilityAPIEvidence) -> bool:
    """Whether the meter has more bills than the limit lets through."""
    return evidence.bills is not None and len(evidence.bills.records) > FEW_BILLS


def newest_first(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether lists come newest first."""
    dates = {
        source.names[0]: [moment(record.get("created")) for record in source.records]
        for source in evidence.read
        if source.path in {"/meters", "/authorizations"}
    }
    return order_of(dates, "list with two dates")


def order_of(dates: Mapping[str, Sequence[datetime | None]], what: str) -> Verdict:
    """Whether dates fall in each of some lists."""
    known = {name: [date for date in each if date] for name, each in dates.items()}
    known = {name: each for name, each in known.items() if len(each) > 1}
    if not known:
        return not_seen(f"no {what}")
    wrong = [name for name, each in known.items() if any(a < b for a, b in pairwise(each))]
    return verdict(
        f"not in {', '.join(wrong)}" if wrong else "latest first", is_as_assumed=not wrong
    )


def fingerprints(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether meters have the fields by which changes are noticed."""
    if not evidence.meters:
        return not_seen("there is no meter")
    shape, names = evidence.sources["/meters"].shape, BILLS.fingerprint_fields
    absent = {
        name: count
        for name in dict.fromkeys((*names, *INTERVALS.fingerprint_fields))
        if (count := shape.missing(name))
    }
    return verdict(counted(absent.items()) or "on every meter", is_as_assumed=not absent)


def coverage(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the coverage of meters is made of pairs of times."""
    lists = [
        meter[name]
        for meter in evidence.meters
        for name in ("bill_coverage", "interval_coverage")
        if meter.get(name)
    ]
    if not lists:
        return not_seen("no meter has a coverage")
    bad = [each for each in lists if not pairs_in(each) or len(pairs_in(each)) != len(each)]
    bad += [each for each in lists if each not in bad and not all(map(seconds_of, pairs_in(each)))]
    seen = f"{len(bad):,} of {len(lists):,} are none" if bad else "pairs of times"
    return verdict(seen, is_as_assumed=not bad)


def pairs_in(coverage: object) -> list[list[Any]]:
    """The pairs in a coverage."""
    listed = coverage if isinstance(coverage, list) else []
    return [pair for pair in listed if isinstance(pair, list) and len(pair) == 2]  # noqa: PLR2004


def seconds_of(pair: Sequence[object]) -> float:
    """The time between a pair; 0 if it is none."""
    start, end = moment(pair[0]), moment(pair[1])
    return (end - start).total_seconds() if start and end else 0


def archived(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the list of meters has the archived ones."""
    if any(meter.get("is_archived") for meter in evidence.meters):
        return holds("archived meters are on the list")
    answer = evidence.archived
    # A vendor that does not know the filter sends the same meters again.
    if answer is None or not uids_of(answer) - set(map(uid_of, evidence.meters)):
        return not_seen("there is no archived meter")
    return differs("archived meters come only if they are asked for")


def unknown_meter(evidence: UtilityAPIEvidence) -> Verdict:
    """What a meter that is not there is answered with."""
    answer = evidence.of_no_meter
    if answer and answer.slug in CONSENT_ENDED:
        return holds(f"answered {answer.status}, {answer.slug}")
    return _refused_with(answer, 404)


def filter_required(evidence: UtilityAPIEvidence) -> Verdict:
    """What bills without a filter are answered with."""
    return _refused_with(evidence.unfiltered, 400)


def _refused_with(answer: Answer | None, status: int) -> Verdict:
    if answer is None or not answer.was_sent:
        return not_seen("it was not asked for")
    if answer.is_out_of_time or answer.status == HTTPStatus.UNAUTHORIZED:
        return not_seen("there was no answer to it")
    return verdict(f"answered {answer.status}", is_as_assumed=answer.status == status)


def error_object(evidence: UtilityAPIEvidence) -> Verdict:
    """What the bodies of refusals are."""
    refusals = [each for each in evidence.asker.watch.seen.refusals if each.status in {400, 404}]
    if not refusals:
        return not_seen("nothing was refused with 400 or 404")
    kinds = Counter(each.kind for each in refusals)
    return verdict(counted(kinds.items()), is_as_assumed=set(kinds) == {"an error object"})


def accepted(evidence: UtilityAPIEvidence) -> Verdict:
    """Whether the body of a 202 is empty."""
    empty = evidence.asker.watch.seen.accepted_is_empty
    if not empty:
        return not_seen("no answer was 202")
    seen = f"{empty[True]} empty, {empty[False]} with a body"
    return verdict(seen, is_as_assumed=not empty[False])
