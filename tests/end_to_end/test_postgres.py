"""Into PostgreSQL by MeltanoLabs' loader: every digit, nested fields as jsonb."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import simplejson

from sandbox import Sandbox
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import Project, needed_module
from tests.end_to_end.readme import SCHEMA, assert_right
from tests.end_to_end.truth import (
    COLUMNS,
    KEYS,
    Table,
    assert_same,
    by_key,
    expected_tables,
    with_all_columns,
)
from tests.examples import example

pytestmark = pytest.mark.end_to_end

COLUMN_TYPES = {
    "billing_summaries": {
        "text": ["uid", "authorization_uid", "billing_account_uid"],
        "text[]": ["meter_uids", "blocks"],
        "jsonb": ["base", "shut_off_info", "extra"],
        "jsonb[]": ["notes", "new_charges", "sources", "pge_electric_charge_breakdown"],
    },
    "meter_digest_monthly": {
        "bigint": ["meterId"],
        "text": ["meterCode", "meterInfo", "updated"],
        "jsonb": ["nativeUseUnit", "nativeDemandUnit", "commonUseUnit", "costUnit", "extra"],
        "jsonb[]": ["results"],
    },
    "meter_digest_monthly_results": {
        "bigint": [
            "meterId",
            "calendarYear",
            "calendarPeriod",
            "fiscalYear",
            "fiscalPeriod",
            "days",
        ],
        "text": ["meterCode", "meterInfo", "updated", "periodName"],
        "jsonb": ["nativeUseUnit", "nativeDemandUnit", "commonUseUnit", "costUnit", "extra"],
        "numeric": [
            "totalCost",
            "nativeUse",
            "nativeUseUnitCost",
            "commonUse",
            "commonUseUnitCost",
            "nativeActualDemand",
            "nativeActualDemandUnitCost",
            "nativeBilledDemand",
            "nativeBilledDemandUnitCost",
            "loadFactor",
        ],
    },
}


@dataclass(frozen=True)
class Landed:
    """A database after a run, and the sandbox that it was filled from."""

    box: Sandbox
    project: Project
    target_settings: dict[str, object]
    connection: Any

    def run(self) -> None:
        """Do the same run, once more."""
        self.project.run(
            self.box, "target-postgres", job="postgres", target_settings=self.target_settings
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.connection.execute(statement).fetchall()

    def columns(self, table: str) -> dict[str, str]:
        """The types of a table's columns, without those that the loader adds."""
        types = self.query(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = '{SCHEMA}.{table}'::regclass AND attnum > 0"
        )
        return {name: kind for name, kind in types if not name.startswith("_sdc_")}

    def tables(self) -> dict[str, Table]:
        """Every row of every table."""
        return {table: self._rows(table) for table in COLUMNS}

    def _rows(self, table: str) -> Table:
        names = sorted(self.columns(table))
        chosen = ", ".join(f'"{name}"' for name in names)
        rows = self.query(f"SELECT {chosen} FROM {SCHEMA}.{table}")
        return by_key(table, (dict(zip(names, row, strict=True)) for row in rows))


@pytest.fixture(scope="module")
def landed(cluster: Cluster, project: Project) -> Iterator[Landed]:
    """A database after one run, of records with numbers that no double holds."""
    json = needed_module("psycopg.types.json")
    target_settings = cluster.create_database("landed")
    with (
        Sandbox(hard_numbers=True) as box,
        closing(cluster.connect("landed")) as connection,
    ):
        json.set_json_loads(partial(simplejson.loads, use_decimal=True), connection)
        landed = Landed(box, project, target_settings, connection)
        landed.run()
        yield landed


def test_every_record_is_there_once_with_all_its_digits(landed: Landed) -> None:
    assert_same(landed.tables(), with_all_columns(expected_tables(landed.box.truth())))


@pytest.mark.parametrize("table", COLUMN_TYPES)
def test_columns_have_the_types_that_the_readme_tells(landed: Landed, table: str) -> None:
    told = {name: kind for kind, names in COLUMN_TYPES[table].items() for name in names}
    assert landed.columns(table) == told
    keys = landed.query(
        "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid "
        f"AND attnum = ANY (indkey) WHERE indrelid = '{SCHEMA}.{table}'::regclass "
        "AND indisprimary"
    )
    assert {name for (name,) in keys} == set(KEYS[table])


def test_the_queries_of_the_readme_work(landed: Landed) -> None:
    expected = expected_tables(landed.box.truth())
    monthly = landed.query(example("docs/loaders.md#how-nested-fields-land sql 3"))
    charges = landed.query(example("docs/loaders.md#how-nested-fields-land sql 4"))
    assert assert_right(monthly, expected) == "monthly cost"
    assert assert_right(charges, expected) == "charges"


def test_a_second_run_changes_nothing(landed: Landed) -> None:
    before = landed.tables()
    landed.run()
    assert_same(landed.tables(), before)


ODD_TEXTS = (
    *("", " ", "0", "null", "NULL", "NaN", "Infinity", "true", "é😀", "\x01\x7f\x1b", "x" * 3000),
    *("a,b", 'say "hi"', "it's", "two\nlines\r\n", "\r", "tab\t", "{a,b}", "{}", "[]", "%s", "$1"),
    *("\\", "\\N", "\\.", "\\t", "\\x41", "\u0085\u2028"),
)
NUMBERS = ("0", "-0.0", "1.10", "1e-30", "12345678901234567890", "0.12345678901234567890")
ODD_SCHEMA = {
    "key": {"type": ["string"]},
    "text": {"type": ["string", "null"]},
    "number": {"type": ["number", "null"]},
    "flag": {"type": ["boolean", "null"]},
    "object": {"type": ["object", "null"]},
    "texts": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    "objects": {"type": ["array", "null"], "items": {"type": ["object", "null"]}},
}


def odd_messages() -> bytes:
    """Records that a loader may get wrong."""
    schema = {"type": "SCHEMA", "stream": "odd", "key_properties": ["key"]}
    records: list[dict[str, Any]] = [
        {"text": text, "texts": [text, None], "object": {text: text}, "objects": [{"a": text}]}
        for text in ODD_TEXTS
    ]
    records += [{"number": Decimal(number), "object": {"a": Decimal(number)}} for number in NUMBERS]
    records += [{"object": {}, "texts": [], "objects": []}, dict.fromkeys(ODD_SCHEMA), {}]
    records += [{"flag": True, "objects": [None, {}]}, {"flag": False, "texts": [None]}]
    messages = [schema | {"schema": {"properties": ODD_SCHEMA}}] + [
        {"type": "RECORD", "stream": "odd", "record": record | {"key": f"{number:02}"}}
        for number, record in enumerate(records)
    ]
    return "\n".join(simplejson.dumps(message, use_decimal=True) for message in messages).encode()


@pytest.fixture
def load(cluster: Cluster, project: Project, tmp_path: Path) -> Callable[..., list[Any]]:
    """Loads messages into a database of a name, twice, and returns the answer to a query."""

    def load(name: str, messages: bytes, query: str, **settings: object) -> list[Any]:
        given = cluster.create_database(name) | {"default_target_schema": SCHEMA} | settings
        config = tmp_path / "config.json"
        config.write_text(simplejson.dumps(given))
        loader = [project.loader("target-postgres"), "--config", config]
        for _ in range(2):  # the second time, rows are updated
            subprocess.run(loader, input=messages, check=True, capture_output=True)
        with closing(cluster.connect(name)) as connection:
            return connection.execute(query).fetchall()

    return load


def test_quicker_settings_store_the_same_but_copy_rounds_numbers(
    load: Callable[..., list[Any]],
) -> None:
    columns = ", ".join(f"{column}::text" for column in ODD_SCHEMA)
    arguments = odd_messages(), f"SELECT {columns} FROM {SCHEMA}.odd ORDER BY key"
    checked = load("checked", *arguments)
    unchecked = load("unchecked", *arguments, validate_records=False)
    copied = load("copied", *arguments, validate_records=False, use_copy=True)

    assert [row[1] for row in unchecked][: len(ODD_TEXTS)] == list(ODD_TEXTS)
    assert unchecked == checked
    rounded = [(*row[:2], as_double(row[2]), *row[3:]) for row in checked]
    assert [(*row[:2], as_double(row[2]), *row[3:]) for row in copied] == rounded


def as_double(number: str | None) -> float | None:
    return None if number is None else float(number)


def test_copy_rounds_the_number_of_the_docs(load: Callable[..., list[Any]]) -> None:
    messages = example("docs/loaders.md#postgresql-speed-and-digits json 1").encode()
    query = f"SELECT value::text FROM {SCHEMA}.digits"

    assert load("inserted", messages, query) == [("0.12345678901234567890",)]
    assert load("rounded", messages, query, use_copy=True) == [("0.12345678901234568",)]
