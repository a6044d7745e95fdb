"""Meters, places and accounts as the vendor prints them (api-reference/meter, place, account)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data import children, timestamps
from sandbox.energycap.data.catalogue import DOLLAR, SQFT, unit_child
from sandbox.energycap.data.emissions import source_id
from sandbox.energycap.data.names import meter_names
from sandbox.energycap.data.savings import takes_part
from sandbox.energycap.data.seeded import fraction

if TYPE_CHECKING:
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.listings import Facts
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Account, Meter, Place


class Entities:
    """Prints what stays where it is, with nulls where the vendor may have them."""

    def __init__(self, model: Model) -> None:
        """Make records from the tenant's data."""
        self._model = model
        self._portfolio, self._calendar = model.portfolio, model.windows.calendar

    def meter(self, meter: Meter) -> Record:
        """MeterResponse."""
        n, service = meter.ordinal, meter.service
        code, info = meter_names(meter, self._model.changes)
        created, modified = self._moments("meter", n, meter.since)
        if meter.id in self._model.changes.meters:
            modified = self._model.changes.meters[meter.id][2]
        record: Record = {
            "meterId": meter.id,
            "meterCode": code,
            "meterInfo": info,
            "meterType": children.meter_type(meter),
            "channels": self._channels(meter),
            "accounts": self._meter_accounts(meter),
            "commodity": service.commodity.child,
            "place": children.place(self._portfolio.place_of(meter)),
            **self._loose_ends(meter),
            "address": children.address(n),
            "billEntryNote": None,
            "includeInEnergyStar": n % 4 != 0,
            "primaryUse": children.primary_use(n),
            **children.made(n, created, modified),
            "properties": {"Zähler": "ja", "note": None} if n % 5 == 1 else None,
            "includeInCostAvoidance": takes_part(meter),
            "route": {"routeId": 1040, "routeInfo": "Route 1", "routeCode": "R1"},
            "meterTimeZone": None,
            **children.meter_flags(meter),
            "useUnit": unit_child(service.native),
            "demandUnit": unit_child(service.commodity.demand),
            "serialNumber": children.serial_number(meter),
            "serialNumberHistory": _serial_number_history(meter) if n % 9 == 1 else None,
            "meterDescription": None,
            "watticsDataPoint": {"watticsDataPointId": 1040 + n} if n % 10 == 2 else None,
            "emissionSource": _emission_source(meter),
        }
        return _with_oddities(n, record, "billEntryNote", "channels")

    def _loose_ends(self, meter: Meter) -> Record:
        """Leave out where some meters are, or what they measure, if the options ask for it."""
        if not self._model.options.loose_ends:
            return {}
        elsewhere = {"placeId": 9_000_000, "placeCode": "Z", "placeInfo": "Elsewhere"}
        places: dict[int, Record] = {
            1: {"place": None},
            2: {"place": elsewhere},
            3: {"commodity": None},
        }
        return places.get(meter.ordinal % 7, {})

    @staticmethod
    def meter_facts(meter: Meter) -> Facts:
        """Tell what a meter can be filtered by and does not show."""
        n = meter.ordinal
        return {
            "hasChannels": [n % 4 == 0],
            "hasEmissionSourceLink": [source_id(meter) is not None],
            "hasWatticsLink": [n % 10 == 2],
        }

    @staticmethod
    def account_facts(account: Account) -> Facts:
        """Tell what an account can be filtered by and does not show."""
        is_summary = children.account_type(account)["accountTypeCode"] == "SUMMARY"
        return {"isSummaryAccount": [is_summary], "isChargebackMasterAccount": [False]}

    def place(self, place: Place) -> Record:
        """PlaceResponse."""
        n, portfolio = place.ordinal, self._portfolio
        created, modified = self._moments("place", n, self._model.options.today.year - 9)
        record: Record = {
            "parent": children.place(place.parent),
            "placeType": children.place_type(place.type),
            **children.made(n, created, modified),
            "address": children.address(n, Decimal(n * 7919 + 40_000_000).scaleb(-6)),
            "buildDate": f"19{40 + n % 60}-05-01T00:00:00" if n % 3 else None,
            "primaryUse": children.primary_use(n) if place.type == "BUILDING" else None,
            "weatherStation": _weather_station() if n % 4 else None,
            "size": _size(place),
            "benchmark1": _benchmark(n) if n % 5 == 2 else None,
            "benchmark2": None,
            "benchmark3": None,
            "energyStarEnabled": n % 2 == 0,
            "energyStarRating": _energy_star_rating(n) if n % 4 == 0 else None,
            "places": [children.place(child) for child in portfolio.children[place.id]],
            "meters": [
                children.meter(meter, self._model.changes)
                for meter in portfolio.meters_at[place.id]
            ],
            "contact": children.contact(n),
            "placeDescription": None,
            "watticsSite": None,
            "placeId": place.id,
            "placeCode": place.code,
            "placeInfo": place.info,
        }
        return _with_oddities(n, record, "placeDescription", "contact")

    def account(self, account: Account) -> Record:
        """AccountResponse."""
        n, first = account.ordinal, account.tenures[0]
        created, modified = self._moments("account", n, first.meter.since)
        last = None if account.is_active else first.last
        record: Record = {
            **children.account(account),
            "accountMeterId": first.id,
            "accountType": children.account_type(account),
            "costCenter": children.cost_center(account.cost_center),
            "vendor": account.vendor.child,
            "contact": children.contact(n),
            "customer": {
                "customerId": 1,
                "customerCode": "SANDBOX",
                "customerInfo": "Sandbox Customer",
            },
            "accrualEnabled": n % 2 == 0,
            "address": children.address(n + 3),
            "depositPaid": None,
            "depositReturn": None,
            "depositNote": None,
            "depositAmount": Decimal("250.00") if n % 6 == 2 else None,
            "memo": None,
            "serviceStart": f"{first.meter.since}-01-01T00:00:00" if n % 3 else None,
            "serviceEnd": timestamps.midnight(self._calendar.period(last).end) if last else None,
            "accountGeneralLedger": children.general_ledger(n),
            "meters": self._account_meters(account),
            **children.made(n, created, modified),
            "costUnit": DOLLAR.child,
            "accountCodeHistory": {
                "previousAccountCode": f"OLD-{account.code}",
                "endDate": f"{first.meter.since}-07-01T00:00:00",
            }
            if n % 6 == 1
            else None,
            "accountDescription": None,
            "auditEnabled": True,
            "dataAccessReleaseId": 1040 + n if n % 8 == 3 else None,
            "dataAccessReleaseApproved": n % 16 == 3 if n % 8 == 3 else None,
        }
        return _with_oddities(n, record, "memo", "depositNote")

    def _channels(self, meter: Meter) -> list[Record] | None:
        if meter.ordinal % 4:
            return [] if meter.ordinal % 2 else None
        return [{"channelCode": "", "channelId": 1040 + meter.ordinal, "interval": 900}]

    def _meter_accounts(self, meter: Meter) -> list[Record]:
        return [
            {
                **children.account(account),
                "vendor": account.vendor.child,
                "meterGeneralLedger": children.meter_ledger(meter),
                "accountGeneralLedger": children.general_ledger(account.ordinal),
                "vendorType": children.vendor_type(),
                **children.tenure_dates(tenure, self._calendar),
                "dataAccessReleaseId": None,
            }
            for account in self._portfolio.accounts_of[meter.id]
            for tenure in account.tenures
            if tenure.meter is meter
        ]

    def _account_meters(self, account: Account) -> list[Record]:
        return [
            {
                **_without("meterType", children.meter(tenure.meter, self._model.changes)),
                **children.tenure_dates(tenure, self._calendar),
                "place": children.place(self._portfolio.place_of(tenure.meter)),
                "meterGeneralLedger": children.meter_ledger(tenure.meter),
                "vendorType": children.vendor_type(),
            }
            for tenure in account.tenures
        ]

    def _moments(self, kind: str, n: int, year: int) -> tuple[dt.datetime, dt.datetime | None]:
        """Return when a thing was made and changed, if it was, at least two days ago."""
        lot = fraction(1_000_000, self._model.options.seed, kind, n)
        opening = dt.datetime.combine(self._model.options.today, dt.time(9))
        made = dt.time(8, lot % 60, lot % 59, lot)
        created = dt.datetime.combine(dt.date(year, 1, 5), made)
        age = (opening - created).days - 2
        later = created + dt.timedelta(days=lot % age if age > 0 else 0)
        return created, later if lot % 8 else None


def _without(name: str, record: Record) -> Record:
    return {key: value for key, value in record.items() if key != name}


def _emission_source(meter: Meter) -> Record | None:
    found = source_id(meter)
    return None if found is None else {"emissionSourceId": found}


def _serial_number_history(meter: Meter) -> Record:
    return {
        "previousSerialNumber": f"SN-OLD-{meter.id}",
        "serialNumberChangeDate": f"{meter.since}-09-30T00:00:00",
    }


def _benchmark(n: int) -> Record:
    return {
        "benchmarkValue": {
            "benchmarkValueId": 1040 + n,
            "effectiveDate": "2022-01-01T00:00:00",
            "endDate": None,
            "value": Decimal(n * 7 + 30).scaleb(-1),
        },
        "benchmarkIndicator": 1,
        "benchmarkInfo": "Occupants",
        "benchmarkCategory": {"benchmarkCategoryId": 1040, "benchmarkCategoryInfo": "People"},
    }


def _energy_star_rating(n: int) -> Record:
    return {
        "ratingDate": "2026-03-02T00:00:00",
        "calendarPeriod": 202512,
        "rating": 1 + n * 7 % 100,
        "siteEnergyUseIntensity": Decimal(613 + n).scaleb(-1),
    }


def _weather_station() -> Record:
    return {
        "stationId": 1040,
        "stationCode": "KXXX",
        "stationInfo": "Anytown Airport",
        "city": "Anytown",
        "state": "PA",
        "country": "US",
    }


def _size(place: Place) -> Record | None:
    if place.type != "BUILDING" or place.ordinal % 7 == 6:
        return None
    return {
        "placeSizeId": 1040 + place.ordinal,
        "beginDate": "2015-01-01T00:00:00",
        "endDate": None,
        "value": Decimal(place.ordinal * 1_337 + 900).scaleb(-1),
        "unitId": SQFT.id,
        "unitCode": SQFT.code,
        "unitInfo": SQFT.info,
    }


def _with_oddities(n: int, record: Record, *optional: str) -> Record:
    """Leave out what may be missing; add what no page names."""
    if n % 6 == 4:
        for name in optional:
            del record[name]
    if n % 7 == 3:
        record["tags"] = [{"tagId": n, "tagInfo": "Étiquette"}]
    if n == 2:
        record["extra"] = {"reason": "a field of the vendor's that is called extra"}
    return record
