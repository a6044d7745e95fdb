"""All tables after `meltano run tap-utility-energy <loader> dbt-utility-energy:build`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import DBT, TAP, Project
from tests.end_to_end.transform import energy_truth
from tests.end_to_end.transform.databases import Database, DuckDB, Postgres, Row, by
from tests.end_to_end.transform.dbt import AS_OF
from tests.end_to_end.transform.energy_truth import Period, Truth
from tests.end_to_end.transform.world import STREAMS, WORLD

pytestmark = pytest.mark.end_to_end

TABLES = (
    "energy_bill_periods",
    "energy_monthly",
    "energy_gaps",
    "energy_checks",
    "consents_ending",
    "buildings",
    "meters",
    "suggested_meter_matches",
    "interval_readings",
    "opendsm_billing",
    "portfolio_manager_bills",
)
CENT = 0.005
#: The columns of amounts, and what they are of a period.
AMOUNTS: Mapping[str, Callable[[Period], Fraction | None]] = {
    "cost": attrgetter("cost"),
    "use_kwh": attrgetter("kwh"),
    "use_mmbtu": attrgetter("mmbtu"),
}


@dataclass(frozen=True)
class Built:
    """A database with all tables, and the truth of it."""

    database: Database
    truth: Truth
    periods: list[Period]


@pytest.fixture(scope="module")
def both(project: Project, cluster: Cluster, tmp_path_factory: Any) -> Mapping[str, Built]:
    """Both databases, each after one command."""
    path = tmp_path_factory.mktemp("figures") / "figures.duckdb"
    duckdb, postgres = DuckDB(path), Postgres(cluster, "figures")
    given = cluster.create_database("figures")
    with Sandbox(**WORLD) as box:
        run(project, box, "target-duckdb", {"path": path}, duckdb.dbt_variables)
        # The server is that of the loader's settings.
        run(project, box, "target-postgres", given, {"DBT_UTILITY_ENERGY_TARGET": "postgres"})
        truth = box.truth(only=energy_truth.ONLY)
    periods = energy_truth.periods(truth)
    return {
        "duckdb": Built(duckdb, truth, periods),
        "postgres": Built(postgres, truth, periods),
    }


def run(
    project: Project,
    box: Sandbox,
    target: str,
    settings: Mapping[str, object],
    variables: Mapping[str, str],
) -> None:
    """Load and build."""
    chosen, project.streams = project.streams, STREAMS
    environment = project.variables(box, target, settings, {}) | variables
    project.streams = chosen
    command = ("run", f"--state-id-suffix=figures-{target}", TAP, target, f"{DBT}:build")
    ended = project.call(*command, **environment)
    assert ended.returncode == 0, ended.stdout


@pytest.fixture(params=["duckdb", "postgres"])
def built(request: Any, both: Mapping[str, Built]) -> Built:
    """One of them."""
    return both[request.param]


def test_bill_periods_are_the_bills(built: Built) -> None:
    found = Counter(
        (
            *(row[name] for name in ("vendor", "bill_id", "meter_key", "building", "commodity")),
            *(row[name] for name in ("start_date", "end_date", "days", "unit", "currency")),
            *(rounded(row[name]) for name in ("use", "use_kwh", "cost")),
            *(row[name] for name in ("estimated", "status", "is_counted")),
        )
        for row in built.database.rows("energy_bill_periods")
    )

    assert {each.status for each in built.periods} == {"counted", "void"}
    assert found == Counter(
        (
            *(each.vendor, each.bill_id, each.meter_key, each.building, each.commodity),
            *(each.start, each.end, each.days, each.unit, "USD"),
            *(rounded(amount) for amount in (each.use, each.kwh, each.cost)),
            *(each.estimated, each.status, each.status == "counted"),
        )
        for each in built.periods
    )


def rounded(amount: Fraction | float | None) -> float | None:
    """An amount without the rounding errors of a sum."""
    return None if amount is None else round(float(amount), 6)


@pytest.mark.parametrize("column", AMOUNTS)
def test_months_by_building_are_right_to_the_cent(built: Built, column: str) -> None:
    rows = built.database.query(
        f"SELECT vendor, building, commodity, month, sum({column}) AS amount "
        f"FROM energy.energy_monthly GROUP BY 1, 2, 3, 4 HAVING sum({column}) IS NOT NULL"
    )
    found = by(rows, "vendor", "building", "commodity", "month")

    expected = energy_truth.sums(
        energy_truth.shares(built.periods),
        lambda share: (
            *(share.period.vendor, share.period.building, share.period.commodity),
            share.month,
        ),
        AMOUNTS[column],
    )
    assert len(expected) > 500
    assert found.keys() == expected.keys()
    for key, amount in expected.items():
        assert abs(found[key]["amount"] - float(amount)) < CENT, key


def test_days_that_bills_cover_are_counted_once(built: Built) -> None:
    covered = energy_truth.covered_days(built.periods)

    rows = built.database.rows("energy_monthly")
    assert {(row["meter_key"], row["month"]): row["days"] for row in rows} == covered
    for row in rows:
        days = (energy_truth.following(row["month"]) - row["month"]).days
        assert row["days_in_month"] == days
        assert row["is_partial"] is (row["days"] < days - 1)


def test_months_say_what_was_estimated_and_how_many_bills(built: Built) -> None:
    expected: dict[Any, list[bool]] = {}
    for share in energy_truth.shares(built.periods):
        key = (share.period.meter_key, share.month, share.period.unit)
        expected.setdefault(key, []).append(share.period.estimated)

    rows = by(built.database.rows("energy_monthly"), "meter_key", "month", "unit")
    found = {key: (row["bills"], row["is_estimated"]) for key, row in rows.items()}
    assert found == {key: (len(each), any(each)) for key, each in expected.items()}
    assert {estimated for _, estimated in found.values()} == {True, False}


def test_gaps_are_the_days_without_a_bill(built: Built) -> None:
    found = {
        (row["meter_key"], row["start_date"], row["end_date"]): row["days"]
        for row in built.database.rows("energy_gaps", where="kind = 'missing'")
    }

    expected = energy_truth.gaps(built.periods, at_least=2)
    assert len(expected) > 20
    assert found == {key: (key[2] - key[1]).days for key in expected}


def test_overlaps_are_the_days_with_two_bills(built: Built) -> None:
    found: dict[str, set[dt.date]] = {}
    for row in built.database.rows("energy_gaps", where="kind = 'overlap'"):
        days = (row["start_date"] + dt.timedelta(days=n) for n in range(row["days"]))
        found.setdefault(row["meter_key"], set()).update(days)

    expected = energy_truth.overlaps(built.periods, at_least=2)
    assert expected
    assert found == expected


def test_meters_without_a_recent_bill_are_late(built: Built) -> None:
    rows = by(built.database.rows("energy_gaps", where="kind = 'late'"), "meter_key")

    today = dt.date.fromisoformat(AS_OF)
    expected = energy_truth.late(built.truth, built.periods, today, after=62)
    assert expected
    assert {key: (row["start_date"], row["days"]) for key, row in rows.items()} == expected


@pytest.mark.parametrize(
    ("check", "truth"),
    [
        ("charges differ from bill", energy_truth.charges_that_differ),
        ("charges differ from statement", energy_truth.statements_that_differ),
    ],
)
def test_charges_that_do_not_add_up_are_found(built: Built, check: str, truth: Any) -> None:
    rows = built.database.rows("energy_checks", where=f"check_name = '{check}'")

    expected = truth(built.truth)
    assert expected
    found = {row["bill_id"]: (row["found"], row["expected"]) for row in rows}
    assert found.keys() == expected.keys()
    for bill, sums in expected.items():
        assert found[bill] == pytest.approx([float(each) for each in sums])


def test_bills_of_energycap_are_the_sum_of_their_lines_and_meters(built: Built) -> None:
    assert not built.database.rows("energy_checks", where="check_name = 'meters differ from bill'")


def test_ends_of_consents_are_those_of_the_vendor(built: Built) -> None:
    rows = by(built.database.rows("consents_ending"), "authorization_uid")

    expected = energy_truth.consents(built.truth, dt.date.fromisoformat(AS_OF))
    assert {"ended", "revoked", "declined", "ending", "open"} == {
        status for status, _ in expected.values()
    }
    assert {key: (row["status"], row["days_left"]) for key, row in rows.items()} == expected


def test_readings_have_their_energy_and_power(built: Built) -> None:
    rows = built.database.rows("interval_readings")
    found = {
        (row["meter_key"], row["start_text"]): (row["kwh"], row["kw"], row["start_at"])
        for row in rows
    }

    expected = {}
    for reading in built.truth["interval_readings"]:
        start, end = (dt.datetime.fromisoformat(reading[name]) for name in ("start", "end"))
        kwh = sum(each["value"] for each in reading["datapoints"] if each["type"] == "net")
        kw = Fraction(kwh) / Fraction(int((end - start).total_seconds()), 3600)
        key = (f"utilityapi:{reading['meter_uid']}", reading["start"])
        expected[key] = (float(kwh), pytest.approx(float(kw)), start.replace(tzinfo=None))
    assert len(found) > 500
    # Readings of a meter's other durations are not served without the setting for it.
    served = [row["meter_key"] for row in rows]
    assert {meter for meter, _ in expected} == set(served)
    assert {key: expected[key] for key in found} == found


@pytest.mark.parametrize("table", TABLES)
def test_both_databases_have_the_same_rows(both: Mapping[str, Built], table: str) -> None:
    duckdb, postgres = (
        sorted(both[kind].database.rows(table), key=lambda row: repr(in_order(row)))
        for kind in ("duckdb", "postgres")
    )

    assert duckdb
    for one, other in zip(duckdb, postgres, strict=True):
        assert in_order(one) == in_order(other)


def in_order(row: Row) -> list[tuple[str, object]]:
    """A row without what differs from run to run, and its figures as they are in any database."""
    return [
        (name, rounded(value) if isinstance(value, float | Decimal) else value)
        for name, value in sorted(row.items())
        if name != "extracted_at"
    ]
