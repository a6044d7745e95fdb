"""The lists of UtilityAPI that can be read without naming a meter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from tap_utility_energy.keys import BadRecords
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.client import UtilityAPIStream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Context, Record

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.tap import TapUtilityEnergy


class BillingSummariesStream(UtilityAPIStream):
    """Accounting billing summaries: the balance and the new charges of each statement.

    One record a statement of a billing account, which can span several meters. Read whole on
    every run: the vendor gives neither a date of change nor a filter by one. Only some utilities
    have them; for others the list is empty.

    Source: https://utilityapi.com/docs/api/accounting/billing-summaries
    """

    name = "billing_summaries"
    path = "/accounting/billing-summaries"
    records_key = "billing_summaries"
    schema = schemas.BILLING_SUMMARY
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_summaries",
        "authorizations": "utilityapi_authorizations",
        "billing_accounts": "utilityapi_billing_accounts",
        "meters": "utilityapi_meters",
    }


class BillingAccountsStream(UtilityAPIStream):
    """Billing accounts: the customer's account at the utility, and the meters billed to it.

    Source: https://utilityapi.com/docs/api/accounting/billing-accounts
    """

    name = "utilityapi_billing_accounts"
    path = "/accounting/billing-accounts"
    records_key = "billing_accounts"
    schema = schemas.BILLING_ACCOUNT
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_accounts",
        "authorizations": "utilityapi_authorizations",
        "meters": "utilityapi_meters",
    }


class AuthorizationsStream(UtilityAPIStream):
    """Customers' consents in all states, declined, expired, revoked and archived ones included.

    Source: https://utilityapi.com/docs/api/authorizations
    """

    name = "utilityapi_authorizations"
    path = "/authorizations"
    records_key = "authorizations"
    schema = schemas.AUTHORIZATION
    filters: ClassVar[dict[str, str]] = {"uids": "utilityapi_authorizations"}


class MetersStream(UtilityAPIStream):
    """Meters: the service, its status, and how many bills and readings there are of it.

    Read once a run, for this stream and for those whose requests have to name meters.

    Source: https://utilityapi.com/docs/api/meters
    """

    name = "utilityapi_meters"
    path = "/meters"
    records_key = "meters"
    schema = schemas.METER
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_meters",
        "authorizations": "utilityapi_authorizations",
    }

    def __init__(self, tap: TapUtilityEnergy) -> None:
        super().__init__(tap)
        self.client.meter_list.join(self)

    @override
    def chosen_filters(self) -> Mapping[str, Sequence[str]]:
        # Some utilities' meters come without their blocks unless these are asked for, and the
        # vendor may have to ask the utility for them. So they are for this stream's records alone.
        needs_blocks = self.selected and self.where is None
        expand = {"expand_meter_blocks": ["true"]} if needs_blocks else {}
        return {**super().chosen_filters(), **expand}

    @override
    def record_pages(self, context: Context | None) -> Iterator[Iterable[Record]]:
        return self.client.meter_list.read(self)

    def listed(self, reader: VendorStream) -> Iterator[Record]:
        """Every meter, for a stream of another endpoint."""
        for page in self.client.meter_list.read(reader, self):
            yield from page

    def listed_ahead(self) -> Iterator[Record]:
        """Every meter, before any stream reads them."""
        for page in self.client.meter_list.read_ahead(self, BadRecords()):
            yield from page

    def still_listed(self, uids: Collection[str]) -> set[str]:
        """Those of the meters that the vendor lists now."""
        self.where = {"uids": sorted(uids)}
        try:
            return {row["uid"] for page in self.pages(None) for row in self.parse_response(page)}
        finally:
            self.where = None
