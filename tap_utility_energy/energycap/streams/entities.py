"""Meters, places, accounts and what else the digests and bills refer to."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.incremental import MODIFIED
from tap_utility_energy.energycap.schemas import entities


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


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    MetersStream,
    PlacesStream,
    AccountsStream,
    VendorsStream,
    CostCentersStream,
    CommoditiesStream,
    UnitsStream,
)
