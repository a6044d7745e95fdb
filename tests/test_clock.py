"""The heartbeat: a line at least every 30 seconds while a run waits or reads."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy import clock as clocks
from tap_utility_energy.clock import Clock
from tap_utility_energy.stdout import open_stdout
from tap_utility_energy.utilityapi.streams import BILLS
from tests.support import DIGESTS, SUMMARIES, FakeClock, TapRunner

FEW = {"billing_summaries": 5, "meters": 20}
#: The sandbox limits requests by real time, which a fake clock is ahead of.
NO_LIMIT = {"utilityapi_rate_limit": 0, "cache_seconds": 0}


class Listener(logging.Handler):
    """Takes down when each line was logged, by the clock of the run."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.begun = clock.now()
        self.lines: list[tuple[float, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((self._clock.now() - self.begun, record.getMessage()))

    def matching(self, pattern: str) -> list[str]:
        return [line for _, line in self.lines if re.search(pattern, line)]

    @property
    def longest_silence(self) -> float:
        times = [0.0, *(at for at, _ in self.lines), self._clock.now() - self.begun]
        return max(after - before for before, after in pairwise(times))


@contextmanager
def listening(clock: Clock) -> Iterator[Listener]:
    listener, logger = Listener(clock), logging.getLogger("tap-utility-energy")
    logger.addHandler(listener)
    try:
        yield listener
    finally:
        logger.removeHandler(listener)


@pytest.mark.parametrize(
    ("vendor", "fault"),
    [
        ("utilityapi", {"status": 429, "headers": {"Retry-After": "200"}}),
        ("energycap", {"status": 429, "headers": {"Retry-After": "200"}}),
        ("utilityapi", {"status": 503, "times": 9}),
        ("energycap", {"status": 202, "headers": {"Retry-After": "20"}, "times": 9}),
        ("energycap", {"reset": True, "at": 2, "times": 14}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_a_wait_is_told_every_30_seconds(
    tap: TapRunner, vendor: str, fault: dict[str, Any]
) -> None:
    stream = {"utilityapi": SUMMARIES, "energycap": DIGESTS}[vendor]
    faults = [{"vendor": vendor, **fault}]
    with Sandbox(faults=faults, **FEW) as box, listening(clock := FakeClock()) as log:
        run = tap(box.tap_config(energycap_page_size=5), streams=[stream], clock=clock)

    assert run.exit == 0
    assert clock.now() - log.begun > 60
    assert log.longest_silence <= 30.1
    waits = log.matching(f"^{stream}: .*waiting because .* to go$")
    assert len(waits) >= 2


def test_the_rate_limit_is_told_like_any_wait(tap: TapRunner) -> None:
    slow = {"utilityapi_requests_per_minute": 1}
    sizes = {"billing_summaries": 40, "utilityapi_page_limit": 10}
    with Sandbox(**sizes, **NO_LIMIT) as box, listening(clock := FakeClock()) as log:
        tap(box.tap_config(**slow), streams=[SUMMARIES], clock=clock)

    assert clock.now() - log.begun >= 180
    assert log.longest_silence <= 30.1
    reason = "waiting for the rate limit of 1 request per minute, 30 s to go"
    assert log.matching(f"^{SUMMARIES}: 10 records so far; {reason}$")


def test_heartbeats_of_several_threads_are_one(tap: TapRunner) -> None:
    faults = [
        {"vendor": "energycap", "at": 2, "status": 503, "headers": {"Retry-After": "95"}},
        {"vendor": "energycap", "at": 3, "status": 503, "headers": {"Retry-After": "95"}},
        {"vendor": "energycap", "at": 4, "status": 503, "headers": {"Retry-After": "95"}},
    ]
    with Sandbox(faults=faults, meters=60) as box, listening(clock := FakeClock()) as log:
        run = tap(
            box.tap_config(energycap_page_size=5, energycap_max_parallel_requests=4),
            streams=[DIGESTS],
            clock=clock,
        )

    assert run.exit == 0
    beats = [at for at, line in log.lines if "waiting because" in line]
    assert beats
    assert min(after - before for before, after in pairwise(beats)) >= 29.9


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("fault", [{"latency": 1.2}, {"drip": {"bytes": 200, "every": 0.2}}])
def test_a_slow_answer_is_waited_for_aloud(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], width: int
) -> None:
    monkeypatch.setattr(clocks, "HEARTBEAT", 0.25)
    with Sandbox(meters=5, faults=[{"vendor": "energycap", **fault}]) as box:
        run = tap(
            box.tap_config(energycap_max_parallel_requests=width),
            streams=["energycap_units"],
            clock=Clock(),
        )

    assert run.exit == 0
    assert run.stderr.count("energycap_units: waiting for the answer for ") >= 2


def test_a_target_that_takes_nothing_is_named(caplog: pytest.LogCaptureFixture) -> None:
    reading, writing = os.pipe()
    out = open_stdout(writing, every=0.05)
    text = "x" * 1_000_000  # more than a pipe holds

    with caplog.at_level("INFO"):
        writer = threading.Thread(target=lambda: print(text, file=out, flush=True))
        writer.start()
        deadline = time.monotonic() + 60
        while len(caplog.messages) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        told, got = list(caplog.messages), 0
        while got < len(text) + 1:
            got += len(os.read(reading, 65536))
        writer.join()
    out.close()
    os.close(writing)
    os.close(reading)

    assert len(told) >= 2
    assert all(
        line.startswith("waiting for the target, which has read nothing for ") for line in told
    )


class TickingClock(FakeClock):
    """A second goes by whenever somebody looks."""

    def now(self) -> float:
        self.slept.append(1)
        return super().now()


def test_progress_tells_the_page_where_the_total_is_known(tap: TapRunner) -> None:
    sizes = {"meters": 100, "billing_summaries": 500, "utilityapi_page_limit": 10}
    with Sandbox(**sizes, **NO_LIMIT) as box, listening(ticking := TickingClock()) as log:
        run = tap(
            box.tap_config(energycap_page_size=2, utilityapi_requests_per_minute=3000),
            streams=[DIGESTS, SUMMARIES],
            clock=ticking,
        )

    assert run.exit == 0
    pages = log.matching(rf"^{DIGESTS}: page \d+ of 50, \d+ records so far")
    assert len(pages) >= 2
    assert len(log.matching(rf"^{SUMMARIES}: \d+ records so far")) >= 2


def test_progress_tells_the_meter(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BILLS, "meters_at_once", 2)
    monkeypatch.setattr(BILLS, "most_meters", 2)
    slow = {"utilityapi_requests_per_minute": 1}
    with Sandbox(billing_summaries=50, **NO_LIMIT) as box, listening(clock := FakeClock()) as log:
        tap(box.tap_config(**slow), streams=["utilityapi_bills"], clock=clock)

    assert log.matching(
        r"^utilityapi_bills: 4 of \d+ meters, \d+ records so far; waiting for the rate"
    )
