"""What the tenant has: a tree of places, their meters, accounts and cost centers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from sandbox.energycap.data.catalogue import SERVICES, VENDORS, Service, Vendor
from sandbox.energycap.data.seeded import fraction
from sandbox.utilityapi.data.catalogue import ORGANISATIONS, STREETS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sandbox.options import SandboxOptions

_METERS_A_BUILDING, _BUILDINGS_A_CAMPUS = 5, 4
# Which account of its building each of the meters is billed by.
_ACCOUNT_OF = (0, 1, 1, 2, 2)
_READ_DAYS = (*range(1, 13), *range(18, 29))


@dataclass(frozen=True, eq=False)
class Meter:
    """A meter; `volume` over `service.divisor` is its average monthly use in native units."""

    ordinal: int
    id: int
    service: Service
    volume: int
    since: int

    @property
    def is_billed(self) -> bool:
        """Whether there has ever been a bill for it."""
        return self.ordinal % 20 not in {3, 5, 7}


@dataclass(frozen=True, eq=False)
class Place:
    """A place (api-reference/place): ``ORG``, ``CAMPUS`` or ``BUILDING``."""

    ordinal: int
    id: int
    code: str
    info: str
    type: str
    parent: Place | None


@dataclass(frozen=True, eq=False)
class CostCenter:
    """A cost center (api-reference/costcenter)."""

    ordinal: int
    id: int
    code: str
    info: str
    parent: CostCenter | None


class Tenure(NamedTuple):
    """A meter on an account, from the first to the last period given."""

    id: int
    meter: Meter
    first: int | None
    last: int | None

    def covers(self, slot: int) -> bool:
        """Whether the meter is on the account in a period."""
        return (self.first is None or slot >= self.first) and (
            self.last is None or slot <= self.last
        )


@dataclass(frozen=True, eq=False)
class Account:
    """A utility account (api-reference/account), read on one day of the month."""

    ordinal: int
    id: int
    code: str
    vendor: Vendor
    place: Place
    cost_center: CostCenter | None
    read_day: int
    tenures: tuple[Tenure, ...]
    is_active: bool

    @property
    def since(self) -> int:
        """The first year that it has bills of."""
        return min(tenure.meter.since for tenure in self.tenures)


class Portfolio:
    """Everything that stays where it is; all but the meters is drawn when it is asked for."""

    def __init__(self, options: SandboxOptions, last_years_first: int) -> None:
        """Draw the meters; `last_years_first` is the index of last year's first period."""
        self._seed = options.seed
        self._switch = last_years_first
        count = options.meters + options.growth[0]
        self._drawn = list(_meters(options.seed, options.today, count))
        stay = self._drawn[: options.meters]
        Random(f"{options.seed}:order").shuffle(stay)
        self.meters = stay + self._drawn[options.meters :]

    @cached_property
    def cost_centers(self) -> list[CostCenter]:
        """A root, departments, and offices of theirs."""
        if not self._drawn:
            return []
        root = CostCenter(0, 1041, "CC-0", ORGANISATIONS[0], None)
        found = [root]
        for n in range(3):
            top = CostCenter(2 * n + 1, 1044 + 9 * n, f"CC-{n + 1}", f"Département {n + 1}", root)
            code, name = f"{top.code}/A", f"Office {n + 1}-A"
            found += [top, CostCenter(2 * n + 2, top.id + 4, code, name, top)]
        return found

    @cached_property
    def places(self) -> list[Place]:
        """The organisation, its campuses and their buildings; the last building has no meters."""
        if not self._drawn:
            return []
        root = Place(0, 1040, "ORG", ORGANISATIONS[1], "ORG", None)
        buildings = len(self._drawn) // _METERS_A_BUILDING + 2
        found = [root]
        for n in range(buildings):
            if n % _BUILDINGS_A_CAMPUS == 0:
                number = n // _BUILDINGS_A_CAMPUS + 1
                campus = self._place(found, f"C{number:03d}", f"Campus Nº {number}", "CAMPUS", root)
            name = f"{100 + n} {STREETS[n % len(STREETS)]}"
            self._place(found, f"B{n + 1:04d}", name, "BUILDING", campus)
        return found

    def _place(self, found: list[Place], code: str, info: str, kind: str, parent: Place) -> Place:
        ordinal = len(found)
        # Ids of different things overlap, so that a wrong join finds something.
        place = Place(ordinal, 1040 + 7 * ordinal, code, info, kind, parent)
        found.append(place)
        return place

    @cached_property
    def buildings(self) -> list[Place]:
        """The places that are buildings."""
        return [place for place in self.places if place.type == "BUILDING"]

    @cached_property
    def children(self) -> dict[int, list[Place]]:
        """Direct children by the id of a place."""
        found: dict[int, list[Place]] = {place.id: [] for place in self.places}
        for place in self.places:
            if place.parent:
                found[place.parent.id].append(place)
        return found

    @cached_property
    def meters_at(self) -> dict[int, list[Meter]]:
        """Meters directly at a place, by its id."""
        found: dict[int, list[Meter]] = {place.id: [] for place in self.places}
        for meter in self._drawn:
            found[self.place_of(meter).id].append(meter)
        return found

    def place_of(self, meter: Meter) -> Place:
        """Return the building of a meter; a few stand on the campus itself."""
        building = self.buildings[meter.ordinal // _METERS_A_BUILDING]
        return (building.parent if meter.ordinal % 23 == 22 else None) or building

    def path(self, place: Place | None) -> Iterator[Place]:
        """Yield a place and all that it is in."""
        while place:
            yield place
            place = place.parent

    @cached_property
    def accounts(self) -> list[Account]:
        """Accounts of the buildings, then those that a meter was on before."""
        groups: dict[int, list[Tenure]] = {}
        former: list[Tenure] = []
        for meter in self._drawn:
            building, offset = divmod(meter.ordinal, _METERS_A_BUILDING)
            first = None
            if meter.ordinal % 10 == 4 and meter.is_billed:
                first = self._switch + fraction(10, self._seed, "switch", meter.id)
                former.append(Tenure(1041 + 3 * meter.ordinal, meter, None, first - 1))
            tenure = Tenure(1040 + 3 * meter.ordinal, meter, first, None)
            groups.setdefault(3 * building + _ACCOUNT_OF[offset], []).append(tenure)
        current = [self._account(n, tenures, is_active=True) for n, tenures in groups.items()]
        first_former = 3 * len(self.buildings)
        return current + [
            self._account(first_former + n, [tenure], is_active=False)
            for n, tenure in enumerate(former)
        ]

    @cached_property
    def accounts_of(self) -> dict[int, list[Account]]:
        """Accounts that a meter is or was on, by the meter's id."""
        found: dict[int, list[Account]] = {meter.id: [] for meter in self._drawn}
        for account in self.accounts:
            for tenure in account.tenures:
                found[tenure.meter.id].append(account)
        return found

    def _account(self, ordinal: int, tenures: list[Tenure], *, is_active: bool) -> Account:
        centers = self.cost_centers
        return Account(
            ordinal=ordinal,
            id=1040 + 13 * ordinal,
            code=f"{4400 + ordinal * 7:07d}-{ordinal % 10}",
            vendor=_vendor({tenure.meter.service.commodity.code for tenure in tenures}),
            place=self.place_of(tenures[0].meter),
            cost_center=None if ordinal % 13 == 5 else centers[1 + ordinal % (len(centers) - 1)],
            read_day=_READ_DAYS[fraction(len(_READ_DAYS), self._seed, "read", ordinal)],
            tenures=tuple(tenures),
            is_active=is_active,
        )


def _vendor(codes: set[str]) -> Vendor:
    """Return who sells all of that: the one that sells everything only if nobody else does."""
    return next((v for v in VENDORS if v.commodities >= codes), VENDORS[0])


def _meters(seed: int, today: dt.date, count: int) -> Iterator[Meter]:
    rng = Random(f"{seed}:meters")
    meter_id = 1_040
    for n in range(count):
        meter_id += rng.randint(1, 37)
        volume = rng.choice((80, 900, 12_000, 150_000))
        service = SERVICES[n % len(SERVICES)]
        yield Meter(n, meter_id, service, volume, today.year - rng.randint(1, 8))
