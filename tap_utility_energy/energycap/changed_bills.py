"""Which bills to read again: those that are new, have changed, or had no rows yet."""

from __future__ import annotations

import re
from array import array
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.keys import as_key
from tap_utility_energy.energycap.incremental import DATES, MODIFIED, parse_date
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.lazy_records import lazy_records
from tap_utility_energy.http.page import PageFormat
from tap_utility_energy.logs import number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.energycap.client import EnergyCAP
    from tap_utility_energy.energycap.incremental import ModifiedDates
    from tap_utility_energy.stats import StreamStats

ACTIVITY_PATH = "/api/v3/activity/bill"
#: How far before the bookmark the feed of changes is asked for: its ``date`` has no time zone, and
#: nothing says how soon a change is in it.
OVERLAP = timedelta(days=3)
#: How long the rows of a bill are waited for: EnergyCAP analyzes a bill after it was entered.
LONGEST_WAIT = timedelta(days=14)
#: What the rows of a bill take from the list of bills.
BILL_FIELDS = ("void", "accrual", "estimated", MODIFIED)
#: What is decoded of a bill.
BILL_HEAD = (*DATES, "endDate", "void", "accrual", "estimated", "analyzing")
#: Earlier dates are typing errors, or stand for none: .NET's default is in the year 1.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_BILL_ID = re.compile(r"-?[0-9]{1,19}")
#: Statuses that mean that this key cannot read the feed of changes.
NO_FEED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
}


def changed_since(
    client: EnergyCAP, stats: StreamStats, bookmark: datetime, permission: str
) -> set[int] | None:
    """The ids of bills that were created or changed since a bookmark, by EnergyCAP's feed.

    None if the feed cannot be read with this key; a warning says so.

    Source: operation ``GetBillActivity`` of the vendor's client

    Raises:
        FatalError: EnergyCAP gave no valid answer.
    """
    since = max(bookmark, EARLIEST) - OVERLAP
    try:
        page = client.get(
            f"{client.base_url}{ACTIVITY_PATH}",
            PageFormat(null_is_empty=True),
            stats,
            params={"date": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"},
            permission=permission,
            decoder=lazy_records(None, "id", int),
        )
    except FatalError as refused:
        if refused.status not in NO_FEED:
            raise
        stats.log.warning(
            "EnergyCAP's feed of changed bills cannot be read (%s). Changes are found by "
            "modifiedDate; bills without one are read again in every run.",
            refused.status,
        )
        return None
    ids = [_bill_id(item.get("id")) for item in page.records if isinstance(item, dict)]
    if unknown := len(page.records) - sum(bill is not None for bill in ids):
        stats.log.warning(
            "EnergyCAP's feed of changed bills has %s without the id of a bill. Changes are also "
            "found by modifiedDate.",
            number(unknown, "change"),
        )
    return {bill for bill in ids if bill is not None}


def _bill_id(found: object) -> int | None:
    """The id of a bill, which may be text, or None."""
    is_text = isinstance(found, str) and _BILL_ID.fullmatch(found)
    bill: int | None = as_key(int(str(found)) if is_text else found, int)
    return bill


class ChangedBills:
    """Collects the bills whose rows are to be read.

    A bill is read if its dates or EnergyCAP's feed say that it may have changed, or while EnergyCAP
    analyzes it. Later runs read it again while it has no rows, for at most `LONGEST_WAIT`.

    Args:
        state: The stream's state. `finish` writes the bills to read again.
        dates: The bookmark.
        activity: The ids of the feed of changes.
        now: When the run began.
    """

    def __init__(
        self,
        state: dict[str, Any],
        dates: ModifiedDates,
        activity: Collection[int],
        now: datetime,
    ) -> None:
        self._state = state
        self._dates = dates
        self._now = now.astimezone(UTC)
        self._waited_for = _pending(state, self._now) if dates.bookmark else {}
        self._always_due = {*activity, *self._waited_for}
        self._known = array("q")
        self._analyzed: set[int] = set()
        self._may_have_late_rows: set[int] = set()
        self._pending: dict[int, datetime] = {}
        #: What the rows of each bill to read take from it, by its id.
        self.fields: dict[int, dict[str, Any]] = {}
        #: The earliest end of the bills to read.
        self.earliest_end: datetime | None = None

    def add_known(self, bills: Iterable[Record]) -> None:
        """Add the ids of a page of the list of bills, whether their rows are read or not."""
        self._known.extend(bill["billId"] for bill in bills)

    def add_due(self, bills: Iterable[Record]) -> None:
        """Add those bills of a page whose rows are to be read."""
        for bill in bills:
            its_id = bill["billId"]
            is_due = self._dates.is_due(bill)  # for every bill: it collects the bookmark
            if is_due or bill.get("analyzing") is True or its_id in self._always_due:
                self._add(its_id, bill)

    def _add(self, its_id: int, bill: Record) -> None:
        self.fields[its_id] = {name: bill.get(name) for name in BILL_FIELDS}
        if bill.get("analyzing") is True:
            self._analyzed.add(its_id)
        dates = [date for name in DATES if (date := parse_date(bill.get(name)))]
        if its_id in self._always_due or (dates and self._now - max(dates) <= LONGEST_WAIT):
            self._may_have_late_rows.add(its_id)
        end = parse_date(bill.get("endDate"))
        if end and EARLIEST <= end < (self.earliest_end or self._now):
            self.earliest_end = end

    @property
    def wanted(self) -> list[int]:
        """The ids of the bills to read, in ascending order."""
        return sorted(self.fields)

    @property
    def known(self) -> list[int]:
        """The ids of all bills on the list, in ascending order."""
        return sorted(self._known)

    def note_read(self, bills: Iterable[int], with_rows: Collection[int]) -> None:
        """Note bills whose rows were read.

        Args:
            bills: Their ids.
            with_rows: The ids of those that have any.
        """
        for bill in bills:
            since = self._waited_for.get(bill, self._now)
            is_late = bill not in with_rows and bill in self._may_have_late_rows
            if bill in self._analyzed:
                self._pending[bill] = self._now
            elif is_late and self._now - since <= LONGEST_WAIT:
                self._pending[bill] = since

    def finish(self, discrepancy: dict[str, Any]) -> None:
        """Move the bookmark, after all rows; see `ModifiedDates.finish`."""
        self._dates.finish(discrepancy)
        self._state.pop("pending", None)
        if pending := self._unlisted | self._pending:
            self._state["pending"] = {
                str(bill): since.isoformat() for bill, since in sorted(pending.items())
            }

    @property
    def _unlisted(self) -> dict[int, datetime]:
        """The bills that the last run waited for and this one's list lacks, if only by chance."""
        return {
            bill: since
            for bill, since in self._waited_for.items()
            if bill not in self.fields and self._now - since <= LONGEST_WAIT
        }


def _pending(state: Mapping[str, Any], now: datetime) -> dict[int, datetime]:
    """The bills whose rows were late in the last run, with the time since when."""
    found = state.get("pending")
    dates = found.items() if isinstance(found, dict) else ()
    return {
        int(bill): min(since, now)
        for bill, text in dates
        if _BILL_ID.fullmatch(bill) and (since := parse_date(text))
    }
