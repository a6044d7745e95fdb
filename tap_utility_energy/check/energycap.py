"""The requests of a check to EnergyCAP: GET requests alone.

Sources: https://developer.energycap.com/api-getting-started/paging/ and the pages beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_utility_energy.check.asking import Answer, Source
from tap_utility_energy.check.evidence import Evidence
from tap_utility_energy.check.shapes import merged
from tap_utility_energy.core.schema import nullable_fields, record
from tap_utility_energy.energycap.base import LIST, filter_of
from tap_utility_energy.energycap.permissions import NOT_NAMED
from tap_utility_energy.energycap.streams import STREAMS
from tap_utility_energy.energycap.streams.bills import BILL_ROWS, BillsStream
from tap_utility_energy.energycap.streams.entities import (
    AccountsStream,
    CommoditiesStream,
    CostCentersStream,
    MetersStream,
    PlacesStream,
    UnitsStream,
    VendorsStream,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_utility_energy.check.asking import Asker
    from tap_utility_energy.energycap.nested_rows import NestedRows
    from tap_utility_energy.energycap.streams import StreamClass

#: Records of a first page. A sync takes more at a time.
SAMPLE = 50
#: Records of the small pages that show the order of a list.
SMALL = 5
#: The documented maximum of a page, and one more.
LARGEST_PAGE, TOO_LARGE = 1000, 1001
#: Lists of entities. Units and commodities come first: they need no permission of their own.
FIRST: tuple[StreamClass, ...] = (
    UnitsStream,
    CommoditiesStream,
    MetersStream,
    PlacesStream,
    AccountsStream,
    VendorsStream,
    CostCentersStream,
    BillsStream,
)
#: Lists whose small pages can be compared, and those of which a page of the largest size is small.
PAGED = (MetersStream, AccountsStream, PlacesStream, VendorsStream)
SMALL_LISTS = (VendorsStream, CostCentersStream, PlacesStream)
#: Lists whose filter by date of change is tried.
DATED = (MetersStream, BillsStream)
EMPTY_DIGEST = "No bills in these years, or none that the owner of the key can see."
EMPTY_LIST = "There are none, or none that the owner of the key can see."
EMPTY_FILTERED = "energycap_filters leaves nothing."


@dataclass
class EnergyCAPEvidence(Evidence):
    """What the requests to EnergyCAP have brought."""

    #: The list whose small pages were read, and these: the first, the second, one past the end.
    paged: Source | None = None
    small: tuple[Answer, ...] = ()
    small_size: int = 0
    past_end: Answer | None = None
    #: A page that is larger than allowed.
    too_large: Answer | None = None
    #: Lists filtered by date of change, by their paths.
    modified: Mapping[str, Answer] | None = None

    @property
    def digests(self) -> list[Source]:
        """The digests of which there are records."""
        return [source for source in self.read if "/digest/" in source.path]

    @property
    def pages(self) -> list[Source]:
        """The lists with paging headers that were read."""
        unpaged = {stream.path for stream in STREAMS if not stream.is_paged}
        return [source for source in self.read if source.path not in unpaged]


def sources_of(is_default: Mapping[str, bool]) -> dict[str, Source]:
    """The vendor's lists, those of entities first.

    Args:
        is_default: Whether each stream is selected by default, by its name.
    """
    by_path: dict[str, list[StreamClass]] = {stream.path: [] for stream in FIRST}
    for stream in STREAMS:
        by_path.setdefault(stream.path, []).append(stream)
    # The streams of the rows of bills read the list of bills first.
    readers = {BillsStream.path: (*by_path[BillsStream.path], *BILL_ROWS)}
    return {
        path: Source(
            path,
            [stream.name for stream in streams],
            streams[0].permission,
            reduce(merged, map(_schema, streams)),
            any(is_default[stream.name] for stream in readers.get(path, streams)),
        )
        for path, streams in by_path.items()
    }


def _key_of(stream: StreamClass) -> str:
    """The field that identifies a record as sent."""
    own: Any = stream.primary_keys  # the SDK types it as a property
    return stream.rows.key[0] if stream.rows else own[0]


def _schema(stream: StreamClass) -> dict[str, Any]:
    """The schema of a record as sent."""
    own: Any = stream.schema  # the SDK types it as a property
    return _digest_schema(stream.rows, 0) if stream.rows else dict(own)


def _digest_schema(rows: NestedRows, depth: int) -> dict[str, Any]:
    level = rows.levels[depth]
    schema = record(*level.fields)
    properties = nullable_fields(schema["properties"], level.key)
    properties |= {name: {} for name in level.others}
    if level.path:
        below = _digest_schema(rows, depth + 1)
        one = {**below, "type": ["object", "null"]}
        many = {"type": ["array", "null"], "items": one}
        properties[level.path] = one if level.holds_one else many
    return {**schema, "properties": properties}


def collect(
    asker: Asker, config: Mapping[str, Any], sources: Mapping[str, Source]
) -> EnergyCAPEvidence:
    """Send the requests, the ones for streams first."""
    keys: dict[str, tuple[str, type]] = {
        stream.path: (_key_of(stream), stream.record_key_type) for stream in STREAMS
    }
    of_bills = {stream.path for stream in BILL_ROWS}
    evidence = EnergyCAPEvidence(config, asker, sources, keys, of_bills)
    check = _Check(evidence)
    first, others = in_order(sources.values())
    check.lists(first)
    for probe in (check.small_pages, check.too_large, check.modified):
        if not asker.is_down:
            probe()
    check.lists(others)
    return evidence


def in_order(sources: Iterable[Source]) -> tuple[list[Source], list[Source]]:
    """The lists that are asked for first, and those for which a request may be left.

    First come those that are read by default and one of each permission: a missing permission is
    refused for every list that needs it.
    """
    first, others, permissions = list[Source](), list[Source](), set[str]()
    for source in sorted(sources, key=lambda each: not each.is_default):
        is_first = source.is_default or source.permission not in permissions
        (first if is_first else others).append(source)
        permissions.add(source.permission)
    return first, sorted(others, key=lambda each: each.permission != NOT_NAMED)


class _Check:
    """Sends the requests."""

    def __init__(self, evidence: EnergyCAPEvidence) -> None:
        self._evidence = evidence
        self._asker = evidence.asker
        self._streams = {stream.path: stream for stream in reversed(STREAMS)}

    def lists(self, sources: Iterable[Source]) -> None:
        """The first page of some lists."""
        size = min(SAMPLE, self._evidence.config["energycap_page_size"])
        for source in sources:
            if not self._asker.is_down:
                stream = self._streams[source.path]
                paging = {"pageNumber": 1, "pageSize": size} if stream.is_paged else {}
                self._asker.ask_for(source, self._ask(stream, paging))
                source.total = total_of(source.answer)

    def small_pages(self) -> None:
        """Two small pages of a list, and one past its end."""
        for stream in PAGED:
            source = self._evidence.sources[stream.path]
            size = min(SMALL, (source.total or 0) // 2, len(source.records) // 2)
            if size:
                pages = [{"pageNumber": n, "pageSize": size} for n in (1, 2)]
                self._evidence.paged, self._evidence.small_size = source, size
                self._evidence.small = tuple(
                    source.also(self._ask(stream, paging)) for paging in pages
                )
                after = {"pageNumber": (source.total or 0) + 2, "pageSize": size}
                self._evidence.past_end = self._ask(stream, after)
                return

    def too_large(self) -> None:
        """A page of more records than allowed, of the smallest list that has any."""
        totals = [(self._evidence.sources[stream.path].total, stream) for stream in SMALL_LISTS]
        known = [(total, stream) for total, stream in totals if total]
        if known:
            _, stream = min(known, key=lambda each: each[0])
            paging = {"pageNumber": 1, "pageSize": TOO_LARGE}
            self._evidence.too_large = self._ask(stream, paging)

    def modified(self) -> None:
        """Lists filtered by date of change, which no page offers."""
        now = self._asker.client.clock.local_now()
        tomorrow = f"{now.date() + timedelta(days=1)}"
        expression = f"modifiedDate greater than '{tomorrow}'"
        found = {}
        for stream in DATED:
            if self._evidence.sources[stream.path].records:
                params = {"pageNumber": 1, "pageSize": 1, "filter": expression}
                found[stream.path] = self._ask(stream, params)
        self._evidence.modified = found

    def _ask(self, stream: StreamClass, params: Mapping[str, Any]) -> Answer:
        if self._asker.is_down:
            return Answer()
        config = self._evidence.config
        others = {name: config.get(setting) for name, setting in stream.params.items()}
        expression = filter_of(stream.name, config)
        url = f"{self._asker.client.base_url}{stream.path}"
        both = " and ".join(filter(None, (expression, params.get("filter"))))
        query = {**others, **params, "filter": both or None}
        return self._asker.ask(stream.path, url, LIST, query, stream.permission)


def total_of(answer: Answer | None) -> int | None:
    """How many records a list has by its answer, or None if the answer does not tell."""
    if answer is None or answer.page is None:
        return None
    text = header(answer, "TotalNumberOfRecords")
    if is_number(text):
        return int(text)
    has_pages = any(header(answer, name) for name in ("PageNumber", "PageSize", "TotalPages"))
    is_one_answer = answer.status == HTTPStatus.NO_CONTENT or not has_pages
    return len(answer.page.records) if is_one_answer else None


def is_number(text: str) -> bool:
    """Whether a text is a whole number, of a length that a count can have."""
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004


def header(answer: Answer, name: str) -> str:
    """A header of an answer, or ''."""
    return answer.headers.get(name, "").strip()


def empty_note(source: Source, config: Mapping[str, Any]) -> str:
    """Why a list may be empty."""
    if any(filter_of(name, config) for name in source.names):
        return EMPTY_FILTERED
    return EMPTY_DIGEST if "/digest/" in source.path else EMPTY_LIST
