"""What an EnergyCAP tenant comes with: units, commodities, and who sells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

Record = dict[str, object]

UNIT_TYPES = {
    1: ("ENERGY", "Energy"),
    2: ("POWER", "Demand"),
    3: ("VOLUME", "Volume"),
    4: ("CURRENCY", "Currency"),
    5: ("MASS", "Mass"),
    6: ("AREA", "Area"),
}


@dataclass(frozen=True)
class Unit:
    """A unit (api-reference/unit); `child` is how other objects show it."""

    id: int
    code: str
    info: str
    display: str
    type: int
    child: Record = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Draw the child once."""
        child = {"unitCode": self.code, "unitId": self.id, "unitInfo": self.info}
        object.__setattr__(self, "child", child)


KWH = Unit(2, "KWH", "kWh", "Kilowatt-hour", 1)
MWH = Unit(3, "MWH", "MWh", "Megawatt-hour", 1)
MMBTU = Unit(4, "MMBTU", "MMBtu", "Million BTU", 1)
KW = Unit(7, "KW", "kW", "Kilowatt", 2)
THERM = Unit(16, "THERM", "THERM", "Therm", 1)
CCF = Unit(21, "CCF", "CCF", "Hundred cubic feet", 3)
SQFT = Unit(33, "SQFT", "ft²", "Square foot", 6)
DOLLAR = Unit(58, "USDOLLARS", "$", "US Dollar", 4)
MTCO2E = Unit(71, "MTCO2E", "MTCO2e", "Metric ton of CO2 equivalent", 5)
KGAL = Unit(97, "KGAL", "Kgal", "Thousand gallons", 3)
UNITS = (KWH, MWH, MMBTU, KW, THERM, CCF, SQFT, DOLLAR, MTCO2E, KGAL)


@dataclass(frozen=True, eq=False)
class Commodity:
    """A commodity; `energy` is MMBtu a common unit, `ghg` MTCO2e a common unit by gas."""

    id: int
    code: str
    info: str
    abbreviation: str
    category: tuple[int, str]
    common: Unit | None
    demand: Unit | None
    energy: Decimal = Decimal(0)
    scope: int | None = None
    ghg: tuple[Decimal, ...] = ()
    in_use: bool = True

    @property
    def child(self) -> Record:
        """How other objects show it; the icon is for energy only."""
        icon = {"code": f"icon-{self.code.lower()}", "color": "#3366CC"} if self.energy else None
        return {
            "commodityId": self.id,
            "commodityCode": self.code,
            "commodityInfo": self.info,
            "commodityIcon": icon,
        }


_ELECTRIC = Commodity(
    1,
    "ELECTRIC",
    "Electric",
    "ELE",
    (1, "Electric"),
    KWH,
    KW,
    Decimal("0.003412"),
    2,
    (Decimal("0.000371"), Decimal("0.00000081"), Decimal("0.0000012")),
)
_GAS = Commodity(
    2,
    "NATURALGAS",
    "Natural Gas",
    "GAS",
    (2, "Fossil fuel"),
    MMBTU,
    None,
    Decimal(1),
    1,
    (Decimal("0.05306"), Decimal("0.000028"), Decimal("0.00003")),
)
_WATER = Commodity(5, "WATER", "Water", "WTR", (3, "Water"), KGAL, None)
_SEWER = Commodity(6, "SEWER", "Sewer", "SEW", (3, "Water"), KGAL, None)
_STORM = Commodity(9, "STORMDRAIN", "Storm Drain", "STM", (4, "Otros"), None, None)
_STEAM = Commodity(12, "STEAM", "Steam", "STE", (2, "Fossil fuel"), MMBTU, None, in_use=False)
COMMODITIES = (_ELECTRIC, _GAS, _WATER, _SEWER, _STORM, _STEAM)


@dataclass(frozen=True, eq=False)
class Service:
    """How a meter is billed; native use times `factor` is common use, prices in cents."""

    commodity: Commodity
    season: str
    native: Unit | None
    factor: Decimal
    cents_a_unit: int
    divisor: int = 1

    @property
    def is_weather_sensitive(self) -> bool:
        """Whether the vendor weighs and normalizes it by weather."""
        return bool(self.commodity.energy)


# In turn over the meters of a tenant, none of which costs more than some 40,000 dollars a month.
# Two kinds of electric meters: native units differ within a commodity, the common unit does not.
SERVICES = (
    Service(_ELECTRIC, "electric", KWH, Decimal(1), 14),
    Service(_GAS, "gas", THERM, Decimal("0.1"), 118, 10),
    Service(_WATER, "water", CCF, Decimal("0.748052"), 431, 50),
    Service(_ELECTRIC, "electric", MWH, Decimal(1000), 17_000, 1000),
    Service(_SEWER, "water", KGAL, Decimal(1), 922, 100),
    Service(_STORM, "water", None, Decimal(0), 5),
)


@dataclass(frozen=True)
class Vendor:
    """A seller (api-reference/vendor); without commodities it sells all."""

    id: int
    code: str
    info: str
    city: str
    commodities: frozenset[str] = frozenset()

    @property
    def child(self) -> Record:
        """How other objects show it."""
        return {"vendorId": self.id, "vendorCode": self.code, "vendorInfo": self.info}


VENDORS = (
    Vendor(1040, "ANYTOWN", "Anytown Public Utilities", "Anytown"),
    Vendor(1043, "EXPOWER", "Example Power & Light", "Sampleton", frozenset({"ELECTRIC"})),
    Vendor(1047, "FICTGAS", "Gaz Fictif, S.A.", "Exampleville", frozenset({"NATURALGAS"})),
    Vendor(1052, "SAMPLEWTR", "Sample Water District", "Anytown", frozenset({"WATER", "SEWER"})),
    Vendor(1058, "NOWHERE", "Nowhere Storm Utility", "Nowhere", frozenset({"STORMDRAIN"})),
    Vendor(1065, "UNUSED", "Placeholder Energy Supply", "Anytown", frozenset({"STEAM"})),
)

GASES = ((1, "CO2", "Carbon dioxide"), (2, "CH4", "Methane"), (3, "N2O", "Nitrous oxide"))


def unit_child(unit: Unit | None) -> Record | None:
    """Show a unit, where there is one, as UnitChild."""
    return unit.child if unit else None
