"""User-defined fields, which EnergyCAP also calls custom fields."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import udfs


class MeterUDFsStream(EnergyCAPStream):
    """User-defined fields of meters: one row per meter and field.

    Read and emitted whole on every run: fields have no dates. A filter is one of meters.
    """

    name = "energycap_meter_udfs"
    path = "/api/v3/meter/udf"
    docs_url = f"{DOCS}/meter/getmetersudfsv3"
    is_filterable = True
    permission = permissions.METERS
    rows = udfs.METER_UDFS
    selected_by_default = False


class PlaceUDFsStream(EnergyCAPStream):
    """User-defined fields of places: one row per place and field.

    Read and emitted whole on every run: fields have no dates. A filter is one of places.
    """

    name = "energycap_place_udfs"
    path = "/api/v3/place/udf"
    docs_url = f"{DOCS}/place/getplacesudfsv3"
    is_filterable = True
    permission = permissions.PLACES
    rows = udfs.PLACE_UDFS
    selected_by_default = False


class AccountUDFsStream(EnergyCAPStream):
    """User-defined fields of accounts: one row per account and field.

    Read and emitted whole on every run: fields have no dates. A filter is one of accounts.
    """

    name = "energycap_account_udfs"
    path = "/api/v3/account/udf"
    docs_url = f"{DOCS}/account/"
    is_filterable = True
    permission = permissions.ACCOUNTS
    rows = udfs.ACCOUNT_UDFS
    selected_by_default = False


class VendorUDFsStream(EnergyCAPStream):
    """User-defined fields of vendors: one row per vendor and field.

    Read and emitted whole on every run: fields have no dates. A filter is one of vendors.
    """

    name = "energycap_vendor_udfs"
    path = "/api/v3/vendor/udf"
    docs_url = f"{DOCS}/vendor/"
    is_filterable = True
    permission = permissions.VENDORS
    rows = udfs.VENDOR_UDFS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    MeterUDFsStream,
    PlaceUDFsStream,
    AccountUDFsStream,
    VendorUDFsStream,
)
