"""Reads the rows of bills: by the bills' ids if EnergyCAP takes such a filter, or else all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.energycap.bill_filters import bill_filters
from tap_utility_energy.energycap.consistent_read import read_consistently
from tap_utility_energy.energycap.paging import fetch_pages
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.lazy_records import content_of
from tap_utility_energy.http.pagination import HeaderPaginator
from tap_utility_energy.logs import number

if TYPE_CHECKING:
    from tap_utility_energy.energycap.bill_filters import BillFilter
    from tap_utility_energy.energycap.changed_bills import ChangedBills
    from tap_utility_energy.http.page import Page
    from tap_utility_energy.stats import StreamStats

#: Gets a page by a filter expression and its number, unless the answer is no longer wanted.
GetPage = Callable[[str, int, Callable[[], bool]], "Page"]

#: Statuses that refuse a filter: it is not understood, or the URL is too long.
FILTER_REFUSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,  # what IIS says of a URL that is too long
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
#: Years of rows that EnergyCAP surely sends if no filter asks for more. Its default is four, but
#: whether these are calendar or fiscal years is not documented.
CERTAIN_YEARS = 3
ALL_ROWS = "All rows are read instead, which takes more requests."
LATEST_YEARS = "Rows of bills that ended more than four years ago may be missing."


class FilterRefusedError(Exception):
    """EnergyCAP refused a filter, or sent rows that do not match it."""


@dataclass(frozen=True)
class Plan:
    """A way to read the rows.

    Args:
        by_bill: Whether the rows of some bills are asked for at a time, or all at once.
        years: How many years of rows are asked for; None for EnergyCAP's default.
        loss: Its disadvantage, for the user.
    """

    by_bill: bool
    years: int | None
    loss: str = ""


class RowsOfBills(NamedTuple):
    """The rows of some bills, or some of all rows."""

    rows: list[Any]
    #: The ids of the bills that the rows are of.
    bills: Iterable[int]


class BillRowReader:
    """Reads the rows of bills from one endpoint.

    Args:
        get: Gets a page.
        width: How many pages are in flight at most.
        own_filter: The user's expression, or ''.
        years_field: The field to filter by that limits the endpoint to the latest years, or ''.
        stats: The stream's statistics and log.
        knows_all_bills: Whether the list of bills has all bills of the tenant, because no filter
            narrows it.
    """

    def __init__(
        self,
        get: GetPage,
        width: int,
        own_filter: str,
        years_field: str,
        stats: StreamStats,
        *,
        knows_all_bills: bool,
    ) -> None:
        self._get = get
        self._width = width
        self._own_filter = own_filter
        self._years_field = years_field
        self._stats = stats
        self._knows_all_bills = knows_all_bills
        #: Whether no list changed while it was read.
        self.is_complete = True
        #: The bills whose rows were read, by a plan that may have been given up since.
        self._done = set[int]()
        self._has_odd_total = False

    def read(self, bills: ChangedBills, year: int) -> Iterator[RowsOfBills]:
        """The rows of the bills, a part at a time. Other bills' rows may be among them.

        Args:
            bills: The bills.
            year: The current year.

        Raises:
            FatalError: EnergyCAP refuses, or gave no valid answer within the time limit.
        """
        if bills.fields:
            yield from self._read(bills, self._plans(bills, year))

    def _read(self, bills: ChangedBills, plans: Sequence[Plan]) -> Iterator[RowsOfBills]:
        """The rows by the first plan, and by the next one if a filter is refused."""
        plan, *others = plans
        refusal = None
        try:
            yield from (
                self._read_by_bill(bills, plan) if plan.by_bill else self._read_all(bills, plan)
            )
        except FilterRefusedError as refused:
            if not others:
                raise refused.__cause__ or refused from None
            refusal = refused
        if refusal:
            if LATEST_YEARS in others[0].loss:
                self._stats.incomplete = "EnergyCAP sends rows of the latest years only"
            self._stats.log.warning("%s %s", refusal, others[0].loss)
            yield from self._read(bills, others)

    def _plans(self, bills: ChangedBills, year: int) -> list[Plan]:
        """The ways to read the rows, the best first."""
        years = None
        if self._years_field and bills.earliest_end:
            needed = year - bills.earliest_end.year + 1
            years = needed + 1 if needed > CERTAIN_YEARS else None
        if years is None:
            return [Plan(by_bill=True, years=None), Plan(by_bill=False, years=None, loss=ALL_ROWS)]
        return [
            Plan(by_bill=True, years=years),
            Plan(by_bill=True, years=None, loss=LATEST_YEARS),
            Plan(by_bill=False, years=years, loss=ALL_ROWS),
            Plan(by_bill=False, years=None, loss=f"{ALL_ROWS} {LATEST_YEARS}"),
        ]

    def _read_by_bill(self, bills: ChangedBills, plan: Plan) -> Iterator[RowsOfBills]:
        wanted = [bill for bill in bills.wanted if bill not in self._done]
        known = bills.known if self._knows_all_bills else None
        for part in bill_filters(wanted, known):
            for rows in self._read_part(plan, part):
                yield rows
                self._done.update(rows.bills)
                done, total = number(len(self._done), "bill"), len(bills.fields)
                self._stats.position = f"{done} of {total:,}"

    def _read_part(self, plan: Plan, part: BillFilter) -> Iterator[RowsOfBills]:
        """The rows of some bills; of fewer at a time, if a row comes again on a later page.

        Either two rows are identical, or one moved to the later page and another was missed. With
        fewer bills, more of these rows share a page, on which both are kept.
        """
        read, is_whole = read_consistently(partial(self._pages, plan, part))
        if is_whole and read.repeats and len(part.bills) > 1:
            for half in part.halves:
                yield from self._read_part(plan, half)
            return
        self._note_completeness(is_whole=is_whole)
        is_as_sent = is_whole and read.is_complete
        if is_whole and not is_as_sent and not self._has_odd_total:
            self._has_odd_total = True
            self._stats.log.warning(
                "EnergyCAP counted %s rows and sent %s, twice in a row. All are taken as read.",
                " or ".join(sorted(read.totals)) or "no",
                len(read.records),
            )
        yield RowsOfBills(read.records if is_as_sent else read.distinct, part.bills)

    def _read_all(self, bills: ChangedBills, plan: Plan) -> Iterator[RowsOfBills]:
        seen, sent, repeats, total = set[int](), 0, 0, ""
        for page in self._pages(plan):
            total = page.headers.get("TotalNumberOfRecords", "").strip() or total
            sent += len(page.records)
            contents = [hash(content_of(record)) for record in page.records]
            rows = zip(page.records, contents, strict=True)
            new = [row for row, its in rows if its not in seen]
            repeats += len(page.records) - len(new)
            yield RowsOfBills([row for row in new if _bill_of(row) not in self._done], ())
            seen.update(contents)
        self._note_completeness(is_whole=total in {str(sent), ""} and not repeats)
        yield RowsOfBills([], [bill for bill in bills.wanted if bill not in self._done])

    def _note_completeness(self, *, is_whole: bool) -> None:
        if is_whole or not self.is_complete:
            return
        self.is_complete = False
        self._stats.incomplete = "data may have changed while pages were read"
        self._stats.log.warning(
            "Rows may have moved between pages while they were read; the next run reads them again."
        )

    def _pages(self, plan: Plan, part: BillFilter | None = None) -> Iterator[Page]:
        years = f"{self._years_field} equals '{plan.years}'" if plan.years else ""
        others = (years, self._own_filter)
        expression = _conjunction(part.expression if part else "", *others)
        may_be_emitted = False
        try:
            get = partial(self._get, expression)
            for page in fetch_pages(HeaderPaginator(""), get, self._width):
                if part:
                    _check_is_applied(page, part)
                may_be_emitted = not part  # then no other plan may read them again
                yield page
        except FatalError as refused:
            is_filtered = part or plan.years
            if refused.status not in FILTER_REFUSED or may_be_emitted or not is_filtered:
                raise
            shown = _conjunction(part.shown if part else "", *others)
            raise FilterRefusedError(f'EnergyCAP refused the filter "{shown}".') from refused


def _check_is_applied(page: Page, part: BillFilter) -> None:
    """Check that EnergyCAP applies a filter: a parameter that it does not know may be ignored.

    Raises:
        FilterRefusedError: There are rows of other bills.
    """
    for row in page.records:
        bill = _bill_of(row)
        if bill is not None and not part.matches(bill):
            raise FilterRefusedError(
                f'EnergyCAP sent bill {bill}, which the filter "{part.shown}" leaves out.'
            )


def _conjunction(*expressions: str) -> str:
    """The expression that matches what all of these match."""
    return " and ".join(filter(None, expressions))


def _bill_of(row: object) -> int | None:
    """The id of a row's bill, or None if it has none."""
    found: int | None = as_key(row.get("billId"), int) if isinstance(row, dict) else None
    return found
