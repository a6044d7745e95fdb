"""Into CSV by MeltanoLabs' loader, as docs/loaders.md tells."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sandbox import Sandbox
from tests.end_to_end.project import LONGEST_RUN, STREAMS, clean_environment
from tests.end_to_end.truth import KEYS, SUMMARIES, expected_tables
from tests.support import COMMAND, catalog

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def target_csv(shared: Path) -> Path:
    """The loader's command."""
    folder = shared / "target-csv"
    uv = Path(sys.executable).with_name("uv")
    with FileLock(shared / "target-csv.lock"):
        if not folder.exists():
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
            python = folder / "bin" / "python"
            install = [uv, "pip", "install", "--quiet", "--python", python]
            subprocess.run([*install, "meltanolabs-target-csv==0.5.0"], check=True)
    return folder / "bin" / "target-csv"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(billing_summaries=60, meters=8, hard_numbers=True, cache_seconds=0) as box:
        yield box


def load(box: Sandbox, target: Path, folder: Path, **settings: Any) -> str:
    """Load the streams; return the last line of the log, or nothing if all went well."""
    config = box.tap_config(utilityapi_requests_per_minute=3000, **settings)
    files = {"tap": config, "catalog": catalog(STREAMS), "csv": {"output_path": "files"}}
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    tap = f"{shlex.join(COMMAND)} --config tap.json --catalog catalog.json"
    ended = subprocess.run(
        ["bash", "-c", f'set -o pipefail; {tap} | "$0" --config csv.json', target],
        cwd=folder,
        env=clean_environment(NO_PROXY="127.0.0.1", no_proxy="127.0.0.1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    return ended.stderr.splitlines()[-1] if ended.returncode else ""


def rows_of(folder: Path, stream: str) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows of a stream's file by their key, every cell as text."""
    with (folder / "files" / f"{stream}.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    found = {tuple(row[name] for name in KEYS[stream]): row for row in rows}
    assert len(found) == len(rows), "a key is there twice"
    return found


def test_every_row_is_there_with_every_digit(
    box: Sandbox, target_csv: Path, tmp_path: Path
) -> None:
    for _ in range(2):  # a run replaces the files of the one before
        assert not load(box, target_csv, tmp_path)

    for stream, rows in expected_tables(box.truth()).items():
        found = rows_of(tmp_path, stream)
        assert found.keys() == {tuple(map(str, key)) for key in rows}
        for key, row in rows.items():
            cells = found[tuple(map(str, key))]
            numbers = {name: n for name, n in row.items() if isinstance(n, int | Decimal)}
            assert {name: Decimal(cells[name]) for name in numbers} == numbers


def test_nested_fields_are_no_json_as_the_docs_warn(
    box: Sandbox, target_csv: Path, tmp_path: Path
) -> None:
    assert not load(box, target_csv, tmp_path)

    _, row = rows_of(tmp_path, SUMMARIES).popitem()
    assert row["base"].startswith("{'")


def test_flattening_ends_at_a_new_field_as_the_docs_warn(
    box: Sandbox, target_csv: Path, tmp_path: Path
) -> None:
    error = load(box, target_csv, tmp_path, flattening_enabled=True, flattening_max_depth=1)

    assert "contains fields not in fieldnames" in error
