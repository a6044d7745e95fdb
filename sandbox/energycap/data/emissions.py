"""Emission sources, records and factors (api-reference/emissionsource, emissionrecord, ghg)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data import children, timestamps
from sandbox.energycap.data.catalogue import COMMODITIES, DOLLAR, GASES, unit_child
from sandbox.energycap.data.names import meter_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.energycap.data.bills import Bill
    from sandbox.energycap.data.catalogue import Commodity, Record
    from sandbox.energycap.data.listings import Facts
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Meter

_SCOPE_CATEGORIES = {1: "Stationary combustion", 2: "Purchased electricity"}
_TYPES = {1: "Use", 2: "Cost", 3: "Direct/Offset"}
_REGIONS = {2: (3, "RFCE")}
_COLLECTION: Record = {
    "collectionId": 1_040,
    "collectionCode": "HUB",
    "collectionInfo": "Sandbox Carbon",
    "collectionIcon": None,
}
_KILOGRAMS_A_TON = 1_000
# A bill has two meters at most.
_RECORDS_A_BILL = 4
#: What has emissions.
_EMITTING = tuple(commodity for commodity in COMMODITIES if commodity.ghg)


@dataclass(frozen=True, eq=False)
class Source:
    """What causes emissions: a meter, or something that has none."""

    id: int
    commodity: Commodity
    meter: Meter | None = None

    @property
    def code(self) -> str:
        """The code, which is not the meter's."""
        return f"ES-{self.id}"


@dataclass(frozen=True, eq=False)
class EmissionRecord:
    """Emissions of a source: those of a meter on a bill, or what somebody entered for a year."""

    id: int
    source: Source
    bill: Bill | None = None
    year: int = 0


@dataclass(frozen=True)
class Factor:
    """A factor; its numbers are those of the commodity, and its list has none."""

    id: int
    commodity: Commodity

    @property
    def child(self) -> Record:
        """GHGFactorChild."""
        return {
            "factorId": self.id,
            "factorInfo": f"{self.commodity.info}, EPA",
            "factorDescription": None,
        }


FACTORS = tuple(Factor(1_040 + commodity.id, commodity) for commodity in _EMITTING)


def source_id(meter: Meter) -> int | None:
    """Return the id of the source that a meter is linked to; a few that emit have none."""
    has_source = bool(meter.service.commodity.ghg) and meter.ordinal % 10 != 9
    return 1_040 + meter.ordinal if has_source else None


class Emissions:
    """Prints sources and records: use times the factors of the gases, in kilograms."""

    def __init__(self, model: Model) -> None:
        """Compute emissions of what was billed."""
        self._model = model

    def sources(self) -> Sequence[Source]:
        """Return the linked meters' sources, and one that nobody measures."""
        linked = [
            Source(found, meter.service.commodity, meter)
            for meter in self._model.portfolio.meters
            if (found := source_id(meter)) is not None
        ]
        return [*linked, self._generator] if linked else ()

    @property
    def _generator(self) -> Source:
        return Source(1_030, next(c for c in _EMITTING if c.scope == 1))

    def source(self, source: Source) -> Record:
        """EmissionSourceResponse."""
        n = source.id
        created = dt.datetime(2023, 6, n % 27 + 1, 9, 15)  # noqa: DTZ001 - the vendor's local time
        return {
            **self._source_child(source),
            "collection": _COLLECTION if n % 6 else None,
            "defaultScopeCategory": _scope_category(source.commodity),
            "defaultEmissionFactor": _factor_of(source.commodity).child if n % 8 else None,
            "address": children.address(n),
            **children.made(n, created, created + dt.timedelta(days=n % 40) if n % 3 else None),
            "note": None if source.meter else "Notstromaggregat",
            "active": source.meter is None or source.meter.is_billed,
            "meter": {"meterId": source.meter.id} if source.meter else None,
        }

    def source_facts(self, source: Source) -> Facts:
        """Tell what a source can be filtered by and does not show."""
        return {"hasMeterLink": [source.meter is not None]}

    def records(self) -> Sequence[EmissionRecord]:
        """Return a record for each linked meter on each bill that counts, and some by hand."""
        sources = {source.meter.id: source for source in self.sources() if source.meter}
        if not sources:
            return ()
        year = self._model.options.today.year
        by_hand = [EmissionRecord(1_040 + n, self._generator, year=year - n) for n in range(1, 4)]
        return by_hand + [
            EmissionRecord(bill.id * _RECORDS_A_BILL + n, sources[meter.id], bill)
            for bill in self._model.billing.all()
            if not bill.is_void
            for n, meter in enumerate(tenure.meter for tenure in bill.account.tenures)
            if meter.id in sources and meter in self._model.billing.meters_on(bill)
        ]

    def record(self, record: EmissionRecord) -> Record:
        """EmissionRecordResponse."""
        return {
            "emissionRecordId": record.id,
            "emissionSource": self._source_child(record.source),
            "scopeCategory": _scope_category(record.source.commodity),
            **(self._of_bill(record, record.bill) if record.bill else self._by_hand(record)),
        }

    def _of_bill(self, record: EmissionRecord, bill: Bill) -> Record:
        assert record.source.meter
        n, commodity = record.id, record.source.commodity
        line = self._model.lines.line(record.source.meter, bill)
        return {
            "billId": bill.id,
            "vendor": bill.account.vendor.child,
            "startDate": timestamps.midnight(bill.begin),
            "endDate": timestamps.midnight(bill.end),
            "billingPeriod": self._model.windows.calendar.period(bill.period).code,
            "emissionRecordType": _type(1),
            "factor": _factor_of(commodity).child,
            "quantity": {"value": line.common, "unit": unit_child(commodity.common)},
            "cost": {"value": line.cost, "unit": DOLLAR.child},
            "costConversion": _conversion(bill.end) if n % 3 else None,
            **_emissions(line.common, commodity),
            "note": None,
            "attachment": None,
            **children.made(n, bill.created, bill.modified),
            "creationMethod": "Bill",
        }

    @staticmethod
    def _by_hand(record: EmissionRecord) -> Record:
        """Print what somebody entered: emissions alone, without use, cost, bill or gases."""
        n, first = record.id, dt.date(record.year, 1, 1)
        entered = dt.datetime.combine(first, dt.time(10)) + dt.timedelta(days=380)
        return {
            "billId": None,
            "vendor": None,
            "startDate": timestamps.midnight(first),
            "endDate": timestamps.midnight(dt.date(record.year, 12, 31)),
            "billingPeriod": None,
            "emissionRecordType": _type(3),
            "factor": None,
            "quantity": None,
            "cost": None,
            "totalEmissions": Decimal(n * 17).scaleb(-1),
            "emissionValues": None if n % 2 else [],
            "note": "Schätzung",
            "attachment": f"estimate-{record.year}.pdf",
            **children.made(n, entered, None),
            "creationMethod": "Manual",
        }

    def _source_child(self, source: Source) -> Record:
        name = meter_names(source.meter, self._model.changes)[1] if source.meter else "Generator"
        return {
            "emissionSourceId": source.id,
            "emissionSourceCode": source.code,
            "emissionSourceInfo": f"Emissions of {name}",
            "commodity": source.commodity.child,
        }


def factor(thing: Factor) -> Record:
    """GHGFactorResponse."""
    region = _REGIONS.get(thing.commodity.scope or 0)
    return {
        **thing.child,
        "factorCode": f"EPA-{thing.commodity.code}" if thing.id % 2 else None,
        "sourceOrganization": "EPA",
        "model": None,
        "factorCategory": {"factorCategoryId": 1, "factorCategoryInfo": "Energy"},
        "fromUnit": unit_child(thing.commodity.common),
        "factorRegion": {"factorRegionId": region[0], "factorRegionInfo": region[1]}
        if region
        else None,
    }


def _factor_of(commodity: Commodity) -> Factor:
    return next(each for each in FACTORS if each.commodity is commodity)


def _emissions(common: Decimal, commodity: Commodity) -> Record:
    gases = [
        {"groupInfo": info, "totalEmissions": common * factor * _KILOGRAMS_A_TON}
        for (_, _, info), factor in zip(GASES, commodity.ghg, strict=True)
    ]
    total = sum(commodity.ghg, Decimal(0)) * common * _KILOGRAMS_A_TON
    return {"totalEmissions": total, "emissionValues": gases}


def _conversion(day: dt.date) -> Record:
    return {
        "conversionDate": timestamps.midnight(day),
        "sourceToSystemConversionValue": Decimal(1),
    }


def _scope_category(commodity: Commodity) -> Record | None:
    if commodity.scope is None:
        return None
    return {
        "scopeCategoryId": commodity.scope,
        "scopeCategoryInfo": _SCOPE_CATEGORIES[commodity.scope],
        "scopeCategoryDescription": None,
    }


def _type(number: int) -> Record:
    return {"emissionRecordTypeId": number, "emissionRecordTypeInfo": _TYPES[number]}
