"""Time and CPU of readings from the vendor to a database: `python -m benchmarks.end_to_end`."""

from __future__ import annotations

import argparse
import json
import math
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import psutil

from benchmarks import kinds
from benchmarks.endpoints import READINGS, TOKEN
from benchmarks.runs import PYTHON, Took, took, vendors
from tests.end_to_end.postgres import Cluster, running_cluster
from tests.end_to_end.project import TAP, Project, clean_environment, tap_variables

if TYPE_CHECKING:
    from collections.abc import Callable

STREAM = kinds.READINGS.stream
SCHEMA = "readings"


class EndToEnd:
    """Runs of all ways to load the same readings, each into a database of its own."""

    def __init__(self, base: str, folder: Path, project: Project, cluster: Cluster) -> None:
        self._base = base
        self._folder = folder
        self._project = project
        self._cluster = cluster

    def meltano_duckdb(self) -> tuple[Took, int]:
        """This tap and `loaders/duckdb`."""
        file = self._folder / "meltano.duckdb"
        return self._meltano("target-duckdb", path=file), _count(file)

    def dlt_duckdb(self) -> tuple[Took, int]:
        """The `rest_api` source of dlt, by files of Parquet."""
        file = self._folder / "dlt.duckdb"
        command = [PYTHON, "-m", "benchmarks.dlt_load", self._base, TOKEN, str(file)]
        return took(command), _count(file)

    def meltano_postgres(self, name: str, **settings: Any) -> tuple[Took, int]:
        """This tap and target-postgres; the server's CPU is counted too."""
        database = self._cluster.create_database(name)
        before = self._server_cpu()
        run = self._meltano("target-postgres", **database, default_target_schema=SCHEMA, **settings)
        server = self._server_cpu() - before
        with self._cluster.connect(name) as connection:
            (rows,) = connection.execute(f"SELECT count(*) FROM {SCHEMA}.{STREAM}").fetchone()
        return Took(0, run.seconds, run.cpu + server, run.memory), rows

    def _meltano(self, loader: str, **settings: Any) -> Took:
        prefix = loader.upper().replace("-", "_")
        tap = {
            "utilityapi_base_url": f"{self._base}/api/v2",
            "utilityapi_requests_per_minute": 3000,
        }
        environment = clean_environment(
            **{f"{prefix}_{name.upper()}": str(value) for name, value in settings.items()},
            **tap_variables(tap),
            TAP_UTILITY_ENERGY__SELECT=json.dumps([f"{STREAM}.*"]),
        )
        command = [*self._project.command, "run", "--full-refresh", TAP, loader]
        return took(command, folder=self._project.folder, environment=environment)

    def _server_cpu(self) -> float:
        server = psutil.Process(self._cluster.pid)
        times = [server.cpu_times(), *(child.cpu_times() for child in server.children())]
        ended = times[0].children_user + times[0].children_system
        return float(ended + sum(each.user + each.system for each in times))


def _count(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as database:
        (rows,) = database.execute(f"SELECT count(*) FROM main.{STREAM}").fetchall()[0]
    return int(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end")
    parser.add_argument("--rows", type=int, default=1_000_000, help="readings (default: a million)")
    parser.add_argument("--use-copy", action="store_true", help="PostgreSQL with COPY, too")
    given = parser.parse_args()
    intervals = math.ceil(given.rows / READINGS)
    with TemporaryDirectory() as name, vendors() as url, running_cluster() as cluster:
        folder = Path(name)
        project = Project(folder / "project")
        project.folder.mkdir()
        project.install()
        runs = EndToEnd(f"{url}/{intervals}/0", folder, project, cluster)
        ways: dict[str, Callable[[], tuple[Took, int]]] = {
            "meltano run, DuckDB": runs.meltano_duckdb,
            "dlt, DuckDB": runs.dlt_duckdb,
            "meltano run, PostgreSQL": partial(runs.meltano_postgres, "inserted"),
        }
        if given.use_copy:
            ways["  use_copy: true"] = partial(runs.meltano_postgres, "copied", use_copy=True)
        print(
            f"\n{intervals * READINGS:,} readings, from the vendor to a database, start included:"
        )
        print(f"  {'':26} {'seconds':>8} {'CPU s':>8} {'us a row':>9}")
        for way, run in ways.items():
            spent, rows = run()
            assert rows == intervals * READINGS, f"{way}: {rows} rows"
            micros = spent.cpu / rows * 1e6
            print(f"  {way:26} {spent.seconds:8.1f} {spent.cpu:8.1f} {micros:9.1f}", flush=True)


if __name__ == "__main__":
    main()
