"""Bills, and their rows by meter and line by line."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.bill_rows import BillRowsStream
from tap_utility_energy.energycap.changed_bills import BILL_HEAD
from tap_utility_energy.energycap.incremental import MODIFIED
from tap_utility_energy.energycap.schemas import bills


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
    head_fields = BILL_HEAD
    has_periods = True
    selected_by_default = False


class BillMetersStream(BillRowsStream):
    """Use, demand and cost by bill and meter, with the dates of the bill: bills as received.

    Rows of void bills and of accruals are among them: leave them out of sums with ``void`` and
    ``accrual``. Read for new and changed bills only; the rows of a bill that was deleted remain.
    """

    name = "energycap_bill_meters"
    path = "/api/v3/bill/billaccountmeter/actual"
    docs_url = f"{DOCS}/bill/getbillaccountmetersactualv3"
    primary_keys = ("billId", "accountId", "meterId", "position")
    id_paths = bills.METER_PATHS
    years_field = "lastNYears"
    schema = bills.BILL_METER


class CalendarizedBillMetersStream(BillRowsStream):
    """Use, demand and cost by bill and meter, with each bill prorated onto months.

    A bill can have several rows for a meter; see ``billingPeriod``. Otherwise the same as
    ``energycap_bill_meters``.
    """

    name = "energycap_bill_meters_calendarized"
    path = "/api/v3/bill/billaccountmeter/calendarized"
    docs_url = f"{DOCS}/bill/"
    primary_keys = ("billId", "accountId", "meterId", "position")
    id_paths = bills.METER_PATHS
    years_field = "lastNYears"
    schema = bills.BILL_METER
    selected_by_default = False


class NormalizedBillMetersStream(BillRowsStream):
    """Use and demand by bill and meter, normalized for weather.

    Otherwise the same as ``energycap_bill_meters``.
    """

    name = "energycap_bill_meters_normalized"
    path = "/api/v3/bill/billaccountmeter/normalized"
    docs_url = f"{DOCS}/bill/"
    primary_keys = ("billId", "accountId", "meterId", "position")
    id_paths = bills.METER_PATHS
    years_field = "lastNYears"
    schema = bills.BILL_METER
    selected_by_default = False


class BillLinesStream(BillRowsStream):
    """Lines of bills: charges, use, demand and taxes, with general ledger codes.

    The costs of a bill's lines add up to its ``totalCost``. Rows of void bills and of accruals are
    among them: leave them out of sums with ``void`` and ``accrual``. Read for new and changed bills
    only; the lines of a bill that was deleted remain, and so does a line that was removed from its
    bill.
    """

    name = "energycap_bill_lines"
    path = "/api/v3/bill/bodyline"
    docs_url = f"{DOCS}/bill/"
    primary_keys = ("billId", "bodylineId", "position")
    id_paths = bills.LINE_PATHS
    schema = bills.BILL_LINE
    selected_by_default = False


#: The stream of the list of bills.
STREAMS: tuple[type[EnergyCAPStream], ...] = (BillsStream,)
#: The streams of the rows of bills, which read the list of bills first.
BILL_ROWS: tuple[type[BillRowsStream], ...] = (
    BillMetersStream,
    CalendarizedBillMetersStream,
    NormalizedBillMetersStream,
    BillLinesStream,
)
