"""`meltano run` into PostgreSQL, killed with SIGKILL and run again: nothing is missing or twice.

KILLS is the number of moments of a run at which it is killed; ``make nightly`` takes thirty.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.commands import Commands, WarmProject
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import LONGEST_RUN, TAP
from tests.end_to_end.readme import SCHEMA

pytestmark = pytest.mark.end_to_end

KILLS = int(os.environ.get("KILLS", "3"))
TARGET = "target-postgres"
#: Small enough that the loader writes, and Meltano keeps a state, many times in a run.
ROWS_PER_BATCH = 150
SIZES = {
    "billing_summaries": 120,
    "meters": 28,
    "interval_days": 3,
    "cache_seconds": 0,
    "utilityapi_rate_limit": 0,
}
Tables = dict[str, list[tuple[Any, ...]]]
Moment = Callable[[], bool]


@dataclass
class Trial:
    """A project, an empty database, and vendors whose data is always the same."""

    project: WarmProject
    cluster: Cluster
    box: Sandbox
    name: str
    settings: dict[str, object]

    def run(self) -> None:
        """Do a whole run."""
        self.project.run(
            self.box,
            TARGET,
            job=self.name,
            target_settings=self.settings,
            # The killed run counts as running until Meltano hears nothing of it for minutes.
            options=["--force"],
        )

    @contextmanager
    def running(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """A run that is under way, and of which nothing is left afterwards."""
        log = self.project.folder / f"{self.name}.log"
        with (
            log.open("w", encoding="utf-8") as out,
            self.project.start(
                self.box,
                TARGET,
                job=self.name,
                target_settings=self.settings,
                options=["--force", *options],
                log=out,
            ) as process,
        ):
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def kill(self, moment: Moment) -> bool:
        """Start a run and kill all of it at a moment; a quick run may have ended by then.

        Returns:
            Whether it was killed.
        """
        with self.running() as process:
            wait_for(lambda: process.poll() is not None or moment())
            return process.poll() is None

    def has_kept_a_state(self) -> bool:
        """Whether Meltano has kept a state since the run began."""
        log = self.project.folder / f"{self.name}.log"
        return "Incremental state has been updated" in log.read_text("utf-8")

    def kept_state(self) -> dict[str, Any]:
        """The state that Meltano has, which is empty if it has none."""
        shown = self.project.call("state", "get", f"sandbox:{TAP}-to-{TARGET}:{self.name}").stdout
        with suppress(json.JSONDecodeError, IndexError):
            return dict(json.loads(shown.splitlines()[-1]))
        return {}

    def tables(self) -> Tables:
        """Every row of every table, without what the loader adds."""
        with closing(self.cluster.connect(self.name)) as connection:
            columns: dict[str, list[str]] = {}
            for table, column in connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                f" WHERE table_schema = '{SCHEMA}' AND column_name NOT LIKE '\\_sdc\\_%'"
                " ORDER BY table_name, column_name"
            ):
                columns.setdefault(table, []).append(f'"{column}"::text')
            return {
                table: sorted(
                    connection.execute(f"SELECT {', '.join(names)} FROM {SCHEMA}.{table}"), key=repr
                )
                for table, names in columns.items()
            }


def wait_for(moment: Moment) -> None:
    deadline = time.monotonic() + LONGEST_RUN
    while not moment():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def trial(commands: Commands, cluster: Cluster, folder: Path, name: str) -> Iterator[Trial]:
    project = WarmProject(commands, folder)
    project.streams = ["*"]
    yaml, path = YAML(), folder / "meltano.yml"
    definition = yaml.load(path)
    for loader in definition["plugins"]["loaders"]:
        if loader["name"] == TARGET:
            loader["config"] = {"batch_size_rows": ROWS_PER_BATCH}
    yaml.dump(definition, path)
    with Sandbox(**SIZES) as box:
        yield Trial(project, cluster, box, name, cluster.create_database(name))


@dataclass(frozen=True)
class Whole:
    """What a run leaves that nobody kills, and how long it takes."""

    tables: Tables
    seconds: float


@pytest.fixture(scope="module")
def whole(commands: Commands, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    with trial(commands, cluster, folder, "whole") as one:
        began = time.monotonic()
        one.run()
        seconds = time.monotonic() - began
        tables = one.tables()
    assert len(tables["utilityapi_interval_readings"]) > 5 * ROWS_PER_BATCH
    assert len(tables) > 30
    return Whole(tables, seconds)


@pytest.fixture
def one(
    request: pytest.FixtureRequest, commands: Commands, cluster: Cluster, tmp_path: Path
) -> Iterator[Trial]:
    name = "".join(filter(str.isalnum, request.node.name.lower()))
    with trial(commands, cluster, tmp_path, name[-40:]) as one:
        yield one


def after(seconds: float) -> Moment:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_run_is_made_good_by_the_next(one: Trial, whole: Whole, number: int) -> None:
    one.kill(after((number + 0.5) / KILLS * whole.seconds))
    one.run()

    assert one.tables() == whole.tables


def test_a_run_is_killed_again_and_again(one: Trial, whole: Whole) -> None:
    killed = [one.kill(one.has_kept_a_state) for _ in range(3)]
    state = one.kept_state()
    one.run()

    assert any(killed)
    assert state, "Meltano had kept none"
    assert one.tables() == whole.tables


def loader_of(project: WarmProject) -> int:
    """The process of a running project's loader."""
    config = str(project.folder / ".meltano" / "run" / TARGET).encode()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if config in (path / "cmdline").read_bytes():
                return int(path.name)
    raise AssertionError("the loader does not run")


def test_a_loader_that_dies_loses_nothing(one: Trial, whole: Whole) -> None:
    with one.running() as process:
        wait_for(lambda: bool(one.box.requests()))
        os.kill(loader_of(one.project), signal.SIGKILL)
        code = process.wait(LONGEST_RUN)
    one.run()

    assert code == 1
    assert one.tables() == whole.tables


def test_a_loader_that_stalls_loses_nothing(one: Trial, whole: Whole) -> None:
    one.run()
    stalled = "SELECT FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    with (
        closing(one.cluster.connect(one.name)) as connection,
        closing(one.cluster.connect()) as watching,
    ):
        connection.execute("BEGIN")
        connection.execute(f"LOCK TABLE {SCHEMA}.utilityapi_bills")
        with one.running("--full-refresh") as process:
            wait_for(lambda: bool(watching.execute(stalled, [one.name]).fetchall()))
            assert process.poll() is None
    one.run()

    assert one.tables() == whole.tables
