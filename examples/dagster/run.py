"""Runs the tap for one tenant, piped into the loader: the process that Dagster starts."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections import deque
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

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
            pipes.report_custom_message(run(pipes, directory, lock.fileno()))


def run(pipes: PipesContext, directory: Path, lock: int) -> dict[str, Any]:
    """Run the tap and the loader.

    Returns:
        Their exit codes, their errors, and the figures of the tap's summary, which are None if it
        ended before that.
    """
    # Those of other tenants, too.
    without_credentials = {
        name: value for name, value in os.environ.items() if not name.endswith(CREDENTIALS)
    }
    sources = pipes.get_extra("credentials").items()
    environment = {
        **without_credentials,
        **pipes.get_extra("settings"),
        **{name: os.environ[source] for name, source in sources if source in os.environ},
        "SINGER_SDK_LOG_CONFIG": str(LOGGING),
    }
    command = [TAP, "--config=ENV"]
    if streams := pipes.get_extra("streams"):
        command.append(f"--catalog={write_catalog(directory, streams, environment)}")
    if (state := directory / "state.json").exists():
        command.append(f"--state={state}")
    (directory / "loader.json").write_text(json.dumps(pipes.get_extra("loader_settings")), "utf-8")

    shared: dict[str, Any] = {
        "cwd": directory,  # so that no `.env` is read
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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: tap.terminate())

    last_line: deque[str] = deque(maxlen=1)
    threads = [
        Thread(target=keep_states, args=(loader.stdout, state)),
        Thread(target=forward, args=(loader.stderr, last_line)),
    ]
    for thread in threads:
        thread.start()
    figures, errors = log_in_dagster(tap.stderr, pipes)
    for thread in threads:
        thread.join()
    for name, process in {"tap": tap, "loader": loader}.items():
        if process.wait() and (process is loader or not errors):
            said = ": ".join(["", *last_line]) if process is loader else ""
            errors.append(f"The {name} ended with exit code {process.returncode}{said}")
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
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = any(
                    fnmatchcase(stream["tap_stream_id"], pattern) for pattern in patterns
                )
    path = directory / "catalog.json"
    path.write_text(json.dumps(catalog), "utf-8")
    return path


def keep_states(states: Iterable[str], path: Path) -> None:
    """Keep the last state that the loader wrote: all up to there is loaded."""
    for state in states:
        if state.strip():
            new = path.with_suffix(".new")
            new.write_text(state, "utf-8")
            new.replace(path)


def forward(lines: Iterable[str], last: deque[str]) -> None:
    """Write the loader's log to this process's, and keep its last line."""
    for line in lines:
        print(line, end="", file=sys.stderr)
        if line.strip():
            last.append(line.strip())


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
