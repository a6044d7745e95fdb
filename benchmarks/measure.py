"""What a row of each kind costs this tap, a plain loop and a tap from the SDK's template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import bare_loop
from benchmarks.endpoints import TOKEN
from benchmarks.runs import BARE, TAP, TEMPLATE, least, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.kinds import Kind

#: Seconds of CPU, beyond those of a start, of a run that is long enough to measure.
ENOUGH = 1.0


def print_kinds(kinds: Iterable[Kind], url: str, folder: Path) -> None:
    """A line a kind. The plain loop deselects, hashes and flattens nothing."""
    print("Microseconds of CPU per row, start-up left out, and how many times that of this tap:")
    print(f"  {'':46} {TAP:>8} {BARE:>18} {TEMPLATE:>18}")
    for kind in kinds:
        ours = micros(TAP, kind, url, folder)
        print(f"  {kind.name:46} {ours:8.2f}", end="", flush=True)
        for other in (BARE, TEMPLATE):
            if kind.variant and other == BARE:
                print(f" {'-':>18}", end="")
                continue
            theirs = micros(other, kind, url, folder)
            print(f" {theirs:9.1f} {f'{theirs / ours:.1f} x':>8}", end="", flush=True)
        print()


def micros(contender: str, kind: Kind, url: str, folder: Path, enough: float = ENOUGH) -> float:
    """Microseconds of CPU per row: what a longer run took more than a short one."""
    cycle = kind.endpoint.cycle
    short = least(contender, kind, url, folder, cycle)
    cycles, more = 1, 0.0
    while more < enough:
        cycles *= min(16, max(2, round(1.3 * enough / more))) if more > 0 else 3
        more = run(contender, kind, url, folder, cycle * cycles).cpu - short.cpu
    more = min(more, run(contender, kind, url, folder, cycle * cycles).cpu - short.cpu)
    rows = sum(map(kind.counted, bare_loop.rows(f"{url}/{cycle}/0", TOKEN, kind)))
    return more / (rows * (cycles - 1)) * 1e6
