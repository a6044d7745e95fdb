"""SIGTERM and Ctrl-C end a run soon, with whole lines and a last STATE."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import COMMAND, DIGESTS, SUMMARIES, catalog, clean_environment, start

STOPS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
LONGEST = 5  # seconds


def config_file(folder: Path, box: Sandbox, **settings: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(box.tap_config(**settings)))
    return path


def wait_for_requests(box: Sandbox, number: int) -> None:
    deadline = time.monotonic() + 60
    while len(box.requests()) < number:
        assert time.monotonic() < deadline, "the tap never asked"
        time.sleep(0.02)


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> tuple[float, str, str]:
    """Send the signal; seconds until the end, and what was written."""
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return time.monotonic() - begun, out, err


@pytest.mark.parametrize(("number", "code"), STOPS)
@pytest.mark.parametrize("vendor", ["utilityapi", "energycap"])
@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ({"status": 429, "headers": {"Retry-After": "600"}}, {}),
        ({"hang": 60}, {}),
        ({"drip": {"bytes": 1, "every": 0.2}}, {}),
        ({"hang": 60}, {"energycap_max_parallel_requests": 1}),
        ({"latency": 0}, {"utilityapi_requests_per_minute": 1}),
    ],
)
def test_any_wait_is_interrupted(
    tmp_path: Path,
    warm_tap: tuple[str, ...],
    number: signal.Signals,
    code: int,
    vendor: str,
    fault: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    if vendor == "energycap" and "utilityapi_requests_per_minute" not in settings:
        settings = {"utilityapi_token": "", **settings}
    faults = [fault | {"vendor": vendor, "times": None}]
    with Sandbox(faults=faults, billing_summaries=20, utilityapi_page_limit=10, meters=9) as box:
        process = start(config_file(tmp_path, box, **settings), command=warm_tap)
        wait_for_requests(box, 1)
        seconds, out, err = stopped(process, number)

    assert process.returncode == code
    assert seconds < LONGEST
    messages = [json.loads(line) for line in out.splitlines()]
    assert messages[-1]["type"] == "STATE"
    assert out.endswith("\n")
    assert err.splitlines()[-1].endswith(f"stopped by {number.name}")
    assert "Traceback" not in err


@pytest.mark.parametrize(("number", "code"), STOPS)
def test_more_signals_change_nothing(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with Sandbox(faults=[{"hang": 60, "times": None}]) as box:
        process = start(config_file(tmp_path, box))
        wait_for_requests(box, 1)
        while process.poll() is None:
            process.send_signal(number)
            time.sleep(0.001)
        process.communicate()

    assert process.returncode == code


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("lines", [5, 20, 40])
def test_no_line_is_cut_while_the_target_is_slow(
    tmp_path: Path, lines: int, unbuffered: str
) -> None:
    # A record of fifty years is longer than a pipe holds: the signal comes in the middle of one.
    with Sandbox(billing_summaries=0, meters=60) as box:
        config = config_file(tmp_path, box, energycap_number_of_years=50)
        chosen = tmp_path / "catalog.json"
        chosen.write_text(json.dumps(catalog([SUMMARIES, DIGESTS])), "utf-8")
        process = start(config, "--catalog", str(chosen), PYTHONUNBUFFERED=unbuffered)
        assert process.stdout
        assert process.stderr
        head = [process.stdout.readline() for _ in range(lines)]
        time.sleep(0.3)  # the target takes its time, and the pipe is full
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        out = process.stdout.read()
        process.stdout.close()
        process.stderr.close()
        process.wait(timeout=60)

    assert process.returncode == 143
    assert out.endswith("\n")
    messages = [json.loads(line) for line in (*head, *out.splitlines())]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    assert states[-1] == {"bookmarks": {"billing_summaries": {}}}, "as it was, and out already"


def test_a_reader_that_takes_nothing_is_not_waited_for(tmp_path: Path) -> None:
    # A record of fifty years is longer than a pipe holds.
    with Sandbox(billing_summaries=0, meters=30) as box:
        process = start(config_file(tmp_path, box, energycap_number_of_years=50))
        wait_for_requests(box, 2)
        time.sleep(0.3)  # until the pipe is full
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        seconds = time.monotonic() - begun
        process.communicate()

    assert process.returncode == 143
    assert 3 < seconds < LONGEST


def test_a_target_that_goes_away_ends_the_run_in_one_line(tmp_path: Path) -> None:
    with Sandbox(billing_summaries=0, meters=1500) as box:
        process = start(config_file(tmp_path, box))
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr
        err = process.stderr.read()
        process.stderr.close()
        process.wait(timeout=60)

    assert process.returncode == 1
    assert "Traceback" not in err
    assert err.splitlines()[-1].endswith("the target closed its input: see its own messages")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_a_full_disk_behind_stdout_is_one_line(tmp_path: Path) -> None:
    with (
        Sandbox(billing_summaries=20, meters=3, cache_seconds=0) as box,
        Path("/dev/full").open("w") as full,
    ):
        command = [*COMMAND, "--config", str(config_file(tmp_path, box))]
        run = subprocess.run(
            command,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )

    assert run.returncode == 1
    assert run.stderr.count("No space left on device") == 1
    assert "what was read cannot be written" in run.stderr.splitlines()[-1]
