"""Run all contenders, print ratios first, and draw the image of the README: ``make bench``."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.endpoints import DIGESTS, SUMMARIES
from benchmarks.runs import (
    AIRBYTE,
    AIRBYTE_COMMAND,
    BARE,
    COMMAND,
    DLT,
    PYTHON,
    TAP,
    TEMPLATE,
    Took,
    run,
    took,
    vendors,
)

HAS_AIRBYTE = AIRBYTE_COMMAND.exists()
CONTENDERS = (TAP, TEMPLATE, DLT, *([AIRBYTE] if HAS_AIRBYTE else []), BARE)
#: Records at zero latency. The difference between last and first is free of start-up.
SIZES = {SUMMARIES: (1_000, 20_000, 120_000), DIGESTS: (250, 5_000, 30_000)}
#: Records at `LATENCY_MS`: 40 pages of digests, 20 of summaries.
FAR_SIZES = {SUMMARIES: 20_000, DIGESTS: 10_000}
LATENCY_MS = 200
WIDTH = 8
TRIES = 3  # the one of the least CPU counts: other work on the machine only ever adds to it
IMAGE = Path(__file__).with_name("speed.svg")

Near = dict[tuple[str, str, int], Took]


def near(folder: Path) -> Near:
    """All contenders at zero latency, at every size."""
    results = {}
    for stream, size in ((stream, size) for stream, sizes in SIZES.items() for size in sizes):
        with vendors(**_only(stream, size)) as url:
            for contender in CONTENDERS:
                tries = [run(contender, stream, url, folder, size) for _ in range(TRIES)]
                results[contender, stream, size] = min(tries, key=lambda took: took.cpu)
    return results


def far(folder: Path) -> dict[tuple[str, str], Took]:
    """All contenders when every answer takes a while; this tap with several pages in flight."""
    results = {}
    for stream, size in FAR_SIZES.items():
        with vendors(**_only(stream, size), latency_ms=LATENCY_MS) as url:
            for contender in CONTENDERS:
                results[contender, stream] = run(contender, stream, url, folder, size, width=WIDTH)
    return results


def _only(stream: str, size: int) -> dict[str, int]:
    return {"summaries" if stream == SUMMARIES else "meters": size}


def micros(results: Near, contender: str, stream: str) -> float:
    """Microseconds of CPU per record, start-up left out."""
    sizes = SIZES[stream]
    first, last = (results[contender, stream, size] for size in (sizes[0], sizes[-1]))
    return (last.cpu - first.cpu) / (last.records - first.records) * 1e6


def print_ratios(close: Near, remote: dict[tuple[str, str], Took]) -> None:
    print("\nHow many times what this tap takes, of CPU per record:")
    for stream, other in product(SIZES, CONTENDERS[1:]):
        ratio = micros(close, other, stream) / micros(close, TAP, stream)
        print(f"  {stream:22} {other:14} {ratio:6.1f}")
    print(f"\n… of time, at {LATENCY_MS} ms an answer (digests: {WIDTH} pages in flight):")
    for stream, other in product(SIZES, CONTENDERS[1:]):
        ratio = remote[other, stream].seconds / remote[TAP, stream].seconds
        print(f"  {stream:22} {other:14} {ratio:6.1f}")


def print_figures(close: Near, remote: dict[tuple[str, str], Took]) -> None:
    print(
        "\n  us: microseconds of CPU per record; the rest is of the largest run, start-up included"
    )
    header = f"{'records/s':>10} {'CPU s':>8} {'MB':>6}"
    print(f"  {'':22} {'':14} {'us':>7} {header}   {LATENCY_MS} ms: {header}")
    for stream, contender in product(SIZES, CONTENDERS):
        runs = (close[contender, stream, SIZES[stream][-1]], remote[contender, stream])
        both = "           ".join(
            f"{each.records / each.seconds:10,.0f} {each.cpu:8.2f} {each.memory:6.0f}"
            for each in runs
        )
        print(f"  {stream:22} {contender:14} {micros(close, contender, stream):7.1f} {both}")


def print_memory(folder: Path) -> None:
    """What ten times as much data does to the tap's memory."""
    peaks = {}
    for size in (50_000, 500_000):
        with vendors(summaries=size) as url:
            peaks[size] = run(TAP, SUMMARIES, url, folder, size).memory
    small, large = peaks.values()
    print("\nPeak memory of this tap:")
    print(f"  50,000 summaries {small:.0f} MB, 500,000 {large:.0f} MB: {large / small:.2f} times")


def print_start() -> None:
    """What ``--discover`` costs beside an import of the SDK."""
    commands = {
        "import singer_sdk": [PYTHON, "-c", "import singer_sdk.tap_base, singer_sdk.typing"],
        "this tap, --discover": [COMMAND, "--discover"],
        "template tap, --discover": [PYTHON, "-m", "benchmarks.template_tap", "--discover"],
    }
    print("\nCPU seconds to start:")
    for name, command in commands.items():
        print(f"  {name:26} {median(took(command).cpu for _ in range(5)):6.2f}")


def main() -> int:
    if not HAS_AIRBYTE:
        print(f"Without {AIRBYTE}, which is not installed; .venv/airbyte.log may say why")
    with TemporaryDirectory() as name:
        folder = Path(name)
        close, remote = near(folder), far(folder)
        print_ratios(close, remote)
        print_figures(close, remote)
        print_memory(folder)
        print_start()
    # Last, because a process that is started counts its parent's memory as its own.
    from benchmarks.chart import draw  # noqa: PLC0415

    draw(close, IMAGE)
    print(f"\nThe image: {IMAGE.relative_to(Path.cwd())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
