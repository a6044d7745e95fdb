"""What the page says, read from the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from demo.page.file import as_json
from demo.page.heat_map import cell
from demo.page.marts import TABLES, opened
from demo.page.values import content
from demo.page.words import change, number, shortened
from tests.examples import ROOT
from tests.page.marts import make_marts

Values = Callable[..., dict[str, Any]]
METERS = {"meters": 4, "missing": 0, "partial": 0, "estimated": 0, "days": 120, "of_days": 120}


@pytest.fixture
def values(tmp_path: Path) -> Values:
    """What the page says of tables made with the arguments of `make_marts`."""

    def values(**how: Any) -> dict[str, Any]:
        file = tmp_path / "marts.duckdb"
        file.unlink(missing_ok=True)
        with opened(make_marts(file, **how), "energy") as marts:
            return content(marts)

    return values


@contextmanager
def columns(file: Path) -> Iterator[Callable[[str], list[str]]]:
    with duckdb.connect(file, read_only=True) as database:

        def of(table: str) -> list[str]:
            answer = database.execute(f"SELECT * FROM energy.{table} LIMIT 0")
            return [column[0] for column in answer.description or ()]

        yield of


def test_the_tables_made_up_have_the_columns_of_the_dbt_project(marts: Path) -> None:
    declared = {
        model["name"]: [column["name"] for column in model["columns"]]
        for file in (ROOT / "transform" / "models" / "marts").glob("*.yml")
        for model in YAML(typ="safe").load(file)["models"]
    }
    with columns(marts) as of:
        made_up = {table: of(table) for table in TABLES}

    assert made_up == {table: declared[table] for table in TABLES}


def test_the_day_is_the_one_that_the_tables_are_made_for(values: Values) -> None:
    assert values()["as_of"] == date(2026, 5, 31)


def test_bills_that_count_are_compared_with_their_months(values: Values) -> None:
    lost = "DELETE FROM energy.energy_monthly WHERE month = '2025-01-01'"
    (comparison,) = values(more=lost)["comparisons"]

    assert not comparison["agree"]
    assert comparison["bills"] > comparison["months"] > 0


def test_bills_and_their_months_add_up(values: Values) -> None:
    (comparison,) = values()["comparisons"]

    assert comparison["agree"]
    assert comparison["bills"] > 0


def test_years_with_other_meters_are_not_compared(values: Values) -> None:
    fewer = """DELETE FROM energy.energy_monthly
        WHERE month < '2025-04-01' AND building_key = 'energycap:1'"""
    said = values(more=fewer)
    office = [row for row in said["buildings"] if row["building"] == "Main Office"]

    assert said["billed_more"].startswith("+")
    assert {row["vendor"]: row["is_comparable"] for row in office} == {
        "utilityapi": True,
        "energycap": False,
    }


def test_bills_of_years_to_come_are_named(values: Values) -> None:
    slip = """INSERT INTO energy.energy_monthly BY NAME
        SELECT * REPLACE (DATE '2062-05-01' AS month) FROM energy.energy_monthly LIMIT 1"""
    said = values(more=slip)

    assert said["later_months"] == 1
    assert said["months"].last == date(2026, 5, 1)


def test_every_building_month_is_in_the_heat_map(values: Values) -> None:
    heat_map = values()["heat_map"]
    states = {each.state for row in heat_map["rows"] for each in row.cells}

    assert heat_map["more"] == 0
    assert len(heat_map["rows"]) == 8
    assert {len(row.cells) for row in heat_map["rows"]} == {24}
    assert states == {"whole", "partial", "missing", "estimated", "none"}


def test_a_month_in_two_units_has_the_days_of_both(values: Values) -> None:
    in_two_units = """
        INSERT INTO energy.energy_monthly BY NAME
        SELECT * REPLACE ('other' AS unit, days - 10 AS days) FROM energy.energy_monthly;
        UPDATE energy.energy_monthly SET days = 10 WHERE unit <> 'other'"""
    before, after = (
        [row.cells for row in each["heat_map"]["rows"]]
        for each in (values(), values(more=in_two_units))
    )

    assert after == before


def test_the_first_and_the_last_month_of_a_meter_lack_nothing(values: Values) -> None:
    """The meter was installed and removed within these months."""
    ended = """
        DELETE FROM energy.energy_gaps;
        DELETE FROM energy.energy_monthly WHERE building <> 'Library' OR vendor <> 'energycap'
            OR month NOT BETWEEN '2025-02-01' AND '2025-07-01';
        UPDATE energy.energy_monthly SET days = 9, is_partial = true, is_estimated = false;
        INSERT INTO energy.energy_monthly BY NAME
        SELECT * REPLACE ('energycap:1' AS building_key, DATE '2025-08-01' AS month,
            'other' AS meter_key, false AS is_partial)
        FROM energy.energy_monthly LIMIT 1"""
    (row, _) = values(more=ended)["heat_map"]["rows"]
    states = [each.state for each in row.cells if each.state != "none"]

    assert states[0] == states[-1] == "whole"
    assert set(states[1:-1]) == {"partial"}


@pytest.mark.parametrize(
    ("seen", "state", "mark"),
    [
        ({}, "whole", ""),
        ({"estimated": 1}, "estimated", "e"),
        ({"partial": 1, "estimated": 1, "days": 119}, "partial", "99"),
        ({"partial": 1, "days": 119.9}, "partial", "99"),
        ({"missing": 3, "days": 0.1}, "partial", "1"),
        ({"missing": 4, "days": 0}, "missing", "\N{MULTIPLICATION SIGN}"),
    ],
)
def test_a_cell_says_the_worst(seen: dict[str, float], state: str, mark: str) -> None:
    assert (cell(METERS | seen).state, cell(METERS | seen).mark) == (state, mark)


def test_numbers_as_read() -> None:
    assert number(-1234.5, 2) == "\N{MINUS SIGN}1,234.50"
    assert number(-0.001, 2) == "0.00"
    assert number(None) == ""
    assert change(110, 100) == "+10.0 %"
    assert change(90, 100) == "\N{MINUS SIGN}10.0 %"
    assert change(5, -1) == change(5, 0) == change(None, 4) == ""


def test_long_names_are_cut_in_charts() -> None:
    assert shortened("a  b\n\x00c", 9) == "a b c"
    assert shortened("abcdefghij", 5) == "abcd…"


def test_json_ends_no_script() -> None:
    assert as_json({"a": "</script>&<!--"}) == '{"a":"\\u003c/script\\u003e\\u0026\\u003c!--"}'
