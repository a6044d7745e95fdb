"""The requests of a check to UtilityAPI: GET requests, none of which costs money.

Sources: https://utilityapi.com/docs/api and the pages below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tap_utility_energy.check.asking import Answer, Source
from tap_utility_energy.check.evidence import Evidence
from tap_utility_energy.check.utilityapi_filters import filters_of
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.filters import plan
from tap_utility_energy.http.page import PageFormat
from tap_utility_energy.http.pagination import NextURLPaginator
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tap_utility_energy.utilityapi.consents import ARCHIVED, filter_values
from tap_utility_energy.utilityapi.historical_collection import HistoricalCollectionsStream
from tap_utility_energy.utilityapi.json_values import objects
from tap_utility_energy.utilityapi.streams import (
    BILLS,
    INTERVALS,
    STREAMS,
    BillsStream,
    IntervalsStream,
    MetersStream,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_utility_energy.check.asking import Asker

#: The lists that need no filter. Collections are none: they are made by POST, at a charge.
LISTS = tuple(
    stream
    for stream in STREAMS
    if issubclass(stream, UtilityAPIStream) and stream is not HistoricalCollectionsStream
)
PATHS = tuple(dict.fromkeys(stream.path for stream in LISTS))
#: Why a list may be empty.
EMPTY = {
    "/authorizations": "No customer has authorized this account yet.",
    "/meters": "No meter is visible: no authorization, or all were revoked.",
    "/accounting/billing-accounts": "Only some utilities have billing accounts.",
    "/accounting/billing-summaries": "Only some utilities have billing summaries.",
    "/bills": "No meter has bills: a historical collection brings them, at a charge.",
    "/intervals": "No meter has readings: not all utilities offer them.",
}
#: Why any other list may be empty.
NONE_VISIBLE = "There are none, or none that the token can see."
#: A meter that is hardly there, with a uid like any other: what is none may be refused as such.
NO_METER = "2147483647"
LINK_FAILS = (
    "the link to the next page leads to another server or is no URL of a next page, and is not "
    "followed. Check utilityapi_base_url, or report the link to the vendor."
)
ONE_OF_MANY = (
    "{settings}: too many uids for one request. A sync sends {requests}; only the first was sent, "
    "and the other uids were not looked at."
)
#: How many meters' bills are looked at, and how many of these.
METERS_OF_BILLS, MOST_BILLS, FEW_BILLS = 10, 100, 2
#: How many intervals: each can hold the readings of months.
FEW_INTERVALS = 3
#: The bills of the meter whose bills are counted.
LEAST_COUNTED, MOST_COUNTED = 3, 200


@dataclass
class UtilityAPIEvidence(Evidence):
    """What the requests to UtilityAPI have brought."""

    #: Every answer with a link to a next page, the URL it came from, and that next page.
    links: list[tuple[Answer, str, Answer]] = field(default_factory=list)
    #: The archived meters, if none was on the list.
    archived: Answer | None = None
    #: A page of `FEW_BILLS` bills.
    limited: Answer | None = None
    #: The meter whose bills are looked at, and all its bills.
    meter: Mapping[str, Any] = field(default_factory=dict)
    bills: Answer | None = None
    #: The day that the last but one of them begins; bills from then on, and from the day after on.
    day: str = ""
    from_day: Answer | None = None
    from_next_day: Answer | None = None
    #: The bills of no meter at all, and of a meter that is not there.
    unfiltered: Answer | None = None
    of_no_meter: Answer | None = None
    #: The meter whose readings are looked at, and its latest intervals.
    read_meter: Mapping[str, Any] = field(default_factory=dict)
    intervals: Answer | None = None
    #: The start of the latest interval, and of a reading in its middle; intervals from each on.
    moment: str = ""
    middle: str = ""
    from_moment: Answer | None = None
    from_middle: Answer | None = None

    @property
    def meters(self) -> list[dict[str, Any]]:
        """The meters on the list."""
        return self.sources["/meters"].records


def sources_of(is_default: Mapping[str, bool]) -> dict[str, Source]:
    """The vendor's lists.

    Args:
        is_default: Whether each stream is selected by default, by its name.
    """
    streams = {path: [each for each in LISTS if each.path == path] for path in PATHS}
    data = {
        endpoint.path: [each.name for each in STREAMS if each.path == endpoint.path]
        for endpoint in (BILLS, INTERVALS)
    }
    schemas: dict[str, Any] = {"/bills": BillsStream.schema, "/intervals": IntervalsStream.schema}
    names = {path: [each.name for each in found] for path, found in streams.items()} | data
    schemas |= {path: found[0].schema for path, found in streams.items()}
    return {
        path: Source(path, names[path], "", schemas[path], any(is_default[n] for n in names[path]))
        for path in names
    }


def collect(
    asker: Asker, config: Mapping[str, Any], sources: Mapping[str, Source]
) -> UtilityAPIEvidence:
    """Send the requests, the ones for streams first."""
    keys: dict[str, tuple[str, type]] = dict.fromkeys(sources, ("uid", str))
    evidence = UtilityAPIEvidence(config, asker, sources, keys)
    check = _Check(evidence)
    check.lists(is_default=True)
    check.data()
    check.lists(is_default=False)
    for probe in (check.next_pages, check.bills, check.intervals, check.refusals, check.archived):
        if not asker.is_down:
            probe()
    return evidence


class _Check:
    """Sends the requests."""

    def __init__(self, evidence: UtilityAPIEvidence) -> None:
        self._evidence = evidence
        self._asker = evidence.asker
        self._base_url = evidence.asker.client.base_url
        #: The URLs of the first pages that were asked for.
        self._urls: dict[str, str] = {}

    def lists(self, *, is_default: bool) -> None:
        """The first page of each list that is read by default, or of each other one."""
        for stream in LISTS:
            source = self._evidence.sources[stream.path]
            is_next = source.is_default is is_default and source.answer is None
            if is_next and not self._asker.is_down:
                self._asker.ask_for(source, self._first_page(stream, source))
                _tell_blocks(source)

    def data(self) -> None:
        """Bills and intervals of some meters."""
        evidence, meters = self._evidence, self._evidence.meters
        billed = [meter for meter in meters if meter.get(BILLS.count_field) != 0]
        evidence.meter = _fewest(billed, BILLS.count_field, LEAST_COUNTED)
        read = [meter for meter in meters if meter.get(INTERVALS.count_field) != 0]
        evidence.read_meter = _fewest(read, INTERVALS.count_field, 1)
        if billed and not self._asker.is_down:
            chosen = [uid_of(meter) for meter in _of_many_utilities(billed)]
            params = {"meters": ",".join(chosen), "limit": MOST_BILLS}
            self._asker.ask_for(evidence.sources["/bills"], self._ask("/bills", params))
            _tell_blocks(evidence.sources["/bills"])
        if evidence.read_meter and not self._asker.is_down:
            answer = self._ask("/intervals", self._of_intervals())
            evidence.intervals = self._asker.ask_for(evidence.sources["/intervals"], answer)
            _tell_blocks(evidence.sources["/intervals"])

    def next_pages(self) -> None:
        """The second page of lists that have one, and of a list that is made to have one."""
        evidence = self._evidence
        for path, url in self._urls.items():
            if answer := evidence.sources[path].answer:
                self._follow(path, answer, url)
        if evidence.intervals:
            url = self._url("/intervals", self._of_intervals())
            self._follow("/intervals", evidence.intervals, url)
        if uid := uid_of(evidence.meter):
            params = {"meters": uid, "limit": FEW_BILLS}
            evidence.limited = self._also("/bills", params)
            self._follow("/bills", evidence.limited, self._url("/bills", params))

    def bills(self) -> None:
        """All bills of a meter, and those from some day on."""
        evidence, uid = self._evidence, uid_of(self._evidence.meter)
        count = evidence.meter.get(BILLS.count_field)
        if not uid or not isinstance(count, int) or count > MOST_COUNTED:
            return
        evidence.bills = self._also("/bills", {"meters": uid})
        days = sorted({day for bill in evidence.bills.records if (day := day_of(bill))})
        if len(days) > FEW_BILLS:
            evidence.day = days[-2]
            evidence.from_day = self._also("/bills", {"meters": uid, "start": days[-2]})
            after = {"meters": uid, "start": _day_after(days[-2])}
            evidence.from_next_day = self._also("/bills", after)

    def intervals(self) -> None:
        """The intervals from the latest one's start on, and from its middle on."""
        evidence = self._evidence
        starts = starts_of(latest(evidence.intervals))
        if len(starts) > FEW_INTERVALS:
            evidence.moment, evidence.middle = starts[0], starts[len(starts) // 2]
            evidence.from_moment, evidence.from_middle = (
                self._also("/intervals", self._of_intervals(start=start))
                for start in (evidence.moment, evidence.middle)
            )

    def refusals(self) -> None:
        """What is refused: bills without a filter, and of a meter that is not there."""
        self._evidence.unfiltered = self._ask("/bills", {})
        self._evidence.of_no_meter = self._ask("/bills", {"meters": NO_METER})

    def archived(self) -> None:
        """The archived meters, if the list has none."""
        answer = self._evidence.sources["/meters"].answer
        is_complete = answer is not None and answer.page is not None and not answer.has_more
        if filter_values(self._evidence.config, ARCHIVED):
            return  # the list is to have none
        if is_complete and not any(meter.get("is_archived") for meter in self._evidence.meters):
            url = self._urls["/meters"]
            archived = f"{url}{'&' if urlsplit(url).query else '?'}is_archived=true"
            self._evidence.archived = self._send("/meters", archived)

    def _of_intervals(self, **params: Any) -> dict[str, Any]:
        """The query for a few intervals of the meter whose readings are looked at."""
        uid = uid_of(self._evidence.read_meter)
        return {"meters": uid, "allow_mixed": "true", "limit": FEW_INTERVALS, **params}

    def _first_page(self, stream: type[UtilityAPIStream], source: Source) -> Answer:
        """The first page of a list, by the first URL that a sync of it begins with."""
        consents = self._evidence.sources["/authorizations"].answer
        filters = filters_of(stream, self._evidence.config, consents, source)
        if filters is None:
            return Answer(error=consents.error if consents else None)
        try:
            found = plan(f"{self._asker.client.base_url}{stream.path}", filters, stream.filters)
        except FatalError as error:
            return Answer(error=error)
        if found.requests > 1:
            source.parts = found.requests
            settings, requests = ", ".join(found.split), number(found.requests, "request")
            source.left_out.append(ONE_OF_MANY.format(settings=settings, requests=requests))
        self._urls[stream.path] = found.reads[0][0]
        return self._send(stream.path, found.reads[0][0])

    def _url(self, path: str, params: Mapping[str, Any]) -> str:
        query = f"?{urlencode(params, safe=',')}" if params else ""
        return f"{self._base_url}{path}{query}"

    def _ask(self, path: str, params: Mapping[str, Any]) -> Answer:
        return self._send(path, self._url(path, params))

    def _also(self, path: str, params: Mapping[str, Any]) -> Answer:
        """Ask for something of a list that a sync asks for as well."""
        return self._evidence.sources[path].also(self._ask(path, params))

    def _send(self, path: str, url: str) -> Answer:
        if self._asker.is_down:
            return Answer()
        records_key = path.rpartition("/")[2].replace("-", "_")
        return self._asker.ask(path, url, PageFormat(records_key))

    def _follow(self, path: str, answer: Answer, url: str) -> None:
        """Request the page after an answer's, if there is one, as a sync does."""
        if not answer.has_more or answer.page is None:
            return
        paginator = NextURLPaginator([url])
        try:
            paginator.advance(answer.page)
            following = self._send(path, paginator.current_value)
        except FatalError as error:
            following = Answer(error=error)
        if following.failure and not following.was_sent:
            # The client's own message quotes the link.
            following = Answer(error=FatalError(LINK_FAILS))
        self._evidence.sources[path].also(following)
        self._evidence.links.append((answer, url, following))


def uid_of(record: Mapping[str, Any]) -> str:
    """The uid of a record as text, or ''."""
    uid = record.get("uid")
    return str(uid) if isinstance(uid, str | int) else ""


def day_of(bill: Mapping[str, Any]) -> str:
    """The day that a bill begins, in the utility's own zone, or ''."""
    start = moment(block(bill, "base").get("bill_start_date"))
    return f"{start.date()}" if start else ""


def block(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A block of a record; empty if there is none."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def moment(text: object) -> datetime | None:
    """A date with its offset, or None."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def readings_of(interval: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The readings of an interval."""
    return objects(interval.get("readings"))


def starts_of(interval: Mapping[str, Any]) -> list[str]:
    """When the readings of an interval start, as sent, the earliest first."""
    starts = [
        (start, text) for r in readings_of(interval) if (start := moment(text := r.get("start")))
    ]
    return [str(text) for _, text in sorted(starts, key=lambda each: each[0])]


def latest(answer: Answer | None) -> Mapping[str, Any]:
    """The interval that starts last, of those with readings; empty if there is none."""
    found = [each for each in (answer.records if answer else []) if starts_of(each)]
    return max(found, key=lambda each: moment(starts_of(each)[0]), default={})  # type: ignore[arg-type, return-value]


def _day_after(day: str) -> str:
    return f"{datetime.fromisoformat(day).date() + timedelta(days=1)}"


def _fewest(meters: Sequence[Mapping[str, Any]], count_field: str, least: int) -> Mapping[str, Any]:
    """The meter with the fewest records, but so many at least; else any one with some."""

    def count(meter: Mapping[str, Any]) -> int:
        value = meter.get(count_field)
        return value if isinstance(value, int) else 0

    usable = [meter for meter in meters if uid_of(meter)]
    enough = [meter for meter in usable if count(meter) >= least]
    return min(enough, key=count) if enough else max(usable, key=count, default={})


def _of_many_utilities(meters: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A few meters, of as many utilities as there are: their bills differ most."""
    by_utility: dict[str, list[dict[str, Any]]] = {}
    for meter in meters:
        if uid_of(meter):
            by_utility.setdefault(str(meter.get("utility")), []).append(meter)
    rounds = (each for turn in range(METERS_OF_BILLS) for each in _turn(by_utility.values(), turn))
    return list(rounds)[:METERS_OF_BILLS]


def _turn(groups: Iterable[list[dict[str, Any]]], turn: int) -> Iterable[dict[str, Any]]:
    return (group[turn] for group in groups if len(group) > turn)


def _tell_blocks(source: Source) -> None:
    """Count the blocks that a record says it has, also those that are not there."""
    for record in source.records:
        names = record.get("blocks")
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str):
                source.shape.note_unknown(name)


def empty_note(source: Source, config: Mapping[str, Any]) -> str:
    """Why a list may be empty."""
    settings = ", ".join(narrowing(source, config))
    return f"{settings} may leave nothing." if settings else EMPTY.get(source.path, NONE_VISIBLE)


def narrowing(source: Source, config: Mapping[str, Any]) -> list[str]:
    """The settings that narrow a list."""
    stream = next((stream for stream in LISTS if stream.path == source.path), MetersStream)
    return stream.settings_that_narrow(config)
