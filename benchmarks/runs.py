"""A run of one contender against the vendors, and what it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.endpoints import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.kinds import Kind

TAP, TEMPLATE, DLT, BARE = "this tap", "template tap", "dlt rest_api", "bare loop"
AIRBYTE = "airbyte-cdk"
PYTHON = sys.executable
COMMAND = str(Path(PYTHON).with_name("tap-utility-energy"))
#: In an environment of its own, as `make bench` installs it: it needs other versions than the tap.
AIRBYTE_COMMAND = Path(sys.prefix, "airbyte", "bin", "source-declarative-manifest")
QUIET = {
    "TAP_UTILITY_ENERGY_LOGLEVEL": "WARNING",
    "TAP_TEMPLATE_LOGLEVEL": "WARNING",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "RUNTIME__DLTHUB_TELEMETRY": "0",
}
MODULES = {DLT: "benchmarks.dlt_extract", BARE: "benchmarks.bare_loop"}
TRIES = 2
#: What containers set, and what would make every start compile and every line a write.
UNUSUAL = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


@dataclass(frozen=True)
class Took:
    """What a run took: seconds by the clock, seconds of CPU, and MB at most in memory."""

    records: int
    seconds: float
    cpu: float
    memory: float


@contextmanager
def vendors() -> Iterator[str]:
    """Both vendors; their URL."""
    command = [PYTHON, "-m", "benchmarks.vendors"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def run(
    contender: str,
    kind: Kind,
    url: str,
    folder: Path,
    records: int,
    *,
    latency_ms: int = 0,
    width: int = 1,
) -> Took:
    """Let a contender read so many records of a kind."""
    base = f"{url}/{records}/{latency_ms}"
    return took(command(contender, kind, base, folder, width=width), records)


def least(contender: str, kind: Kind, url: str, folder: Path, records: int) -> Took:
    """The one of several runs that took the least CPU: other work only ever adds to it."""
    tries = [run(contender, kind, url, folder, records) for _ in range(TRIES)]
    return min(tries, key=lambda took: took.cpu)


def command(contender: str, kind: Kind, base: str, folder: Path, *, width: int = 1) -> list[str]:
    """What to run.

    Args:
        contender: Which one.
        kind: What it reads.
        base: The URL of the vendors, which says how many records there are.
        folder: For its files.
        width: How many pages this tap has in flight.
    """
    if module := MODULES.get(contender):
        return [PYTHON, "-m", module, base, TOKEN, kind.name]
    if contender == AIRBYTE:
        return _airbyte(kind, base, folder)
    if contender == TAP:
        program: tuple[str, ...] = (COMMAND,)
        settings = tap_settings(base, width)
    else:
        program = (PYTHON, "-m", "benchmarks.template_tap")
        settings = {"url": base, "token": TOKEN}
    config = write(folder / "config.json", settings | kind.config)
    chosen = write(folder / "catalog.json", catalog(program, kind))
    return [*program, "--config", config, "--catalog", chosen]


def catalog(program: tuple[str, ...], kind: Kind) -> dict[str, Any]:
    """The catalog of a tap with the stream of one kind selected."""
    return _only(kind, json.loads(_discovered(program)))


def tap_settings(base: str, width: int) -> dict[str, Any]:
    """This tap's settings, for both vendors."""
    return {
        "utilityapi_token": TOKEN,
        "utilityapi_base_url": f"{base}/api/v2",
        "utilityapi_requests_per_minute": 3000,
        "energycap_api_key": TOKEN,
        "energycap_base_url": base,
        "energycap_max_parallel_requests": width,
    }


def took(
    command: Sequence[str],
    records: int = 0,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Took:
    """Run a command to its end, its output thrown away."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=quiet_environment(environment),
    )
    assert process.stderr
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if status:
        raise SystemExit(f"{' '.join(command)}: {process.returncode}\n{said.decode()}")
    seconds = time.monotonic() - begun
    return Took(records, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def quiet_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """An environment for contenders: quiet, and without what slows Python down."""
    return {key: value for key, value in environment.items() if key not in UNUSUAL} | QUIET


def _airbyte(kind: Kind, base: str, folder: Path) -> list[str]:
    # In a process of its own: what this one imports would count as memory of all that it starts.
    module = [PYTHON, "-m", "benchmarks.airbyte_manifest"]
    subprocess.run([*module, base, TOKEN, kind.name, folder], check=True)
    files = [f"--{name}={folder / name}.json" for name in ("config", "catalog", "manifest-path")]
    return [str(AIRBYTE_COMMAND), "read", *files]


@cache
def _discovered(program: tuple[str, ...]) -> bytes:
    return subprocess.run([*program, "--discover"], capture_output=True, check=True).stdout


def _only(kind: Kind, catalog: dict[str, Any]) -> dict[str, Any]:
    """The catalog with one stream selected."""
    for entry in catalog["streams"]:
        by_place = {tuple(each["breadcrumb"]): each["metadata"] for each in entry["metadata"]}
        by_place[()]["selected"] = entry["tap_stream_id"] == kind.stream
        if by_place[()]["selected"] and kind.deselected:
            by_place["properties", kind.deselected]["selected"] = False
    return catalog


def write(path: Path, content: object) -> str:
    """Write a file of JSON; its path."""
    path.write_text(json.dumps(content), "utf-8")
    return str(path)
