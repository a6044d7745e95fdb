"""The base of the streams of bill rows: by meter, and line by line."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from decimal import Decimal
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from typing_extensions import override

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.core.raw_rows import RawRows
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import LIST, filter_of
from tap_utility_energy.energycap.bill_row_reader import BillRowReader
from tap_utility_energy.energycap.changed_bills import (
    BILL_FIELDS,
    BILL_HEAD,
    ChangedBills,
    changed_since,
)
from tap_utility_energy.energycap.incremental import MODIFIED, ModifiedDates
from tap_utility_energy.energycap.start_date import since_start_date
from tap_utility_energy.energycap.total_check import TotalCheck
from tap_utility_energy.http.lazy_records import LazyRecord, fully_decoded, lazy_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.energycap.base import EnergyCAPStream
    from tap_utility_energy.energycap.client import EnergyCAP
    from tap_utility_energy.http.page import Decoder, Page

#: Bills whose rows `--test` reads.
BILLS_OF_A_TEST = 1


class BillRowsStream(VendorStream):
    """Rows of bills, one per meter or line.

    The rows have no date of change of their own. So the list of bills is read on every run, as for
    ``energycap_bills``, and then the rows of the bills that may have changed; see `ChangedBills`.
    ``start_date`` and the filter of ``energycap_bills`` narrow the list.

    A row has some fields of its bill. The vendor documents no key of the rows: those of the same
    ids are numbered by ``position``, so that none replaces another.

    Args:
        tap: The tap, for the SDK.
        client: The client.
        bills: The stream that reads the list of bills.
    """

    client: EnergyCAP
    required = (*VendorStream.required, "id_paths")
    record_key = "billId"
    record_key_type = int
    head_fields = BILL_HEAD
    replication_key = MODIFIED
    page_format = LIST
    can_repeat = True  # bills move between pages while data changes
    permission = permissions.BILLS
    is_paged: ClassVar[bool] = True
    is_filterable: ClassVar[bool] = True
    params: ClassVar[Mapping[str, str]] = {}
    rows: ClassVar[None] = None
    #: Where the ids of the key are in a row, by the fields of the key.
    id_paths: ClassVar[Mapping[str, tuple[str, ...]]]
    #: The field to filter by that limits the rows to the latest years, or ''.
    years_field: ClassVar[str] = ""

    def __init__(self, tap: Tap, client: EnergyCAP, bills: EnergyCAPStream) -> None:
        super().__init__(tap, client)
        self._bills = bills
        bills.list.join(self)

    # ----- the list of bills

    @override
    def pages(self) -> Iterator[Page]:
        return self._bills.pages_for(self.name, self.decoder)

    @cached_property
    def _total_check(self) -> TotalCheck:
        return TotalCheck(self.name, self.stream_state, self.stats)

    @override
    def on_last_page(self, distinct: int) -> None:
        self._total_check.compare(self._bills.list, distinct)

    @property
    def filter(self) -> str:
        """The user's expression that narrows the rows, or ''."""
        return filter_of(self.name, self.config)

    @override
    def narrowed_by(self) -> str:
        return self._bills.narrowed_by() or ("energycap_filters" if self.filter else "")

    def _changed_bills(self) -> ChangedBills:
        now = self.client.clock.local_now()
        dates = partial(
            ModifiedDates,
            self.stream_state,
            f"{self._bills.scope} {self.filter}".strip(),
            now,
            is_incremental=self.replication_method == "INCREMENTAL",
        )
        activity: set[int] | None = set()
        if bookmark := dates().bookmark:
            activity = changed_since(self.client, self.stats, bookmark, self.permission)
        # Without the feed, nothing would tell of a change of a bill without a modifiedDate.
        by_date = dates(created_counts=activity is not None)
        bills = ChangedBills(self.stream_state, by_date, activity or (), now)
        for page in map(list, super().records()):
            bills.add_known(page)
            found = since_start_date(self.config, page)
            bills.add_due(islice(found, BILLS_OF_A_TEST) if self.is_dry_run else found)
            if self.is_dry_run and bills.fields:
                break
        return bills

    # ----- the rows

    @override
    def records(self) -> Iterator[Iterable[Record]]:
        """The rows of the bills that may have changed."""
        bills = self._changed_bills()
        reader = BillRowReader(
            self._get,
            self.config["energycap_max_parallel_requests"],
            self.filter,
            self.years_field,
            self.stats,
            knows_all_bills=not self._bills.filter,
        )
        positions, with_rows = Counter[tuple[int, ...]](), set[int]()
        parts = reader.read(bills, self.client.clock.local_now().year)
        for number, part in enumerate(parts, 1):
            rows = self.drop_bad_records(part.rows, number, self.bad_records)
            with_rows.update(row["billId"] for row in rows)
            yield list(self._with_fields_of_bills(rows, bills.fields, positions))
            bills.note_read(part.bills, with_rows)
            self.client.clock.heartbeat(self.stats)
        if reader.is_complete:
            bills.finish(self._total_check.discrepancy)

    def _get(self, expression: str, number: int, is_wanted: Callable[[], bool]) -> Page:
        size = self.config["energycap_page_size"]
        return self.client.get(
            f"{self.client.base_url}{self.path}",
            self.page_format,
            self.stats,
            params={"pageNumber": number, "pageSize": size, "filter": expression or None},
            permission=self.permission,
            decoder=self._row_decoder,
            is_wanted=is_wanted,
        )

    @property
    def _row_decoder(self) -> Decoder:
        """Decodes a row's ids, and the fields of the tap if EnergyCAP sends them too."""
        steps = (path[0] for path in self.id_paths.values())
        names = dict.fromkeys((*steps, *self._own_fields))
        return lazy_records(None, self.record_key, self.record_key_type, tuple(names))

    @property
    def _own_fields(self) -> tuple[str, ...]:
        """The fields of a row that the tap adds."""
        ids = (name for name, path in self.id_paths.items() if path != (name,))
        return (*ids, "position", *BILL_FIELDS)

    def _with_fields_of_bills(
        self,
        rows: Iterable[Record],
        bills: Mapping[int, Record],
        positions: Counter[tuple[int, ...]],
    ) -> Iterator[Record]:
        """The rows of known bills, with the rest of their key and the fields of their bill."""
        for row in rows:
            bill = row["billId"]
            if bill not in bills:
                continue  # it is newer than the list of bills: the next run reads it
            ids = {name: _id_at(path, row) for name, path in self.id_paths.items()}
            if missing := [name for name, found in ids.items() if found is None]:
                self.bad_records.add_rows(1, f"a row of bill {bill} has no {' or '.join(missing)}")
                continue
            key = (bill, *ids.values())
            own = {name: found for name, found in ids.items() if row.get(name) is not found}
            yield _with_fields(row, {**own, "position": positions[key], **bills[bill]})
            positions[key] += 1

    @override
    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        if not isinstance(record, LazyRecord):
            return (self.fitter.fit(record),)
        own = {name: record[name] for name in self._own_fields}
        shared = self.fitter.fit(own)
        if "extra" not in shared:
            with suppress(msgspec.ValidationError):
                return (RawRows([self._raw_fitter.fit_record(record.raw)], shared),)
        return (self.fitter.fit(fully_decoded(record) | own),)

    @override
    def advance_bookmark(self, record: Mapping[str, Any]) -> None:
        pass  # see `ModifiedDates`


def _id_at(path: tuple[str, ...], row: Record) -> Any:
    """The id at a path in a row, or None."""
    found: Any = row
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return as_key(Decimal(found) if isinstance(found, float) else found, int)


def _with_fields(row: Record, own: Record) -> Record:
    """A row with further fields. What it has under their names is kept as ``sent.<name>``."""
    if isinstance(row, LazyRecord) and not own.keys() & row.keys():
        row.update(own)
        return row
    sent = fully_decoded(row)
    others = {f"sent.{name}": sent[name] for name in own if sent.get(name, own[name]) != own[name]}
    return {**sent, **others, **own}
