"""Records become columns once, and nothing is worked out for each that holds for all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from target_duckdb.db_sync import DbSync

if TYPE_CHECKING:
    from collections.abc import Mapping


class Table(DbSync):
    """A table whose nested fields stay JSON; with data_flattening_max_level all is as it was."""

    def __init__(self, connection: Any, config: Any, message: Any) -> None:
        """Note the columns of a SCHEMA message."""
        super().__init__(connection, config, message)
        self._is_flat = not self.data_flattening_max_level
        self._keys = message["key_properties"]
        #: Columns that are JSON even of a value that is neither object nor array.
        self._mixed = {
            name
            for name, schema in self.flatten_schema.items()
            if set(schema.get("type", ())) == {"null", "object", "array"}
        }

    def record_primary_key_string(self, record: Mapping[str, Any]) -> str | None:
        """What records of the same key have in common; None of a table without."""
        if not self._is_flat or not self._keys:
            return super().record_primary_key_string(record)
        return ",".join([str(record[name]) for name in self._keys])

    def record_to_flattened(self, record: Mapping[str, Any]) -> list[Any]:
        """The values of a record, in the order of the columns."""
        if not self._is_flat:
            return super().record_to_flattened(record)
        names, mixed = self.flatten_schema, self._mixed
        return [
            json.dumps(value)
            if isinstance(value, (dict, list)) or (name in mixed and name in record)
            else (value if value or value == 0 else None)
            for name, value in zip(names, map(record.get, names), strict=True)
        ]
