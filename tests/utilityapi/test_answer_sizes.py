"""Chunks of meters are sized by the answers that came before, whatever the meters' counts say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_utility_energy.utilityapi import answer_sizes
from tap_utility_energy.utilityapi.answer_sizes import AnswerSizes
from tests.http.raw import RawServer, measured, response

READINGS = "utilityapi_interval_readings"
METERS = [str(number) for number in range(40)]
MOST = answer_sizes.MOST_BYTES


def test_the_largest_of_the_latest_records_counts() -> None:
    sizes = AnswerSizes(bytes_per_record=100, first_meters=10)
    for size in (900, 500, 400, 300):
        sizes.note(meters=1, records=1, size=size)
    assert sizes.expected(2) == 1800
    sizes.note(meters=1, records=1, size=200)
    assert sizes.expected(2) == 1000


def test_without_a_count_a_meter_is_as_large_as_the_largest_was_on_average() -> None:
    sizes = AnswerSizes(bytes_per_record=100, first_meters=10)
    assert sizes.expected(0) == MOST // 10
    sizes.note(meters=4, records=0, size=80)
    sizes.note(meters=4, records=0, size=40)
    assert sizes.expected(0) == 20


def test_a_chunk_has_at_most_twice_as_many_meters_as_the_one_before() -> None:
    sizes = AnswerSizes(bytes_per_record=100, first_meters=10, most_meters=50)
    seen = []
    for _ in range(4):
        seen.append(sizes.meters_at_once)
        sizes.note(meters=1, records=1, size=1)
    assert seen == [10, 20, 40, 50]


@pytest.mark.parametrize("count", [None, 1, 1_000_000])
@pytest.mark.parametrize("size", [1 << 10, 8 << 20])
def test_after_the_first_chunk_no_answer_of_several_meters_is_too_large(
    tmp_path: Path, count: int | None, size: int
) -> None:
    meters = [{"uid": uid, "authorization_uid": "a", "interval_count": count} for uid in METERS]
    listed = response(json.dumps({"meters": meters, "next": None}).encode())
    asked: list[list[str]] = []

    def answer(path: str) -> Iterator[bytes]:
        if path.startswith("/meters"):
            yield listed
            return
        asked.append(parse_qs(urlsplit(path).query)["meters"][0].split(","))
        rows: list[dict[str, Any]] = [
            {"uid": uid, "meter_uid": uid, "updated": "", "readings": [], "x": "x" * (size // 4)}
            for uid in asked[-1]
        ]
        yield response(json.dumps({"intervals": rows, "next": None}).encode())

    with RawServer(answer) as server:
        code, line, _ = measured(tmp_path, server, [READINGS])

    assert code == 0, line
    assert sorted(uid for chunk in asked for uid in chunk) == sorted(METERS)
    first, *others = asked
    assert len(first) <= 10
    for chunk in others:
        assert len(chunk) * size // 4 <= 1.1 * MOST
    if size < MOST // len(METERS):
        assert len(asked) <= 3 or len(first) == 1
