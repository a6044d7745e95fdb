"""What the tests share: a clock that does not wait, and a run of the command line to look at."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
import simplejson

from tap_utility_energy import cli, energycap, utilityapi
from tap_utility_energy.clock import Clock
from tap_utility_energy.http import redaction
from tap_utility_energy.tap import TapUtilityEnergy

SUMMARIES, DIGESTS, RESULTS = (
    "billing_summaries",
    "meter_digest_monthly",
    "meter_digest_monthly_results",
)
COMMAND = (sys.executable, "-m", "tap_utility_energy")


class FastClock(Clock):
    """Real time, running so many times faster."""

    def __init__(self, times: float) -> None:
        self._times = times
        self._begun = time.monotonic()
        super().__init__()

    def now(self) -> float:
        return (time.monotonic() - self._begun) * self._times

    def local_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.now())

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / self._times)


class FakeClock(Clock):
    """Time passes only by sleeping, and sleeping takes none."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        super().__init__()

    def now(self) -> float:
        return 1000 + sum(self.slept)

    def local_now(self) -> datetime:
        return datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(seconds=sum(self.slept))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Run:
    """A run of the tap: how it ended and what it wrote."""

    exit: int
    stdout: str
    stderr: str

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages, fractions as Decimal."""
        return [simplejson.loads(line, use_decimal=True) for line in self.stdout.splitlines()]

    def records(self, stream: str) -> list[dict[str, Any]]:
        rows = [message for message in self.messages if message["type"] == "RECORD"]
        return [row["record"] for row in rows if row["stream"] == stream]

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE; the SDK does not repeat one that has not changed."""
        return [message["value"] for message in self.messages if message["type"] == "STATE"][-1]

    @property
    def errors(self) -> list[str]:
        """The texts of the ERROR lines, in order."""
        lines = [line.split(" | ", 3) for line in self.stderr.splitlines()]
        return [line[3] for line in lines if len(line) > 3 and line[1].strip() == "ERROR"]

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1].split(" | ")[-1]


class TapRunner:
    """Runs the command line in this process, on a fake clock."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        folder: Path,
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._folder = folder
        self.clock = FakeClock()

    def __call__(
        self,
        config: dict[str, Any] | None,
        *arguments: str,
        streams: Sequence[str] | None = None,
        state: dict[str, Any] | None = None,
        clock: Clock | None = None,
    ) -> Run:
        """Run ``tap-utility-energy --config … arguments``, with only the streams named selected."""
        if config is not None:
            arguments = ("--config", self.file("config.json", config), *arguments)
        if streams is not None:
            arguments += ("--catalog", self.file("catalog.json", catalog(streams)))
        if state is not None:
            arguments += ("--state", self.file("state.json", state))
        self.clock = FakeClock()
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "argv", ["tap-utility-energy", *arguments])
        self._monkeypatch.setattr(TapUtilityEnergy, "clock", clock or self.clock)
        with fresh_logging():
            try:
                code = cli._run()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Run(code, *self._capsys.readouterr())

    def file(self, name: str, content: object) -> str:
        path = self._folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return str(path)


@contextmanager
def fresh_logging():
    """Leave logging, secrets and interpreter hooks as they were."""
    handlers, level, hook = logging.root.handlers[:], logging.root.level, sys.excepthook
    logging.root.handlers.clear()
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        sys.excepthook = hook
        redaction.forget_secrets()


@cache
def discovered(_streams: tuple[type, ...]) -> dict[str, str]:
    """The catalog's entries for these streams, which a test may have added to, by their names."""
    found = TapUtilityEnergy(config={}, validate_config=False).catalog_dict
    return {entry["tap_stream_id"]: json.dumps(entry) for entry in found["streams"]}


@cache
def deselected(text: str) -> str:
    """An entry that is not selected, without its fields, which take most of a run's time."""
    entry = json.loads(text)
    (root,) = [meta for meta in entry["metadata"] if not meta["breadcrumb"]]
    root["metadata"]["selected"] = False
    return json.dumps(entry | {"schema": {}, "metadata": [root]})


def catalog(streams: Sequence[str], **more: Any) -> dict[str, Any]:
    """The discovered catalog with only these streams selected, and ``more`` in their entries."""
    entries = []
    for name, text in discovered((*utilityapi.STREAMS, *energycap.STREAMS)).items():
        entry = json.loads(text if name in streams else deselected(text))
        if name in streams:
            (root,) = [meta for meta in entry["metadata"] if not meta["breadcrumb"]]
            root["metadata"]["selected"] = True
            entry |= more
        entries.append(entry)
    return {"streams": entries}


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without any of the tap's settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TAP_")}
    return kept | more


def start(
    config: Path, *arguments: str, command: Sequence[str] = COMMAND, **environment: str
) -> subprocess.Popen[str]:
    """Start the tap as a process of its own."""
    return subprocess.Popen(
        [*command, "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(**environment),
    )


def by_key(rows: Sequence[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows by their key, which each must have for itself."""
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows), "a key comes twice"
    return found


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """The record as the vendor sent it: what is under ``extra`` back in its place."""
    return {key: value for key, value in record.items() if key != "extra"} | record.get("extra", {})


ONE_RECORD = {
    "PageNumber": "1",
    "PageSize": "250",
    "TotalNumberOfRecords": "1",
    "TotalPages": "1",
}


def answer(body: str, headers: dict[str, str] = ONE_RECORD, **more: Any) -> dict[str, Any]:
    """A rule of the sandbox's fault script: a page of EnergyCAP, by default the only one."""
    kind = "application/json"
    return {"status": 200, "headers": headers, "body": body, "content_type": kind, **more}
