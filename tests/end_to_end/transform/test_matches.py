"""A meter that both vendors have: a suggestion alone changes nothing, the user's list decides."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import Commands
from tests.end_to_end.project import ROOT
from tests.end_to_end.transform.databases import DuckDB, Row, by
from tests.end_to_end.transform.dbt import Dbt
from tests.end_to_end.transform.energy_truth import Period, periods, shares
from tests.end_to_end.transform.world import load_duckdb

pytestmark = pytest.mark.end_to_end

HEADER = "utilityapi_meter_uid,energycap_meter_id,source_to_use\n"


@pytest.fixture(scope="module")
def world(commands: Commands, shared: Path, tmp_path_factory: Any) -> tuple[DuckDB, list[Period]]:
    """A database, and its bills."""
    database, truth = load_duckdb(commands, shared, tmp_path_factory.mktemp("matches"))
    return database, periods(truth)


@pytest.fixture(scope="module")
def suggested(world: tuple[DuckDB, list[Period]], dbt: Dbt) -> tuple[str, str]:
    """The uid and the id of a meter that both vendors have, as the tables suggest."""
    database, bills = world
    dbt.build(database)
    assert {row["status"] for row in database.rows("energy_bill_periods")} == {"counted", "void"}
    (match,) = database.rows("suggested_meter_matches")
    assert (match["reason"], match["is_decided"]) == ("meter number", False)
    (check,) = database.rows("energy_checks", where="check_name = 'meter at both vendors'")
    assert check["meter_key"] == f"utilityapi:{match['utilityapi_meter_uid']}"
    assert database.query("SELECT sum(cost) AS cost FROM energy.energy_monthly") == [
        {"cost": pytest.approx(float(total(bills)))}
    ]
    return match["utilityapi_meter_uid"], match["energycap_meter_id"]


@pytest.fixture(scope="module")
def own(dbt: Dbt, tmp_path_factory: Any) -> Dbt:
    """A copy of the project, for a list of one's own."""
    folder = tmp_path_factory.mktemp("own")
    project = shutil.copytree(ROOT / "transform", folder / "transform")
    return dataclasses.replace(dbt, folder=folder, project=project)


def total(bills: list[Period]) -> Any:
    """The cost of bills."""
    return sum(share.of(share.period.cost) or 0 for share in shares(bills))


def decide(own: Dbt, *lines: str) -> None:
    """Write the list."""
    text = HEADER + "".join(f"{line}\n" for line in lines)
    (own.project / "seeds" / "meter_matches.csv").write_text(text, "utf-8")


def replaced(bills: list[Period], by_bills: list[Period]) -> set[str]:
    """The bills whose middle day is in a period of the other vendor's bills."""
    return {
        bill.bill_id
        for bill in bills
        if bill.status == "counted"
        for other in by_bills
        if other.status == "counted"
        and other.start <= bill.start + (bill.end - bill.start) // 2 < other.end
    }


def rows_by_bill(database: DuckDB) -> dict[Any, Row]:
    """Bills that do not count because the other vendor's do."""
    rows = database.rows("energy_bill_periods", where="status = 'other vendor preferred'")
    return by(rows, "vendor", "source_id")


@pytest.mark.parametrize("source", ["energycap", "utilityapi"])
def test_the_chosen_vendor_counts_and_the_other_one_where_it_is_alone(
    world: tuple[DuckDB, list[Period]], suggested: tuple[str, str], own: Dbt, source: str
) -> None:
    database, bills = world
    decide(own, ",".join((*suggested, source)))
    own.build(database)

    keys = {"utilityapi": f"utilityapi:{suggested[0]}", "energycap": f"energycap:{suggested[1]}"}
    (other,) = keys.keys() - {source}
    of = {vendor: [bill for bill in bills if bill.meter_key == key] for vendor, key in keys.items()}
    gone = replaced(of[other], of[source])
    assert gone
    rows = rows_by_bill(database)
    assert {(row["vendor"], row["bill_id"]) for row in rows.values()} == {
        (other, bill) for bill in gone
    }
    kept = [bill for bill in bills if not (bill.meter_key == keys[other] and bill.bill_id in gone)]
    assert database.query("SELECT sum(cost) AS cost FROM energy.energy_monthly") == [
        {"cost": pytest.approx(float(total(kept)), abs=0.005)}
    ]
    (match,) = database.rows("suggested_meter_matches")
    assert match["is_decided"]
    assert not database.rows("energy_checks", where="check_name = 'meter at both vendors'")
    # Bills of several meters are still what their meters cost together.
    assert not database.rows("energy_checks", where="check_name = 'meters differ from bill'")


def test_a_list_that_contradicts_itself_is_refused(
    world: tuple[DuckDB, list[Period]], suggested: tuple[str, str], own: Dbt
) -> None:
    database, _ = world
    decide(own, ",".join((*suggested, "energycap")), ",".join((*suggested, "utilityapi")))

    ended = own.run(database)

    assert ended.returncode == 1
    assert "meter_matches" in ended.stdout


def test_a_list_of_unknown_meters_changes_nothing(
    world: tuple[DuckDB, list[Period]], own: Dbt
) -> None:
    database, bills = world
    decide(own, "nobody,1,energycap", "'; DROP,2,utilityapi")
    own.build(database)

    assert not rows_by_bill(database)
    assert database.query("SELECT sum(cost) AS cost FROM energy.energy_monthly") == [
        {"cost": pytest.approx(float(total(bills)), abs=0.005)}
    ]
