"""A table of readings in a warehouse that merges by key, and what the vendor has."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox import Sandbox
from tests.support import Run, by_key
from tests.utilityapi.meter_data import sync

READINGS = "utilityapi_interval_readings"
KEY = ("meter_uid", "start", "end")
BOTH = partial(sync, utilityapi_mixed_intervals=True)
Table = dict[tuple[Any, ...], dict[str, Any]]


def true_table(box: Sandbox) -> Table:
    return by_key(box.truth(only="interval_readings")["interval_readings"], *KEY)


def upsert(table: Table, run: Run) -> Run:
    """Load a run into a table that merges by key."""
    assert run.exit == 0, run.stderr
    table |= {tuple(row[name] for name in KEY): row for row in run.records(READINGS)}
    return run


def assert_true(box: Sandbox, table: Table, stale: set[tuple[Any, ...]] = frozenset()) -> None:  # type: ignore[assignment]
    expected = true_table(box)
    assert table.keys() == expected.keys()
    for key, row in table.items():
        sent = {name: row[name] for name in expected[key]}
        assert sent == expected[key] or key in stale, key


def starts(box: Sandbox) -> list[str | None]:
    """The ``start`` of each request for intervals; None for all."""
    urls = [urlsplit(request["target"]) for request in box.requests()]
    queries = [parse_qs(url.query) for url in urls if url.path.endswith("/intervals")]
    return [query.get("start", [None])[0] for query in queries]
