"""What the tests of bills and intervals share: runs against UtilityAPI, and what they asked for."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox import Sandbox
from tests.support import Run, TapRunner, answer, by_key, flat

vendor = partial(Sandbox, billing_summaries=150, cache_seconds=0, utilityapi_rate_limit=0, meters=0)
FAST = {"utilityapi_requests_per_minute": 100_000}
BILLS, ITEMS = "utilityapi_bills", "utilityapi_bill_line_items"
INTERVALS = "utilityapi_intervals"


def sync(
    tap: TapRunner, box: Sandbox, before: Run | None = None, *streams: str, **settings: Any
) -> Run:
    box.clear_requests()
    config = box.tap_config(**FAST, **settings)
    return tap(config, streams=streams or [BILLS], state=before and before.state)


def paths(box: Sandbox) -> list[str]:
    return [urlsplit(request["target"]).path.rpartition("/v2")[2] for request in box.requests()]


def asked_for(box: Sandbox) -> list[str]:
    """The meters whose data was asked for, as often as it was."""
    queries = [urlsplit(request["target"]) for request in box.requests()]
    queries = [url for url in queries if url.path.endswith(("/bills", "/intervals"))]
    return [uid for url in queries for uid in parse_qs(url.query)["meters"][0].split(",")]


def landed(*runs: Run, stream: str = BILLS) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What a loader that merges by key holds after the runs."""
    return {(row["uid"],): flat(row) for run in runs for row in run.records(stream)}


def truth(box: Sandbox, name: str = "bills") -> dict[tuple[Any, ...], dict[str, Any]]:
    return by_key(box.truth(only=name)[name], "uid")


def instead(path: str, body: object, **more: Any) -> dict[str, Any]:
    """A rule of the sandbox's fault script: an answer in the place of the vendor's."""
    return answer(json.dumps(body, default=float), {}, path=path, **more)
