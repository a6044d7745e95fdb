"""A run of one contender against the vendors, and what it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.endpoints import SUMMARIES, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
def vendors(*, summaries: int = 0, meters: int = 0, latency_ms: int = 0) -> Iterator[str]:
    """Both vendors with so many records; their URL."""
    options = {"summaries": summaries, "meters": meters, "latency-ms": latency_ms}
    command = [PYTHON, "-m", "benchmarks.vendors"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def run(
    contender: str, stream: str, url: str, folder: Path, records: int, *, width: int = 1
) -> Took:
    """Let a contender read all that there is of a stream."""
    return took(command(contender, stream, url, folder, width=width), records)


def command(contender: str, stream: str, url: str, folder: Path, *, width: int = 1) -> list[str]:
    """What to run; ``width`` is how many pages this tap has in flight."""
    if module := MODULES.get(contender):
        return [PYTHON, "-m", module, url, TOKEN, stream]
    if contender == AIRBYTE:
        return _airbyte(stream, url, folder)
    if contender == TAP:
        program, settings = [COMMAND], _tap_settings(stream, url, width)
    else:
        program = [PYTHON, "-m", "benchmarks.template_tap"]
        settings = {"url": url, "token": TOKEN}
    config = _file(folder / "config.json", settings)
    catalog = _file(folder / "catalog.json", _only(stream, program, config))
    return [*program, "--config", config, "--catalog", catalog]


def _tap_settings(stream: str, url: str, width: int) -> dict[str, Any]:
    if stream == SUMMARIES:
        return {
            "utilityapi_token": TOKEN,
            "utilityapi_base_url": f"{url}/api/v2",
            "utilityapi_requests_per_minute": 3000,
        }
    return {
        "energycap_api_key": TOKEN,
        "energycap_base_url": url,
        "energycap_max_parallel_requests": width,
    }


def took(command: Sequence[str], records: int = 0) -> Took:
    """Run a command to its end, its output thrown away."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={key: value for key, value in os.environ.items() if key not in UNUSUAL} | QUIET,
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


def _airbyte(stream: str, url: str, folder: Path) -> list[str]:
    # In a process of its own: what this one imports would count as memory of all that it starts.
    module = [PYTHON, "-m", "benchmarks.airbyte_manifest"]
    subprocess.run([*module, url, TOKEN, stream, folder], check=True)
    files = [f"--{name}={folder / name}.json" for name in ("config", "catalog", "manifest-path")]
    return [str(AIRBYTE_COMMAND), "read", *files]


def _only(stream: str, command: Sequence[str], config: str) -> dict[str, Any]:
    arguments = [*command, "--config", config, "--discover"]
    found = subprocess.run(arguments, capture_output=True, check=True).stdout
    catalog: dict[str, Any] = json.loads(found)
    for entry in catalog["streams"]:
        (root,) = [each for each in entry["metadata"] if not each["breadcrumb"]]
        root["metadata"]["selected"] = entry["tap_stream_id"] == stream
    return catalog


def _file(path: Path, content: object) -> str:
    path.write_text(json.dumps(content), "utf-8")
    return str(path)
