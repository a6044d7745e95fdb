"""The base of EnergyCAP's streams."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from typing_extensions import override

from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.energycap.incremental import DATES, ModifiedDates
from tap_utility_energy.energycap.nested_rows import Flattener
from tap_utility_energy.energycap.start_date import since_start_date
from tap_utility_energy.energycap.total_check import TotalCheck
from tap_utility_energy.http.errors import LONGEST_QUOTE, one_line, shown
from tap_utility_energy.http.lazy_records import fully_decoded
from tap_utility_energy.http.page import PageFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.keys import BadRecords
    from tap_utility_energy.core.raw_rows import RawRows
    from tap_utility_energy.energycap.client import EnergyCAP
    from tap_utility_energy.energycap.nested_rows import NestedRows
    from tap_utility_energy.energycap.paging import PagedList
    from tap_utility_energy.http.page import Decoder, Page

#: Where the vendor documents its endpoints.
DOCS = "https://developer.energycap.com/api-reference"
#: The parameter of all digests.
NUMBER_OF_YEARS = {"numberOfYears": "energycap_number_of_years"}
#: Some answers hold the key of a session as ``token``.
LIST = PageFormat(never_emitted="token", null_is_empty=True)


class EnergyCAPStream(VendorStream):
    """A list of EnergyCAP: an array, with the paging in the answer's headers.

    A stream with a `replication_key` emits what is new or has changed; see `ModifiedDates`. One
    with `rows` emits flat rows, made of what is nested: the fields of a meter, place or account are
    on each of them, and those that the schema does not know are under ``extra.meter`` and so on.
    A row whose key is missing or was there before is left out, and what it belongs to is named.

    Digests are read whole on every run: the vendor has no filter by date of change, and a period
    can change or vanish long after it was billed. By default the vendor sends the latest 24 months
    of monthly digests and four years of yearly ones.

    Args:
        tap: The tap, for the SDK.
        client: The client.
        pages: The list, which streams of the same path share.
    """

    required = (*VendorStream.required, "permission")
    record_key_type: ClassVar[type] = int
    head_fields = DATES
    #: Whether the list comes in pages. If not, it is one answer and takes no paging parameters.
    is_paged: ClassVar[bool] = True
    #: Whether the list takes ``filter``, and so the setting energycap_filters.
    is_filterable: ClassVar[bool] = False
    #: Other parameters that the list takes, and the settings that hold their values.
    params: ClassVar[Mapping[str, str]] = {}
    #: Whether records have an ``endDate``: with ``start_date``, earlier ones are left out.
    has_periods: ClassVar[bool] = False
    #: The flat rows that a record becomes, with their key and schema; None if it is the row.
    rows: ClassVar[NestedRows | None] = None
    page_format = LIST
    # Rows move between pages while data changes: the vendor keeps no snapshot of a list.
    can_repeat = True

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the key and the schema of the rows."""
        if rows := cls.rows:
            cls.primary_keys = rows.key  # type: ignore[method-assign, assignment]
            cls.schema = rows.schema  # type: ignore[method-assign, assignment]
        super().__init_subclass__(**kwargs)

    def __init__(self, tap: Tap, client: EnergyCAP, pages: PagedList) -> None:
        super().__init__(tap, client)
        #: The list, which streams of the same path share.
        self.list = pages
        pages.join(self)

    @property
    def filter(self) -> str:
        """The expression that narrows the list, or ''."""
        return filter_of(self.name, self.config)

    @property
    def scope(self) -> str:
        """What narrows the records, as text: a bookmark holds for one scope."""
        start = self._start_date
        return f"{self.filter} from {start}" if start else self.filter

    @property
    def _start_date(self) -> str:
        return (self.config.get("start_date") or "") if self.has_periods else ""

    @override
    def narrowed_by(self) -> str:
        if self.params:
            return f"digests cover the latest years only, see {', '.join(self.params.values())}"
        return "energycap_filters" if self.filter else "start_date" if self._start_date else ""

    @override
    def pages(self) -> Iterator[Page]:
        return self.pages_for(self.name, self.decoder)

    def pages_for(self, reader: str, decoder: Decoder) -> Iterator[Page]:
        """Every page of the list, for a stream that has joined it; see `SharedPages.read`."""
        return self.list.read(reader, self._fetch, decoder)

    def _fetch(self) -> Iterator[Page]:
        """Every page from the vendor, with progress and the warning of a withdrawn endpoint."""
        if self.is_paged:
            width = self.config["energycap_max_parallel_requests"]
            pages = self.list.fetch(self._get, width, self.record_key)
        else:
            pages = iter([self._get(0)])
        successor = ""
        for number, page in enumerate(pages, 1):
            if not successor and (successor := page.headers.get("ECI-Deprecated", "")):
                self._warn_of_withdrawal(successor)
            if self.list.paginator and number > 1:  # the first has not been looked at yet
                self.stats.position = f"page {number} of {self.list.paginator.pages}"
            self.client.clock.heartbeat(self.stats)
            yield page

    def _get(self, number: int, is_wanted: Callable[[], bool] = lambda: True) -> Page:
        params: dict[str, Any] = {}
        if self.is_paged:
            params |= {"pageNumber": number, "pageSize": self.config["energycap_page_size"]}
        params |= {name: self.config.get(setting) for name, setting in self.params.items()}
        return self.client.get(
            f"{self.client.base_url}{self.path}",
            self.page_format,
            self.stats,
            params={**params, "filter": self.filter or None},
            permission=self.permission,
            decoder=self.decoder,
            is_wanted=is_wanted,
        )

    def _warn_of_withdrawal(self, successor: str) -> None:
        """Log the replacement of a deprecated endpoint, which still answers for some months.

        Source: https://developer.energycap.com/api-getting-started/versioning/
        """
        self.stats.log.warning(
            "EnergyCAP will withdraw %s; it names this replacement: %s. Look for a newer "
            "version of this tap.",
            self.path,
            one_line(successor, LONGEST_QUOTE),
        )

    @override
    def drop_bad_records(self, page: list[Any], number: int, bad: BadRecords) -> list[Record]:
        """The records that have their key. In an unpaged list, a key can have one record alone."""
        records = super().drop_bad_records(page, number, bad)
        if self.is_paged:
            return records
        name = self.record_key
        first: dict[object, Record] = {}
        for record in records:
            its_first = first.setdefault(record[name], record)
            if its_first is not record and fully_decoded(its_first) != fully_decoded(record):
                what = f"{name} {shown(record[name], 40)} is the key of another record too"
                bad.add_page([(fully_decoded(record), what)])
        return list(first.values())

    @override
    def records(self) -> Iterator[Iterable[Record]]:
        """The records of each page, every record once; with a bookmark those that changed."""
        for page in self._due_records():
            yield since_start_date(self.config, page) if self.has_periods else page

    def _due_records(self) -> Iterator[Iterable[Record]]:
        if self._own_replication_key is None:
            yield from super().records()
            return
        is_incremental = self.replication_method == "INCREMENTAL"
        changes = ModifiedDates(
            self.stream_state,
            self.scope,
            self.client.clock.local_now(),
            is_incremental=is_incremental,
        )
        for page in super().records():
            yield [record for record in page if changes.is_due(record)]
        changes.finish(self.total_check.discrepancy)

    @override
    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        if not self.rows:
            return super().rows_of(record)
        rows, others = self._flattener.flatten(record)
        if others:
            parent, row = self.rows.parent.name, self.rows.row.name
            code = fully_decoded(record).get(f"{parent}Code")
            whose = f"{parent} {record[self.record_key]}{f' ({code})' if code else ''}"
            what = ", ".join(f"{number} {row}(s) {kind}" for kind, number in others.items())
            self.bad_records.add_rows(others.total(), f"{whose} has {what}")
        return rows

    @cached_property
    def _flattener(self) -> Flattener:
        rows = cast("NestedRows", self.rows)
        fitters = [
            self.fitter_of([field.name for field in level.fields], level.prefix)
            for level in rows.levels
        ]
        return Flattener(rows, fitters)

    @override
    def advance_bookmark(self, record: Mapping[str, Any]) -> None:
        pass  # see `ModifiedDates`

    @override
    def on_last_page(self, distinct: int) -> None:
        """Compare the number of records with EnergyCAP's total; see `TotalCheck`."""
        self.total_check.compare(self.list, distinct)

    @cached_property
    def total_check(self) -> TotalCheck:
        """Compares the number of records with EnergyCAP's total."""
        return TotalCheck(self.name, self.stream_state, self.stats)


def filter_of(stream: str, config: Mapping[str, Any]) -> str:
    """The user's expression that narrows a stream, in the vendor's own language, or ''.

    Source: https://developer.energycap.com/api-getting-started/filters/
    """
    filters: Mapping[str, str] = config.get("energycap_filters") or {}
    return filters.get(stream) or ""
