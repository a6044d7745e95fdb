"""Bills."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.incremental import DATES, MODIFIED, parse_date
from tap_utility_energy.energycap.schemas import bills

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record


class BillsStream(EnergyCAPStream):
    """Bills of accounts, void ones too.

    Amounts are in the currency of the account, which is ``costUnit`` of ``energycap_accounts``.

    Read whole on every run and emitted where changed. The vendor's only feed of changes,
    ``GET /api/v3/activity/bill?date=``, is not used, because a change could be lost: nothing says
    how far back it reaches, in which time zone its date is, or that it lists what batches,
    exports and payments do to a bill; and it takes one request per bill to read what it names.
    ``energycap_filters`` can narrow the list, to ``endDate last 90 days`` for example. With
    ``start_date``, bills whose ``endDate`` is before it are left out after they were read.
    """

    name = "energycap_bills"
    path = "/api/v3/bill"
    docs_url = f"{DOCS}/bill/getbillsv3"
    primary_keys = ("billId",)
    replication_key = MODIFIED
    is_filterable = True
    schema = bills.BILL
    permission = permissions.BILLS
    head_fields = (*DATES, "endDate")
    selected_by_default = False

    @property
    @override
    def scope(self) -> str:
        start = self.config.get("start_date")
        return f"{self.filter} from {start}" if start else self.filter

    @override
    def narrowed_by(self) -> str:
        return super().narrowed_by() or ("start_date" if self.config.get("start_date") else "")

    @override
    def records(self) -> Iterator[Iterable[Record]]:
        """The bills of each page, without those whose period ended before ``start_date``."""
        start = self.config.get("start_date")
        first = datetime.fromisoformat(start).date() if start else None
        for page in super().records():
            # The date of service as printed on the bill, which has no time zone.
            ends = ((bill, parse_date(str(bill.get("endDate"))[:10])) for bill in page)
            yield [bill for bill, end in ends if not (first and end) or end.date() >= first]


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (BillsStream,)
