"""Five days of readings that grow, fill up, change and move, into both databases: sums are true.

With the SQL of docs/utilityapi.md, on tables that the loaders made.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.pipe import Pipe
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import needed_module
from tests.examples import example

pytestmark = pytest.mark.end_to_end

READINGS, INTERVALS = "utilityapi_interval_readings", "utilityapi_intervals"
SETTINGS = {"utilityapi_requests_per_minute": 3000, "utilityapi_mixed_intervals": True}
READINGS_SQL = {
    "duckdb": example("docs/utilityapi.md#readings-and-intervals sql 1"),
    "postgres": example("docs/utilityapi.md#readings-and-intervals sql 2"),
}
DELETE = example("docs/utilityapi.md#readings-and-intervals sql 3")
INTERVALS_SQL = {
    "duckdb": example("docs/utilityapi.md#readings-and-intervals sql 4"),
    "postgres": example("docs/utilityapi.md#readings-and-intervals sql 5"),
}
DURATIONS = example("docs/utilityapi.md#charges-and-durations sql 3")
DROP = example("docs/utilityapi.md#tables-of-an-older-version sql 1")
#: What a user writes who knows nothing of old versions: all readings in all rows.
PLAIN_SQL = {
    "duckdb": "SELECT meter_uid, sum(json_array_length(readings)) FROM utilityapi_intervals "
    "WHERE readings IS NOT NULL GROUP BY meter_uid",
    "postgres": "SELECT meter_uid, sum(cardinality(readings)) FROM "
    "utility_energy.utilityapi_intervals WHERE readings IS NOT NULL GROUP BY meter_uid",
}
Query = Callable[[str], list[tuple[Any, ...]]]

#: What happens day by day, to the meter named or to all.
DAYS: list[list[tuple[str, dict[str, Any]]]] = [
    [("grow_intervals", {}), ("grow_intervals", {"meter": "one", "late": 5, "new": True})],
    [("fill_gaps", {"meter": "one"}), ("grow_intervals", {})],
    [("grow_intervals", {}), ("correct_reading", {"meter": "one", "oldest": True})],
    [("renew_authorization", {"meter": "one"}), ("grow_intervals", {"meter": "one", "late": 3})],
    [("fill_gaps", {"meter": "one", "merge": True}), ("grow_intervals", {})],
]


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(meters=0, billing_summaries=25, interval_days=3) as box:
        yield box


@pytest.fixture(params=["postgres", "duckdb"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def landing(
    database: str, commands: Commands, box: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Pipe, Query]]:
    """A way into an empty database, and a way to ask it."""
    chosen = [READINGS, INTERVALS]
    if database == "duckdb":
        file = tmp_path / "landed.duckdb"
        loader = "target-duckdb-every-row"
        settings = {"path": str(file), "default_target_schema": "main"}

        def query(statement: str) -> list[tuple[Any, ...]]:
            with needed_module("duckdb").connect(str(file)) as connection:
                return connection.execute(statement).fetchall()

        yield Pipe(box, tmp_path, commands, loader, settings, chosen), query
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = re.sub(r"\W", "_", request.node.name).lower()[:60]
    schema = {"default_target_schema": "utility_energy", "add_record_metadata": True}
    settings = cluster.create_database(name) | schema
    with closing(cluster.connect(name)) as connection:

        def query(statement: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield Pipe(box, tmp_path, commands, "target-postgres", settings, chosen), query


def true_sums(box: Sandbox) -> dict[str, tuple[int, Decimal]]:
    """How many readings there are of each meter, and their energy, kWh."""
    found = defaultdict[str, list[Decimal]](list)
    for reading in box.truth(only="interval_readings")["interval_readings"]:
        found[reading["meter_uid"]].append(reading["datapoints"][0]["value"])
    return {meter: (len(values), sum(values, Decimal())) for meter, values in found.items()}


def true_counts(box: Sandbox) -> Counter[tuple[str, float]]:
    """How many readings there are of each meter and length, in minutes."""
    readings = box.truth(only="interval_readings")["interval_readings"]
    return Counter((reading["meter_uid"], minutes(reading)) for reading in readings)


def minutes(reading: dict[str, Any]) -> float:
    start, end = (datetime.fromisoformat(reading[name]) for name in ("start", "end"))
    return (end - start).total_seconds() / 60


def asked(query: Query, sql: str) -> dict[str, tuple[int, Decimal]]:
    return {meter: (count, kwh) for meter, count, kwh in query(sql)}


def test_every_sum_is_true_day_by_day(
    landing: tuple[Pipe, Query], database: str, box: Sandbox
) -> None:
    pipe, query = landing
    one = box.truth(only="intervals")["intervals"][0]["meter_uid"]
    state = pipe.run(tap=SETTINGS)
    before = true_sums(box)
    for events in [[], *DAYS]:
        for event, details in events:
            meter = {"meter": one} if "meter" in details else {}
            box.advance(event, **{**details, **meter})
        state = pipe.run(tap=SETTINGS, state=state)
        true = true_sums(box)

        assert asked(query, READINGS_SQL[database]) == true
        assert asked(query, INTERVALS_SQL[database]) == true
        assert dict(query(PLAIN_SQL[database])) == {uid: count for uid, (count, _) in true.items()}
        assert (true == before) == (not events)
        before = true

    consents = {row["authorization_uid"] for row in box.truth(only="intervals")["intervals"]}
    schema = "utility_energy." if database == "postgres" else ""
    rows = query(DURATIONS.replace(READINGS, f"{schema}{READINGS}"))
    assert {(meter, minutes): count for meter, minutes, count, *_ in rows} == true_counts(box)
    for table in (READINGS, INTERVALS):
        rows = query(f"SELECT DISTINCT authorization_uid FROM {schema}{table}")
        assert {uid for (uid,) in rows} - {None} == consents


def test_the_query_over_intervals_needs_no_state(
    landing: tuple[Pipe, Query], database: str, box: Sandbox
) -> None:
    pipe, query = landing
    pipe.run(tap=SETTINGS)
    box.advance("grow_intervals")
    box.advance("repeat_readings", differing=True)
    state = pipe.run(tap=SETTINGS)  # the first run's is lost
    true = true_sums(box)
    counts = {uid: count for uid, (count, _) in true.items()}

    assert asked(query, READINGS_SQL[database]) == true
    assert asked(query, INTERVALS_SQL[database]) == true
    assert dict(query(PLAIN_SQL[database])) != counts

    statements = [part.strip() for part in f"{DELETE}{DROP}".split(";") if part.strip()]
    if database == "duckdb":
        statements = [statement.replace("utility_energy.", "") for statement in statements]
    delete, *drops = statements
    box.advance("grow_intervals")
    pipe.run(tap=SETTINGS, state=state)
    query(delete)
    assert asked(query, INTERVALS_SQL[database]) == true_sums(box)
    for drop in drops:
        query(drop)
    pipe.run(tap=SETTINGS)
    assert asked(query, READINGS_SQL[database]) == true_sums(box)
    assert asked(query, INTERVALS_SQL[database]) == true_sums(box)
