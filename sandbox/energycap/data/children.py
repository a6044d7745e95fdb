"""The small objects that entities share, by the names of the vendor's models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.energycap.data import timestamps
from sandbox.energycap.data.names import meter_names
from sandbox.utilityapi.data.catalogue import STREETS

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.changes import Changes
    from sandbox.energycap.data.periods import Calendar
    from sandbox.energycap.data.portfolio import Account, CostCenter, Meter, Place, Tenure

_PLACE_TYPES = {
    "ORG": (1, "ORGANIZATION", "Organization", False),
    "CAMPUS": (4, "CAMPUS", "Campus", False),
    "BUILDING": (2, "BUILDING", "Building", True),
}
_ENTITY_TYPES = {False: (1, "Organization"), True: (2, "Site")}
_USERS = ((1040, "sample.user", "Sample User"), (1043, "import", "Import Service"), (1047, "é", ""))
_USES = ((1, "OFFICE", "Office"), (2, "K12", "K-12 School"), (3, "LAGER", "Kühlhaus"))
#: Ids, codes and names of general ledger codes.
LEDGERS = tuple((1_040 + n, f"60-{n}00", f"Utilities, Anytown {n}") for n in range(5))
#: The ordinal of the meter that UtilityAPI has too: its number is that of UtilityAPI's first meter.
_AT_BOTH_VENDORS = 12
_TOWNS = (("Anytown", "PA", "16899"), ("Exampleville", "NY", "00501"), ("Cañada", "CA", "00000"))


def user(n: int) -> Record:
    """UserChild; the names are invented."""
    user_id, code, name = _USERS[n % len(_USERS)]
    return {"userId": user_id, "userCode": code, "fullName": name}


def contact(n: int) -> Record | None:
    """ContactChild; the names are invented."""
    if n % 4 == 1:
        return None
    return {"contactId": 1040 + n, "first": "Placeholder", "middle": None, "last": f"Person {n}"}


def address(n: int, latitude: Decimal | None = None) -> Record | None:
    """AddressChild; without coordinates here and there."""
    if n % 9 == 8:
        return None
    city, state, postal_code = _TOWNS[n % len(_TOWNS)]
    return {
        "addressTypeId": 1,
        "line1": f"{100 + n} {STREETS[n % len(STREETS)]}",
        "line2": "Bldg. B" if n % 5 == 2 else None,
        "line3": None,
        "city": city,
        "state": state,
        "country": "United States",
        "postalCode": postal_code,
        "latitude": latitude,
        "longitude": None if latitude is None else -latitude * 2,
        "remitTo": None,
    }


def made(n: int, created: dt.datetime, modified: dt.datetime | None) -> Record:
    """Who made a thing and changed it, and when, if ever."""
    return {
        "createdDate": timestamps.shaped(n, created),
        "createdBy": user(n),
        "modifiedDate": timestamps.shaped(n + 1, modified),
        "modifiedBy": user(n + 1) if modified else None,
    }


def place_type(kind: str) -> Record:
    """PlaceTypeResponse."""
    type_id, code, info, structure = _PLACE_TYPES[kind]
    entity_id, entity = _ENTITY_TYPES[structure]
    return {
        "placeTypeId": type_id,
        "placeTypeCode": code,
        "placeTypeInfo": info,
        "structure": structure,
        "icon": {"code": "icon-building", "color": "#996633"} if structure else None,
        "isSystemPlaceType": True,
        "placeEntityType": {"placeEntityTypeId": entity_id, "placeEntityTypeInfo": entity},
    }


def place(thing: Place | None) -> Record | None:
    """PlaceChild."""
    if thing is None:
        return None
    return {
        "placeType": place_type(thing.type),
        "placeId": thing.id,
        "placeCode": thing.code,
        "placeInfo": thing.info,
        "isDataRolledUp": True,
    }


def primary_use(n: int) -> Record | None:
    """PrimaryUseChild."""
    if n % 5 == 3:
        return None
    use_id, code, info = _USES[n % len(_USES)]
    return {"primaryUseId": use_id, "primaryUseCode": code, "primaryUseInfo": info}


def meter(thing: Meter, changes: Changes) -> Record:
    """MeterChild."""
    code, info = meter_names(thing, changes)
    return {
        "meterId": thing.id,
        "meterCode": code,
        "meterInfo": info,
        "meterType": meter_type(thing),
        "commodity": thing.service.commodity.child,
        **meter_flags(thing),
        "serialNumber": serial_number(thing),
    }


def meter_type(thing: Meter) -> Record:
    """MeterTypeChild."""
    if thing.ordinal % 6 == 5:
        return {"meterTypeId": 2, "meterTypeCode": "FLATRATE", "meterTypeInfo": "Flat Rate"}
    return {"meterTypeId": 1, "meterTypeCode": "STANDARD", "meterTypeInfo": "Standard Meter"}


def meter_flags(thing: Meter) -> Record:
    """Say what kind of meter it is, in the four flags that several objects have."""
    return {
        "active": thing.is_billed,
        "isCalculatedMeter": False,
        "isSplitParentMeter": False,
        "isSplitChildMeter": False,
    }


def serial_number(thing: Meter) -> str | None:
    """Return the number on the meter, where there is one."""
    if thing.ordinal == _AT_BOTH_VENDORS:
        return "A900000000"
    return f"SN-{thing.id * 7919:09d}" if thing.ordinal % 3 else None


def cost_center(thing: CostCenter | None) -> Record | None:
    """CostCenterChild."""
    if thing is None:
        return None
    return {
        "costCenterId": thing.id,
        "costCenterCode": thing.code,
        "costCenterInfo": thing.info,
    }


def account_name(thing: Account) -> str:
    """Return what users call an account."""
    return f"{thing.vendor.info}: {thing.place.info}"


def account(thing: Account) -> Record:
    """AccountChild without its vendor."""
    return {
        "accountId": thing.id,
        "accountCode": thing.code,
        "accountInfo": account_name(thing),
        "active": thing.is_active,
        "hasCalculatedMeter": False,
        "hasSplitParentMeter": False,
        "hasSplitChildMeter": False,
        "hasSubAccount": False,
        "isSubAccount": False,
    }


def account_type(thing: Account) -> Record:
    """AccountTypeChild."""
    summary = thing.ordinal % 10 == 6
    code = "SUMMARY" if summary else "STANDARD"
    return {
        "accountTypeId": 2 if summary else 1,
        "accountTypeCode": code,
        "accountTypeInfo": code.capitalize(),
    }


def vendor_type() -> Record:
    """VendorTypeChild."""
    return {"vendorTypeId": 1, "vendorTypeCode": "Distribution"}


def general_ledger(n: int) -> Record | None:
    """GeneralLedgerChild."""
    if n % 3 == 1:
        return None
    ledger_id, code, info = LEDGERS[n % len(LEDGERS)]
    return {"generalLedgerId": ledger_id, "generalLedgerCode": code, "generalLedgerInfo": info}


def meter_ledger(thing: Meter) -> Record | None:
    """GeneralLedgerChild of a meter; most have the account's."""
    return general_ledger(thing.ordinal) if thing.ordinal % 4 == 2 else None


def tenure_dates(thing: Tenure, calendar: Calendar) -> Record:
    """Say from when to when a meter is on an account; an open end is null."""
    first = calendar.period(thing.first).start if thing.first is not None else None
    last = calendar.period(thing.last).end if thing.last is not None else None
    return {
        "accountMeterId": thing.id,
        "startDate": timestamps.midnight(first) or f"{thing.meter.since}-01-01T00:00:00",
        "endDate": timestamps.midnight(last),
    }
