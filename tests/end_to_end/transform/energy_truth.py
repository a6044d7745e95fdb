"""What the tables of `transform/` must hold, worked out from the vendors' own records.

Written from the vendors' pages and the tables' descriptions, without a look at the SQL. All sums
are exact: of decimals, days of a period being fractions.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

Record = dict[str, Any]
Truth = Mapping[str, Sequence[Record]]

#: Thousands of BTU in a kWh, and in other units (ENERGY STAR, thermal conversion factors).
KWH = Fraction("3.412")
KBTU = {
    "kwh": KWH,
    "mwh": 1000 * KWH,
    "therm": Fraction(100),
}
UNITS = {"therms": "therm"}
COMMODITIES = {
    "ELECTRIC": "electricity",
    "electric": "electricity",
    "NATURALGAS": "natural_gas",
    "gas": "natural_gas",
    "WATER": "water",
    "SEWER": "sewer",
    "STORMDRAIN": "storm_drain",
    None: "unknown",
}
NO_BUILDING = "(no building)"
LISTS = ("energycap_meters", "energycap_places", "energycap_bills", "energycap_bill_meters")
#: The truth that is needed, for `Sandbox.truth(only=…)`.
ONLY = ",".join((
    "authorizations",
    "meters",
    "bills",
    "billing_summaries",
    "interval_readings",
    "intervals",
    *LISTS,
))


@dataclass(frozen=True)
class Period:
    """A bill of a meter."""

    vendor: str
    bill_id: str
    meter_key: str
    building: str
    commodity: str
    start: dt.date
    end: dt.date
    use: Fraction | None
    unit: str | None
    cost: Fraction | None
    estimated: bool
    status: str

    @property
    def in_short(self) -> tuple[Any, ...]:
        """What tells it from others, and its status."""
        return (self.vendor, self.bill_id, self.meter_key, self.start, self.end, self.status)

    @property
    def days(self) -> int:
        """How many days it covers."""
        return (self.end - self.start).days

    @property
    def kwh(self) -> Fraction | None:
        """The use in kWh, if its unit is one of energy."""
        factor = KBTU.get(self.unit or "")
        return None if factor is None or self.use is None else self.use * factor / KWH

    @property
    def mmbtu(self) -> Fraction | None:
        """The use in MMBtu."""
        return None if self.kwh is None else self.kwh * KWH / 1000


@dataclass(frozen=True)
class Share:
    """The part of a period that is in a month."""

    period: Period
    month: dt.date
    part: Fraction

    def of(self, amount: Fraction | None) -> Fraction | None:
        """The month's part of an amount of the period."""
        return None if amount is None else amount * self.part


def periods(truth: Truth) -> list[Period]:
    """The bills of both vendors, a row per bill and meter."""
    return [*utilityapi_periods(truth), *energycap_periods(truth)]


def utilityapi_periods(truth: Truth) -> Iterator[Period]:
    """The bills of UtilityAPI; the vendor serves none of a revoked consent."""
    for bill in truth["bills"]:
        base = bill["base"]
        unit, volume = base["bill_total_unit"], base["bill_total_volume"]
        yield Period(
            vendor="utilityapi",
            bill_id=bill["uid"],
            meter_key=f"utilityapi:{bill['meter_uid']}",
            building=base["service_address"],
            commodity=COMMODITIES[base["service_class"].split("-")[-1]],
            start=day(base["bill_start_date"]),
            end=day(base["bill_end_date"]),
            use=exact(volume if volume is not None else base["bill_total_kwh"]),
            unit=UNITS.get(unit, unit),
            cost=exact(base["bill_total_cost"]),
            estimated=False,
            status="counted",
        )


def energycap_periods(truth: Truth) -> Iterator[Period]:
    """The rows of EnergyCAP's bills, those of void bills too."""
    bills = {bill["billId"]: bill for bill in truth["energycap_bills"]}
    meters = {meter["meterId"]: meter for meter in truth["energycap_meters"]}
    places = {place["placeId"]: place["placeInfo"] for place in truth["energycap_places"]}
    for row in truth["energycap_bill_meters"]:
        meter, bill = meters[row["meter"]["meterId"]], bills[row["billId"]]
        place = meter["place"] or {"placeId": None, "placeInfo": NO_BUILDING}
        commodity = meter["commodity"] or row["meter"]["commodity"] or {"commodityCode": None}
        cost = row["proportionalCost"] if row["proportionalCost"] is not None else row["directCost"]
        yield Period(
            vendor="energycap",
            bill_id=str(row["billId"]),
            meter_key=f"energycap:{row['meter']['meterId']}",
            building=places.get(place["placeId"], place["placeInfo"]),
            commodity=COMMODITIES[commodity["commodityCode"]],
            start=day(row["beginDate"]),
            end=day(row["endDate"]),
            use=exact(row["nativeUse"]),
            unit=row["nativeUseUnit"] and row["nativeUseUnit"]["unitCode"].lower(),
            cost=exact(cost),
            estimated=bill["estimated"],
            status="void" if bill["void"] else "accrual" if bill["accrual"] else "counted",
        )


def shares(found: Iterable[Period]) -> Iterator[Share]:
    """The months of periods that count, each with its share of the days."""
    for period in found:
        if period.status == "counted":
            for month in months(period.start, period.end):
                first, last = max(period.start, month), min(period.end, following(month))
                yield Share(period, month, Fraction((last - first).days, period.days))


def sums(
    found: Iterable[Share],
    key: Callable[[Share], Hashable],
    amount: Callable[[Period], Fraction | None],
) -> dict[Any, Fraction]:
    """The sum of the months' parts of an amount, by some key; without those that are not known."""
    result: dict[Any, Fraction] = defaultdict(Fraction)
    for share in found:
        part = share.of(amount(share.period))
        if part is not None:
            result[key(share)] += part
    return dict(result)


def covered_days(found: Iterable[Period]) -> dict[tuple[str, dt.date], int]:
    """The days that bills of a meter cover, each once, by meter and month."""
    days: dict[tuple[str, dt.date], set[dt.date]] = defaultdict(set)
    for period in found:
        if period.status == "counted":
            for number in range(period.days):
                covered = period.start + dt.timedelta(days=number)
                days[period.meter_key, covered.replace(day=1)].add(covered)
    return {key: len(each) for key, each in days.items()}


def gaps(found: Iterable[Period], at_least: int) -> set[tuple[str, dt.date, dt.date]]:
    """Days without a bill between two: the meter, the first one, and the next with a bill."""
    covered: dict[str, set[dt.date]] = defaultdict(set)
    for period in found:
        if period.status == "counted":
            days = (period.start + dt.timedelta(days=n) for n in range(period.days))
            covered[period.meter_key].update(days)
    result = set()
    for meter, days in covered.items():
        ordered = sorted(days)
        for earlier, later in pairwise(ordered):
            missing = (later - earlier).days - 1
            if missing >= at_least:
                result.add((meter, earlier + dt.timedelta(days=1), later))
    return result


def late(
    truth: Truth, found: Iterable[Period], today: dt.date, after: int
) -> dict[str, tuple[dt.date, int]]:
    """Meters in use whose last bill ended too long ago: since when, and for how many days."""
    in_use = {
        f"energycap:{meter['meterId']}" for meter in truth["energycap_meters"] if meter["active"]
    } | {
        f"utilityapi:{meter['uid']}"
        for meter in truth["meters"]
        if meter["is_activated"] and not meter["is_archived"]
    }
    last: dict[str, dt.date] = {}
    for period in found:
        if period.status == "counted" and period.meter_key in in_use:
            last[period.meter_key] = max(period.end, last.get(period.meter_key, period.end))
    days = {meter: (end, (today - end).days) for meter, end in last.items()}
    return {meter: since for meter, since in days.items() if since[1] > after}


def overlaps(found: Iterable[Period], at_least: int) -> dict[str, set[dt.date]]:
    """The days that several bills of a meter cover, by meter, without shorter runs of them.

    Two rows of one bill are one bill.
    """
    bills: dict[str, dict[dt.date, set[str]]] = defaultdict(lambda: defaultdict(set))
    for period in found:
        if period.status == "counted":
            for number in range(period.days):
                covered = period.start + dt.timedelta(days=number)
                bills[period.meter_key][covered].add(period.bill_id)
    result = {}
    for meter, days in bills.items():
        twice = {each for each, ids in days.items() if len(ids) > 1}
        long = {each for run in _runs(twice) if len(run) >= at_least for each in run}
        if long:
            result[meter] = long
    return result


def _runs(days: set[dt.date]) -> list[list[dt.date]]:
    """The days in runs of consecutive ones."""
    runs: list[list[dt.date]] = []
    for each in sorted(days):
        if runs and (each - runs[-1][-1]).days == 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def consents(truth: Truth, today: dt.date) -> dict[str, tuple[str, int | None]]:
    """The state of each authorization, and the days until it ends, if it has a last day."""
    result = {}
    for consent in truth["authorizations"]:
        try:
            left = (day(consent["expires"]) - today).days
        except ValueError:
            left = None
        status = "open"
        if consent["declined"]:
            status = "declined"
        elif consent["revoked"]:
            status = "revoked"
        elif left is not None and left <= 90:
            status = "ended" if left < 0 else "ending"
        result[consent["uid"]] = (status, left)
    return result


def charges_that_differ(truth: Truth) -> dict[str, tuple[Fraction, Fraction]]:
    """UtilityAPI's bills whose charges do not add up to them: the charges' sum, and the bill's."""
    result = {}
    for bill in truth["bills"]:
        lists = [bill["line_items"]] + [
            supplier["supplier_line_items"] for supplier in bill.get("suppliers") or []
        ]
        costs = [exact(item["cost"]) for items in lists for item in items]
        known = [cost for cost in costs if cost is not None]
        total = exact(bill["base"]["bill_total_cost"])
        if total is not None and known and abs(sum(known) - total) >= Fraction("0.005"):
            result[bill["uid"]] = (Fraction(sum(known)), total)
    return result


def statements_that_differ(truth: Truth) -> dict[str, tuple[Fraction, Fraction]]:
    """UtilityAPI's statements whose new charges do not add up to them: the sum, and the amount."""
    result = {}
    for summary in truth["billing_summaries"]:
        costs = [exact(charge["cost"]) for charge in summary.get("new_charges") or []]
        known = [cost for cost in costs if cost is not None]
        amount = exact((summary.get("base") or {}).get("new_charges_amount"))
        if amount is not None and known and abs(sum(known) - amount) >= Fraction("0.015"):
            result[summary["uid"]] = (Fraction(sum(known)), amount)
    return result


def day(text: str) -> dt.date:
    """The local day of a timestamp."""
    return dt.date.fromisoformat(text[:10])


def exact(number: Decimal | int | None) -> Fraction | None:
    """A number as an exact fraction."""
    return None if number is None else Fraction(number)


def months(start: dt.date, end: dt.date) -> Iterator[dt.date]:
    """The first days of the months of a period."""
    month = start.replace(day=1)
    while month < end:
        yield month
        month = following(month)


def following(month: dt.date) -> dt.date:
    """The first day of the next month."""
    return (month + dt.timedelta(days=31)).replace(day=1)
