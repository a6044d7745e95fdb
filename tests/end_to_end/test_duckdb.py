"""Into DuckDB, the demo's own way: numbers become doubles, nested fields JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.duckdb_file import DuckDBFile, as_stored
from tests.end_to_end.project import Project, needed_module
from tests.end_to_end.readme import assert_right
from tests.end_to_end.truth import COLUMNS, assert_same, expected_tables
from tests.examples import example

pytestmark = pytest.mark.end_to_end

COLUMN_TYPES = {
    "billing_summaries": {
        "VARCHAR": ["uid", "authorization_uid", "billing_account_uid"],
        "JSON": [
            "meter_uids",
            "blocks",
            "base",
            "notes",
            "new_charges",
            "shut_off_info",
            "sources",
            "pge_electric_charge_breakdown",
            "extra",
        ],
    },
    "meter_digest_monthly": {
        "HUGEINT": ["meterid"],
        "VARCHAR": ["metercode", "meterinfo", "updated"],
        "JSON": [
            "nativeuseunit",
            "nativedemandunit",
            "commonuseunit",
            "costunit",
            "results",
            "extra",
        ],
    },
    "meter_digest_monthly_results": {
        "HUGEINT": [
            "meterid",
            "calendaryear",
            "calendarperiod",
            "fiscalyear",
            "fiscalperiod",
            "days",
        ],
        "VARCHAR": ["metercode", "meterinfo", "updated", "periodname"],
        "JSON": ["nativeuseunit", "nativedemandunit", "commonuseunit", "costunit", "extra"],
        "DOUBLE": [
            "totalcost",
            "nativeuse",
            "nativeuseunitcost",
            "commonuse",
            "commonuseunitcost",
            "nativeactualdemand",
            "nativeactualdemandunitcost",
            "nativebilleddemand",
            "nativebilleddemandunitcost",
            "loadfactor",
        ],
    },
}


@dataclass(frozen=True)
class Landed(DuckDBFile):
    """A DuckDB file after a run, and the sandbox that it was filled from."""

    box: Sandbox
    project: Project

    def run(self) -> None:
        """Do the same run, once more."""
        self.project.run(
            self.box, "target-duckdb", job="duckdb", target_settings={"path": self.file}
        )


@pytest.fixture(scope="module")
def landed(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landed]:
    """A file after one run."""
    needed_module("duckdb")
    with Sandbox() as box:
        landed = Landed(tmp_path_factory.mktemp("duckdb") / "landed.duckdb", box, project)
        landed.run()
        yield landed


def test_every_record_is_there_once(landed: Landed) -> None:
    assert_same(landed.tables(), as_stored(expected_tables(landed.box.truth())))


@pytest.mark.parametrize("table", COLUMN_TYPES)
def test_columns_have_the_types_that_the_readme_tells(landed: Landed, table: str) -> None:
    told = {name: kind for kind, names in COLUMN_TYPES[table].items() for name in names}
    assert landed.columns(table) == told


def test_the_queries_of_the_readme_work(landed: Landed) -> None:
    expected = expected_tables(landed.box.truth())
    monthly = landed.query(example("docs/loaders.md#how-nested-fields-land sql 1"))
    charges = landed.query(example("docs/loaders.md#how-nested-fields-land sql 2"))
    assert assert_right(monthly, expected) == "monthly cost"
    assert assert_right(charges, expected) == "charges"


def test_a_table_is_copied_into_a_file_as_the_docs_tell(landed: Landed, tmp_path: Path) -> None:
    copied = tmp_path / "results.parquet"
    statement = example("docs/loaders.md#csv-and-parquet sql 1")
    landed.query(statement.replace("results.parquet", str(copied)))

    rows = landed.query(f"SELECT count(*), count(nativeUseUnit) FROM '{copied}'")
    table = "SELECT count(*), count(nativeUseUnit ->> 'unitCode') FROM meter_digest_monthly_results"
    assert rows == landed.query(table)


def test_a_second_run_changes_nothing(landed: Landed) -> None:
    before = landed.tables()
    landed.run()
    assert_same(landed.tables(), before)


def test_vendors_without_data_leave_empty_tables(project: Project, tmp_path: Path) -> None:
    with Sandbox(meters=0, billing_summaries=0) as box:
        landed = Landed(tmp_path / "empty.duckdb", box, project)
        landed.run()
    assert [landed.query(f"FROM {table}") for table in COLUMNS] == [[], [], []]


def load(project: Project, name: str, messages: bytes, folder: Path, **settings: object) -> Any:
    """Have a command of the loader's load messages; return the open database."""
    file, config = folder / f"{name}.duckdb", folder / "config.json"
    given = {"path": str(file), "default_target_schema": "main"} | settings
    config.write_text(json.dumps(given))
    loader = Path(project.loader("target-duckdb")).with_name(name)
    subprocess.run([loader, "--config", config], input=messages, check=True)
    return needed_module("duckdb").connect(str(file))


ODD_TEXT = ("", " ", "0", "null", "NaN", "a,b", 'say "hi"', "two\nlines\r\n", "tab\t", "\\N", "Ñ")
ODD_RECORDS = [
    {"key": "first", "part": 0, "text": "which the plain one loses"},
    *({"key": f" {text}", "part": 0, "text": text, "list": [text]} for text in ODD_TEXT),
    *(
        {"key": f"{value}", "part": place, "number": value, "flag": bool(value), "either": value}
        for place, value in enumerate((0, -0.0, 1e-8, 0.1, 12345678901234567890, None))
    ),
    *({"key": "nested", "part": part, "object": {"a": part}} for part in (1, 2, 2, 3)),
    {"key": "empty", "part": 1, "object": {}, "list": [], "either": {}, "unknown": 1},
    {"key": "lists", "part": 1, "list": [None, {"b": [1.50]}], "either": [0]},
    {"key": "text", "part": 1, "either": "text", "object": None, "list": None},
]
ODD_SCHEMA = {
    "key": {"type": ["string"]},
    "part": {"type": ["integer"]},
    "text": {"type": ["string", "null"]},
    "number": {"type": ["number", "null"]},
    "flag": {"type": ["boolean", "null"]},
    "object": {"type": ["object", "null"], "properties": {"a": {"type": ["integer", "null"]}}},
    "list": {"type": ["array", "null"]},
    "either": {"type": ["null", "object", "array"]},
}


@pytest.mark.parametrize("levels", [0, 1])
def test_values_are_stored_as_the_plain_target_duckdb_does(
    project: Project, tmp_path: Path, levels: int
) -> None:
    schema = {"properties": ODD_SCHEMA}
    messages = [
        {"type": "SCHEMA", "stream": "odd", "schema": schema, "key_properties": ["key", "part"]},
        *({"type": "RECORD", "stream": "odd", "record": record} for record in ODD_RECORDS),
    ]
    lines = "\n".join(map(json.dumps, messages)).encode()
    stored = []
    for name in ("target-duckdb", "target-duckdb-every-row"):
        with load(project, name, lines, tmp_path, data_flattening_max_level=levels) as database:
            query = "FROM odd WHERE key <> 'first' ORDER BY ALL"
            stored.append(database.execute(query).fetchall())

    assert stored[0] == stored[1]
    assert len(stored[0]) == len(ODD_RECORDS) - 2  # the first, and one of the same key
