"""The memory of a run stays within four times of the largest answer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.http.raw import RawServer, measured, response
from tests.support import SUMMARIES

INTERVALS, READINGS = "utilityapi_intervals", "utilityapi_interval_readings"
MEGABYTE = 1 << 20
MOST = 4  # times the size of the largest answer
METERS = [str(number) for number in range(10)]


def summary(number: int) -> dict[str, Any]:
    """A billing summary of 400 bytes; one in 19 has an unknown field."""
    charges = [{"name": f"Électricité \u2013 {each}", "cost": 2104.97} for each in ("a", "b", "c")]
    more = {} if number % 19 else {"unknown": 5}
    base = {"statement_date": "2018-01-31T04:00:00.000000+00:00", "amount_due": 19038.22}
    return {
        "uid": str(number),
        "authorization_uid": "a",
        "base": base,
        "new_charges": charges,
    } | more


def interval(number: int) -> dict[str, Any]:
    """An interval of 1000 readings, each with a start of its own."""
    meter = METERS[number % len(METERS)]
    begin = datetime(2000 + number, 1, 1, tzinfo=timezone(timedelta(hours=-8)))
    times = [
        f"{begin + timedelta(minutes=each):%Y-%m-%dT%H:%M:%S.%f-08:00}" for each in range(1001)
    ]
    readings = [
        {
            "start": start,
            "end": end,
            "kwh": each / 8,
            "datapoints": [{"type": "net", "unit": "kwh", "value": each / 8}],
        }
        for each, (start, end) in enumerate(pairwise(times))
    ]
    updated = "2026-01-01T00:00:00.000000+00:00"
    return {
        "uid": f"{meter}-{number}",
        "meter_uid": meter,
        "updated": updated,
        "readings": readings,
    }


def listing(key: str, make: Callable[[int], dict[str, Any]], size: int) -> bytes:
    """An answer of at least so many bytes."""
    texts, length = list[str](), 0
    for number in itertools.count():
        texts.append(json.dumps(make(number), ensure_ascii=False))
        length += len(texts[-1].encode())
        if length >= size:
            break
    return f'{{"next": null, "{key}": [{", ".join(texts)}]}}'.encode()


@pytest.mark.parametrize(
    ("streams", "key", "make", "size"),
    [
        ([SUMMARIES], "billing_summaries", summary, 16),
        ([INTERVALS], "intervals", interval, 16),
        ([READINGS], "intervals", interval, 16),
        ([INTERVALS, READINGS], "intervals", interval, 16),
    ],
    ids=["fast path", "nested", "readings", "shared"],
)
def test_a_large_answer_takes_less_than_four_times_its_size(
    tmp_path: Path, streams: list[str], key: str, make: Callable[[int], dict[str, Any]], size: int
) -> None:
    meters = [{"uid": uid, "authorization_uid": "a", "interval_count": 9} for uid in METERS]
    answers = {"/meters": response(json.dumps({"meters": meters, "next": None}).encode())}

    def answer(path: str) -> Iterator[bytes]:
        yield answers.get(path.partition("?")[0], page)

    memory = []
    with RawServer(answer) as server:
        for length in (1, size * MEGABYTE):
            page = response(listing(key, make, length))
            code, line, megabytes = measured(tmp_path, server, streams)
            assert code == 0, line
            memory.append(megabytes)

    small, large = memory
    assert large - small < MOST * size
