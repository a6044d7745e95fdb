"""A database that the loader has filled: DuckDB's file, or one of PostgreSQL."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import needed_module
from tests.end_to_end.readme import SCHEMA

Row = dict[str, Any]


class Database(ABC):
    """One interface to both. In SQL for both, names of the loader's columns are quoted."""

    #: The schema of the loader's tables.
    raw: str
    #: The type of JSON columns.
    json: str
    #: Settings of the profile of `transform/`, as variables.
    dbt_variables: Mapping[str, str]

    @abstractmethod
    def execute(self, *statements: str) -> None:
        """Change rows or tables; unqualified names are those of the loader's tables."""

    @abstractmethod
    def query(self, statement: str) -> list[Row]:
        """The rows of a query, by the names of its columns."""

    @abstractmethod
    def copy(self, name: str) -> Database:
        """Another one, with the same tables."""

    @abstractmethod
    def remove_columns(self, table: str, *columns: str) -> None:
        """Remove some columns of a table."""

    @abstractmethod
    def with_members(self, column: str, members: str) -> str:
        """An expression: a JSON column with some members replaced."""

    def rows(self, table: str, columns: str = "*", where: str = "true") -> list[Row]:
        """Rows of one of the tables of `transform/`."""
        return self.query(f"SELECT {columns} FROM energy.{table} WHERE {where}")


@dataclass(frozen=True)
class DuckDB(Database):
    """A file."""

    path: Path
    raw = "main"
    json = "JSON"

    @property
    @override
    def dbt_variables(self) -> Mapping[str, str]:  # type: ignore[override]
        return {"DBT_UTILITY_ENERGY_TARGET": "duckdb", "DBT_UTILITY_ENERGY_PATH": str(self.path)}

    @override
    def execute(self, *statements: str) -> None:
        with needed_module("duckdb").connect(str(self.path)) as database:
            for statement in statements:
                database.execute(statement)

    @override
    def query(self, statement: str) -> list[Row]:
        with needed_module("duckdb").connect(str(self.path), read_only=True) as database:
            found = database.execute(statement)
            names = [name for name, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @override
    def copy(self, name: str) -> DuckDB:
        copy = self.path.with_name(f"{name}.duckdb")
        shutil.copy(self.path, copy)
        return DuckDB(copy)

    @override
    def remove_columns(self, table: str, *columns: str) -> None:
        # A column before one of a key cannot be dropped.
        names = ", ".join(f'"{column}"' for column in columns)
        select = f"SELECT * EXCLUDE ({names}) FROM {table}"
        self.execute(f"CREATE OR REPLACE TABLE {table} AS {select}")

    @override
    def with_members(self, column: str, members: str) -> str:
        # It removes a member that is null here, which says the same.
        return f"json_merge_patch({column}, '{members}')"


@dataclass(frozen=True)
class Postgres(Database):
    """One of a cluster's databases."""

    cluster: Cluster
    name: str
    raw = SCHEMA
    json = "jsonb"

    @property
    @override
    def dbt_variables(self) -> Mapping[str, str]:  # type: ignore[override]
        return {
            "DBT_UTILITY_ENERGY_TARGET": "postgres",
            "DBT_UTILITY_ENERGY_HOST": "127.0.0.1",
            "DBT_UTILITY_ENERGY_PORT": str(self.cluster.port),
            "DBT_UTILITY_ENERGY_USER": "loader",
            "DBT_UTILITY_ENERGY_PASSWORD": self.cluster.password,
            "DBT_UTILITY_ENERGY_DATABASE": self.name,
        }

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        with closing(self.cluster.connect(self.name)) as connection:
            connection.execute(f"SET search_path TO {self.raw}")
            yield connection

    @override
    def execute(self, *statements: str) -> None:
        with self._connection() as connection:
            for statement in statements:
                connection.execute(statement)

    @override
    def query(self, statement: str) -> list[Row]:
        with self._connection() as connection:
            found = connection.execute(statement)
            names = [column.name for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @override
    def copy(self, name: str) -> Postgres:
        with closing(self.cluster.connect()) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.name}")
        return Postgres(self.cluster, name)

    @override
    def remove_columns(self, table: str, *columns: str) -> None:
        self.execute(*(f'ALTER TABLE {table} DROP COLUMN "{column}"' for column in columns))

    @override
    def with_members(self, column: str, members: str) -> str:
        return f"{column} || '{members}'"


def in_short(row: Row) -> tuple[Any, ...]:
    """A row of `energy_bill_periods` as `Period.in_short`."""
    names = ("vendor", "bill_id", "meter_key", "start_date", "end_date", "status")
    return tuple(row[name] for name in names)


def by(rows: Sequence[Row], *names: str) -> dict[Any, Row]:
    """The rows by some of their columns, which must be a key."""
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows), f"{', '.join(names)} is no key"
    return {key[0]: row for key, row in found.items()} if len(names) == 1 else found
