"""Make the page of a database: ``python -m demo.page output/prod.duckdb output/energy.html``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from demo.page.file import write_page
from demo.page.marts import NoMartsError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and return the exit code."""
    options = parser().parse_args(arguments)
    try:
        size = write_page(options.database, options.page, schema=options.schema)
    except (NoMartsError, duckdb.Error, OSError) as failure:
        sys.stderr.write(f"No page was made: {on_one_line(failure)}\n")
        return 1
    print(f"{options.page} ({size / 1e6:.1f} MB)")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.page", description=__doc__)
    parser.add_argument("database", type=Path, help="the DuckDB file")
    parser.add_argument("page", type=Path, help="the HTML file to write")
    parser.add_argument("--schema", default="energy", help="where the tables are (%(default)s)")
    return parser


def on_one_line(failure: Exception) -> str:
    """What an error says, without its line breaks."""
    return " ".join(str(failure).split())


if __name__ == "__main__":
    sys.exit(main())
