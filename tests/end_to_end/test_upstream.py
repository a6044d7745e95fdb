"""Faults of other projects, as docs/upstream.md shows them.

``make test-upstream`` sets UPSTREAM, the folder of commands of the loaders' newest releases. Once a
fault is gone there, its workaround can go.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.project import Project, clean_environment
from tests.examples import ROOT, commands, example, output

pytestmark = pytest.mark.end_to_end
EXAMPLE = example("docs/upstream.md#target-duckdb-080-loses-a-row-per-batch json 1")
COMMANDS = commands("docs/upstream.md#target-duckdb-080-loses-a-row-per-batch console 1")
SHOWN = output("docs/upstream.md#target-duckdb-080-loses-a-row-per-batch console 1")


@pytest.fixture
def loaders(request: pytest.FixtureRequest) -> Path:
    """The folder of the loaders' commands."""
    if folder := os.environ.get("UPSTREAM"):
        return ROOT / folder
    project: Project = request.getfixturevalue("project")
    return Path(project.loader("target-duckdb")).parent


def rows_of(loader: str, loaders: Path, folder: Path) -> str:
    """What the commands of the docs print, with a loader in target-duckdb's place."""
    (folder / "names.jsonl").write_text(EXAMPLE, "utf-8")
    script = "\n".join(["set -eo pipefail", *COMMANDS])
    ended = subprocess.run(
        ["bash", "-c", script.replace("target-duckdb ", f"{loader} ")],
        cwd=folder,
        env=clean_environment(PATH=f"{loaders}:{sys.prefix}/bin:{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_target_duckdb_still_loses_a_row(loaders: Path, tmp_path: Path) -> None:
    assert rows_of("target-duckdb", loaders, tmp_path) == SHOWN, (
        "the fault is gone: loaders/duckdb can go; name target-duckdb itself in its place"
    )


@pytest.mark.skipif("UPSTREAM" in os.environ, reason="it is not upstream's")
def test_the_workaround_loses_none(loaders: Path, tmp_path: Path) -> None:
    rows = rows_of("target-duckdb-every-row", loaders, tmp_path)

    assert rows == "[('a', 'one'), ('b', 'two'), ('c', 'three')]\n"
