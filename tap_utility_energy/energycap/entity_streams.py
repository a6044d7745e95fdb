"""The entity lists of EnergyCAP, a declaration a stream."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.incremental import ChangingEntityStream, EntityStream, moment
from tap_utility_energy.energycap.schemas import bills, entities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context, Record


class MetersStream(ChangingEntityStream):
    """Meters, with their commodity, place and accounts.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known.

    Source: https://developer.energycap.com/api-reference/meter/getmetersv3
    """

    name = "energycap_meters"
    path = "/api/v3/meter"
    primary_keys = ("meterId",)
    schema = entities.METER
    permission = permissions.METERS


class PlacesStream(ChangingEntityStream):
    """Places: organizations, campuses, buildings, as a tree.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known.

    Source: https://developer.energycap.com/api-reference/place/getplacesv3
    """

    name = "energycap_places"
    path = "/api/v3/place"
    primary_keys = ("placeId",)
    schema = entities.PLACE
    permission = permissions.PLACES


class AccountsStream(ChangingEntityStream):
    """Accounts with vendors, with their meters and cost center.

    Read whole on every run and emitted where changed: no filter by ``modifiedDate`` is known.

    Source: https://developer.energycap.com/api-reference/account/getaccountsv3
    """

    name = "energycap_accounts"
    path = "/api/v3/account"
    primary_keys = ("accountId",)
    schema = entities.ACCOUNT
    permission = permissions.ACCOUNTS


class VendorsStream(ChangingEntityStream):
    """Vendors: utilities and other companies that send bills.

    Read whole on every run and emitted where changed: the vendor has no filter by
    ``modifiedDate``.

    Source: https://developer.energycap.com/api-reference/vendor/getvendorsv3
    """

    name = "energycap_vendors"
    path = "/api/v3/vendor"
    primary_keys = ("vendorId",)
    schema = entities.VENDOR
    permission = permissions.VENDORS


class CostCentersStream(EntityStream):
    """Cost centers, as a tree. Read and emitted whole on every run: they have no dates.

    Source: https://developer.energycap.com/api-reference/costcenter/
    """

    name = "energycap_cost_centers"
    path = "/api/v3/costcenter"
    primary_keys = ("costCenterId",)
    schema = entities.COST_CENTER
    permission = permissions.COST_CENTERS


class BillsStream(ChangingEntityStream):
    """Bills of accounts, void ones too.

    Amounts are in the currency of the account, which is ``costUnit`` of ``energycap_accounts``.

    Read whole on every run and emitted where changed. The vendor's only feed of changes,
    ``GET /api/v3/activity/bill?date=``, is not used, because a change could be lost: nothing says
    how far back it reaches, in which time zone its date is, or that it lists what batches,
    exports and payments do to a bill; and it takes a request a bill to read what it names.
    ``energycap_filters`` can narrow the list, to ``endDate last 90 days`` for example. With
    ``start_date``, bills whose ``endDate`` is before it are left out after they were read.

    Source: https://developer.energycap.com/api-reference/bill/getbillsv3
    """

    name = "energycap_bills"
    path = "/api/v3/bill"
    primary_keys = ("billId",)
    schema = bills.BILL
    permission = permissions.BILLS
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
    def request_records(self, context: Context | None) -> Iterable[Record]:
        start = self.config.get("start_date")
        first = datetime.fromisoformat(start).date() if start else None
        for bill in super().request_records(context):
            # The day as the bill tells it: it is a date of service, in no time zone.
            end = moment(str(bill.get("endDate"))[:10])
            if first is None or end is None or end.date() >= first:
                yield bill


class CommoditiesStream(EntityStream):
    """Commodities, such as electricity, with the units they are added up in.

    Read and emitted whole on every run: they have no dates.

    Source: https://developer.energycap.com/api-reference/commodity/getcommoditiesv202304
    """

    name = "energycap_commodities"
    path = "/api/v202304/commodity"
    primary_keys = ("commodityId",)
    schema = entities.COMMODITY
    permission = permissions.NOT_NAMED
    is_paged = False


class UnitsStream(EntityStream):
    """Units of measure and currencies. Read and emitted whole on every run: they have no dates.

    Source: https://developer.energycap.com/api-reference/unit/getunitsv202305
    """

    name = "energycap_units"
    path = "/api/v202305/unit"
    primary_keys = ("unitId",)
    schema = entities.UNIT
    permission = permissions.NOT_NAMED
    is_paged = False


ENTITY_STREAMS = (
    MetersStream,
    PlacesStream,
    AccountsStream,
    VendorsStream,
    CostCentersStream,
    BillsStream,
    CommoditiesStream,
    UnitsStream,
)
