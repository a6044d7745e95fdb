"""Run all contenders, print what they take, and draw the image of the README: ``make bench``."""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.kinds import BY_NAME, DIGESTS, SUMMARIES, Kind
from benchmarks.measure import print_kinds
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
    least,
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
IMAGE = Path(__file__).with_name("speed.svg")

Near = dict[tuple[str, Kind, int], Took]


def near(url: str, folder: Path) -> Near:
    """All contenders at zero latency, at every size."""
    return {
        (contender, kind, size): least(contender, kind, url, folder, size)
        for kind, sizes in SIZES.items()
        for size in sizes
        for contender in CONTENDERS
    }


def far(url: str, folder: Path) -> dict[tuple[str, Kind], Took]:
    """All contenders when every answer takes a while; this tap with several pages in flight."""
    options = {"latency_ms": LATENCY_MS, "width": WIDTH}
    return {
        (contender, kind): run(contender, kind, url, folder, size, **options)
        for kind, size in FAR_SIZES.items()
        for contender in CONTENDERS
    }


def micros(results: Near, contender: str, kind: Kind) -> float:
    """Microseconds of CPU per record, start-up left out."""
    sizes = SIZES[kind]
    first, last = (results[contender, kind, size] for size in (sizes[0], sizes[-1]))
    return (last.cpu - first.cpu) / (last.records - first.records) * 1e6


def print_ratios(close: Near, remote: dict[tuple[str, Kind], Took]) -> None:
    print("\nHow many times what this tap takes, of CPU per record:")
    for kind, other in product(SIZES, CONTENDERS[1:]):
        ratio = micros(close, other, kind) / micros(close, TAP, kind)
        print(f"  {kind.name:22} {other:14} {ratio:6.1f}")
    print(f"\n… of time, at {LATENCY_MS} ms an answer (digests: {WIDTH} pages in flight):")
    for kind, other in product(SIZES, CONTENDERS[1:]):
        ratio = remote[other, kind].seconds / remote[TAP, kind].seconds
        print(f"  {kind.name:22} {other:14} {ratio:6.1f}")


def print_figures(close: Near, remote: dict[tuple[str, Kind], Took]) -> None:
    print(
        "\n  us: microseconds of CPU per record; the rest is of the largest run, start-up included"
    )
    header = f"{'records/s':>10} {'CPU s':>8} {'MB':>6}"
    print(f"  {'':22} {'':14} {'us':>7} {header}   {LATENCY_MS} ms: {header}")
    for kind, contender in product(SIZES, CONTENDERS):
        runs = (close[contender, kind, SIZES[kind][-1]], remote[contender, kind])
        both = "           ".join(
            f"{each.records / each.seconds:10,.0f} {each.cpu:8.2f} {each.memory:6.0f}"
            for each in runs
        )
        print(f"  {kind.name:22} {contender:14} {micros(close, contender, kind):7.1f} {both}")


def print_memory(url: str, folder: Path) -> None:
    """What ten times as much data does to the tap's memory."""
    sizes = (50_000, 500_000)
    small, large = (run(TAP, SUMMARIES, url, folder, size).memory for size in sizes)
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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=BY_NAME,
        metavar="KIND",
        help=f"measure these kinds of records and nothing else: {', '.join(BY_NAME)}",
    )
    return parser.parse_args()


def main() -> int:
    only = arguments().only
    with TemporaryDirectory() as name, vendors() as url:
        folder = Path(name)
        print_kinds([BY_NAME[each] for each in only or BY_NAME], url, folder)
        if only:
            return 0
        if not HAS_AIRBYTE:
            print(f"\nWithout {AIRBYTE}, which is not installed; .venv/airbyte.log may say why")
        close, remote = near(url, folder), far(url, folder)
        print_ratios(close, remote)
        print_figures(close, remote)
        print_memory(url, folder)
        print_start()
    # Last, because a process that is started counts its parent's memory as its own.
    from benchmarks.chart import draw  # noqa: PLC0415

    draw({(who, kind.name, size): took for (who, kind, size), took in close.items()}, IMAGE)
    print(f"\nThe image: {IMAGE.relative_to(Path.cwd())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
