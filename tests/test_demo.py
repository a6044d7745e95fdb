"""The demo's parts: what it reads back, what it starts, and the loader that it loads with."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb
import pytest
from rich.console import Console

from demo import pipeline, readback
from demo.processes import Group
from loaders.duckdb.target_duckdb_every_row import GUESSED, Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import RenderableType

TABLES = """
CREATE TABLE billing_summaries (uid VARCHAR PRIMARY KEY, base JSON, new_charges JSON);
INSERT INTO billing_summaries VALUES
    ('1', '{"statement_date": "2026-01-31T00:00:00-08:00", "new_charges_amount": 1500.5}',
        '[{"name": "Electric charges", "cost": 1400}, {"name": "Gas charges", "cost": 100.5}]'),
    ('2', '{"statement_date": "2026-02-28", "new_charges_amount": -500}', '[]'),
    ('3', '{"statement_date": "28/02/2026", "new_charges_amount": 9}', NULL),
    ('4', '{"statement_date": "2026-03-01", "new_charges_amount": null}', NULL),
    ('5', NULL, NULL);
CREATE TABLE meter_digest_monthly (meterid HUGEINT PRIMARY KEY, results JSON);
INSERT INTO meter_digest_monthly VALUES
    (7, '[{"calendarYear": 2025, "calendarPeriod": 13, "totalCost": 2}, {"calendarYear": 2026,
        "calendarPeriod": 1, "totalCost": 3}]'),
    (8, '[]'), (9, NULL);
CREATE TABLE meter_digest_monthly_results (meterid HUGEINT, metercode VARCHAR, meterinfo VARCHAR,
    calendaryear HUGEINT, calendarperiod HUGEINT, totalcost DOUBLE);
INSERT INTO meter_digest_monthly_results VALUES
    (7, 'E-7', 'Roof', 2025, 13, 2000000), (7, 'E-7', 'Roof', 2026, 1, 3000000),
    (8, 'E-8', 'Cellar', 2026, 1, 1000000), (9, 'E-9', 'Shed', 2026, 2, NULL);
CREATE TABLE of_a_later_version (uid VARCHAR);
"""


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


def rendered(*things: RenderableType, terminal: bool = False) -> str:
    environ = {"TERM": "xterm"}
    console = Console(width=readback.WIDTH, force_terminal=terminal, _environ=environ)
    with console.capture() as capture:
        for thing in things:
            console.print(thing)
    return capture.get()


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_every_table_is_listed_with_its_periods(database: duckdb.DuckDBPyConnection) -> None:
    assert cells(rendered(readback.landed(database)))[2:] == [
        ["billing_summaries", "5", "2026-01", "2026-03"],
        ["meter_digest_monthly", "3", "2025-13", "2026-01"],
        ["meter_digest_monthly_results", "4", "2025-13", "2026-02"],
        ["of_a_later_version", "0"],
    ]


def test_cost_by_month(database: duckdb.DuckDBPyConnection) -> None:
    assert readback.monthly_cost(database, "billing_summaries") == [
        ("2026-01", 1500.5),
        ("2026-02", -500.0),
    ]
    assert readback.monthly_cost(database, "meter_digest_monthly_results") == [
        ("2025-13", 2e6),
        ("2026-01", 4e6),
    ]


def test_the_charts_fit_a_terminal(database: duckdb.DuckDBPyConnection) -> None:
    text = rendered(*readback.charts(database))
    assert max(map(len, text.splitlines())) <= 80
    assert "thousand dollars" in text
    assert "2026-01 ▇" in text
    assert text.rstrip().endswith(" 4.00")


def test_colour_is_for_terminals_only(database: duckdb.DuckDBPyConnection) -> None:
    assert "\x1b[" not in rendered(*readback.charts(database))
    assert "\x1b[36m▇" in rendered(*readback.charts(database), terminal=True)


def test_an_empty_database_is_no_error() -> None:
    with duckdb.connect() as empty:
        assert cells(rendered(readback.landed(empty)))[0][0] == "table"
        assert readback.charts(empty) == []
    assert str(readback.chart("Cost", [])) == "Cost: nothing"


@pytest.mark.parametrize(("query", "first"), [(0, "Electric charges"), (1, "E-7")])
def test_the_sample_queries_run(
    database: duckdb.DuckDBPyConnection, query: int, first: str
) -> None:
    rows = database.execute(list(readback.QUERIES.values())[query]).fetchall()
    assert rows[0][0] == first


def test_a_users_own_settings_do_not_reach_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_START_DATE", "2026-01-01")
    monkeypatch.setenv("TARGET_DUCKDB_PATH", "elsewhere.duckdb")
    monkeypatch.setenv("MELTANO_DATABASE_URI", "sqlite:///elsewhere.db")
    monkeypatch.setenv("NO_PROXY", "example.com")
    address = {"utilityapi_base_url": "http://127.0.0.1:1/u", "energycap_base_url": "http://e"}
    env = pipeline.environment(address)
    assert {name for name in env if name.startswith(("TAP_", "TARGET_"))} == {
        "TAP_UTILITY_ENERGY_UTILITYAPI_BASE_URL",
        "TAP_UTILITY_ENERGY_ENERGYCAP_BASE_URL",
    }
    assert "MELTANO_DATABASE_URI" not in env
    assert env["NO_PROXY"] == "example.com,127.0.0.1"


def test_a_group_is_ended_as_a_whole(tmp_path: Path) -> None:
    """Even a grandchild that does not mind SIGTERM while its parent has gone."""
    beat = tmp_path / "beat"
    grandchild = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: time.sleep(0.5))\n"
        "while True: pathlib.Path(sys.argv[1]).write_text(str(time.time())); time.sleep(0.02)"
    )
    child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', *sys.argv[1:]])"
    command = [sys.executable, "-c", child, grandchild, str(beat)]
    group = Group(command, output=subprocess.DEVNULL)
    group.grace_period = 0.5
    with group:
        assert group.process.wait(timeout=60) == 0
        deadline = time.monotonic() + 60
        while not beat.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    last = beat.read_text()
    time.sleep(0.2)
    assert beat.read_text() == last


def test_a_command_ends_when_its_parent_has_ended(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    with Group([sys.executable, "-c", code, str(started)], output=subprocess.PIPE) as group:
        deadline = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert group.process.stdin is not None
        group.process.stdin.close()
        assert group.process.wait(timeout=60) != 0
        assert list(group.lines()) == []  # the pipe's other end is closed by all


@pytest.mark.parametrize(
    "columns",
    ["a VARCHAR, b VARCHAR", "a TIMESTAMP, b JSON"],
    ids=["nothing but text", "a time with an offset"],
)
def test_the_loader_loses_no_row_to_a_guess(tmp_path: Path, columns: str) -> None:
    """DuckDB takes the first row of both for a header, unless it is told."""
    rows = [(f"2026-01-0{day}T00:00:00+00:00", '{"a": "x,\\n\\"y\\""}') for day in range(1, 6)]
    file = tmp_path / "rows.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    with duckdb.connect() as plain:
        plain.execute(f"CREATE TABLE t ({columns}); CREATE TABLE u ({columns})")
        plain.execute(f"COPY t FROM '{file}'{GUESSED}")
        Connection(plain).execute(f"COPY u FROM '{file}'{GUESSED}")
        assert plain.execute("SELECT count(*) FROM t").fetchone() == (4,)
        assert plain.execute("SELECT count(*), min(b) FROM u").fetchone() == (5, rows[0][1])


def test_the_loader_refuses_a_copy_that_it_does_not_know() -> None:
    with duckdb.connect() as plain, pytest.raises(ValueError, match="not the COPY"):
        Connection(plain).execute("COPY t FROM 'rows.csv' (HEADER)")
