"""The contenders of `make bench` read the same, and the tap's memory does not grow with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import runs
from benchmarks.kinds import DIGESTS, SUMMARIES, Kind
from tests.support import flat

KEYS = {SUMMARIES.stream: "uid", DIGESTS.stream: "meterId"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with runs.vendors() as url:
        yield url


def written(contender: str, kind: Kind, base: str, folder: Path) -> list[Any]:
    command = runs.command(contender, kind, base, folder, width=8)
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    return [message["record"] for message in messages if message["type"] == "RECORD"]


@pytest.mark.parametrize("kind", [SUMMARIES, DIGESTS])
def test_all_read_the_same(kind: Kind, url: str, tmp_path: Path) -> None:
    size = {SUMMARIES: 2100, DIGESTS: 600}[kind]
    ours, template, bare = (
        written(contender, kind, f"{url}/{size}/0", tmp_path)
        for contender in (runs.TAP, runs.TEMPLATE, runs.BARE)
    )

    key = KEYS[kind.stream]
    assert len(ours) == size
    assert [record[key] for record in ours] == [record[key] for record in template]
    assert list(map(flat, ours)) == bare


def test_memory_does_not_grow_with_the_number_of_pages(url: str, tmp_path: Path) -> None:
    peaks = [runs.run(runs.TAP, SUMMARIES, url, tmp_path, size).memory for size in (5_000, 50_000)]

    assert peaks[1] < peaks[0] * 1.5
