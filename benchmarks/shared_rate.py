"""What eight runs make of one rate limit, with and without a file that they share.

`python -m benchmarks.shared_rate` starts eight runs of the tap at once, all with the same token,
against a sandbox that refuses the 51st request of a second with 429.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks import runs
from benchmarks.kinds import SUMMARIES
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

RUNS = 8
#: The vendor allows 3,000.
PER_MINUTE = 2_800
#: Each run reads so many pages of one record, a request each.
PAGES = 120


@dataclass(frozen=True)
class Traffic:
    """The requests of the runs, as the vendor counts them.

    Args:
        answered: How many requests of each run got an answer other than 429.
        refused: How many requests got a 429.
        seconds: From the first request to the last.
        per_second: How many requests were answered a second while all runs were reading.
    """

    answered: Counter[str]
    refused: int
    seconds: float
    per_second: float


def vendor(pages: int) -> Sandbox:
    """A UtilityAPI with so many pages of billing summaries."""
    return Sandbox(billing_summaries=pages, meters=0, utilityapi_page_limit=1, cache_seconds=0)


def run_side_by_side(
    box: Sandbox,
    folder: Path,
    *,
    file: Path | None,
    per_minute: int = PER_MINUTE,
    command: Sequence[str] = (runs.COMMAND,),
) -> Traffic:
    """Do eight runs that read all pages at the same time.

    Args:
        box: The vendor; its earlier requests are forgotten.
        folder: For files.
        file: The file that keeps their rate limit, if they share one.
        per_minute: The rate limit.
        command: What starts the tap.
    """
    box.clear_requests()
    shared = {"utilityapi_rate_limit_file": str(file)} if file else {}
    rate = {"utilityapi_requests_per_minute": per_minute}
    catalog = runs.write(folder / "catalog.json", runs.catalog(tuple(command), SUMMARIES))
    processes = []
    for number in range(RUNS):
        # The user agent names the run that a request is of.
        settings = box.tap_config(user_agent=f"run {number}") | rate | shared
        config = runs.write(folder / f"config-{number}.json", settings)
        processes.append(_start([*command, "--config", config, "--catalog", catalog]))
    logs = [process.communicate()[1] for process in processes]
    for process, log in zip(processes, logs, strict=True):
        if process.returncode:
            raise SystemExit(log)
    return _traffic(box.requests())


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=runs.quiet_environment(),
    )


def _traffic(requests: Sequence[dict[str, Any]]) -> Traffic:
    refused = HTTPStatus.TOO_MANY_REQUESTS
    answered = [request for request in requests if request["status"] != refused]
    times: dict[str, list[float]] = {}
    for request in answered:
        times.setdefault(request["user_agent"], []).append(request["t"])
    # The runs begin and end one after the other: this is the time in which all of them read.
    begin, end = max(map(min, times.values())), min(map(max, times.values()))
    count = sum(begin <= request["t"] < end for request in answered)
    return Traffic(
        Counter(request["user_agent"] for request in answered),
        len(requests) - len(answered),
        requests[-1]["t"] - requests[0]["t"],
        count / (end - begin) if end > begin else 0.0,
    )


def main() -> None:
    """Print a line with the file, and one without it."""
    allowed = PER_MINUTE / 60
    print(f"\n{RUNS} runs at once with one token, {allowed:.1f} requests per second allowed:")
    print(
        f"  {'':8} {'answered':>9} {'429':>9} {'seconds':>9} {'per second':>12} {'of allowed':>12}"
    )
    with TemporaryDirectory() as name, vendor(PAGES) as box:
        for title, file in (("one file", Path(name, "rate.sqlite")), ("no file", None)):
            seen = run_side_by_side(box, Path(name), file=file)
            print(
                f"  {title:8} {seen.answered.total():9,} {seen.refused:9,} {seen.seconds:9.1f} "
                f"{seen.per_second:12.1f} {seen.per_second / allowed:12.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
