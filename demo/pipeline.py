"""The processes of the demo: the sandbox, and Meltano."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demo.processes import ROOT, DemoFailedError, Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOG = ROOT / "output" / "demo.log"
TAP, TARGET, TRANSFORM = "tap-utility-energy", "target-duckdb", "dbt-utility-energy"
STAMP = ROOT / ".meltano" / "demo.stamp"
#: Files that determine the plugins' environments.
MADE_FROM = (
    "pyproject.toml",
    "constraints.txt",
    "meltano.yml",
    "loaders/duckdb/pyproject.toml",
    "transform/requirements.txt",
)
# A user's own settings must not reach the demo.
FOREIGN = ("MELTANO_", "TAP_UTILITY_ENERGY_", "TARGET_", "DBT_")
#: Lines of Meltano's log to show, and their format.
WORTH_SHOWING = (
    (re.compile(r"(\w+ is still preparing the answer \(202\); retrying in \d+ s)"), "{0}"),
    (re.compile(r"(\w+: [\d,]+ records? in [\d.]+ \w+)"), "{0}"),
    (re.compile(r"(\d+ streams? done, .* in [\d.]+ \w+)"), "{0}"),
    (re.compile(r"Loading (\d+) rows into '.*\"(\w+)\"'"), "loading {0} rows into {1}"),
    (re.compile(r"Finished running (.*) in 0 hours 0 minutes and ([\d.]+) "), "dbt: {0} in {1} s"),
)


@contextmanager
def sandbox() -> Iterator[Mapping[str, str]]:
    """Run the sandbox on a free port; its addresses."""
    with tempfile.TemporaryDirectory() as folder, LOG.open("ab") as log:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "sandbox", "--exit-with-parent", "--ready-file", ready]
        with Group([str(part) for part in command], output=log) as group:
            deadline = time.monotonic() + 30
            while not ready.exists():
                if group.process.poll() is not None or time.monotonic() > deadline:
                    raise DemoFailedError("the sandbox does not start")
                time.sleep(0.02)
            yield json.loads(ready.read_bytes())


def environment(address: Mapping[str, str]) -> dict[str, str]:
    """The variables that Meltano runs with."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    no_proxy = ",".join(filter(None, (env.get("NO_PROXY", env.get("no_proxy")), "127.0.0.1")))
    return env | {
        "MELTANO_PROJECT_ROOT": str(ROOT),
        "MELTANO_ENVIRONMENT": "sandbox",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "MELTANO_CLI_LOG_FORMAT": "uncolored",
        "TAP_UTILITY_ENERGY_UTILITYAPI_BASE_URL": address["utilityapi_base_url"],
        "TAP_UTILITY_ENERGY_ENERGYCAP_BASE_URL": address["energycap_base_url"],
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def installed() -> bool:
    """Whether the tap, the loader and dbt are installed and up to date."""
    return STAMP.exists() and STAMP.read_text("ascii") == _fingerprint()


def install(env: Mapping[str, str]) -> None:
    """Install the tap, the loader and dbt, each in an environment of its own."""
    _meltano(["install", "--clean", TAP, TARGET, TRANSFORM], env, lambda _: None)
    STAMP.write_text(_fingerprint(), "ascii")


def _fingerprint() -> str:
    digest = hashlib.sha256("\0".join((str(ROOT), sys.version)).encode())
    for name in MADE_FROM:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def run(env: Mapping[str, str], show: Callable[[str], None]) -> int:
    """Read both vendors into DuckDB and model them; return the number of warnings on the way."""
    warnings = 0

    def line_of_log(line: str) -> None:
        nonlocal warnings
        warnings += "[warning  ]" in line
        for pattern, words in WORTH_SHOWING:
            if found := pattern.search(line):
                show(words.format(*found.groups()))

    # Neither the state of an earlier demo, whose DuckDB file may be gone, nor one that was cut
    # short stands in the way.
    steps = [TAP, TARGET, f"{TRANSFORM}:build"]
    _meltano(["run", "--full-refresh", "--force", *steps], env, line_of_log)
    return warnings


def _meltano(arguments: list[str], env: Mapping[str, str], see: Callable[[str], None]) -> None:
    # A `.env` with a user's real token is not for the demo.
    meltano = [sys.executable, "-m", "meltano.cli"]
    command = [*meltano, "--env-file", os.devnull, *arguments]
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ meltano {' '.join(arguments)}\n")
        log.flush()
        with Group(command, output=subprocess.PIPE, env=env) as group:
            for line in group.lines():
                log.write(line + "\n")
                log.flush()
                see(line)
            if code := group.process.wait():
                raise DemoFailedError(f"`meltano {arguments[0]}` ended with exit code {code}")
