"""The contenders of `make bench` read the same, and the tap's memory does not grow with it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import runs
from benchmarks.endpoints import DIGESTS, SUMMARIES
from tests.support import flat

KEYS = {SUMMARIES: "uid", DIGESTS: "meterId"}


def written(contender: str, stream: str, url: str, folder: Path) -> list[Any]:
    command = runs.command(contender, stream, url, folder, width=8)
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    return [message["record"] for message in messages if message["type"] == "RECORD"]


@pytest.mark.parametrize("stream", [SUMMARIES, DIGESTS])
def test_all_read_the_same(stream: str, tmp_path: Path) -> None:
    with runs.vendors(summaries=2100, meters=600) as url:
        ours, template, bare = (
            written(contender, stream, url, tmp_path)
            for contender in (runs.TAP, runs.TEMPLATE, runs.BARE)
        )

    key = KEYS[stream]
    assert len(ours) == {SUMMARIES: 2100, DIGESTS: 600}[stream]
    assert [record[key] for record in ours] == [record[key] for record in template]
    assert list(map(flat, ours)) == bare


def test_memory_does_not_grow_with_the_number_of_pages(tmp_path: Path) -> None:
    peaks = []
    for size in (5_000, 50_000):
        with runs.vendors(summaries=size) as url:
            peaks.append(runs.run(runs.TAP, SUMMARIES, url, tmp_path, size).memory)

    assert peaks[1] < peaks[0] * 1.5
