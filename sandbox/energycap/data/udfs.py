"""User-defined fields of meters, places, accounts and vendors (api-reference/udf)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.energycap.data.children import account_name
from sandbox.energycap.data.names import meter_names

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record, Vendor
    from sandbox.energycap.data.changes import Changes
    from sandbox.energycap.data.portfolio import Account, Meter, Place

_TYPES = {
    1: ("BOOLEAN", "Boolean"),
    2: ("INTEGER", "Integer"),
    3: ("STRING", "String"),
    4: ("DOUBLE", "Double"),
    6: ("DATE", "Date"),
    12: ("SELECTLIST", "Select List"),
    13: ("URL", "URL"),
}
_SELECT = 12


@dataclass(frozen=True)
class Udf:
    """The definition of a field, and values that it has here and there."""

    id: int
    name: str
    type: int
    values: tuple[str, ...]


_FIELDS = {
    "meter": (
        Udf(1_040, "Rate class", 3, ("GS-1", "Größe 2", "")),
        Udf(1_043, "Breaker amps", 2, ("100", "0400")),
        Udf(1_047, "Critical", 1, ("True", "False")),
        Udf(1_052, "Zone", _SELECT, ("North", "South")),
    ),
    "place": (
        Udf(1_058, "Year of the roof", 2, ("1998", "2011")),
        Udf(1_065, "Energy class", _SELECT, ("A", "B", "C")),
        Udf(1_071, "Share that is heated", 4, ("0.7500", "1E-8", "1")),
    ),
    "account": (
        Udf(1_077, "Contract ends", 6, ("2027-01-31T00:00:00", "2026-09-30")),
        Udf(1_083, "Tax exempt", 1, ("True", "False")),
    ),
    "vendor": (Udf(1_091, "Portal", 13, ("https://portal.example/", "https://b.example/?a=1")),),
}


def meter_udfs(meter: Meter, changes: Changes) -> Record:
    """MeterUDFResponse."""
    code, info = meter_names(meter, changes)
    named: Record = {"meterId": meter.id, "meterCode": code, "meterInfo": info}
    return _with_fields("meter", meter.ordinal, named)


def place_udfs(place: Place) -> Record:
    """PlaceUDFResponse."""
    named: Record = {"placeId": place.id, "placeCode": place.code, "placeInfo": place.info}
    return _with_fields("place", place.ordinal, named)


def account_udfs(account: Account) -> Record:
    """AccountUDFResponse."""
    named: Record = {
        "accountId": account.id,
        "accountCode": account.code,
        "accountInfo": account_name(account),
    }
    return _with_fields("account", account.ordinal, named)


def vendor_udfs(vendor: Vendor) -> Record:
    """VendorUDFResponse."""
    return _with_fields("vendor", vendor.id, vendor.child)


def _with_fields(kind: str, n: int, named: Record) -> Record:
    """Print the `n`-th thing of a kind with its fields; of some the list is empty or missing."""
    fields = [_field(n + order, order, udf) for order, udf in enumerate(_FIELDS[kind])]
    unknown: Record = {"tags": [f"tag {n}"]} if n % 7 == 3 else {}
    match n % 11:
        case 3:
            return {**named, "udfs": None}
        case 5:
            return {**named, "udfs": []}
        case 8:
            return named
    return {**named, "udfs": fields, **unknown}


def _field(n: int, order: int, udf: Udf) -> Record:
    """UDFFieldChild; its value is text whatever its type, null where nobody has set it."""
    code, info = _TYPES[udf.type]
    field: Record = {
        "udfId": udf.id,
        "dataType": {"dataTypeId": udf.type, "dataTypeCode": code, "dataTypeInfo": info},
        "name": udf.name,
        "description": None if udf.id % 2 else f"{udf.name}, by hand",
        "displayOrder": order + 1,
        "value": udf.values[n % len(udf.values)] if n % 4 else None,
        "udfSelectValues": _select_values(udf) if udf.type == _SELECT else None,
        "important": udf.id % 3 == 0,
    }
    return {**field, "locked": False} if n % 5 == 1 else field


def _select_values(udf: Udf) -> list[Record]:
    return [
        {"udfSelectValueId": udf.id * 10 + at, "value": value, "displayOrder": at + 1}
        for at, value in enumerate(udf.values)
    ]
