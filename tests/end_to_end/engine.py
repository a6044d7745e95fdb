"""Dagster with the example of docs/scale.md, in a clone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.end_to_end.documented import run_script
from tests.end_to_end.project import clean_environment
from tests.examples import commands

#: Seconds for Dagster to start, and for a night.
LONGEST_START, LONGEST_NIGHT = 120, 900
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
OVERVIEW = """{
  assetOrError(assetKey: {path: ["overview"]}) { ... on Asset { assetMaterializations(limit: 1) {
    metadataEntries { label ... on TableMetadataEntry { table { records } } }
  } } }
}"""
EVENTS = """query ($run: ID!) {
  logsForRun(runId: $run) { ... on EventConnection { events { __typename } } }
}"""
FAILURES = """query ($run: ID!) {
  logsForRun(runId: $run) { ... on EventConnection { events { ... on ExecutionStepFailureEvent {
    failureMetadata { metadataEntries { label ... on TableMetadataEntry { table { records } } } }
  } } } }
}"""
DRY_RUN = """mutation ($schedule: String!) {
  scheduleDryRun(
    selectorData: {
      repositoryLocationName: "definitions.py", repositoryName: "__repository__"
      scheduleName: $schedule
    }
    timestamp: 1800000000
  ) { ... on DryRunInstigationTick {
    evaluationResult { runRequests { tags { key value } } error { message } }
  } }
}"""
RUNNING = {"NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING"}


@dataclass(frozen=True)
class DagsterRun:
    """How a run has ended, as Dagster shows it."""

    id: str
    status: str
    tags: Mapping[str, str]

    @property
    def why(self) -> str:
        """Why it failed."""
        return self.tags.get("why", "")


@dataclass(frozen=True)
class Installation:
    """The example in a clone."""

    folder: Path
    #: Variables with which the tap and the loader are found.
    variables: dict[str, str]


def install(repository: Path, folder: Path) -> Installation:
    """Install Dagster, the tap and the loader as the page does."""
    tools = {
        "UV_PYTHON": sys.executable,
        "UV_TOOL_DIR": str(folder / "tools"),
        "UV_TOOL_BIN_DIR": str(folder / "bin"),
        "PATH": f"{folder / 'bin'}:{sys.prefix}/bin:{os.environ['PATH']}",
    }
    run_script(*commands("docs/scale.md#run-the-example console 1"), at=repository, **tools)
    return Installation(repository / "examples" / "dagster", tools)


@dataclass
class Engine:
    """Dagster, its installation and its settings."""

    #: A copy of the example.
    folder: Path
    environment: dict[str, str]
    url: str = ""
    #: The most memory of all its processes, in bytes.
    memory: int = 0

    @classmethod
    def new(
        cls, installation: Installation, folder: Path, *, tenants: str = "", **environment: str
    ) -> Engine:
        """Dagster with nothing in it yet, in a folder, with another text of `tenants.toml`."""
        work, data = folder / "example", folder / "data"
        shutil.copytree(installation.folder, work, ignore=shutil.ignore_patterns(".venv"))
        (work / ".venv").symlink_to(installation.folder / ".venv")
        if tenants:
            (work / "tenants.toml").write_text(tenants, "utf-8")
        data.mkdir()
        variables = {"TENANTS_DATA": str(data), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return cls(work, installation.variables | variables | environment)

    @property
    def data(self) -> Path:
        """The directory of all runs."""
        return Path(self.environment["TENANTS_DATA"])

    @contextmanager
    def running(self) -> Iterator[None]:
        """Dagster's processes, as the page starts them."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        (command,) = commands("docs/scale.md#run-the-example console 2")
        with (
            (self.data / "dagster.log").open("a", encoding="utf-8") as log,
            subprocess.Popen(
                ["bash", "-c", f"{command} --port {port}"],
                cwd=self.folder,
                env=clean_environment(**self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            try:
                self._wait_until_up(process)
                yield
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(60)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + LONGEST_START
        while True:
            assert process.poll() is None, (self.data / "dagster.log").read_text("utf-8")
            with suppress(OSError):
                self.ask("{ version }")
                return
            assert time.monotonic() < deadline, (self.data / "dagster.log").read_text("utf-8")
            time.sleep(0.5)

    def ask(self, query: str, **variables: str) -> dict[str, Any]:
        """Ask Dagster's web server, as its pages do."""
        with requests.Session() as session:
            session.trust_env = False
            body = {"query": query, "variables": variables}
            response = session.post(f"{self.url}/graphql", json=body, timeout=60)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    def shell(self, *script: str) -> str:
        """Run commands in the example's folder, which must end well; return their output."""
        return run_script(*script, at=self.folder, **self.environment)

    def materialize(
        self, asset: str, partition: str, *, setup: str = "", fails: bool = False
    ) -> str:
        """Run one partition with the page's command, after a setup in the same shell.

        Args:
            asset: The asset.
            partition: The partition.
            setup: Commands before it.
            fails: Whether it must fail, and not end well.

        Returns:
            Its output.
        """
        (command,) = commands("docs/scale.md#collections console 1")
        command = command.replace("--select collections", f"--select {asset}")
        command = command.replace("initech-collections", partition)
        return self.shell(setup, f"! {command} 2>&1" if fails else command)

    def night(self) -> dict[str, DagsterRun]:
        """Have all tenants run once, as the page does; how each run has ended."""
        before = self._runs()
        night, _ = commands("docs/scale.md#run-the-example console 3")
        self.shell(night)
        deadline = time.monotonic() + LONGEST_NIGHT
        while True:
            runs = {key: run for key, run in self._runs().items() if key not in before}
            if runs and not any(run.status in RUNNING for run in runs.values()):
                return {run.tags["dagster/partition"]: run for run in runs.values()}
            assert time.monotonic() < deadline, runs
            self.memory = max(self.memory, self._memory())
            time.sleep(0.5)

    def overview(self) -> dict[str, list[dict[str, str]]]:
        """The rows of the overview's tables, made now; one without rows is not there."""
        _, overview = commands("docs/scale.md#run-the-example console 3")
        self.shell(overview)
        (made,) = self.ask(OVERVIEW)["assetOrError"]["assetMaterializations"]
        return {
            entry["label"]: [json.loads(record) for record in entry["table"]["records"]]
            for entry in made["metadataEntries"]
            if "table" in entry
        }

    def scheduled(self, schedule: str) -> list[str]:
        """The partitions that a schedule requests runs of."""
        result = self.ask(DRY_RUN, schedule=schedule)["scheduleDryRun"]["evaluationResult"]
        assert not result["error"], result
        tags = [tag for request in result["runRequests"] for tag in request["tags"]]
        return [tag["value"] for tag in tags if tag["key"] == "dagster/partition"]

    def retries(self, run: DagsterRun) -> int:
        """How often Dagster has tried a run again."""
        events = self.ask(EVENTS, run=run.id)["logsForRun"]["events"]
        return sum(event["__typename"] == "ExecutionStepRestartEvent" for event in events)

    def failed_streams(self, run: DagsterRun) -> set[str]:
        """The streams that failed, by the figures that Dagster shows of a failed run."""
        events = self.ask(FAILURES, run=run.id)["logsForRun"]["events"]
        tables = [
            entry["table"]["records"]
            for event in events
            for entry in ((event.get("failureMetadata") or {}).get("metadataEntries") or ())
            if entry.get("label") == "streams"
        ]
        rows = [json.loads(row) for row in (tables[-1] if tables else ())]
        return {row["stream"] for row in rows if row["outcome"] == "failed"}

    def processes_of(self, tenant: str) -> list[int]:
        """The ids of the processes that work in a tenant's directory."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").readlink() == self.data / tenant:
                    found.append(int(process.name))
        return found

    def _runs(self) -> dict[str, DagsterRun]:
        return {
            run["runId"]: DagsterRun(
                run["runId"], run["status"], {tag["key"]: tag["value"] for tag in run["tags"]}
            )
            for run in self.ask(RUNS)["runsOrError"]["results"]
        }

    def _memory(self) -> int:
        total = 0
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):
                if f"TENANTS_DATA={self.data}".encode() in (process / "environ").read_bytes():
                    lines = (process / "smaps_rollup").read_text().splitlines()
                    total += 1024 * int(next(s for s in lines if s.startswith("Pss:")).split()[1])
        return total
