"""Records with odd values stop no loader."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from sandbox import Sandbox
from tap_utility_energy import energycap, utilityapi
from tests.end_to_end.commands import Commands
from tests.end_to_end.pipe import Pipe
from tests.end_to_end.postgres import Cluster
from tests.odd_values import odd_values, one_odd_value

pytestmark = pytest.mark.end_to_end

EVERY = [stream.name for stream in (*utilityapi.STREAMS, *energycap.STREAMS)]


@pytest.mark.parametrize("loader", ["target-postgres", "target-duckdb-every-row", "target-jsonl"])
def test_odd_values_stop_no_loader(
    request: pytest.FixtureRequest, commands: Commands, tmp_path: Path, loader: str
) -> None:
    if loader == "target-postgres":
        cluster: Cluster = request.getfixturevalue("cluster")
        settings = cluster.create_database("odd_values")
    elif loader == "target-duckdb-every-row":
        settings = {"path": str(tmp_path / "odd.duckdb"), "default_target_schema": "main"}
    else:
        settings = {"destination_path": str(tmp_path)}
    with (
        Sandbox(meters=12, billing_summaries=60, cache_seconds=0, interval_days=3) as box,
        odd_values(box, partial(one_odd_value, 7)) as values,
    ):
        pipe = Pipe(box, tmp_path, commands, loader, settings, EVERY)

        pipe.run(tap=values.settings(box))
