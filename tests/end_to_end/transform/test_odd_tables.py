"""Tables and columns that are not there, because their streams or fields are not selected."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import Commands
from tests.end_to_end.transform import energy_truth
from tests.end_to_end.transform.databases import Database, DuckDB, in_short
from tests.end_to_end.transform.dbt import Dbt
from tests.end_to_end.transform.energy_truth import Period, periods
from tests.end_to_end.transform.world import STREAMS, load_duckdb, load_postgres

pytestmark = pytest.mark.end_to_end

#: Columns without which bills still have their period, meter and cost.
NOT_NEEDED = {
    "utilityapi_authorizations": "expires customer_email revoked declined is_expired",
    "utilityapi_meters": "base is_activated is_archived authorization_uid",
    "utilityapi_bills": "demand updated utility",
    "utilityapi_bill_line_items": "kind updated source",
    "utilityapi_interval_readings": "datapoints duration_minutes",
    "billing_summaries": "base new_charges",
    "energycap_bills": "totalCost beginDate",
    "energycap_bill_lines": "cost",
    "energycap_bill_meters": "estimated accrual directCost nativeDemand account meter",
    "energycap_meters": "place commodity accounts active serialNumber",
    "energycap_places": "address size primaryUse",
}
UTILITYAPI = [name for name in STREAMS if not name.startswith("energycap_")]
ENERGYCAP = [name for name in STREAMS if name.startswith("energycap_")]


#: Tables to take away, and which vendors' bills are left.
CASES = {
    "one vendor: UtilityAPI": (ENERGYCAP, {"utilityapi"}),
    "one vendor: EnergyCAP": (UTILITYAPI, {"energycap"}),
    "bills alone": (
        set(STREAMS) - {"utilityapi_bills", "energycap_bill_meters"},
        {"utilityapi", "energycap"},
    ),
}
IN_POSTGRES = ("bills alone",)
KINDS = ("duckdb", "postgres")


@pytest.fixture(scope="module")
def bills(duckdb: tuple[DuckDB, list[Period]]) -> list[Period]:
    """The bills of both vendors."""
    return duckdb[1]


@pytest.fixture(scope="module")
def duckdb(commands: Commands, shared: Path, tmp_path_factory: Any) -> tuple[DuckDB, list[Period]]:
    """The world in a file."""
    database, truth = load_duckdb(commands, shared, tmp_path_factory.mktemp("tables"))
    return database, periods(truth)


@pytest.fixture(scope="module")
def postgres(commands: Commands, request: Any, tmp_path_factory: Any) -> Database:
    """The world in PostgreSQL."""
    cluster = request.getfixturevalue("cluster")
    return load_postgres(commands, tmp_path_factory.mktemp("tables"), cluster, "tables")


@pytest.fixture
def copy_of(request: Any) -> Iterator[Callable[[str, str], Database]]:
    """Makes a database with the world."""

    def copy(kind: str, name: str) -> Database:
        found = request.getfixturevalue(kind)
        database: Database = found if kind == "postgres" else found[0]
        return database.copy("".join(filter(str.isalpha, name)).lower())

    return copy


@pytest.mark.parametrize(
    ("kind", "case"),
    [*(("duckdb", case) for case in CASES), *(("postgres", case) for case in IN_POSTGRES)],
)
def test_tables_may_be_missing(
    copy_of: Any, dbt: Dbt, bills: list[Period], kind: str, case: str
) -> None:
    missing, vendors = CASES[case]
    database: Database = copy_of(kind, case)
    database.execute(*(f"DROP TABLE {table}" for table in missing))

    dbt.build(database)

    assert_all_there(database, [bill for bill in bills if bill.vendor in vendors])


@pytest.mark.parametrize("kind", KINDS)
def test_without_any_table_it_says_which_setting_may_be_wrong(
    copy_of: Any, dbt: Dbt, kind: str
) -> None:
    database: Database = copy_of(kind, "no tables")
    database.execute(*(f"DROP TABLE {table}" for table in STREAMS))

    ended = dbt.run(database)

    assert ended.returncode == 1
    assert f"No table of the tap is in the schema {database.raw} of the database" in ended.stdout


def test_flattened_objects_are_refused(copy_of: Any, dbt: Dbt) -> None:
    """Without their objects, all bills would be without a period and a cost."""
    database: Database = copy_of("duckdb", "flattened")
    database.execute("ALTER TABLE utilityapi_bills RENAME COLUMN base TO base__bill_total_cost")

    ended = dbt.run(database)

    assert ended.returncode == 1
    assert "Unset flattening_enabled" in ended.stdout


def test_a_day_that_is_none_is_refused(copy_of: Any, dbt: Dbt) -> None:
    database: Database = copy_of("duckdb", "day")

    ended = dataclasses.replace(dbt, as_of="30.06.2026").run(database)

    assert ended.returncode == 2
    assert "is not a day such as 2026-06-30: 30.06.2026" in ended.stdout


def test_tables_may_be_empty(copy_of: Any, dbt: Dbt) -> None:
    database: Database = copy_of("duckdb", "empty")
    database.execute(*(f"DELETE FROM {table}" for table in STREAMS))

    dbt.build(database)

    assert_all_there(database, [])


@pytest.mark.parametrize("kind", KINDS)
def test_columns_may_be_missing(copy_of: Any, dbt: Dbt, bills: list[Period], kind: str) -> None:
    """Fields can be deselected, and the loader's metadata can be off."""
    database: Database = copy_of(kind, "columns")
    for table, columns in NOT_NEEDED.items():
        database.remove_columns(table, *columns.split(), "_sdc_extracted_at")

    dbt.build(database)

    assert_all_there(database, bills)


def assert_all_there(database: Database, bills: list[Period]) -> None:
    """All bills are in the tables, and what counts is in months."""
    rows = database.rows("energy_bill_periods")
    assert Counter(map(in_short, rows)) == Counter(bill.in_short for bill in bills)
    query = "SELECT vendor, sum(cost) AS cost FROM energy.energy_monthly GROUP BY vendor"
    found = {row["vendor"]: row["cost"] for row in database.query(query)}
    costs = energy_truth.sums(
        energy_truth.shares(bills), lambda share: share.period.vendor, attrgetter("cost")
    )
    assert found == pytest.approx({vendor: float(cost) for vendor, cost in costs.items()})
