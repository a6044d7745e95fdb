"""What SIGTERM and Ctrl-C do to a run: what docs/logs.md tells of them."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.end_to_end.project import TAP, Project, clean_environment

pytestmark = pytest.mark.end_to_end

TARGET = "target-jsonl"
STREAMS = ("billing_summaries", "energycap_vendors", "meter_digest_monthly")
DOWN = {"path": "/digest/", "status": 503, "headers": {"Retry-After": "600"}, "times": None}
LONGEST = 30  # seconds


def wait_for_words(log: Path, words: str) -> None:
    deadline = time.monotonic() + LONGEST
    while words not in log.read_text("utf-8"):
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.05)


def rows(folder: Path, stream: str) -> list[str]:
    return (folder / f"{stream}.jsonl").read_text("utf-8").splitlines()


def state(project: Project, job: str) -> object:
    output = project.call("state", "get", f"sandbox:{TAP}-to-{TARGET}:{job}").stdout
    return json.loads(output.splitlines()[-1])


@pytest.mark.parametrize(
    ("number", "send", "code"),
    [
        (signal.SIGTERM, os.kill, 143),
        (signal.SIGTERM, os.killpg, 143),
        (signal.SIGINT, os.kill, 1),
        (signal.SIGINT, os.killpg, 1),
    ],
    ids=["SIGTERM", "SIGTERM to all", "SIGINT", "Ctrl-C"],
)
def test_meltano_stops_the_tap_and_the_loader(
    project: Project,
    tmp_path: Path,
    number: signal.Signals,
    send: Callable[[int, int], None],
    code: int,
) -> None:
    project = copy.copy(project)
    project.streams = STREAMS
    job = f"stop-{tmp_path.name}"
    landed, log = tmp_path / "landed", tmp_path / "log"
    landed.mkdir()
    settings = {"destination_path": landed, "do_timestamp_file": False}
    with Sandbox(billing_summaries=20, meters=6) as box:
        project.run(box, TARGET, job=job, target_settings=settings)
        before = state(project, job)
        box.set_faults([DOWN])
        with (
            log.open("w", encoding="utf-8") as out,
            project.start(box, TARGET, job=job, target_settings=settings, log=out) as process,
        ):
            wait_for_words(log, "retrying in")
            send(process.pid, number)
            assert process.wait(LONGEST) == code, log.read_text("utf-8")
        box.set_faults([])
        after = state(project, job)
        project.run(box, TARGET, job=job, target_settings=settings)

    said = log.read_text("utf-8")
    assert "2 of 3 streams done" in said
    assert "stopped by SIG" in said
    assert before == after
    assert len(set(rows(landed, "billing_summaries"))) >= 20


def test_in_a_pipe_the_loader_writes_what_came(project: Project, tmp_path: Path) -> None:
    landed, log, config = tmp_path / "landed", tmp_path / "log", tmp_path / "config.json"
    landed.mkdir()
    target_config = tmp_path / "target.json"
    target_config.write_text(
        json.dumps({"destination_path": str(landed), "do_timestamp_file": False}), "utf-8"
    )
    with Sandbox(billing_summaries=20, meters=6, faults=[DOWN]) as box:
        config.write_text(json.dumps(box.tap_config()), "utf-8")
        with log.open("w", encoding="utf-8") as out:
            tap = subprocess.Popen(
                [sys.executable, "-m", "tap_utility_energy", "--config", str(config)],
                stdout=subprocess.PIPE,
                stderr=out,
                env=clean_environment(),
            )
            target = subprocess.Popen(
                [project.loader(TARGET), "--config", str(target_config)],
                stdin=tap.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert tap.stdout
            tap.stdout.close()
            wait_for_words(log, "retrying in")
            tap.terminate()
            assert tap.wait(LONGEST) == 143
            states, _ = target.communicate(timeout=LONGEST)

    assert target.returncode == 0
    assert log.read_text("utf-8").splitlines()[-1].endswith("stopped by SIGTERM")
    assert len(rows(landed, "billing_summaries")) == 20
    last = json.loads(states.splitlines()[-1])
    assert last["bookmarks"]["energycap_vendors"]["replication_key"] == "modifiedDate"
