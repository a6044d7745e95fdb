"""Rows of bills by meter, and line by line (api-reference/bill, model BodylineResponse)."""

from __future__ import annotations

import bisect
import dataclasses
import re
import zlib
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from sandbox.energycap.data import children, timestamps
from sandbox.energycap.data.catalogue import DOLLAR, KW, MMBTU, unit_child
from sandbox.energycap.data.figures import divide
from sandbox.energycap.data.lines import CENT, SIX, Line, in_common_unit
from sandbox.energycap.data.listings import Listing
from sandbox.energycap.data.rows import each
from sandbox.energycap.data.seeded import SeededRandom

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.energycap.data.bills import Bill
    from sandbox.energycap.data.catalogue import Record, Unit
    from sandbox.energycap.data.listings import Facts
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Meter

_OBSERVATIONS = {
    "USE": (1, "Use", "USE"),
    "DEMAND": (2, "Demand", "DEMAND"),
    "COST": (3, "Cost", "CHARGE"),
}
_BETWEEN = re.compile(r"billId between '(\d+)'\|'(\d+)'")
_ONE_OF = re.compile(r"billId one of ((?:'\d+'\|?)+)")
_EQUALS = re.compile(r"billId equals '(\d+)'")
# The most years that a client may ask for.
_MOST_YEARS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """A row of a bill: the figures of a meter for [begin, end), reported in `period`."""

    id: int
    bill: Bill
    meter: Meter
    begin: dt.date
    end: dt.date
    period: int
    line: Line


@dataclass(frozen=True, slots=True, eq=False)
class BodyLine:
    """A line of a bill: a quantity, a charge or both."""

    id: int
    bill: Bill
    meter: Meter
    kind: str
    caption: str
    order: int
    value: Decimal | None
    unit: Unit | None
    cost: Decimal


class OfBills(Listing["Detail | BodyLine"]):
    """A list of rows of bills, which are found by the ids of their bills."""

    @override
    def forget(self) -> None:
        super().forget()
        self._by_bill: list[tuple[int, Detail | BodyLine]] | None = None

    @override
    def candidates(self, name: str) -> Sequence[Detail | BodyLine]:
        bills = _bills_in(name)
        if bills is None:
            return self.things()
        if getattr(self, "_by_bill", None) is None:
            pairs = ((thing.bill.id, thing) for thing in self.things())
            self._by_bill = sorted(pairs, key=lambda pair: pair[0])
        rows = self._by_bill or []
        found = []
        for first, last in bills:
            start = bisect.bisect_left(rows, first, key=lambda pair: pair[0])
            end = bisect.bisect_right(rows, last, key=lambda pair: pair[0])
            found += [thing for _, thing in rows[start:end]]
        return found


def _bills_in(expression: str) -> list[tuple[int, int]] | None:
    """Return the ranges of bills that an expression is about, or None if it is about all."""
    if between := _BETWEEN.search(expression):
        return [(int(between[1]), int(between[2]))]
    if listed := _ONE_OF.search(expression) or _EQUALS.search(expression):
        return [(int(bill), int(bill)) for bill in re.findall(r"\d+", listed[1])]
    return None


class BillDetails:
    """Prints the rows of bills; their costs add up to the bill's `totalCost`."""

    def __init__(self, model: Model) -> None:
        """Make rows from the tenant's bills."""
        self._model = model

    def listings(self) -> dict[str, Listing[Detail | BodyLine]]:
        """Return the lists by name."""
        views: dict[str, Callable[[], Iterator[Detail]]] = {
            "actual": self._actual,
            "calendarized": self._calendarized,
            "normalized": self._normalized,
        }
        return {
            "bill line": OfBills(partial(_mixed, self._lines), self._line, self._facts),
            **{
                f"bill meter {view}": OfBills(partial(_mixed, rows), self._row, self._facts)
                for view, rows in views.items()
            },
        }

    def _whole(self) -> Iterator[Detail]:
        """Yield a row for each meter of each bill."""
        model = self._model
        for bill in model.billing.all():
            for n, meter in enumerate(model.billing.meters_on(bill)):
                line, number = model.lines.line(meter, bill), bill.id * 1000 + n * 20
                yield Detail(number, bill, meter, bill.begin, bill.end, bill.period, line)

    def _actual(self) -> Iterator[Detail]:
        """Yield the rows as billed: two where the meter was replaced between two readings."""
        for whole in self._whole():
            if whole.bill.id % 23 != 3 or whole.bill.days < 2:
                yield whole
                continue
            middle = whole.begin + (whole.end - whole.begin) / 2
            days = ((middle - whole.begin).days, (whole.end - middle).days)
            first, second = _parts(whole.line, list(days), list(days))
            yield dataclasses.replace(whole, end=middle, line=first)
            yield dataclasses.replace(whole, id=whole.id + 1, begin=middle, line=second)

    def _calendarized(self) -> Iterator[Detail]:
        """Yield a row for each period that a bill has days in."""
        calendar = self._model.windows.calendar
        for whole in self._whole():
            parts = self._model.figures.prorate(whole.meter, whole.bill, whole.line)
            for n, (index, part) in enumerate(parts):
                period = calendar.period(index)
                yield Detail(
                    whole.id + n,
                    whole.bill,
                    whole.meter,
                    max(whole.begin, period.start),
                    min(whole.end, period.end),
                    index,
                    part,
                )

    def _normalized(self) -> Iterator[Detail]:
        """Yield each bill's rows, right for the weather of the period and without cost."""
        seed = self._model.options.seed
        for whole in self._whole():
            line, service = whole.line, whole.meter.service
            if service.is_weather_sensitive:
                percent = SeededRandom(seed, "weather", whole.period, service.season)
                use = (line.use * percent.between(88, 112) / 100).quantize(SIX)
                line = line._replace(use=use, common=in_common_unit(whole.meter, use))
            yield dataclasses.replace(whole, line=line)

    def _lines(self) -> Iterator[BodyLine]:
        """Yield the lines of each bill; demand and the rest of the cost have lines of their own."""
        for whole in self._whole():
            line, service = whole.line, whole.meter.service
            energy = (line.cost * 3 / 5).quantize(CENT)
            found = [("USE", "Energy charge", line.use, service.native, energy)]
            if line.billed is not None:
                cost = (line.cost / 5).quantize(CENT)
                found.append(("DEMAND", "Demand charge", line.billed, KW, cost))
            rest = line.cost - sum((each[-1] for each in found), Decimal(0))
            found.append(("COST", "Customer charge", None, None, rest))  # type: ignore[arg-type]
            first = whole.bill.id * 100 + whole.id % 1000 // 20 * 3
            for n, (kind, caption, value, unit, cost) in enumerate(found):
                yield BodyLine(
                    first + n, whole.bill, whole.meter, kind, caption, n + 1, value, unit, cost
                )

    def _row(self, thing: Detail | BodyLine) -> Record:
        """BillAccountMeterResponse."""
        assert isinstance(thing, Detail)
        meter, line = thing.meter, thing.line
        service, days = meter.service, (thing.end - thing.begin).days
        common = line.common if service.commodity.common else None
        demand = unit_child(service.commodity.demand)
        record: Record = {
            "billId": thing.bill.id,
            "billingPeriod": self._model.windows.calendar.period(thing.period).code,
            "beginDate": timestamps.midnight(thing.begin),
            "endDate": timestamps.midnight(thing.end),
            "days": days,
            "account": {
                **children.account(thing.bill.account),
                "vendor": thing.bill.account.vendor.child,
            },
            "meter": children.meter(meter, self._model.changes),
            "costUnit": DOLLAR.child,
            **_amount("nativeUse", line.use, unit_child(service.native), days),
            **_amount("commonUse", common, unit_child(service.commodity.common), days),
            **_amount("globalUse", line.energy, MMBTU.child, days),
        }
        for prefix in ("native", "common"):
            for name, value in (
                ("Demand", line.actual),
                ("ActualDemand", line.actual),
                ("BilledDemand", line.billed),
            ):
                record[f"{prefix}{name}"] = value
                record[f"{prefix}{name}Unit"] = demand
        for name in ("directCost", "proportionalCost"):
            record[name] = line.cost
            record[f"{name}PerDay"] = each(line.cost, Decimal(days))
        return record

    def _line(self, thing: Detail | BodyLine) -> Record:
        """BodylineResponse."""
        assert isinstance(thing, BodyLine)
        kind_id, info, noun = _OBSERVATIONS[thing.kind]
        return {
            "bodylineId": thing.id,
            "billId": thing.bill.id,
            "value": thing.value,
            "cost": thing.cost,
            "displayOrder": thing.order,
            "caption": thing.caption,
            "helpTag": None,
            "commodity": thing.meter.service.commodity.child,
            "meter": children.meter(thing.meter, self._model.changes),
            "account": {
                **children.account(thing.bill.account),
                "vendor": thing.bill.account.vendor.child,
            },
            "generalLedger": children.general_ledger(thing.bill.account.ordinal),
            "observationType": {
                "nounId": kind_id,
                "nounCode": noun,
                "credit": int(thing.cost < 0),
                "observationTypeId": kind_id,
                "observationTypeCode": thing.kind,
                "observationTypeInfo": info,
            },
            "unit": unit_child(thing.unit),
            "costUnit": DOLLAR.child,
        }

    def _facts(self, thing: Detail | BodyLine) -> Facts:
        """Return what a row can be filtered by."""
        years = self._model.changes.now.year - thing.bill.end.year + 1
        return {
            "void": [thing.bill.is_void],
            "accrual": [False],
            "lastNYears": range(max(years, 1), _MOST_YEARS + 1),
        }


def _account(bill: Bill) -> Record:
    """AccountChild."""
    return {**children.account(bill.account), "vendor": bill.account.vendor.child}


def _amount(name: str, value: Decimal | None, unit: Record | None, days: int) -> Record:
    per_day = None if value is None else each(value, Decimal(days))
    return {name: value, f"{name}PerDay": per_day, f"{name}Unit": unit}


def _parts(line: Line, weights: list[int], days: list[int]) -> Iterator[Line]:
    """Divide a line, so that nothing is lost."""
    amounts = zip(
        divide(line.use, weights, SIX),
        divide(line.common, weights, SIX),
        divide(line.energy, weights, SIX),
        divide(line.cost, weights, CENT),
        days,
        strict=True,
    )
    for part in amounts:
        yield Line(*part, line.actual, line.billed)


def _mixed(rows: Callable[[], Iterator[Detail | BodyLine]]) -> list[Detail | BodyLine]:
    """Put rows in an order that says nothing about them."""
    return sorted(rows(), key=lambda thing: zlib.crc32(b"row %d" % thing.id))
