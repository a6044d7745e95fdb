"""A run of Meltano that is killed at a moment, and started again."""

from __future__ import annotations

import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.commands import Commands, WarmProject
from tests.end_to_end.project import TAP, needed_module
from tests.support import FastClock

SUMMARIES = "billing_summaries"
#: How much faster than real time.
TIMES = 20
#: Seconds within which the moment to kill must come, and a job must end.
TIMEOUT = 90

# Read once: `inspect` may fail when two threads read at the same moment.
FAST_CLOCK = inspect.getsource(FastClock)
# Takes the place of the tap's command: the same, on a faster clock. The vendor's time goes on once
# the tap looks at its own.
TAP_SCRIPT = """
import os
import time
import urllib.request
from datetime import UTC, datetime, timedelta

from tap_utility_energy import cli
from tap_utility_energy.clock import Clock
from tap_utility_energy.tap import TapUtilityEnergy

{clock}

class SharedClock(FastClock):
    def now(self):
        if url := os.environ.pop("SANDBOX_URL", None):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
            opener.open(url + "/__advance", b'{{"event": "pace", "scale": {times}}}').close()
        return super().now()


with open({starts!r}, "a") as starts:
    starts.write("started\\n")
TapUtilityEnergy.clock = SharedClock({times})
cli.main()
"""
# target-jsonl hands on the state at its end only. This loader does at once, so that Meltano keeps
# what a killed run remembered.
EAGER_SCRIPT = """#!{python}
import json
import os
import sys

for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "STATE":
        print(json.dumps(message["value"]), flush=True)
    elif message["type"] == "RECORD":
        path = os.path.join(os.environ["TARGET_EAGER_DESTINATION_PATH"], message["stream"])
        with open(path + ".jsonl", "a") as file:
            file.write(json.dumps(message["record"]) + "\\n")
"""


@dataclass
class Progress:
    """How far a run is, as can be seen from outside."""

    box: Sandbox
    starts: Path
    begun: float = field(default_factory=time.monotonic)
    first_post: float | None = None

    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def tap_starts(self) -> int:
        return len(self.starts.read_text("utf-8").splitlines()) if self.starts.exists() else 0

    def count(self, method: str, part: str) -> int:
        """Requests that have arrived."""
        asked = self.box.requests()
        return sum(entry["method"] == method and part in entry["target"] for entry in asked)

    def seconds_since_post(self) -> float:
        """Seconds of the tap's time since its first request to collect; below 0 before it."""
        if self.first_post is None and self.count("POST", "historical-collection"):
            self.first_post = time.monotonic()
        return -1 if self.first_post is None else (time.monotonic() - self.first_post) * TIMES


Moment = Callable[[Progress], bool]


def begun(seconds: float) -> Moment:
    return lambda progress: progress.seconds() >= seconds


def tap_begun(times: int) -> Moment:
    """The tap was started that often: first to discover, then to sync."""
    return lambda progress: progress.tap_starts() >= times


def looked(times: int) -> Moment:
    return lambda progress: progress.count("GET", "/meters?") >= times


def asked(times: int = 1) -> Moment:
    return lambda progress: progress.count("POST", "historical-collection") >= times


def since_asked(seconds: float) -> Moment:
    return lambda progress: progress.seconds_since_post() >= seconds


def extracting(part: str) -> Moment:
    return lambda progress: progress.count("GET", part) >= 1


@dataclass(frozen=True)
class Restart:
    """How the run is started again, and by which loader the killed one was."""

    first: str = "target-jsonl"
    second: str = "target-jsonl"
    job: str = "same"
    # The killed run still counts as running, until Meltano hears nothing of it for five minutes.
    options: tuple[str, ...] = ("--force",)


KEPT_STATE = Restart()
EAGER_STATE = Restart(first="target-eager", second="target-eager")
FULL_REFRESH = Restart(
    first="target-eager", second="target-eager", options=("--force", "--full-refresh")
)
SECOND_LOADER = Restart(second="target-duckdb")
SECOND_STATE = Restart(job="other")


@dataclass(frozen=True)
class Case:
    """A moment to kill the run at, what the vendor does, and how the run is started again."""

    moment: Moment
    restart: Restart
    fault: Mapping[str, Any] | None = None
    #: Seconds until a job shows, and until it then ends.
    delay: float = 0
    job_seconds: float = 20
    silent: bool = False
    has_journal: bool = False
    #: A request that the vendor never got is remembered, and not repeated for eight days.
    is_collected: bool = True


class Trial:
    """A Meltano project of its own, which shares nothing with others but what is installed."""

    def __init__(self, commands: Commands, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.starts = folder / "starts"
        self._write_scripts(commands)
        self.project = WarmProject(commands, folder, tap=folder / "tap-fast")
        self._add_loader()

    def _write_scripts(self, commands: Commands) -> None:
        script, loader = self.folder / "tap_fast.py", self.folder / "target-eager"
        text = TAP_SCRIPT.format(clock=FAST_CLOCK, starts=str(self.starts), times=TIMES)
        script.write_text(text, "utf-8")
        commands.pythons[TAP].write_command(self.folder / "tap-fast", script)
        loader.write_text(EAGER_SCRIPT.format(python=sys.executable), "utf-8")
        loader.chmod(0o755)

    def _add_loader(self) -> None:
        yaml, path = YAML(), self.folder / "meltano.yml"
        definition = yaml.load(path)
        definition["plugins"]["loaders"].append({
            "name": "target-eager",
            "namespace": "target_eager",
            "executable": str(self.folder / "target-eager"),
        })
        yaml.dump(definition, path)

    def target_settings(self, target: str, name: str) -> dict[str, object]:
        """Settings that make a loader write into a folder of that name."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        if target == "target-duckdb":
            return {"path": folder / "all.duckdb"}
        return {"destination_path": folder, "do_timestamp_file": False}

    def kill(self, box: Sandbox, case: Case, **settings: object) -> None:
        """Start a run, wait for the moment, kill all its processes, and let time stand still.

        On a busy machine the run may have ended just before one of the last moments.
        """
        target = case.restart.first
        with (
            (self.folder / "log").open("w+", encoding="utf-8") as log,
            self.project.start(
                box,
                target,
                job="same",
                target_settings=self.target_settings(target, "killed"),
                log=log,
                **settings,
            ) as process,
        ):
            try:
                progress = Progress(box, self.starts)
                while not case.moment(progress):
                    said = Path(log.name).read_text("utf-8")
                    assert not process.poll(), said
                    assert progress.seconds() < TIMEOUT, said
                    time.sleep(0.04)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        box.advance("pace", scale=0)

    def run_again(self, box: Sandbox, restart: Restart, name: str, **settings: object) -> set[str]:
        """Do the run to its end; the uids of the bills that have landed."""
        self.project.run(
            box,
            restart.second,
            job=restart.job,
            target_settings=self.target_settings(restart.second, name),
            options=restart.options,
            **settings,
        )
        return self._landed(restart.second, self.folder / name)

    @staticmethod
    def _landed(target: str, folder: Path) -> set[str]:
        if target == "target-duckdb":
            with needed_module("duckdb").connect(str(folder / "all.duckdb")) as database:
                found = database.execute(f"SELECT uid FROM {SUMMARIES}").fetchall()
            return {uid for (uid,) in found}
        lines = (folder / f"{SUMMARIES}.jsonl").read_text("utf-8").splitlines()
        return {json.loads(line)["uid"] for line in lines}
