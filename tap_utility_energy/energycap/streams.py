"""The streams of EnergyCAP, one declaration each.

The fields of the digests are described in `schemas.digests`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import EnergyCAPStream
from tap_utility_energy.energycap.incremental import DATES, MODIFIED, parse_date
from tap_utility_energy.energycap.schemas import bills, digests, entities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record


DOCS = "https://developer.energycap.com/api-reference"
#: The parameter of all digests.
YEARS = {"numberOfYears": "energycap_number_of_years"}


class MeterDigestMonthlyStream(EnergyCAPStream):
    """Monthly cost, use and demand by meter, as billed: one record per meter, periods nested."""

    name = "meter_digest_monthly"
    path = "/api/v3/meter/digest/actual/monthly"
    docs_url = f"{DOCS}/meterdigest/getmeteractualmonthlylistv3"
    params = YEARS
    permission = permissions.METERS
    primary_keys = ("meterId",)
    schema = digests.METER_DIGEST_MONTHLY


class MeterDigestMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by meter, as billed: one record per meter and period."""

    name = "meter_digest_monthly_results"
    path = "/api/v3/meter/digest/actual/monthly"
    docs_url = f"{DOCS}/meterdigest/getmeteractualmonthlylistv3"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_MONTHS
    bad_records_hint = "; meter_digest_monthly has the periods"


class MeterDigestCalendarizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly figures by meter, with bills prorated onto months or the tenant's own periods."""

    name = "meter_digest_calendarized_monthly_results"
    path = "/api/v3/meter/digest/calendarized/monthly"
    docs_url = f"{DOCS}/meterdigest/"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_MONTHS
    selected_by_default = False


class MeterDigestNormalizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly use and demand by meter, normalized for weather; without cost."""

    name = "meter_digest_normalized_monthly_results"
    path = "/api/v3/meter/digest/normalized/monthly"
    docs_url = f"{DOCS}/meterdigest/getmeternormalizedmonthlyv3"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_NORMALIZED_MONTHS
    selected_by_default = False


class MeterDigestSavingsMonthlyResultsStream(EnergyCAPStream):
    """Monthly use and cost avoided by meter, against the baseline (BATCC)."""

    name = "meter_digest_savings_monthly_results"
    path = "/api/v3/meter/digest/savings/monthly"
    docs_url = f"{DOCS}/meterdigest/getmetersavingsmonthlylistv3"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_SAVINGS_MONTHS
    selected_by_default = False


class MeterDigestActualYearlyResultsStream(EnergyCAPStream):
    """Yearly cost, use and demand by meter, as billed."""

    name = "meter_digest_actual_yearly_results"
    path = "/api/v3/meter/digest/actual/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_YEARS
    selected_by_default = False


class MeterDigestCalendarizedYearlyResultsStream(EnergyCAPStream):
    """Yearly figures by meter, with bills prorated onto calendar years."""

    name = "meter_digest_calendarized_yearly_results"
    path = "/api/v3/meter/digest/calendarized/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_YEARS
    selected_by_default = False


class MeterDigestNormalizedYearlyResultsStream(EnergyCAPStream):
    """Yearly use and demand by meter, normalized for weather; without cost."""

    name = "meter_digest_normalized_yearly_results"
    path = "/api/v3/meter/digest/normalized/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_NORMALIZED_YEARS
    selected_by_default = False


class MeterDigestSavingsYearlyResultsStream(EnergyCAPStream):
    """Yearly use and cost avoided by meter, with the totals since the start of savings."""

    name = "meter_digest_savings_yearly_results"
    path = "/api/v3/meter/digest/savings/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_SAVINGS_YEARS
    selected_by_default = False


class MeterDigestGHGYearlyResultsStream(EnergyCAPStream):
    """Yearly greenhouse gas emissions by meter and gas."""

    name = "meter_digest_ghg_yearly_results"
    path = "/api/v3/meter/digest/ghg/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = YEARS
    permission = permissions.METERS
    rows = digests.METER_GHG_YEARS
    selected_by_default = False


class PlaceDigestActualMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by place, as billed. A place includes all places below it."""

    name = "place_digest_actual_monthly_results"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_MONTHS
    selected_by_default = False


class PlaceDigestActualMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by place and commodity, as billed.

    A place includes all places below it.
    """

    name = "place_digest_actual_monthly_commodity_results"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestCalendarizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by place, prorated. A place includes all places below it.

    Bills are prorated onto calendar months or the tenant's periods.
    """

    name = "place_digest_calendarized_monthly_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_MONTHS
    selected_by_default = False


class PlaceDigestCalendarizedMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by place and commodity, prorated.

    Bills are prorated onto calendar months or the tenant's periods. A place includes all places
    below it.
    """

    name = "place_digest_calendarized_monthly_commodity_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_COMMODITY_MONTHS
    selected_by_default = False


class AccountDigestActualMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by account, as billed."""

    name = "account_digest_actual_monthly_results"
    path = "/api/v3/account/digest/actual/monthly"
    docs_url = f"{DOCS}/accountdigest/"
    params = YEARS
    permission = permissions.ACCOUNTS
    rows = digests.ACCOUNT_MONTHS
    selected_by_default = False


class AccountDigestActualMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost and use by account and commodity, as billed."""

    name = "account_digest_actual_monthly_commodity_results"
    path = "/api/v3/account/digest/actual/monthly"
    docs_url = f"{DOCS}/accountdigest/"
    params = YEARS
    permission = permissions.ACCOUNTS
    rows = digests.ACCOUNT_COMMODITY_MONTHS
    selected_by_default = False


class MetersStream(EnergyCAPStream):
    """Meters, with their commodity, place and accounts.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known.
    """

    name = "energycap_meters"
    path = "/api/v3/meter"
    docs_url = f"{DOCS}/meter/getmetersv3"
    primary_keys = ("meterId",)
    replication_key = MODIFIED
    is_filterable = True
    schema = entities.METER
    permission = permissions.METERS


class PlacesStream(EnergyCAPStream):
    """Places: organizations, campuses, buildings, as a tree.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known.
    """

    name = "energycap_places"
    path = "/api/v3/place"
    docs_url = f"{DOCS}/place/getplacesv3"
    primary_keys = ("placeId",)
    replication_key = MODIFIED
    is_filterable = True
    schema = entities.PLACE
    permission = permissions.PLACES


class AccountsStream(EnergyCAPStream):
    """Accounts with vendors, with their meters and cost center.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known.
    """

    name = "energycap_accounts"
    path = "/api/v3/account"
    docs_url = f"{DOCS}/account/getaccountsv3"
    primary_keys = ("accountId",)
    replication_key = MODIFIED
    is_filterable = True
    schema = entities.ACCOUNT
    permission = permissions.ACCOUNTS


class VendorsStream(EnergyCAPStream):
    """Vendors: utilities and other companies that send bills.

    Read whole on every run and emitted where changed: the vendor has no filter by
    ``modifiedDate``.
    """

    name = "energycap_vendors"
    path = "/api/v3/vendor"
    docs_url = f"{DOCS}/vendor/getvendorsv3"
    primary_keys = ("vendorId",)
    replication_key = MODIFIED
    is_filterable = True
    schema = entities.VENDOR
    permission = permissions.VENDORS


class CostCentersStream(EnergyCAPStream):
    """Cost centers, as a tree. Read and emitted whole on every run: they have no dates."""

    name = "energycap_cost_centers"
    path = "/api/v3/costcenter"
    docs_url = f"{DOCS}/costcenter/"
    primary_keys = ("costCenterId",)
    is_filterable = True
    schema = entities.COST_CENTER
    permission = permissions.COST_CENTERS


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


class CommoditiesStream(EnergyCAPStream):
    """Commodities, such as electricity, with the units of their totals.

    Read and emitted whole on every run: they have no dates.
    """

    name = "energycap_commodities"
    path = "/api/v202304/commodity"
    docs_url = f"{DOCS}/commodity/getcommoditiesv202304"
    primary_keys = ("commodityId",)
    is_filterable = True
    schema = entities.COMMODITY
    permission = permissions.NOT_NAMED
    is_paged = False


class UnitsStream(EnergyCAPStream):
    """Units of measure and currencies. Read and emitted whole on every run: they have no dates."""

    name = "energycap_units"
    path = "/api/v202305/unit"
    docs_url = f"{DOCS}/unit/getunitsv202305"
    primary_keys = ("unitId",)
    is_filterable = True
    schema = entities.UNIT
    permission = permissions.NOT_NAMED
    is_paged = False


#: Every stream of this vendor. A new one is added here and nowhere else.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    MeterDigestMonthlyStream,
    MeterDigestMonthlyResultsStream,
    MeterDigestCalendarizedMonthlyResultsStream,
    MeterDigestNormalizedMonthlyResultsStream,
    MeterDigestSavingsMonthlyResultsStream,
    MeterDigestActualYearlyResultsStream,
    MeterDigestCalendarizedYearlyResultsStream,
    MeterDigestNormalizedYearlyResultsStream,
    MeterDigestSavingsYearlyResultsStream,
    MeterDigestGHGYearlyResultsStream,
    PlaceDigestActualMonthlyResultsStream,
    PlaceDigestActualMonthlyCommodityResultsStream,
    PlaceDigestCalendarizedMonthlyResultsStream,
    PlaceDigestCalendarizedMonthlyCommodityResultsStream,
    AccountDigestActualMonthlyResultsStream,
    AccountDigestActualMonthlyCommodityResultsStream,
    MetersStream,
    PlacesStream,
    AccountsStream,
    VendorsStream,
    CostCentersStream,
    BillsStream,
    CommoditiesStream,
    UnitsStream,
)
