"""What docs/energycap.md says of periods that vanish, on tables that a loader made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.pipe import Pipe
from tests.end_to_end.postgres import Cluster
from tests.examples import example

pytestmark = pytest.mark.end_to_end

DIGESTS, ROWS = "meter_digest_monthly", "meter_digest_monthly_results"
STREAMS = [DIGESTS, ROWS]
DELETE = example("docs/energycap.md#periods-that-vanish sql 1")
PERIODS = f'SELECT "meterId", "calendarYear", "calendarPeriod" FROM utility_energy.{ROWS}'


def periods(box: Sandbox) -> set[tuple[Any, ...]]:
    """The keys of all rows that the vendor has now."""
    return {
        (digest["meterId"], row["calendarYear"], row["calendarPeriod"])
        for digest in box.truth(only=DIGESTS)[DIGESTS]
        for row in digest.get("results") or []
    }


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(meters=30, billing_summaries=0) as box:
        yield box


@pytest.fixture
def landed(
    cluster: Cluster, commands: Commands, box: Sandbox, tmp_path: Path, request: Any
) -> Iterator[tuple[Pipe, Any]]:
    """A PostgreSQL database after one run."""
    name = re.sub(r"\W", "_", request.node.name).lower()[:60]
    schema = {"default_target_schema": "utility_energy", "add_record_metadata": True}
    settings = cluster.create_database(name) | schema
    pipe = Pipe(box, tmp_path, commands, "target-postgres", settings, STREAMS)
    pipe.run()
    with closing(cluster.connect(name)) as connection:
        yield pipe, connection


@pytest.mark.parametrize("event", ["delete_bill", "move_bill"])
def test_vanished_periods_can_be_deleted_by_meter(
    box: Sandbox, landed: tuple[Pipe, Any], event: str
) -> None:
    pipe, connection = landed
    # Older than what the digests still tell: they have to stay.
    kept = set(connection.execute(PERIODS).fetchall())
    connection.execute(
        f'INSERT INTO utility_energy.{ROWS} ("meterId", "calendarYear", "calendarPeriod", '
        f'_sdc_sync_started_at) SELECT min("meterId"), year, 0, 0 FROM utility_energy.{ROWS}, '
        f'(SELECT min("calendarYear") FROM utility_energy.{ROWS} UNION SELECT 2001) '
        "AS years (year) GROUP BY year"
    )
    old = set(connection.execute(PERIODS).fetchall()) - kept
    assert len(old) == 2
    box.advance(event)
    pipe.run()
    assert set(connection.execute(PERIODS).fetchall()) - old > periods(box)

    connection.execute(DELETE)

    assert set(connection.execute(PERIODS).fetchall()) - old == periods(box)
    assert old < set(connection.execute(PERIODS).fetchall())


def test_no_version_is_activated_that_would_drop_older_periods(
    box: Sandbox, landed: tuple[Pipe, Any]
) -> None:
    pipe, connection = landed
    before = periods(box)
    box.advance("delete_bill")
    pipe.run(tap={"emit_activate_version_messages": True}, hard_delete=True)

    assert periods(box) < before
    assert set(connection.execute(PERIODS).fetchall()) == before
