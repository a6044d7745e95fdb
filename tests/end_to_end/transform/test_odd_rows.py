"""Rows that no vendor should send: every build ends well, and no cost is lost from sight."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import Commands
from tests.end_to_end.transform import energy_truth, odd_rows
from tests.end_to_end.transform.databases import Database, Row, by, in_short
from tests.end_to_end.transform.dbt import Dbt
from tests.end_to_end.transform.energy_truth import Period, Truth, periods
from tests.end_to_end.transform.vanishing import vanishing
from tests.end_to_end.transform.world import load_duckdb, load_postgres

pytestmark = pytest.mark.end_to_end

#: A bill whose rows have this vendor and id.
Bill = tuple[str, str]
#: The cost of all raw rows and of all bills, by vendor; beside a huge one, cents would not show.
RAW_COST = """
    SELECT 'energycap' AS vendor, sum(coalesce("proportionalCost", "directCost")) AS cost
    FROM energycap_bill_meters WHERE coalesce("proportionalCost", "directCost") < 1E15
      AND coalesce("proportionalCost", "directCost") > -1E15
    UNION ALL SELECT 'utilityapi', sum(cost) FROM (
      SELECT CAST(base ->> 'bill_total_cost' AS double precision) AS cost FROM utilityapi_bills
      WHERE base ->> 'bill_total_cost' NOT IN ('see note', 'NaN')
    ) AS bills WHERE abs(cost) < 1E15
"""
COST = """
    SELECT vendor, sum(cost) AS cost FROM energy.energy_bill_periods WHERE abs(cost) < 1E15
    GROUP BY vendor
"""
#: What counts, by meter.
COUNTED = """
    SELECT meter_key, sum(cost) AS cost, sum(use) AS use FROM energy.energy_bill_periods
    WHERE is_counted GROUP BY meter_key
"""
MONTHLY = """
    SELECT meter_key, sum(cost) AS cost, sum(use) AS use FROM energy.energy_monthly
    GROUP BY meter_key
"""


@dataclass(frozen=True)
class Odd:
    """A database in which some bills were made odd, and the tables built of it."""

    database: Database
    #: Which bill was made odd in which way.
    bills: Mapping[tuple[str, str], str]
    rows: Mapping[Bill, Row]
    #: All other bills.
    untouched: Sequence[Period]


@dataclass(frozen=True)
class Vanished:
    """A database, and what its bills are."""

    database: Database
    periods: Sequence[Period]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def world(
    request: Any, commands: Commands, shared: Path, tmp_path_factory: Any
) -> tuple[Database, Truth]:
    """The world as it was loaded."""
    folder = tmp_path_factory.mktemp("odd")
    database, truth = load_duckdb(commands, shared, folder)
    if request.param == "duckdb":
        return database, truth
    cluster = request.getfixturevalue("cluster")
    return load_postgres(commands, folder, cluster, "world"), truth


@pytest.fixture(scope="module")
def odd(world: tuple[Database, Truth], dbt: Dbt) -> Odd:
    """The world with its odd bills."""
    original, truth = world
    database, bills = original.copy("odd"), chosen(truth)
    database.execute(*(each.format(json=database.json) for each in odd_rows.OTHERWISE))
    database.execute(*(statement(database, *way, bill) for way, bill in bills.items()))
    dbt.build(database)
    touched = {(way[0], bill) for way, bill in bills.items()}
    rows = [
        row
        for row in database.rows("energy_bill_periods")
        if (row["vendor"], row["bill_id"]) in touched
    ]
    others = [each for each in periods(truth) if (each.vendor, each.bill_id) not in touched]
    return Odd(database, bills, by(rows, "vendor", "bill_id"), others)


@pytest.fixture(scope="module")
def vanished(world: tuple[Database, Truth], dbt: Dbt) -> Vanished:
    """The world without some of what it had, as several runs would have left it."""
    original, truth = world
    database, change = original.copy("vanished"), vanishing(truth)
    database.execute(*change.statements)
    dbt.build(database)
    return Vanished(database, change.periods)


def chosen(truth: Truth) -> dict[tuple[str, str], str]:
    """A bill of energy for each way to be odd: with a cost, and the only row of its bill."""
    found = periods(truth)
    rows = Counter((each.vendor, each.bill_id) for each in found)
    good = [
        each
        for each in found
        if each.status == "counted"
        and each.cost
        and each.kwh
        and rows[each.vendor, each.bill_id] == 1
    ]
    chosen = {}
    for vendor, ways in WAYS.items():
        ids = sorted(each.bill_id for each in good if each.vendor == vendor)
        chosen |= {(vendor, way): bill for way, bill in zip(ways, ids, strict=False)}
    assert len(chosen) == sum(map(len, WAYS.values()))
    return chosen


WAYS = {
    "utilityapi": odd_rows.UTILITYAPI | odd_rows.UTILITYAPI_COLUMNS,
    "energycap": odd_rows.ENERGYCAP,
}


def statement(database: Database, vendor: str, way: str, bill: str) -> str:
    """What makes a bill odd."""
    change, _ = WAYS[vendor][way]
    if vendor == "energycap":
        return f'UPDATE energycap_bill_meters SET {change} WHERE "billId" = {bill}'
    if way in odd_rows.UTILITYAPI:
        json.loads(change)
        change = f"base = {database.with_members('base', change)}"
    return f"UPDATE utilityapi_bills SET {change} WHERE uid = '{bill}'"


@pytest.mark.parametrize(
    ("vendor", "way"), [(vendor, way) for vendor, ways in WAYS.items() for way in ways]
)
def test_an_odd_bill_is_shown_as_what_it_is(odd: Odd, vendor: str, way: str) -> None:
    row = odd.rows[vendor, odd.bills[vendor, way]]

    for name, expected in WAYS[vendor][way][1].items():
        is_number = isinstance(expected, float)
        assert row[name] == (pytest.approx(expected) if is_number else expected), name


def test_no_cost_is_lost(odd: Odd) -> None:
    raw = by(odd.database.query(RAW_COST), "vendor")
    cost = by(odd.database.query(COST), "vendor")

    for vendor in ("utilityapi", "energycap"):
        assert cost[vendor]["cost"] == pytest.approx(float(raw[vendor]["cost"]), abs=0.001)


def test_months_have_all_that_counts(odd: Odd) -> None:
    counted = by(odd.database.query(COUNTED), "meter_key")
    monthly = by(odd.database.query(MONTHLY), "meter_key")

    assert monthly.keys() == counted.keys()
    for meter, sums in counted.items():
        for name in ("cost", "use"):
            expected = pytest.approx(sums[name], rel=1e-12, abs=0.001)
            assert monthly[meter][name] == expected, meter


def test_what_is_odd_is_among_the_checks(odd: Odd) -> None:
    checks = odd.database.rows("energy_checks", "check_name, vendor, bill_id, meter_key")
    listed = {(row["vendor"], row["bill_id"]) for row in checks if row["check_name"] == "no period"}
    units = {row["meter_key"] for row in checks if row["check_name"] == "unknown unit"}

    without_period = {key for key, row in odd.rows.items() if row["status"] == "no period"}
    assert len(without_period) > 10
    assert listed == without_period
    unknown = {
        odd.rows[vendor, odd.bills[vendor, "unknown unit"]]["meter_key"]
        for vendor in ("utilityapi", "energycap")
    }
    assert unknown <= units


def test_a_month_in_two_units_is_whole_if_both_cover_it(odd: Odd) -> None:
    months: dict[Any, list[Row]] = defaultdict(list)
    for row in odd.database.rows("energy_monthly"):
        months[row["meter_key"], row["month"]].append(row)

    for rows in months.values():
        days = sum(row["days"] for row in rows)
        assert {row["is_partial"] for row in rows} == {days < rows[0]["days_in_month"] - 1}
    assert any(len(rows) > 1 and not rows[0]["is_partial"] for rows in months.values())


def test_a_building_has_one_name(odd: Odd) -> None:
    rows = odd.database.query(
        "SELECT building_key, min(building) AS name, max(building) AS other, count(*) AS meters"
        " FROM energy.meters GROUP BY building_key"
    )

    assert any(row["meters"] > 1 and row["name"] == row["name"].lower() for row in rows)
    assert all(row["name"] == row["other"] and row["name"].strip() for row in rows)


def test_all_other_bills_are_as_before(odd: Odd) -> None:
    touched = {(vendor, bill) for (vendor, _), bill in odd.bills.items()}
    found = Counter(
        in_short(row)
        for row in odd.database.rows("energy_bill_periods")
        if (row["vendor"], row["bill_id"]) not in touched
    )

    assert found == Counter(each.in_short for each in odd.untouched)


def test_vanished_bills_have_their_status_and_the_rest_counts(vanished: Vanished) -> None:
    found = Counter(map(in_short, vanished.database.rows("energy_bill_periods")))

    expected = Counter(each.in_short for each in vanished.periods)
    assert {"counted", "void", "consent revoked", "no longer listed"} == {
        status for *_, status in expected
    }
    assert found == expected


def test_months_have_no_cost_of_what_is_gone(vanished: Vanished) -> None:
    costs = energy_truth.sums(
        energy_truth.shares(vanished.periods),
        lambda share: share.period.meter_key,
        attrgetter("cost"),
    )

    monthly = by(vanished.database.query(MONTHLY), "meter_key")
    found = {meter: row["cost"] for meter, row in monthly.items() if row["cost"] is not None}
    assert found == pytest.approx({meter: float(cost) for meter, cost in costs.items()})


def test_a_period_that_is_there_twice_is_among_the_checks(vanished: Vanished) -> None:
    rows = vanished.database.rows("energy_checks", where="check_name = 'duplicate period'")

    periods = Counter(
        (each.meter_key, each.start, each.end)
        for each in vanished.periods
        if each.status == "counted"
    )
    twice = {period for period, count in periods.items() if count > 1}
    assert twice
    assert {(row["meter_key"], row["start_date"], row["end_date"]) for row in rows} == twice


def test_days_gaps_and_overlaps_are_those_of_the_bills(odd: Odd, vanished: Vanished) -> None:
    for database in (odd.database, vanished.database):
        bills = [as_period(row) for row in database.rows("energy_bill_periods", where="is_counted")]
        days: Counter[tuple[Any, ...]] = Counter()
        for row in database.rows("energy_monthly"):
            days[row["meter_key"], row["month"]] += row["days"]
        assert dict(days) == energy_truth.covered_days(bills)
        rows = database.rows("energy_gaps", where="kind = 'missing'")
        found = {(row["meter_key"], row["start_date"], row["end_date"]) for row in rows}
        # Bills without a meter may be of several.
        bills = [bill for bill in bills if not bill.meter_key.endswith(":unknown")]
        assert found == energy_truth.gaps(bills, at_least=2)
        rows = database.rows("energy_gaps", where="kind = 'overlap'")
        assert {row["meter_key"] for row in rows} == energy_truth.overlaps(bills, at_least=2).keys()


def as_period(row: Row) -> Period:
    """A row that counts, as the truth has it."""
    return Period(
        vendor=row["vendor"],
        bill_id=row["bill_id"],
        meter_key=row["meter_key"],
        building=row["building"],
        commodity=row["commodity"],
        start=row["start_date"],
        end=row["end_date"],
        use=None,
        unit=row["unit"],
        cost=None,
        estimated=row["estimated"],
        status=row["status"],
    )
