"""The benchmark of many bills, with few."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.transform import fill
from tests.end_to_end.transform.databases import DuckDB
from tests.end_to_end.transform.dbt import Dbt

pytestmark = pytest.mark.end_to_end


def test_the_benchmarks_bills_are_in_the_tables(dbt: Dbt, tmp_path: Path) -> None:
    database = DuckDB(tmp_path / "bills.duckdb")
    bills = fill(database.path, 3_000)

    dbt.build(database)

    rows = database.rows("energy_bill_periods", "vendor, commodity, status, building")
    assert len(rows) == bills
    assert {row["status"] for row in rows} == {"counted", "void"}
    assert {row["commodity"] for row in rows} == {"electricity", "natural_gas", "water"}
    assert "(no building)" not in {row["building"] for row in rows}
    checks = database.rows("energy_checks", "check_name")
    assert "charges differ from bill" not in {row["check_name"] for row in checks}
