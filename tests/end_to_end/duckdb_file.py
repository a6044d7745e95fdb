"""A file of DuckDB that the loader has written, and what must be in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.project import needed_module
from tests.end_to_end.truth import COLUMNS, KEYS, Record, Table, as_doubles, with_all_columns


@dataclass(frozen=True)
class DuckDBFile:
    """A file of DuckDB."""

    file: Path

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with needed_module("duckdb").connect(str(self.file), read_only=True) as connection:
            return connection.execute(statement).fetchall()

    def columns(self, table: str) -> dict[str, str]:
        """The types of a table's columns, without those that the loader adds."""
        described = self.query(f"DESCRIBE {table}")
        return {name: kind for name, kind, *_ in described if not name.startswith("_sdc_")}

    def tables(self) -> dict[str, Table]:
        """Every row of the tables that are compared field by field."""
        return {table: self._rows(table) for table in COLUMNS}

    def _rows(self, table: str) -> Table:
        types = self.columns(table)
        rows = self.query(f"SELECT {', '.join(types)} FROM {table}")
        nested = [kind == "JSON" for kind in types.values()]
        return _by_key(
            table,
            [
                {
                    name: json.loads(value) if is_nested and value is not None else value
                    for name, value, is_nested in zip(types, row, nested, strict=True)
                }
                for row in rows
            ],
        )


def _by_key(table: str, rows: list[Record]) -> Table:
    """The rows by their key, whose names the loader writes in small letters."""
    found = {tuple(row[name.lower()] for name in KEYS[table]): row for row in rows}
    assert len(found) == len(rows), f"{table}: a key is there twice"
    return found


def as_stored(tables: dict[str, Table]) -> dict[str, Table]:
    """The records as rows with column names in small letters and numbers as doubles."""
    return {
        stream: {
            key: {name.lower(): as_doubles(value) for name, value in row.items()}
            for key, row in rows.items()
        }
        for stream, rows in with_all_columns(tables).items()
    }
