"""Run the demo: ``python -m demo``, or ``make demo``."""

from __future__ import annotations

import sys
import time
from collections import deque

import duckdb
from rich.console import Console

from demo import pipeline, readback
from demo.page.file import write_page
from demo.page.marts import NoMartsError
from demo.processes import ROOT, DemoFailedError, exit_on_signals

DATABASE = ROOT / "output" / "sandbox.duckdb"
PAGE = ROOT / "output" / "energy.html"
TAIL = 15


def main() -> int:
    """Run the demo and return its exit code."""
    console = Console(width=readback.WIDTH, highlight=False, emoji=False, markup=False)
    exit_on_signals()
    pipeline.LOG.parent.mkdir(exist_ok=True)
    pipeline.LOG.write_bytes(b"")
    try:
        extract_and_load(console)
        show_what_landed(console)
        make_page(console)
    except (DemoFailedError, NoMartsError, duckdb.Error) as failure:
        show_tail(console)
        sys.stderr.write(f"The demo failed: {failure}. All that was logged: {log_name()}\n")
        return 1
    except SystemExit:
        sys.stderr.write("Stopped.\n")
        raise
    return 0


def extract_and_load(console: Console) -> None:
    """Start the sandbox and run Meltano against it."""
    with pipeline.sandbox() as address:
        console.print(f"The sandbox stands in for UtilityAPI and EnergyCAP on {address['url']}.")
        env = pipeline.environment(address)
        if not pipeline.installed():
            console.print("Installing the tap, the loader and dbt, which is done once.")
            pipeline.install(env)
        steps = f"{pipeline.TAP} {pipeline.TARGET} {pipeline.TRANSFORM}:build"
        console.print(f"\n$ meltano run {steps}", style="bold")
        began = time.monotonic()
        warnings = pipeline.run(env, lambda line: console.print(f"  {line}", style="dim"))
        seconds = time.monotonic() - began
        console.print(f"Done in {seconds:.1f} s. The log, with {warnings} warnings: {log_name()}\n")


def show_what_landed(console: Console) -> None:
    """Read the database back, and say how a user can."""
    name = str(DATABASE.relative_to(ROOT))
    with duckdb.connect(DATABASE, read_only=True) as database:
        console.print(f"What landed in {name}:")
        console.print(readback.landed(database))
        for chart in readback.charts(database):
            console.print()
            console.print(chart)
    code = f"import duckdb; duckdb.connect('{name}').sql('FROM billing_summaries').show()"
    console.print("\nOpen it with DuckDB's own command line, or with Python:\n")
    console.print(f"  duckdb {name}")
    console.print(f'  .venv/bin/python -c "{code}"', soft_wrap=True)
    for what, query in readback.QUERIES.items():
        console.print(f"\n{what}:\n", style="bold")
        console.print(query, soft_wrap=True)


def make_page(console: Console) -> None:
    """Make the page, and say where it is."""
    write_page(DATABASE, PAGE)
    console.print("\nA year of energy, to open in a browser:\n", style="bold")
    console.print(f"  {PAGE.relative_to(ROOT)}")


def show_tail(console: Console) -> None:
    """The last lines of the log."""
    with pipeline.LOG.open(encoding="utf-8", errors="replace") as log:
        for line in deque(log, TAIL):
            console.print(f"  {line.rstrip()}", style="dim", soft_wrap=True)


def log_name() -> str:
    """The log's path as a user would type it."""
    return str(pipeline.LOG.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
