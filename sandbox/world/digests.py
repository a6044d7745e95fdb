"""The EnergyCAP tenant: meters and their monthly results (meter digest, actual, monthly)."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import TYPE_CHECKING

from sandbox.world.catalogue import SEASONS, STREETS
from sandbox.world.clock import MONTH_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.options import SandboxOptions

Record = dict[str, object]
_SIX, _FOUR = Decimal("0.000001"), Decimal("0.0001")


def _unit(unit_id: int, code: str, info: str) -> Record:
    return {"unitCode": code, "unitId": unit_id, "unitInfo": info}


_KWH, _THERM, _DOLLAR, _KGAL = (
    _unit(2, "KWH", "kWh"),
    _unit(16, "THERM", "THERM"),
    _unit(58, "USDOLLARS", "$"),
    _unit(97, "KGAL", "Kgal"),
)
_KW, _MMBTU, _CCF = _unit(7, "KW", "kW"), _unit(4, "MMBTU", "MMBtu"), _unit(21, "CCF", "CCF")


@dataclass(frozen=True)
class Commodity:
    """A commodity with its units; `factor` turns native use into common use."""

    code: str
    season: str
    native: Record | None
    common: Record | None
    demand: Record | None
    factor: Decimal
    cents_a_unit: int


COMMODITIES = (
    Commodity("ELECTRIC", "electric", _KWH, _KWH, _KW, Decimal(1), 14),
    Commodity("NATURALGAS", "gas", _THERM, _MMBTU, None, Decimal("0.1"), 118),
    Commodity("WATER", "water", _CCF, _KGAL, None, Decimal("0.748052"), 431),
    Commodity("ELECTRIC", "electric", _KWH, _MMBTU, _KW, Decimal("0.003412"), 17),
    Commodity("SEWER", "water", _KGAL, _KGAL, None, Decimal(1), 922),
    Commodity("STORMDRAIN", "water", None, None, None, Decimal(0), 5),
)


@dataclass(frozen=True)
class DigestMeter:
    """A meter of the tenant; `volume` is its average monthly use in native units."""

    ordinal: int
    id: int
    commodity: Commodity
    volume: int
    since: int


@dataclass(frozen=True)
class Period:
    """An accounting period by its calendar and its fiscal number."""

    year: int
    number: int
    fiscal_year: int
    fiscal_number: int
    name: str


class Tenant:
    """Every meter there can be, and the digest of each."""

    def __init__(self, options: SandboxOptions) -> None:
        """Draw the meters; the results are drawn when a digest is asked for."""
        self._options = options
        count = options.meters + options.growth[0]
        drawn = list(_meters(options.seed, options.today, count))
        stay = drawn[: options.meters]
        Random(f"{options.seed}:order").shuffle(stay)
        self.meters = stay + drawn[options.meters :]

    def digest(self, meter: DigestMeter, years: int) -> Record:
        """Print a meter with the results of the last `years` calendar years."""
        n = meter.ordinal
        record: Record = {
            "commonUseUnit": meter.commodity.common,
            "costUnit": _DOLLAR if n % 40 != 31 else None,
            "meterCode": f"{meter.commodity.code[:3]}-{meter.id:05d}",
            "meterId": meter.id,
            "meterInfo": f"{meter.commodity.code} · {n} {STREETS[n % len(STREETS)]}",
            "nativeDemandUnit": meter.commodity.demand,
            "nativeUseUnit": _native_unit(meter),
            "results": self.results(meter, years),
            "updated": _updated(n, self._options.today),
        }
        _spoil(n, record)
        return record

    def results(self, meter: DigestMeter, years: int) -> list[Record]:
        """Results in no order; a period without bills is left out."""
        if meter.ordinal % 20 in {3, 5, 7}:
            return []
        today = self._options.today
        first = max(meter.since, today.year - years + 1)
        periods = [p for y in range(first, today.year + 1) for p in self._periods(y)]
        rows = [row for p in periods if (row := self._row(meter, p)) is not None]
        rows.sort(key=lambda row: zlib.crc32(f"{meter.id}{row['periodName']}".encode()))
        self._break_keys(meter, rows)
        return rows

    def _periods(self, year: int) -> Iterator[Period]:
        options = self._options
        count = options.accounting_periods
        past = count
        if year == options.today.year:
            past = (options.today - dt.date(year, 1, 1)).days * count // 366
        shift = options.fiscal_start_month - 1
        for number in range(1, past + 1):
            later = shift and number > shift
            yield Period(
                year=year,
                number=number,
                fiscal_year=year + 1 if later else year,
                fiscal_number=(number - 1 - shift) % count + 1,
                name=MONTH_NAMES[number - 1] if count == 12 else f"Período {number}",
            )

    def _row(self, meter: DigestMeter, period: Period) -> Record | None:
        rng = Random(f"{self._options.seed}:{meter.id}:{period.year}:{period.number}")
        if rng.random() < 0.04:
            return None
        use = _use(rng, meter, period)
        # An occasional credit turns the month's cost negative.
        sign = -1 if rng.random() < 0.03 else 1
        cost = (use * meter.commodity.cents_a_unit / 100 * sign + rng.randint(1, 40)).quantize(
            (_FOUR, Decimal("0.01"))[rng.random() < 0.5]
        )
        days = 28 if self._options.accounting_periods == 13 else rng.randint(27, 34)
        row: Record = {
            "calendarPeriod": period.number,
            "calendarYear": period.year,
            "days": days,
            "fiscalPeriod": period.fiscal_number,
            "fiscalYear": period.fiscal_year,
            "nativeUse": use,
            "nativeUseUnitCost": _each(cost, use),
            "periodName": period.name,
            "totalCost": cost,
            **_common(meter, use, cost),
            **_demand(rng, meter, use, cost, days),
        }
        if rng.random() < 0.05:
            row["isEstimated"] = True
        if self._options.hard_numbers and rng.random() < 0.3:
            row |= {
                "nativeUse": Decimal("12345678901234567890.123456"),
                "commonUseUnitCost": Decimal("1E-8"),
                "totalCost": Decimal("-0.10000000000000000000001"),
            }
        return row

    def _break_keys(self, meter: DigestMeter, rows: list[Record]) -> None:
        if not rows:
            return
        if self._options.duplicate_period and meter.ordinal == 0:
            again = dict(rows[0])
            again["totalCost"] = Decimal("1.10")
            rows.append(again)
        if self._options.missing_period_key and meter.ordinal == 1:
            rows[len(rows) // 2]["calendarPeriod"] = None


def _meters(seed: int, today: dt.date, count: int) -> Iterator[DigestMeter]:
    rng = Random(f"{seed}:meters")
    meter_id = 1_040
    for n in range(count):
        meter_id += rng.randint(1, 37)
        commodity = COMMODITIES[n % len(COMMODITIES)]
        volume = rng.choice((80, 900, 12_000, 150_000))
        yield DigestMeter(n, meter_id, commodity, volume, today.year - rng.randint(1, 8))


def _use(rng: Random, meter: DigestMeter, period: Period) -> Decimal:
    month = min(period.number, 12)
    digits = rng.choice((0, 1, 4, 6))
    size = meter.volume * SEASONS[meter.commodity.season][month - 1] * rng.randint(85, 115)
    use = Decimal(size * 10**digits // 10_000).scaleb(-digits)
    return Decimal(0) if rng.random() < 0.03 else use


def _each(cost: Decimal, amount: Decimal) -> Decimal | None:
    return (cost / amount).quantize(_SIX, ROUND_HALF_UP) if amount else None


def _common(meter: DigestMeter, use: Decimal, cost: Decimal) -> Record:
    if meter.commodity.common is None:
        return {"commonUse": None, "commonUseUnitCost": None}
    common = use * meter.commodity.factor
    if meter.commodity.factor != 1:
        common = common.quantize(_SIX, ROUND_HALF_UP)
    return {"commonUse": common, "commonUseUnitCost": _each(cost, common)}


def _demand(rng: Random, meter: DigestMeter, use: Decimal, cost: Decimal, days: int) -> Record:
    names = (
        "nativeActualDemand",
        "nativeActualDemandUnitCost",
        "nativeBilledDemand",
        "nativeBilledDemandUnitCost",
        "loadFactor",
    )
    if meter.commodity.demand is None:
        return dict.fromkeys(names) if meter.ordinal % 2 else {}
    # Demand follows use, and with it the season.
    average = use / (24 * days)
    actual = (average * rng.randint(140, 320) / 100).quantize(Decimal("0.01"))
    billed = max(actual, Decimal(5)) if rng.random() < 0.9 else None
    values = (
        actual,
        _each(cost / 3, actual),
        billed,
        None if billed is None else _each(cost / 3, billed),
        (average / actual).quantize(_FOUR) if actual else None,
    )
    return dict(zip(names, values, strict=True))


def _native_unit(meter: DigestMeter) -> Record | None:
    unit = meter.commodity.native
    if unit is None or meter.ordinal % 9 != 2:
        return unit
    return {**unit, "unitDisplayName": f"{unit['unitInfo']} (native)"}


def _updated(n: int, today: dt.date) -> str | None:
    """No page shows a real value, so every shape that was seen anywhere in the API is used."""
    day = today - dt.timedelta(days=n % 13)
    return (
        f"{day}T04:12:{n % 60:02d}",
        f"{day}T04:12:09.{n % 1000:03d}",
        f"{day}T08:58:57.3042129-04:00",
        f"{day}T14:22:00-04:00",
        f"{day}T14:22:00Z",
        f"{day} 14:22:00",
        f"{day}",
        None,
    )[n % 8]


def _spoil(n: int, record: Record) -> None:
    if n % 20 == 5:
        record["results"] = None
    if n % 20 == 7:
        del record["results"]
    if n % 7 == 4:
        record["dataAccess"] = {"releaseId": None, "approved": n % 2 == 0}
    if n % 11 == 6:
        record["energyStarScore"] = Decimal(n).scaleb(-1)
    if n == 2:
        record["extra"] = "a field of the vendor's that is called extra"
