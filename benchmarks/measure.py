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
    """A line a kind."""
    print("Microseconds of CPU per row, start-up left out, and how many times that of this tap:")
    print(f"  {'':46} {TAP:>8} {BARE:>12} {TEMPLATE:>19}")
    for kind in kinds:
        ours, *others = (micros(each, kind, url, folder) for each in (TAP, BARE, TEMPLATE))
        each = " ".join(f"{other:8.1f} {f'{other / ours:.1f} x':>8}" for other in others)
        print(f"  {kind.name:46} {ours:8.2f} {each}", flush=True)


def micros(contender: str, kind: Kind, url: str, folder: Path) -> float:
    """Microseconds of CPU per row: what a longer run took more than a short one."""
    cycle = kind.endpoint.cycle
    short = least(contender, kind, url, folder, cycle)
    records, more = cycle, 0.0
    while more < ENOUGH:
        records = cycle * round(records / cycle * min(16, max(2, 1.2 * ENOUGH / (more or 0.01))))
        more = run(contender, kind, url, folder, records).cpu - short.cpu
    more = min(more, run(contender, kind, url, folder, records).cpu - short.cpu)
    rows = bare_loop.rows(f"{url}/{cycle}/0", TOKEN, kind)
    return more / (sum(map(kind.counted, rows)) * (records / cycle - 1)) * 1e6
