"""The sandbox's world that these tests load, and the loader's tables of it, made once."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

from filelock import FileLock

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.pipe import Pipe
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.readme import SCHEMA
from tests.end_to_end.transform import energy_truth
from tests.end_to_end.transform.databases import DuckDB, Postgres

#: Options of the sandbox: few readings, and meters without a place or commodity.
WORLD = {"billing_summaries": 120, "meters": 28, "loose_ends": True, "interval_days": 2}
#: The streams that models read; the last three are not selected by default.
STREAMS = (
    "utilityapi_authorizations",
    "utilityapi_meters",
    "utilityapi_bills",
    "utilityapi_bill_line_items",
    "billing_summaries",
    "energycap_meters",
    "energycap_places",
    "energycap_bill_meters",
    "utilityapi_interval_readings",
    "energycap_bills",
    "energycap_bill_lines",
)


def pipe_into_duckdb(box: Sandbox, commands: Commands, folder: Path, path: Path) -> Pipe:
    """Runs of the tap into a file."""
    settings = {"path": str(path), "default_target_schema": "main", "add_metadata_columns": True}
    return Pipe(box, folder, commands, "target-duckdb-every-row", settings, STREAMS)


def pipe_into_postgres(
    box: Sandbox, commands: Commands, folder: Path, cluster: Cluster, name: str
) -> Pipe:
    """Runs of the tap into a new database."""
    settings = cluster.create_database(name) | {
        "default_target_schema": SCHEMA,
        "add_record_metadata": True,
        "validate_records": False,
    }
    return Pipe(box, folder, commands, "target-postgres", settings, STREAMS)


def load_duckdb(
    commands: Commands, shared: Path, folder: Path
) -> tuple[DuckDB, energy_truth.Truth]:
    """A copy of a file that has the world, and the truth of it."""
    file, truth = shared / "world.duckdb", shared / "world.pickle"
    with FileLock(shared / "world.lock"):
        if not truth.exists():
            with Sandbox(**WORLD) as box:
                pipe_into_duckdb(box, commands, folder, file).run()
                truth.write_bytes(pickle.dumps(box.truth(only=energy_truth.ONLY)))
    shutil.copy(file, folder / "world.duckdb")
    return DuckDB(folder / "world.duckdb"), pickle.loads(truth.read_bytes())


def load_postgres(commands: Commands, folder: Path, cluster: Cluster, name: str) -> Postgres:
    """A database with the world."""
    with Sandbox(**WORLD) as box:
        pipe_into_postgres(box, commands, folder, cluster, name).run()
    return Postgres(cluster, name)
