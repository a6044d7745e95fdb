"""The command that makes a page of a user's own database."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from demo.page.__main__ import main
from tests.examples import ROOT
from tests.page.marts import make_marts


def page_of(database: Path, *options: str) -> subprocess.CompletedProcess[str]:
    page = database.with_name("energy.html")
    return subprocess.run(
        [sys.executable, "-m", "demo.page", str(database), str(page), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ["warehouse.duckdb", "energy.duckdb"])
def test_a_users_own_database(tmp_path: Path, name: str) -> None:
    """A file with the name of the schema makes `energy` ambiguous in DuckDB."""
    database = make_marts(tmp_path / "marts.duckdb").rename(tmp_path / name)
    ended = page_of(database)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r".*/energy\.html \(\d\.\d MB\)\n", ended.stdout)
    assert {file.name for file in tmp_path.iterdir()} == {name, "energy.html"}


def test_another_schema(tmp_path: Path) -> None:
    database = make_marts(tmp_path / "marts.duckdb")
    with duckdb.connect(database) as connection:
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            connection.execute('CREATE SCHEMA IF NOT EXISTS "of ""us"""')
            connection.execute(f'CREATE VIEW "of ""us""".{table} AS FROM energy.{table}')

    assert page_of(database, "--schema", 'of "us"').returncode == 0


def test_a_database_without_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "empty.duckdb"
    duckdb.connect(database).close()

    assert main([str(database), str(tmp_path / "page.html")]) == 1
    assert capsys.readouterr().err == (
        f"No page was made: {database} has no table energy.buildings. dbt makes it: "
        "`meltano run tap-utility-energy target-duckdb dbt-utility-energy:build`\n"
    )


def test_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.duckdb"

    assert main([str(missing), str(tmp_path / "page.html")]) == 1
    assert capsys.readouterr().err == f"No page was made: the database {missing} does not exist\n"
    assert not missing.exists()


def test_a_file_that_is_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "notes.duckdb"
    text.write_text("not a database\n" * 500)

    assert main([str(text), str(tmp_path / "page.html")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("No page was made: ")
    assert said.count("\n") == 1


def test_a_page_that_cannot_be_written(
    tmp_path: Path, marts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(marts), str(tmp_path / "none" / "page.html")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("No page was made: ")
    assert said.count("\n") == 1
