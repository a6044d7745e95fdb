"""The benchmark of whole runs, with few rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import runs
from benchmarks.end_to_end import EndToEnd
from benchmarks.endpoints import READINGS
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import Project

pytestmark = pytest.mark.end_to_end


def test_every_reading_is_loaded(project: Project, cluster: Cluster, tmp_path: Path) -> None:
    with runs.vendors() as url:
        ways = EndToEnd(f"{url}/1/0", tmp_path, project, cluster)
        _, in_duckdb = ways.meltano_duckdb()
        spent, in_postgres = ways.meltano_postgres("benchmark", use_copy=True)

    assert in_duckdb == in_postgres == READINGS
    assert spent.cpu > 0
