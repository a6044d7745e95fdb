"""Runs the tap for one tenant, piped into the loader: the process that Dagster starts."""

from __future__ import annotations

import fcntl
import fnmatch
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dagster_pipes import PipesContext, open_dagster_pipes

if TYPE_CHECKING:
    from collections.abc import Iterable

TAP = "tap-utility-energy"
LOGGING = Path(__file__).with_name("logging.yml")
CREDENTIALS = ("_UTILITYAPI_TOKEN", "_ENERGYCAP_API_KEY")


def main() -> None:
    """Do the run that Dagster asks for, and report how it ended."""
    with open_dagster_pipes() as pipes:
        directory = Path(pipes.get_extra("directory"))
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "lock").open("w") as lock:
            # The tap and the loader inherit the lock. If this process alone is killed, the next run
            # waits until they have ended as well.
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                result = run(pipes, directory, lock.fileno())
            except (FileNotFoundError, NotStartedError) as error:  # such as a missing loader
                result = {"tap": 2, "loader": 0, "errors": [str(error)], "figures": None}
            pipes.report_custom_message(result)


class NotStartedError(Exception):
    """The tap was not started, because a setting is wrong."""


def run(pipes: PipesContext, directory: Path, lock: int) -> dict[str, Any]:
    """Run the tap and the loader.

    Returns:
        Their exit codes, their errors, and the figures of the tap's summary, which are None if it
        ended before that.
    """
    # Without the credentials of any tenant.
    without_credentials = {
        name: value for name, value in os.environ.items() if not name.endswith(CREDENTIALS)
    }
    sources = pipes.get_extra("credentials")
    credentials = {
        name: value for name, source in sources.items() if (value := os.environ.get(source))
    }
    if not credentials:
        raise NotStartedError(f"Set {' or '.join(sources.values())} in Dagster's environment")
    environment = {
        **without_credentials,
        **pipes.get_extra("settings"),
        **credentials,
        "SINGER_SDK_LOG_CONFIG": str(LOGGING),
    }
    command = [TAP, "--config=ENV"]
    if streams := pipes.get_extra("streams"):
        command.append(f"--catalog={write_catalog(directory, streams, environment)}")
    if (state := directory / "state.json").exists():
        command.append(f"--state={state}")
    # The tap reads the first `.env` in this directory or above it, which may be of other tenants.
    (directory / ".env").touch()
    (directory / "loader.json").write_text(json.dumps(pipes.get_extra("loader_settings")), "utf-8")

    shared: dict[str, Any] = {
        "cwd": directory,
        "pass_fds": [lock],
        # Ctrl-C is not for the loader: it is to load what the tap has sent.
        "start_new_session": True,
        "stderr": subprocess.PIPE,
        "encoding": "utf-8",
        "errors": "replace",
    }
    loader = subprocess.Popen(
        pipes.get_extra("loader"),
        env=without_credentials,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **shared,
    )
    tap = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=loader.stdin, **shared
    )
    loader.stdin.close()  # the tap has it, and the loader reads until the tap ends
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: tap.terminate())

    with ThreadPoolExecutor() as threads:
        kept = threads.submit(keep_states, loader.stdout, state)
        said = threads.submit(forward, loader.stderr)
        figures, errors = log_in_dagster(tap.stderr, pipes)
    kept.result()  # raises what went wrong, such as a full disk
    if tap.wait() and not errors:
        errors.append(f"The tap ended with exit code {tap.returncode}")
    if loader.wait():
        errors.append(f"The loader ended with exit code {loader.returncode}: {said.result()}")
    return {
        "tap": tap.returncode,
        "loader": loader.returncode,
        "errors": errors,
        "figures": figures,
    }


def write_catalog(directory: Path, patterns: list[str], environment: dict[str, str]) -> Path:
    """Write a catalog that selects the streams whose names match one of the patterns."""
    discovered = subprocess.run(
        [TAP, "--discover"], env=environment, cwd=directory, stdout=subprocess.PIPE, check=True
    )
    catalog = json.loads(discovered.stdout)
    names = [stream["tap_stream_id"] for stream in catalog["streams"]]
    selected = set[str]()
    for pattern in patterns:
        matching = fnmatch.filter(names, pattern)
        if not matching:
            raise NotStartedError(f"No stream has the name {pattern}")
        selected.update(matching)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in selected
    path = directory / "catalog.json"
    path.write_text(json.dumps(catalog), "utf-8")
    return path


def keep_states(lines: TextIO, path: Path) -> None:
    """Keep the last state that the loader wrote: all up to there is loaded."""
    with lines:  # closed on errors, so that the loader does not wait for ever to write more
        for line in lines:
            if is_state(line):
                new = path.with_suffix(".new")
                new.write_text(line, "utf-8")
                new.replace(path)
            else:
                print(line, end="", file=sys.stderr)


def is_state(line: str) -> bool:
    """Whether a line is a state: not if the loader logs it, or was killed while it wrote it."""
    try:
        return "bookmarks" in json.loads(line)
    except (ValueError, TypeError):
        return False


def forward(lines: Iterable[str]) -> str:
    """Write the loader's log to this process's.

    Returns:
        Its last line.
    """
    last = ""
    for line in lines:
        print(line, end="", file=sys.stderr)
        last = line.strip() or last
    return last


def log_in_dagster(
    lines: Iterable[str], pipes: PipesContext
) -> tuple[dict[str, Any] | None, list[str]]:
    """Log the tap's lines in Dagster.

    Returns:
        The figures of the tap's summary, and its errors.
    """
    figures, errors = None, []
    for line in lines:
        try:
            entry = json.loads(line)
            level, message, extra = entry["level"], entry["message"], entry["extra"]
        except (ValueError, TypeError, KeyError):  # it is no line of the tap's log
            print(line, end="", file=sys.stderr)
            continue
        getattr(pipes.log, level)(message)
        figures = extra.get("run", figures)
        if level == "error":
            errors.append(message)
    return figures, errors


if __name__ == "__main__":
    main()
