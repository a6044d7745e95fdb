"""Fixtures of all tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi.streams import BILLS, INTERVALS
from tests.support import COMMAND, TapRunner, clean_environment
from tests.warm import Shared, warm_python

SHARED = pytest.StashKey[Path]()


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("TAP_UTILITY_ENERGY_", "LOGLEVEL")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # away from a .env


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def tap(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> TapRunner:
    """Runs the command line in this process, on a fake clock."""
    return TapRunner(monkeypatch, capsys, tmp_path)


@pytest.fixture(scope="module", params=[12, 13])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """EnergyCAP with twelve periods a year, and with thirteen."""
    with Sandbox(
        meters=25,
        billing_summaries=0,
        accounting_periods=request.param,
        hard_numbers=True,
        date_oddities=True,
    ) as box:
        yield box


@pytest.fixture
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several requests for the data of meters, though the sandbox has few of them."""
    for endpoint in (BILLS, INTERVALS):
        monkeypatch.setattr(endpoint, "meters_at_once", 6)
        monkeypatch.setattr(endpoint, "most_meters", 6)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared = Shared()
        config.add_cleanup(shared.close)
        config.stash[SHARED] = shared.folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["shared"] = str(node.config.stash[SHARED])


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest) -> Path:
    """A folder for what the processes of pytest-xdist share."""
    worker = getattr(request.config, "workerinput", None)
    return Path(worker["shared"]) if worker else request.config.stash[SHARED]


@pytest.fixture(scope="session")
def warm_tap(shared: Path) -> tuple[str, ...]:
    """The command of the tap in a process of its own, which starts at once: see `tests.warm`."""
    python = Path(sys.executable)
    module = "tap_utility_energy.tap"
    warm = warm_python(shared, "tap", python, module, environment=clean_environment())
    return (*warm.command, *COMMAND[1:])


def pytest_collection_finish() -> None:
    gc.freeze()  # what is imported stays, and each collection would look through it
    gc.set_threshold(50_000, 20, 20)  # a sandbox's data stay as well, and are looked through less


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The SDK's suite skips these where there are no records; CI takes no skipped test.
    off = ("historical_collections", "utilityapi_bill_files")
    needless = tuple(f"returns_record[{stream}]" for stream in off)
    kept = [item for item in items if not item.nodeid.endswith(needless)]
    items[:] = sorted(kept, key=_place_in_order)


def _place_in_order(item: pytest.Item) -> int:
    # What a new stream lacks is said first. Then come the slowest files, so that no process is left
    # with one of them at the end.
    if item.path.name == "test_layout.py":
        return 0
    return 2 if item.get_closest_marker("end_to_end") is None else 1
