"""What the tests of the documented commands share: a shell, and what must have landed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from sandbox import Sandbox
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import (
    LONGEST_RUN,
    clean_environment,
    needed_module,
    tap_variables,
)
from tests.end_to_end.readme import SCHEMA
from tests.end_to_end.truth import LISTED, OPT_IN, charges_of
from tests.examples import example

#: The tables that are selected by default, and their names in the sandbox's truth.
BY_DEFAULT = {table: name for table, name in LISTED.items() if table not in OPT_IN}
ENV = example("README.md#use-it sh 1")


def vendor_settings(box: Sandbox, **more: object) -> dict[str, object]:
    """The tap's settings for a sandbox, without credentials."""
    return {
        "utilityapi_base_url": box.utilityapi_base_url,
        "energycap_base_url": box.energycap_base_url,
        "utilityapi_requests_per_minute": 3000,
        **more,
    }


def shell(*script: str, at: Path, box: Sandbox, **environment: str) -> str:
    """Run commands in one shell, which must end well, against the sandbox; return their output."""
    defaults = {
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    settings = tap_variables(vendor_settings(box))
    return run_script(*script, at=at, **defaults | settings | environment)


def run_script(*script: str, at: Path, **environment: str) -> str:
    """Run commands in one shell, which must end well; return their output."""
    command = ["bash", "-c", "\n".join(["set -eo pipefail", *script])]
    return output_of(command, at, **environment)


def output_of(command: Sequence[str], at: Path, **environment: str) -> str:
    """Run a command, which must end well; return its output."""
    ended = subprocess.run(
        command,
        cwd=at,
        env=clean_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def assert_whole(counts: Mapping[str, int], box: Sandbox) -> None:
    """The tables of all streams that are selected by default, with all that the vendors hold."""
    truth = box.truth(only=",".join(BY_DEFAULT.values()))
    periods = sum(len(row.get("results") or []) for row in truth["meter_digest_monthly"])
    charges = sum(len(charges_of(bill)) for bill in truth["bills"])
    expected = {table: len(truth[name]) for table, name in BY_DEFAULT.items()}
    rows = {"meter_digest_monthly_results": periods, "utilityapi_bill_line_items": charges}
    assert counts == expected | rows


def in_duckdb(path: Path) -> dict[str, int]:
    """The number of rows in each table of a file."""
    with needed_module("duckdb").connect(path, read_only=True) as database:
        names = "SELECT table_name FROM information_schema.tables"
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in database.execute(names).fetchall()
        }


def in_postgresql(cluster: Cluster, database: str, schema: str = SCHEMA) -> dict[str, int]:
    """The number of rows in each table of a schema."""
    listed = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'"
    with closing(cluster.connect(database)) as connection:
        connection.execute(f"SET search_path TO {schema}")
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in connection.execute(listed).fetchall()
        }


def postgresql_variables(cluster: Cluster, database: str) -> dict[str, str]:
    """The loader's settings for a new database, as variables."""
    settings = cluster.create_database(database)
    return {f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in settings.items()}


def in_files(folder: Path) -> dict[str, int]:
    """The number of lines in each file of target-jsonl."""
    files = folder.glob("*.jsonl")
    return {
        path.name.partition("-")[0]: len(path.read_text("utf-8").splitlines()) for path in files
    }
