"""Runs of the command line with historical collections, and the vendor of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox import Sandbox
from tests.support import SUMMARIES, FastClock, Run, TapRunner

STREAM = "historical_collections"
TIMES = 300  # how much faster than real time the tap and the vendor's jobs run
vendor = partial(
    Sandbox,
    billing_summaries=4,
    meters=3,
    cache_seconds=0,
    utilityapi_rate_limit=0,
    time_scale=TIMES,
    job_seconds=120,
)


def never_activated(box: Sandbox, utility: str = "SDG&E") -> list[str]:
    """Meters that were never activated and can be collected."""
    return [
        meter["uid"]
        for meter in box.truth(only="meters")["meters"]
        if not meter["is_activated"]
        and not meter["is_archived"]
        and meter["utility"] == utility
        and meter["status"] == "updated"
    ]


def sync(
    tap: TapRunner,
    box: Sandbox,
    meters: list[str],
    *arguments: str,
    streams: tuple[str, ...] | None = (SUMMARIES, STREAM),
    state: dict[str, Any] | None = None,
    **settings: Any,
) -> Run:
    config = {
        "utilityapi_requests_per_minute": 100_000,
        "historical_collection_enabled": True,
        "historical_collection_meters": meters,
        "historical_collection_duration": 12,
        **settings,
    }
    # A dry run reads other streams first, and a fast clock would be an hour ahead by then.
    clock = FastClock(1 if "--test" in arguments else TIMES)
    return tap(box.tap_config(**config), *arguments, streams=streams, state=state, clock=clock)


def posts(box: Sandbox) -> list[dict[str, Any]]:
    return [request for request in box.requests() if request["method"] == "POST"]
