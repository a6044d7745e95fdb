"""The example of docs/check.md."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox import Sandbox
from tap_utility_energy.check.budget import MOST_REQUESTS
from tap_utility_energy.check.vendors import KEPT
from tests.examples import ROOT, commands, output
from tests.support import TapRunner

TIME = re.compile(r" +[0-9.]+ (?:s|min|h)\b")


def test_the_example_is_what_the_sandbox_shows(tap: TapRunner) -> None:
    (command,) = commands("docs/check.md#check-the-vendors console 1")
    shown = output("docs/check.md#check-the-vendors console 1").splitlines()
    _, *arguments = command.split()
    with Sandbox(cache_seconds=0) as box:
        tap.file("config.json", box.tap_config())
        run = tap(None, *arguments)

    printed = [TIME.sub(" # s", line) for line in run.stdout.splitlines()]
    assert run.exit == 0
    assert Path("check.json").is_file()
    assert len(shown) > 30
    assert [line for line in shown if TIME.sub(" # s", line) not in {"…", *printed}] == []


def test_the_page_tells_the_numbers_of_requests() -> None:
    page = " ".join((ROOT / "docs" / "check.md").read_text("utf-8").split())

    numbers = re.findall(
        r"At most (\d+) GET requests in all, .*? (\d+) are kept for EnergyCAP", page
    )
    assert numbers == [(str(MOST_REQUESTS), str(KEPT))]
