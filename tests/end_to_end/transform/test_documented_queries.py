"""The queries of docs/analytics.md, as they stand there, in both databases."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import Commands
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.transform import energy_truth
from tests.end_to_end.transform.databases import Database, Row, by
from tests.end_to_end.transform.dbt import AS_OF, Dbt
from tests.end_to_end.transform.energy_truth import Period, Truth, exact
from tests.end_to_end.transform.world import load_duckdb, load_postgres
from tests.examples import example

pytestmark = pytest.mark.end_to_end

COST_BY_BUILDING = example("docs/analytics.md#questions-and-answers sql 1")
INCREASES = example("docs/analytics.md#questions-and-answers sql 2")
NOT_ADDING_UP = example("docs/analytics.md#questions-and-answers sql 3")
CONSENTS = example("docs/analytics.md#questions-and-answers sql 4")
MONTHS_WITHOUT_BILL = example("docs/analytics.md#questions-and-answers sql 5")
PEAKS = example("docs/analytics.md#questions-and-answers sql 6")
STATUSES = example("docs/analytics.md#which-bills-count sql 1")
CENT = 0.005
Month = tuple[str, str, str, dt.date]


@pytest.fixture(scope="module")
def databases(
    commands: Commands, shared: Path, dbt: Dbt, cluster: Cluster, tmp_path_factory: Any
) -> tuple[Mapping[str, Database], Truth]:
    """Both databases, built, and the truth of them."""
    folder = tmp_path_factory.mktemp("queries")
    duckdb, truth = load_duckdb(commands, shared, folder)
    found = {"duckdb": duckdb, "postgres": load_postgres(commands, folder, cluster, "queries")}
    for database in found.values():
        dbt.build(database)
    return found, truth


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: Any, databases: tuple[Mapping[str, Database], Truth]) -> Database:
    """One of them."""
    return databases[0][request.param]


@pytest.fixture(scope="module")
def truth(databases: tuple[Mapping[str, Database], Truth]) -> Truth:
    """What the vendors have."""
    return databases[1]


@pytest.fixture(scope="module")
def periods(truth: Truth) -> list[Period]:
    """The bills of both vendors."""
    return energy_truth.periods(truth)


def test_no_query_is_longer_than_ten_lines() -> None:
    for query in (COST_BY_BUILDING, INCREASES, NOT_ADDING_UP, CONSENTS, MONTHS_WITHOUT_BILL, PEAKS):
        assert len(query.splitlines()) <= 10


def test_cost_by_building_month_and_commodity(database: Database, periods: list[Period]) -> None:
    rows = database.query(COST_BY_BUILDING)

    expected: dict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
    for share in energy_truth.shares(periods):
        if (cost := share.of(share.period.cost)) is not None:
            expected[share.period.building, share.month, share.period.commodity] += cost
    found: dict[tuple[Any, ...], float] = defaultdict(float)
    for row in rows:
        assert row["currency"] == "USD"
        found[row["building"], row["month"], row["commodity"]] += float(row["cost"] or 0)
    assert len(expected) > 500
    assert found.keys() >= expected.keys()
    assert all(not found[key] for key in found.keys() - expected.keys())
    for key, cost in expected.items():
        assert abs(found[key] - float(cost)) < CENT, key


def test_the_largest_increases(database: Database, periods: list[Period]) -> None:
    covered = energy_truth.covered_days(periods)
    costs: dict[Month, Fraction] = defaultdict(Fraction)
    meters: dict[Month, set[str]] = defaultdict(set)
    partial = set[Month]()
    for share in energy_truth.shares(periods):
        period, month = share.period, share.month
        key = (period.vendor, period.building, period.commodity, month)
        days = (energy_truth.following(month) - month).days
        costs[key] += share.of(period.cost) or Fraction(0)
        meters[key].add(period.meter_key)
        if covered[period.meter_key, month] < days - 1:
            partial.add(key)
    increases = sorted(
        (
            float(costs[now] - costs[before])
            for now in list(costs)
            if not {now, before := (*now[:3], now[3].replace(year=now[3].year - 1))} & partial
            and len(meters[now]) == len(meters[before])
        ),
        reverse=True,
    )

    rows = database.query(INCREASES)

    assert len(rows) == 10
    assert [row["increase"] for row in rows] == pytest.approx(increases[:10], abs=CENT)
    assert rows[0]["cost"] - rows[0]["cost_before"] == pytest.approx(increases[0], abs=CENT)


def test_bills_and_statements_that_do_not_add_up(database: Database, truth: Truth) -> None:
    bills = energy_truth.charges_that_differ(truth)
    statements = {}
    for summary in truth["billing_summaries"]:
        amount = exact((summary.get("base") or {}).get("new_charges_amount"))
        charges = [exact(charge["cost"]) for charge in summary.get("new_charges") or []]
        known = [cost for cost in charges if cost is not None]
        if amount is not None and known and abs(sum(known) - amount) > CENT:
            statements[summary["uid"]] = float(sum(known) - amount)

    rows = database.query(NOT_ADDING_UP)

    found = by(rows, "check_name", "bill_id")
    assert bills
    assert statements
    assert {(row["check_name"], row["bill_id"]) for row in rows} == {
        *(("charges differ from bill", bill) for bill in bills),
        *(("charges differ from statement", uid) for uid in statements),
    }
    for uid, difference in statements.items():
        row = found["charges differ from statement", uid]
        assert row["difference"] == pytest.approx(difference, abs=CENT)
    sizes = [abs(row["difference"]) for row in rows]
    assert sizes == sorted(sizes, reverse=True)


def test_consents_that_end_within_90_days(database: Database, truth: Truth) -> None:
    expected = {
        uid: left
        for uid, (status, left) in energy_truth.consents(
            truth, dt.date.fromisoformat(AS_OF)
        ).items()
        if status == "ending"
    }

    rows = database.query(CONSENTS)

    assert expected
    assert {row["authorization_uid"]: row["days_left"] for row in rows} == expected
    assert [row["ends_at"] for row in rows] == sorted(row["ends_at"] for row in rows)


def test_months_without_a_bill(database: Database, periods: list[Period]) -> None:
    meters: dict[str, list[Period]] = defaultdict(list)
    for period in periods:
        if period.status == "counted":
            meters[period.meter_key].append(period)
    covered = energy_truth.covered_days(periods)
    expected = {
        (meter, month)
        for meter, bills in meters.items()
        for month in energy_truth.months(
            min(map(attrgetter("start"), bills)), max(map(attrgetter("end"), bills))
        )
        if (meter, month) not in covered
    }
    keys = by(database.rows("meters", "meter_key, vendor, meter"), "vendor", "meter")

    rows = database.query(MONTHS_WITHOUT_BILL)

    assert expected
    assert {(keys[row["vendor"], row["meter"]]["meter_key"], row["month"]) for row in rows} == (
        expected
    )
    # A month that no other meter has a bill for is without one too.
    meter = min(meter for meter, _ in expected)
    alone = database.copy("alone")
    for table in ("meters", "energy_monthly"):
        alone.execute(f"DELETE FROM energy.{table} WHERE meter_key <> '{meter}'")
    assert {(meter, row["month"]) for row in alone.query(MONTHS_WITHOUT_BILL)} == {
        each for each in expected if each[0] == meter
    }


def test_the_peak_interval_of_each_meter(database: Database, truth: Truth) -> None:
    keys = by(database.rows("meters", "meter_key, meter"), "meter_key")
    readings: dict[str, list[tuple[float, dt.datetime]]] = defaultdict(list)
    for interval in truth["intervals"]:
        meter = keys[f"utilityapi:{interval['meter_uid']}"]["meter"]
        readings[meter].extend(filter(None, map(power, interval["readings"])))
    peaks = {
        meter: max(each, key=lambda reading: (reading[0], -reading[1].timestamp()))
        for meter, each in readings.items()
    }

    rows = by(database.query(PEAKS), "meter")

    assert len(peaks) > 1
    assert rows.keys() == peaks.keys()
    for meter, (kilowatts, start) in peaks.items():
        assert rows[meter]["kw"] == pytest.approx(kilowatts)
        assert rows[meter]["start_at"] == start


def power(reading: Row) -> tuple[float, dt.datetime] | None:
    """The kilowatts of a reading and its local start, if it has a net energy."""
    start, end = (dt.datetime.fromisoformat(reading[name]) for name in ("start", "end"))
    points = reading["datapoints"] or []
    net = [p["value"] for p in points if p["type"] == "net" and p["value"] is not None]
    hours = (end - start) / dt.timedelta(hours=1)
    return (float(sum(net)) / hours, start.replace(tzinfo=None)) if net else None


def test_bills_by_status(database: Database, periods: list[Period]) -> None:
    expected: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for period in periods:
        expected[period.vendor, period.status].append(period.cost or Fraction(0))

    rows: dict[Any, Row] = by(database.query(STATUSES), "vendor", "status")

    assert {key: row["bills"] for key, row in rows.items()} == {
        key: len(costs) for key, costs in expected.items()
    }
    for key, costs in expected.items():
        assert float(rows[key]["cost"]) == pytest.approx(float(sum(costs)), abs=CENT)
