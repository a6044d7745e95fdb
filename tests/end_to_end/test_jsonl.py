"""Into files: the pipe of two commands as in the Singer specification, and Meltano's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.end_to_end.jsonl import read_files
from tests.end_to_end.project import (
    LONGEST_RUN,
    STREAMS,
    Project,
    clean_environment,
    needed_command,
)
from tests.end_to_end.truth import assert_same, expected_tables
from tests.support import catalog

pytestmark = pytest.mark.end_to_end

PIPE = 'set -o pipefail; "$0" --config tap.json --catalog catalog.json | "$1" --config target.json'


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A sandbox with numbers that no double holds."""
    with Sandbox(hard_numbers=True) as box:
        yield box


def test_the_tap_piped_by_itself_delivers_every_record_once(
    box: Sandbox, project: Project, tmp_path: Path
) -> None:
    files = {
        "catalog.json": catalog(STREAMS),
        "tap.json": box.tap_config(utilityapi_requests_per_minute=3000),
        "target.json": {"destination_path": str(tmp_path / "landed"), "do_timestamp_file": False},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), "utf-8")

    piped = subprocess.run(
        ["bash", "-c", PIPE, needed_command("tap-utility-energy"), project.loader("target-jsonl")],
        cwd=tmp_path,
        env=clean_environment(NO_PROXY="127.0.0.1", no_proxy="127.0.0.1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )

    assert piped.returncode == 0, piped.stderr
    assert_same(read_files(tmp_path / "landed"), expected_tables(box.truth()))
    assert set(json.loads(piped.stdout)) == {"bookmarks"}, "the target hands on the state alone"


def test_meltano_run_delivers_every_record_once(
    box: Sandbox, project: Project, tmp_path: Path
) -> None:
    landed = {"destination_path": tmp_path, "do_timestamp_file": False}

    log = project.run(box, "target-jsonl", job="jsonl", target_settings=landed)

    assert_same(read_files(tmp_path), expected_tables(box.truth()))
    assert box.utilityapi_token not in log
    assert box.energycap_api_key not in log
