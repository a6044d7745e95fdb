"""The tenant as its API shows it: entity lists and digests, printed once and kept as bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sandbox.energycap.data import ledgers
from sandbox.energycap.data.account_digests import AccountDigests
from sandbox.energycap.data.batches import Batches
from sandbox.energycap.data.bill_details import BillDetails
from sandbox.energycap.data.bill_records import BillRecords
from sandbox.energycap.data.catalogue import COMMODITIES, UNITS, VENDORS, Record, Vendor
from sandbox.energycap.data.emissions import FACTORS, Emissions, factor
from sandbox.energycap.data.entities import Entities
from sandbox.energycap.data.events import Events
from sandbox.energycap.data.ghg_digests import PlaceGHGDigests
from sandbox.energycap.data.groups import Groups
from sandbox.energycap.data.listings import HasId, Listing
from sandbox.energycap.data.meter_digests import MeterDigests
from sandbox.energycap.data.model import Model
from sandbox.energycap.data.oddities import add_oddities, break_keys
from sandbox.energycap.data.place_digests import PlaceDigests
from sandbox.energycap.data.reference import Reference
from sandbox.energycap.data.sums import Sums
from sandbox.energycap.data.udfs import account_udfs, meter_udfs, place_udfs, vendor_udfs
from sandbox.recent import Recent
from sandbox.wire import to_json

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from sandbox.options import SandboxOptions

T = TypeVar("T", bound=HasId)


class DigestName(NamedTuple):
    """Which digest: of a kind of listing such as ``meter``, in a view, monthly or yearly."""

    kind: str
    view: str
    span: str


class Tenant:
    """Everything that the API can be asked for; nothing is drawn before it is."""

    def __init__(self, options: SandboxOptions) -> None:
        """Make the data that the options describe."""
        self._options = options
        self.model = Model.build(options)
        self.bills = BillRecords(self.model)
        self.reference = Reference(self.model)
        self._sums = Sums(self.model)
        self._listings = self._list()
        self._digests: Recent[tuple[bytes, bool]] = Recent()
        self._printers = self._print()
        self.events = Events(self.model, self._forget).events()

    @property
    def today(self) -> dt.date:
        """The day it is at the vendor."""
        return self.model.changes.now.date()

    @property
    def digests(self) -> list[DigestName]:
        """The digests that there are."""
        return list(self._printers)

    def listing(self, kind: str) -> Listing[Any]:
        """Return a list by its name: ``meter``, ``place``, ``costcenter`` and so on."""
        return self._listings[kind]

    def digest(self, name: DigestName, thing: Any, years: int) -> tuple[bytes, bool]:
        """Return a digest as served, and whether it says anything at all."""
        key = (name, thing.id, years)
        return self._digests.get(key, thing, lambda: self._digest(name, thing, years))

    def _digest(self, name: DigestName, thing: Any, years: int) -> tuple[bytes, bool]:
        record = self._printers[name](thing, years)
        payload = "ghgTypes" if name.view == "ghg" else "results"
        results = record[payload]
        if name.span == "monthly" and payload == "results" and isinstance(results, list):
            break_keys(self._options, thing.ordinal, results)
        add_oddities(thing.ordinal, record, payload)
        return to_json(record), bool(results)

    def _forget(self) -> None:
        self._digests.clear()
        self._sums.forget()
        for listing in self._listings.values():
            listing.forget()

    def _list(self) -> dict[str, Listing[Any]]:
        portfolio, entities, reference = self.model.portfolio, Entities(self.model), self.reference
        groups = Groups(self.model)
        old_commodity, facts = reference.old_commodity, reference.commodity_facts
        lists: dict[str, Listing[Any]] = {
            "meter": Listing(
                lambda: portfolio.meters,
                entities.meter,
                lambda meter: {**entities.meter_facts(meter), **groups.meter_facts(meter)},
            ),
            "place": Listing(lambda: _mixed(portfolio.places), entities.place, groups.place_facts),
            "account": Listing(
                lambda: _mixed(portfolio.accounts), entities.account, entities.account_facts
            ),
            "vendor": Listing(self._vendors, reference.vendor),
            "costcenter": Listing(lambda: _mixed(portfolio.cost_centers), reference.cost_center),
            "bill": Listing(self.model.billing.all, self.bills.bill, self.bills.facts),
            "commodity": Listing(lambda: COMMODITIES, reference.commodity, facts),
            "old commodity": Listing(lambda: COMMODITIES, old_commodity, facts),
            "unit": Listing(lambda: UNITS, reference.unit),
            "meter group": Listing(lambda: groups.of_meters, groups.meter_group),
            "place group": Listing(lambda: groups.of_places, groups.place_group),
        }
        return {**lists, **self._udfs(lists), **self._finance(), **self._emissions()}

    def _udfs(self, lists: dict[str, Listing[Any]]) -> dict[str, Listing[Any]]:
        """User-defined fields of what is on other lists, each filtered as its owner is."""
        changes = self.model.changes
        meters, places = lists["meter"], lists["place"]
        accounts, vendors = lists["account"], lists["vendor"]
        return {
            "meter udf": meters.of_same(lambda meter: meter_udfs(meter, changes)),
            "place udf": places.of_same(place_udfs),
            "account udf": accounts.of_same(account_udfs),
            "vendor udf": vendors.of_same(vendor_udfs),
        }

    def _finance(self) -> dict[str, Listing[Any]]:
        batches = Batches(self.model, self.bills.cost)
        calendar, year = self.model.windows.calendar, self._options.today.year
        return {
            "batch": Listing(batches.all, batches.batch),
            "general ledger": Listing(lambda: ledgers.LEDGER_LIST, ledgers.general_ledger),
            "subcode": Listing(lambda: ledgers.SUBCODE_LIST, ledgers.subcode),
            "account period": Listing(
                lambda: ledgers.account_periods(calendar, year), ledgers.account_period
            ),
        }

    def _emissions(self) -> dict[str, Listing[Any]]:
        emissions = Emissions(self.model)
        return {
            "emission source": Listing(emissions.sources, emissions.source, emissions.source_facts),
            "emission record": Listing(emissions.records, emissions.record),
            "ghg factor": Listing(lambda: FACTORS, factor),
            **BillDetails(self.model).listings(),
        }

    def _vendors(self) -> Sequence[Vendor]:
        return _mixed(VENDORS) if self.model.portfolio.meters else ()

    def _print(self) -> dict[DigestName, Callable[[Any, int], Record]]:
        sums = self._sums
        all_digests = (
            MeterDigests(self.model),
            PlaceDigests(self.model, sums),
            PlaceGHGDigests(self.model, sums),
            AccountDigests(self.model, sums),
        )
        return {
            DigestName(*name): printer
            for digests in all_digests
            for name, printer in digests.printers.items()
        }


def _mixed(things: Sequence[T]) -> list[T]:
    """Put things in an order that says nothing about them."""
    return sorted(things, key=lambda thing: zlib.crc32(b"thing %d" % thing.id))
