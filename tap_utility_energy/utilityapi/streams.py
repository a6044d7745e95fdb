"""The streams of UtilityAPI, one declaration each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from tap_utility_energy.utilityapi import bill_files, consents, schemas
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tap_utility_energy.utilityapi.bill_file_rows import BillFileRows
from tap_utility_energy.utilityapi.bill_rows import CHARGES, DEMAND, TIERS, TIMES_OF_USE
from tap_utility_energy.utilityapi.consents import ConsentList
from tap_utility_energy.utilityapi.historical_collection import HistoricalCollectionsStream
from tap_utility_energy.utilityapi.known_readings import count_of
from tap_utility_energy.utilityapi.meter_data import MeterDataStream
from tap_utility_energy.utilityapi.meter_endpoint import MeterEndpoint
from tap_utility_energy.utilityapi.meter_list import MeterList
from tap_utility_energy.utilityapi.reading_rows import ReadingRows, intervals_by_meter
from tap_utility_energy.utilityapi.replaced_intervals import with_replaced
from tap_utility_energy.utilityapi.shards import Shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.raw_rows import RawRows
    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.utilityapi.client import UtilityAPI
    from tap_utility_energy.utilityapi.meter_changes import MeterChanges

DOCS = "https://utilityapi.com/docs/api"
#: The list of bills.
BILLS = MeterEndpoint(
    path="/bills",
    records_key="bills",
    count_field="bill_count",
    fingerprint_fields=("authorization_uid", "status_ts", "bill_count", "bill_coverage"),
    counts_records=True,
)
#: The list of intervals. A meter counts its readings, of all durations.
INTERVALS = MeterEndpoint(
    path="/intervals",
    records_key="intervals",
    count_field="interval_count",
    fingerprint_fields=("authorization_uid", "status_ts", "interval_count", "interval_coverage"),
    bytes_per_record=320,
    meters_at_once=10,  # small, so that runs that are always stopped early still make progress
    takes_mixed=True,
    has_readings=True,
)


class AuthorizationsStream(UtilityAPIStream):
    """Customers' consents in all states, declined, expired, revoked and archived ones included."""

    name = "utilityapi_authorizations"
    path = "/authorizations"
    docs_url = f"{DOCS}/authorizations"
    records_key = "authorizations"
    schema = schemas.AUTHORIZATION
    filters: ClassVar[dict[str, str]] = {
        "uids": consents.AUTHORIZATIONS,
        "utility": consents.UTILITIES,
        "forms": consents.FORMS,
        "users": consents.USERS,
        "referrals": consents.REFERRALS,
        "is_archived": consents.ARCHIVED,
    }
    filters_of_consents = (consents.SHARD,)

    def __init__(self, tap: Tap, client: UtilityAPI) -> None:
        super().__init__(tap, client)
        #: The list, which others are filtered by.
        self.list = ConsentList(self, self.fetch)

    @override
    def pages(self) -> Iterator[Page]:
        return self.list.pages()

    @override
    def fetch(self, decoder: Decoder) -> Iterator[Page]:
        pages = super().fetch(decoder)
        if not (shard := self.config.get(consents.SHARD)):
            return pages
        return (self._only(Shard.parse(shard).holds, page) for page in pages)


class MetersStream(UtilityAPIStream):
    """Meters: the service, its status, and how many bills and readings there are of it.

    Read once a run, for this stream and for those whose requests have to name meters.
    """

    name = "utilityapi_meters"
    path = "/meters"
    docs_url = f"{DOCS}/meters"
    records_key = "meters"
    schema = schemas.METER
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_meters",
        "authorizations": consents.AUTHORIZATIONS,
        "utility": consents.UTILITIES,
        "users": consents.USERS,
        "is_archived": consents.ARCHIVED,
    }
    filters_of_consents = (consents.FORMS, consents.REFERRALS, consents.ARCHIVED, consents.SHARD)

    def __init__(self, tap: Tap, client: UtilityAPI, consents: ConsentList | None = None) -> None:
        super().__init__(tap, client, consents)
        #: The list, which other streams read too.
        self.list = MeterList(self, super().fetch)

    @override
    def chosen_filters(self) -> Mapping[str, Sequence[str]]:
        # Some utilities' meters come without their blocks unless these are asked for, and the
        # vendor may have to ask the utility for them. So they are for this stream's records alone.
        expand = {"expand_meter_blocks": ["true"]} if self.selected else {}
        return {**super().chosen_filters(), **expand}

    @override
    def pages(self) -> Iterator[Page]:
        return self.list.pages()


class BillingAccountsStream(UtilityAPIStream):
    """Billing accounts: the customer's account at the utility, and the meters billed to it."""

    name = "utilityapi_billing_accounts"
    path = "/accounting/billing-accounts"
    docs_url = f"{DOCS}/accounting/billing-accounts"
    records_key = "billing_accounts"
    schema = schemas.BILLING_ACCOUNT
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_accounts",
        "authorizations": consents.AUTHORIZATIONS,
        "meters": "utilityapi_meters",
    }
    filters_of_consents = consents.FILTERS


class BillingSummariesStream(UtilityAPIStream):
    """Accounting billing summaries: the balance and the new charges of each statement.

    One record per statement of a billing account, which can span several meters. Read whole on
    every run: the vendor gives neither a date of change nor a filter by one. Only some utilities
    have them; for others the list is empty.
    """

    name = "billing_summaries"
    path = "/accounting/billing-summaries"
    docs_url = f"{DOCS}/accounting/billing-summaries"
    records_key = "billing_summaries"
    schema = schemas.BILLING_SUMMARY
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_summaries",
        "authorizations": consents.AUTHORIZATIONS,
        "billing_accounts": "utilityapi_billing_accounts",
        "meters": "utilityapi_meters",
    }
    filters_of_consents = consents.FILTERS


class BillsStream(MeterDataStream):
    """Bills: the period, the use and the charges of one meter.

    All bills of a meter come again when the meter's status, number or coverage of bills has
    changed; that is how a correction of an old bill is caught.
    """

    name = "utilityapi_bills"
    endpoint = BILLS
    docs_url = f"{DOCS}/bills"
    schema = schemas.BILL


class BillLineItemsStream(MeterDataStream):
    """Charges: a row for each of a bill's line items, those of its suppliers included.

    ``source`` tells the utility's own charges from the suppliers', which are not among them. A
    corrected bill may have fewer charges than before: rows whose ``updated`` is not that of their
    bill are left over. A charge that is no object is left out and named; its bill still has it.
    """

    name = "utilityapi_bill_line_items"
    endpoint = BILLS
    primary_keys = ("bill_uid", "position")
    docs_url = f"{DOCS}/bills/blocks"
    schema = schemas.BILL_LINE_ITEM
    row_maker = CHARGES.rows
    bad_records_hint = "; utilityapi_bills has the charges"


class BillTiersStream(MeterDataStream):
    """Use and cost by tier: a row for each of a bill's ``tiers``.

    The tiers explain charges of the bill and do not add to them. As with charges, rows whose
    ``updated`` is not that of their bill are left over, and a tier that is no object is left out
    and named.
    """

    name = "utilityapi_bill_tiers"
    endpoint = BILLS
    primary_keys = ("bill_uid", "position")
    docs_url = f"{DOCS}/bills/blocks"
    schema = schemas.BILL_TIER
    selected_by_default = False
    row_maker = TIERS.rows
    bad_records_hint = "; utilityapi_bills has the tiers"


class BillTimesOfUseStream(MeterDataStream):
    """Use and cost by time of day: a row for each of a bill's ``tou``.

    The times explain charges of the bill and do not add to them. As with charges, rows whose
    ``updated`` is not that of their bill are left over, and an item that is no object is left out
    and named.
    """

    name = "utilityapi_bill_tou"
    endpoint = BILLS
    primary_keys = ("bill_uid", "position")
    docs_url = f"{DOCS}/bills/blocks"
    schema = schemas.BILL_TIME_OF_USE
    selected_by_default = False
    row_maker = TIMES_OF_USE.rows
    bad_records_hint = "; utilityapi_bills has the times of use"


class BillDemandStream(MeterDataStream):
    """Demand charges: a row for each of a bill's ``demand``.

    They explain charges of the bill and do not add to them. As with charges, rows whose
    ``updated`` is not that of their bill are left over, and an item that is no object is left out
    and named.
    """

    name = "utilityapi_bill_demand"
    endpoint = BILLS
    primary_keys = ("bill_uid", "position")
    docs_url = f"{DOCS}/bills/blocks"
    schema = schemas.BILL_DEMAND
    selected_by_default = False
    row_maker = DEMAND.rows
    bad_records_hint = "; utilityapi_bills has the demand charges"


class BillFilesStream(MeterDataStream):
    """Files that bills were read from, usually PDFs: a row for each, which the tap has stored.

    Nothing unless ``utilityapi_bill_files_directory`` names a directory. A file that is there is
    never fetched again. One that fails is named, and the next run fetches it. A link to another
    server is not followed, and its row says so in ``problem``. A source without a link has no row.
    """

    name = "utilityapi_bill_files"
    endpoint = BILLS
    primary_keys = ("bill_uid", "position")
    docs_url = f"{DOCS}/files"
    schema = schemas.BILL_FILE
    selected_by_default = False
    bad_records_hint = "; utilityapi_bills has the sources"

    def __init__(
        self, tap: Tap, client: UtilityAPI, meters: MeterList, changes: MeterChanges
    ) -> None:
        directory = tap.config.get(bill_files.SETTING)
        self.is_enabled = bool(directory)
        super().__init__(tap, client, meters, changes)
        #: Where the files are kept.
        self.files = bill_files.BillFiles(directory or "")
        self._file_rows = BillFileRows(self, client, self.files)

    @override
    def more_requests(self, meters: Iterable[Record]) -> int:
        return sum(count_of(meter, BILLS.count_field) or 0 for meter in meters)

    @override
    def record_pages(self) -> Iterator[Iterable[Record]]:
        if not self.is_enabled:
            return
        try:
            yield from super().record_pages()
        finally:
            self._forget_failed()
        self._file_rows.check()

    @override
    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        return self._file_rows.rows_of(record)

    @override
    def complete(self, fingerprints: Mapping[str, str]) -> None:
        # Not even for a while: a run can be killed once its state is out.
        failed = self._file_rows.failed_meters
        if None not in failed:
            super().complete({m: each for m, each in fingerprints.items() if m not in failed})

    def _forget_failed(self) -> None:
        """Have the bills read again of which a file failed, though their meter may not change."""
        for meter in self.completed.keys() & self._file_rows.failed_meters:
            self.forget(str(meter))


class IntervalsStream(MeterDataStream):
    """Intervals: readings that were collected together, nested as sent.

    The vendor gives an interval another ``uid`` when it grows or shrinks. The row of the old one
    then comes once more, with ``replaced_by`` and nothing but its ``meter_uid`` besides, so that no
    reading stays in two rows. For that the state holds the periods of each meter's intervals, also
    of meters that are no longer listed: they may be again.
    """

    name = "utilityapi_intervals"
    endpoint = INTERVALS
    docs_url = f"{DOCS}/intervals"
    schema = schemas.INTERVAL
    selected_by_default = False  # intervals are large

    @override
    def record_pages(self) -> Iterator[Iterable[Record]]:
        return with_replaced(self, super().record_pages())


class IntervalReadingsStream(MeterDataStream):
    """Readings: one record per meter and period, whatever intervals list it.

    ``start`` and ``end`` are written in one form: with microseconds and a numeric offset, which is
    the utility's. Of a reading that is listed twice with different values, the one of the interval
    with the latest ``updated`` is kept, within one interval the first; a warning names the meter. A
    reading without start or end is left out and named; its interval still has it.

    For a meter that was read before, the tap requests readings from
    ``utilityapi_interval_lookback_days`` before its latest known reading. An earlier correction
    that changes neither count nor coverage is not noticed: read the meter again for it.
    """

    name = "utilityapi_interval_readings"
    endpoint = INTERVALS
    docs_url = f"{DOCS}/intervals/blocks"
    primary_keys = ("meter_uid", "start", "end")
    schema = schemas.INTERVAL_READING
    selected_by_default = False
    row_maker = ReadingRows
    record_key = ""  # a reading of an interval without uid has its key all the same
    can_repeat = False  # readings of the same period are merged
    bad_records_hint = "; utilityapi_intervals has the readings"

    @property
    @override
    def known_readings(self) -> dict[str, object]:
        return self.kept_for_window("readings")

    @override
    def complete(self, fingerprints: Mapping[str, str]) -> None:
        super().complete(fingerprints)
        for meter in fingerprints:
            self.known_readings.pop(meter, None)
            if known := self.changes.known_readings(meter):
                self.known_readings[meter] = known

    @override
    def forget(self, meter: str) -> None:
        super().forget(meter)
        self.known_readings.pop(meter, None)

    @override
    def record_pages(self) -> Iterator[Iterable[Record]]:
        return intervals_by_meter(super().record_pages(), self.changes.ends_chunk)


#: Every stream of this vendor. A new one is added here and nowhere else.
STREAMS: tuple[type[VendorStream], ...] = (
    AuthorizationsStream,
    MetersStream,
    BillingAccountsStream,
    BillingSummariesStream,
    BillsStream,
    BillLineItemsStream,
    BillTiersStream,
    BillTimesOfUseStream,
    BillDemandStream,
    BillFilesStream,
    IntervalsStream,
    IntervalReadingsStream,
    HistoricalCollectionsStream,
)
