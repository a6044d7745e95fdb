"""The historical collection, killed at any moment and started again: nothing is paid for twice.

The tap watches meters for a minute, and the vendor may show a job that late. So the tap's clock
runs faster here, and the sandbox's with it. The sandbox's stands still while Meltano is starting
again, or the seconds that this takes would be the minute in which the jobs are hidden.
"""

from __future__ import annotations

import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.commands import Commands, WarmProject
from tests.end_to_end.project import TAP, needed_module
from tests.support import FastClock

pytestmark = pytest.mark.end_to_end

SUMMARIES = "billing_summaries"
#: They mostly wait, so there can be more of them than processors.
SIDE_BY_SIDE = 6
#: How much faster than real time.
TIMES = 20
#: Seconds within which the moment to kill must come, and a job must end.
PATIENCE = 90

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


hidden = partial(Case, delay=57, job_seconds=2)
CASES = {
    "asked": hidden(asked(), KEPT_STATE),
    "at once": Case(begun(0), KEPT_STATE),
    "Meltano begins": Case(begun(1), EAGER_STATE),
    "asked, with the answer lost": hidden(asked(), SECOND_LOADER, {"lose_after": True}),
    "discovery": Case(tap_begun(1), FULL_REFRESH),
    "the sync begins": Case(tap_begun(2), SECOND_LOADER),
    "asked, with no answer": hidden(asked(), FULL_REFRESH, {"hang": 60, "after": True}),
    "first look": Case(looked(1), SECOND_STATE),
    "watching": Case(looked(3), EAGER_STATE),
    "a second after": hidden(since_asked(1), EAGER_STATE),
    "last look": Case(looked(7), FULL_REFRESH),
    "asked in vain": Case(asked(), SECOND_STATE, {"hang": 60}),
    "settling": hidden(since_asked(10), SECOND_STATE, {"status": 503, "after": True}),
    "settling what never arrived": Case(since_asked(30), KEPT_STATE, {"lose_before": True}),
    "asked in vain, and remembered": Case(
        since_asked(30), EAGER_STATE, {"lose_before": True}, is_collected=False
    ),
    "asked, with a journal and no state": Case(
        since_asked(1), SECOND_STATE, delay=400, job_seconds=2, has_journal=True
    ),
    "asked with no answer, with a journal and no state": Case(
        asked(), FULL_REFRESH, {"hang": 60, "after": True}, delay=400, has_journal=True
    ),
    "collecting": Case(since_asked(20), SECOND_LOADER, job_seconds=300),
    "collecting, with no sign of it": hidden(
        since_asked(5), SECOND_LOADER, delay=0, job_seconds=57, silent=True
    ),
    "collected": Case(since_asked(23), FULL_REFRESH),
    "extracting": Case(extracting(SUMMARIES.replace("_", "-")), SECOND_STATE),
    "at the end": Case(extracting("/meter/digest/"), KEPT_STATE),
}


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
                    assert progress.seconds() < PATIENCE, said
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


@contextmanager
def vendor(case: Case) -> Iterator[Sandbox]:
    rules = [{"method": "POST", **case.fault}] if case.fault else []
    with Sandbox(
        billing_summaries=4,
        meters=1,
        cache_seconds=0,
        utilityapi_rate_limit=0,
        time_scale=TIMES,
        job_start_delay=case.delay,
        job_seconds=case.job_seconds,
        job_silent_uids="*" if case.silent else None,
        faults=rules,
    ) as box:
        yield box


def listed(box: Sandbox) -> list[dict[str, Any]]:
    return box.truth(only="meters")["meters"]


def never_collected(box: Sandbox) -> list[str]:
    """Two meters that cost money and have bills."""
    found = [
        meter["uid"]
        for meter in listed(box)
        if meter["status"] == "updated"
        and meter["utility"] == "SDG&E"
        and not meter["is_activated"]
        and not meter["is_archived"]
    ]
    return found[1:3]  # the first has none


def bills(box: Sandbox) -> set[str]:
    return {bill["uid"] for bill in box.truth(only=SUMMARIES)[SUMMARIES]}


def collection_settings(meters: list[str]) -> dict[str, object]:
    return {
        "historical_collection_enabled": True,
        "historical_collection_meters": json.dumps(meters),
        "historical_collection_duration": 12,
        "historical_collection_poll_seconds": 10,
    }


def wait_for_jobs(box: Sandbox, meters: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not {meter["uid"] for meter in listed(box) if meter["is_activated"]} >= set(meters):
        assert time.monotonic() < deadline, "a collection does not end"
        time.sleep(0.1)


def check(commands: Commands, folder: Path, case: Case) -> bool:
    """Kill a run and start it again; what was asked for was collected once, and has landed.

    Returns:
        Whether the run was started again while there was a job that did not show.
    """
    trial = Trial(commands, folder)
    with vendor(case) as box:
        untouched, meters, before = listed(box), never_collected(box), bills(box)
        settings = collection_settings(meters)
        if case.has_journal:
            settings["historical_collection_journal"] = folder / "journal.jsonl"
        trial.kill(box, case, **settings)
        was_hidden = bool(box.bill()["meters"]) and listed(box) == untouched
        landed = trial.run_again(box, case.restart, "landed", **settings)
        assert box.bill()["meters"] == (dict.fromkeys(meters, 1) if case.is_collected else {})
        if not case.is_collected:
            return was_hidden
        if landed != bills(box) or landed == before:
            # Without a state, a run does not wait for what another one asked for.
            wait_for_jobs(box, meters)
            landed = trial.run_again(box, case.restart, "landed later", **settings)
            assert box.bill()["meters"] == dict.fromkeys(meters, 1)
        assert landed == bills(box) > before
    return was_hidden


def test_a_killed_run_that_is_started_again_never_costs_twice(
    commands: Commands, tmp_path: Path
) -> None:
    problems, was_hidden = [], []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = {
            name: pool.submit(check, commands, tmp_path / str(number), case)
            for number, (name, case) in enumerate(CASES.items())
        }
    for name, outcome in found.items():
        if error := outcome.exception():
            error.add_note(f"killed at: {name}")
            problems.append(error)
        else:
            was_hidden.append(outcome.result())
    if problems:
        raise BaseExceptionGroup("cases that went wrong", problems)
    assert any(was_hidden), "no job was hidden, which shows little"


def test_meltanos_test_of_the_settings_costs_once_at_most(
    commands: Commands, tmp_path: Path
) -> None:
    case = Case(asked(), KEPT_STATE)
    trial = Trial(commands, tmp_path / "trial")
    with vendor(case) as box:
        meters = never_collected(box)
        settings = collection_settings(meters)
        for _ in range(2):
            tested = trial.project.call(
                "config", "test", TAP, **trial.project.variables(box, "", {}, settings)
            )
            assert not tested.returncode, tested.stdout
        trial.run_again(box, KEPT_STATE, "landed", **settings)
        assert box.bill()["meters"] == dict.fromkeys(meters, 1)
