"""What the lists of EnergyCAP show: pages, headers, dates."""

from __future__ import annotations

import math
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_utility_energy.check.energycap import (
    LARGEST_PAGE,
    TOO_LARGE,
    EnergyCAPEvidence,
    header,
    is_number,
    total_of,
)
from tap_utility_energy.check.evidence import dates_verdict
from tap_utility_energy.check.facts import Verdict, counted, differs, holds, not_seen, verdict
from tap_utility_energy.energycap.incremental import DATES, parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_utility_energy.check.asking import Answer, Source

HEADERS = ("PageNumber", "PageSize", "TotalNumberOfRecords", "TotalPages")
NO_LIST = "no list was read"
TOO_SHORT = "no list is long enough"


def paging_headers(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether the four headers are there, as whole numbers."""
    if not evidence.pages:
        return not_seen(NO_LIST)
    bad = Counter(
        f"{name} {'is no number' if header(answer, name) else 'is missing'}"
        for answer in _answers(evidence.pages)
        for name in HEADERS
        if not is_number(header(answer, name))
    )
    count = len(evidence.pages)
    return verdict(counted(bad.items()) or f"on {count} lists", is_as_assumed=not bad)


def header_case(evidence: EnergyCAPEvidence) -> Verdict:
    """How the names of the headers are written."""
    cases = Counter(
        _case(sent, name)
        for answer in _answers(evidence.pages)
        for name in HEADERS
        for sent in answer.headers
        if sent.lower() == name.lower()
    )
    if not cases:
        return not_seen(NO_LIST)
    return verdict(counted(cases.items()), is_as_assumed=set(cases) == {"as printed"})


def _case(sent: str, name: str) -> str:
    if sent == name:
        return "as printed"
    return "lower case" if sent.islower() else "upper case" if sent.isupper() else "mixed case"


def _answers(sources: Iterable[Source]) -> list[Answer]:
    return [source.answer for source in sources if source.answer and source.answer.page]


def totals(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether the total, the pages, the size and the records agree."""
    known = [(source, _numbers(answer)) for source, answer in _with_answers(evidence.pages)]
    counts = [(source, numbers) for source, numbers in known if numbers]
    if not counts:
        return not_seen("no list has all the paging headers")
    wrong = [source.names[0] for source, numbers in counts if not _agree(source, *numbers)]
    seen = f"not in {', '.join(wrong)}" if wrong else f"in {len(counts)} lists"
    return verdict(seen, is_as_assumed=not wrong)


def _with_answers(sources: Iterable[Source]) -> list[tuple[Source, Answer]]:
    return [(source, source.answer) for source in sources if source.answer]


def _numbers(answer: Answer) -> tuple[int, ...]:
    texts = [header(answer, name) for name in HEADERS]
    return tuple(map(int, texts)) if all(map(is_number, texts)) else ()


def _agree(source: Source, _: int, size: int, total: int, pages: int) -> bool:
    records = source.shape.records
    return size > 0 and pages == math.ceil(total / size) and records == min(size, total)


def page_size(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether small pages have the size that was asked for."""
    answers = [answer for answer in evidence.small if answer.page]
    if len(answers) < 2:  # noqa: PLR2004
        return not_seen(TOO_SHORT)
    asked = evidence.small_size
    told = {header(answer, "PageSize") for answer in answers} <= {"", str(asked)}
    is_kept = told and all(len(answer.records) == asked for answer in answers)
    return verdict("kept" if is_kept else "another size", is_as_assumed=is_kept)


def largest_page(evidence: EnergyCAPEvidence) -> Verdict:
    """What becomes of a page that is too large."""
    answer = evidence.too_large
    if answer is None or not answer.status:
        return not_seen(TOO_SHORT)
    if not answer.page:
        return differs(f"{TOO_LARGE:,} is answered with {answer.status}")
    size = header(answer, "PageSize")
    is_cut = size == str(LARGEST_PAGE)
    is_known = is_cut or size == str(TOO_LARGE)
    return verdict(
        f"{TOO_LARGE:,} becomes {int(size):,}" if is_known else "another size",
        is_as_assumed=is_cut,
    )


def past_end(evidence: EnergyCAPEvidence) -> Verdict:
    """What comes after the last page."""
    answer = evidence.past_end
    if answer is None or not answer.status:
        return not_seen(TOO_SHORT)
    if not answer.page:
        return differs(f"answered {answer.status}")
    return verdict(
        "records" if answer.records else nothing_of(answer), is_as_assumed=not answer.records
    )


def nothing_of(answer: Answer) -> str:
    """How an answer says that there is nothing."""
    body = answer.page.body.strip() if answer.page else b""
    return "204" if answer.status == HTTPStatus.NO_CONTENT else "null" if body == b"null" else "[]"


def distinct_pages(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether the second page repeats records of the first."""
    pages = _small_keys(evidence)
    if len(pages) < 2:  # noqa: PLR2004
        return not_seen(TOO_SHORT)
    again = len(set(pages[0]) & set(pages[1]))
    return verdict(f"{again} records again", is_as_assumed=not again)


def stable_order(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether two reads bring the same order."""
    pages, source = _small_keys(evidence), evidence.paged
    if len(pages) < 2 or source is None:  # noqa: PLR2004
        return not_seen(TOO_SHORT)
    small = list(dict.fromkeys(key for page in pages for key in page))
    large = list(dict.fromkeys(_keys(evidence, source.records)))[: len(small)]
    if small != large[: len(small)]:
        return differs("the second read had another order")
    ids = [key for key in large if isinstance(key, int)]
    return holds(f"the same; {'by' if ids == sorted(ids) else 'not by'} id")


def _small_keys(evidence: EnergyCAPEvidence) -> list[list[int | str]]:
    return [_keys(evidence, answer.records) for answer in evidence.small if answer.page]


def _keys(evidence: EnergyCAPEvidence, records: Iterable[dict[str, object]]) -> list[int | str]:
    name, _ = evidence.keys[evidence.paged.path if evidence.paged else ""]
    keys = (record.get(name) for record in records)
    return [key if isinstance(key, int) else str(key) for key in keys]


def modified_dates(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether dates of change can be read."""
    forms = evidence.forms(*DATES)
    sources = [source for source in evidence.read if DATES[0] in source.shape.kinds]
    values = (source.answer and record.get(name) for source, record, name in _dates(sources))
    bad = [value for value in values if isinstance(value, str) and parse_date(value) is None]
    missing = sum(source.shape.missing(DATES[0]) for source in sources)
    found = dates_verdict(forms, () if bad else forms, "record")
    return found._replace(seen=f"{found.seen}; {missing:,} without {DATES[0]}") if forms else found


def _dates(sources: Iterable[Source]) -> Iterable[tuple[Source, dict[str, object], str]]:
    return ((source, r, name) for source in sources for r in source.records for name in DATES)


def modified_filter(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether lists can be filtered by date of change."""
    tried = {path: answer for path, answer in (evidence.modified or {}).items() if answer.status}
    if not tried:
        return not_seen("there is no meter and no bill")
    kinds = Counter(_filtered(evidence, path, answer) for path, answer in tried.items())
    return verdict(
        counted(kinds.items()), is_as_assumed=set(kinds) <= {"refused with 400", "ignored"}
    )


def _filtered(evidence: EnergyCAPEvidence, path: str, answer: Answer) -> str:
    if not answer.page:
        return f"refused with {answer.status}"
    return "ignored" if total_of(answer) == evidence.sources[path].total else "filtered"


def withdrawn(evidence: EnergyCAPEvidence) -> Verdict:
    """Whether an endpoint is deprecated."""
    if not evidence.read:
        return not_seen(NO_LIST)
    names = [
        source.names[0]
        for source, answer in _with_answers(evidence.sources.values())
        if header(answer, "ECI-Deprecated")
    ]
    return verdict(", ".join(names) or "none", is_as_assumed=not names)


def missing_permission(evidence: EnergyCAPEvidence) -> Verdict:
    """What a missing permission is answered with, while other lists are read."""
    statuses = Counter(
        answer.status
        for source, answer in _with_answers(evidence.sources.values())
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    )
    if not statuses or not evidence.read:
        return not_seen("no permission is missing")
    kinds = counted((f"times {status}", count) for status, count in statuses.items())
    return verdict(kinds, is_as_assumed=set(statuses) == {HTTPStatus.UNAUTHORIZED})


def empty_lists(evidence: EnergyCAPEvidence) -> Verdict:
    """How lists that are no digests say that they are empty."""
    return _empty(evidence, "[]", is_digest=False)


def empty_digests(evidence: EnergyCAPEvidence) -> Verdict:
    """How digests say that they are empty."""
    return _empty(evidence, "204", is_digest=True)


def _empty(evidence: EnergyCAPEvidence, assumed: str, *, is_digest: bool) -> Verdict:
    kinds = Counter(
        nothing_of(answer)
        for source, answer in _with_answers(evidence.sources.values())
        if answer.page and not answer.page.records and ("/digest/" in source.path) is is_digest
    )
    if not kinds:
        return not_seen("none is empty")
    return verdict(counted(kinds.items()), is_as_assumed=set(kinds) == {assumed})


def update_dates(evidence: EnergyCAPEvidence) -> Verdict:
    """The forms of ``updated``."""
    forms = sum((source.shape.forms("updated") for source in evidence.digests), Counter[str]())
    good = [form for form in forms if form.startswith("YYYY-MM-DDThh:mm:ss")]
    return dates_verdict(forms, good, "digest")
