"""The tables of the dbt project in a DuckDB file, to be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: The tables that the page is made of.
TABLES = (
    "buildings",
    "consents_ending",
    "energy_bill_periods",
    "energy_checks",
    "energy_gaps",
    "energy_monthly",
    "suggested_meter_matches",
)

FOUND = """
SELECT table_name FROM information_schema.tables
WHERE table_catalog = current_database() AND table_schema = ?"""


class NoMartsError(Exception):
    """There is no database, or not the tables in it; the message says what to do."""


class Marts:
    """Queries of these tables, which need not name their schema."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str, file: str) -> None:
        """Check that the tables are there."""
        found = {name for (name,) in connection.execute(FOUND, [schema]).fetchall()}
        if missing := [table for table in TABLES if table not in found]:
            raise NoMartsError(
                f"{file} has no table {schema}.{missing[0]}. dbt makes it: "
                "`meltano run tap-utility-energy target-duckdb dbt-utility-energy:build`"
            )
        # Qualified, because the file and the schema can have the same name.
        ((database,),) = connection.execute("SELECT current_database()").fetchall()
        connection.execute(f"USE {quoted(database)}.{quoted(schema)}")
        self._connection = connection

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        """The rows of a query, by the names of its columns; ``$name`` in it is a value."""
        answer = self._execute(query, values)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def create_temporary(self, name: str, query: str, **values: object) -> None:
        """Store the rows of a query in a table that lasts as long as the connection."""
        self._execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {query}", values)

    def _execute(self, query: str, values: Mapping[str, object]) -> duckdb.DuckDBPyConnection:
        used = {name: value for name, value in values.items() if f"${name}" in query}
        return self._connection.execute(query, used)


def quoted(name: str) -> str:
    """A name in SQL, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def opened(file: Path, schema: str) -> Iterator[Marts]:
    """The tables in a DuckDB file, which is only read."""
    if not file.is_file():
        raise NoMartsError(f"the database {file} does not exist")
    with duckdb.connect(file, read_only=True) as connection:
        yield Marts(connection, schema, str(file))
