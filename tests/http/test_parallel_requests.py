"""Several pages in flight: in order, no more than asked for, and one pause for all."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest
import requests

from sandbox import Sandbox
from tap_utility_energy.http.errors import RetriableError
from tap_utility_energy.http.retry import RetryPolicy
from tap_utility_energy.http.threads import DaemonPool
from tap_utility_energy.stats import StreamStats
from tests.support import DIGESTS, FakeClock, TapRunner


@pytest.mark.parametrize("width", [1, 2, 8])
def test_records_come_in_the_order_of_one_after_the_other(tap: TapRunner, width: int) -> None:
    with Sandbox(meters=60, latency_ms=100) as box:
        run = tap(
            box.tap_config(energycap_page_size=5, energycap_max_parallel_requests=width),
            streams=[DIGESTS],
        )
        order = [meter["meterId"] for meter in box.truth(only=DIGESTS)[DIGESTS]]

        assert [meter["meterId"] for meter in run.records(DIGESTS)] == order
        most = max(request["in_flight"] for request in box.requests())
        assert min(width, 2) <= most <= width, "a busy machine may not reach all of them"
        assert len(box.requests()) == 12


def test_the_first_failure_stops_the_rest(tap: TapRunner) -> None:
    with Sandbox(meters=200, latency_ms=5) as box:
        box.set_faults([{"status": 403, "at": 3, "times": None}])
        run = tap(
            box.tap_config(energycap_page_size=5, energycap_max_parallel_requests=4),
            streams=[DIGESTS],
        )

        assert run.exit == 1
        assert "EnergyCAP answered 403" in run.last_line
        assert len(run.records(DIGESTS)) <= 10
        assert len(box.requests()) <= 2 + 4 + 4


def test_all_pause_when_the_vendor_says_429(tap: TapRunner) -> None:
    with Sandbox(meters=100) as box:
        box.set_faults([{"status": 429, "headers": {"Retry-After": "50"}, "at": 4}])
        run = tap(
            box.tap_config(energycap_page_size=5, energycap_max_parallel_requests=4),
            streams=[DIGESTS],
        )

        assert run.exit == 0
        assert len(run.records(DIGESTS)) == 100
        assert len(box.requests()) == 21
    assert sum(tap.clock.slept) >= 50


def test_a_pause_asked_of_one_request_is_kept_by_another() -> None:
    policy = RetryPolicy("Vendor", "base_url", max_wait=100, clock=(clock := Together()))
    response = requests.Response()
    response.status_code, response.headers["Retry-After"] = 429, "30"
    faults = [RetriableError("asks to slow down", response)]

    def first(_left: float) -> str:
        if faults:
            raise faults.pop()
        return "answered"

    clock.meanwhile = lambda: policy.run(lambda _left: clock.now(), no_turns, STATS)

    assert policy.run(first, no_turns, STATS) == "answered"
    assert clock.seen >= 1030, "the other request waited as long"


STATS = StreamStats("stream")


def no_turns(_stats: StreamStats) -> None:
    """There is no budget to wait for."""


class Together(FakeClock):
    """While one request begins to sleep, another is made."""

    seen = 0.0

    def sleep(self, seconds: float) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            self.seen = meanwhile()
        super().sleep(seconds)


def test_a_closed_pool_starts_nothing_more() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    pool: DaemonPool[str] = DaemonPool(1)
    running: Future[str] = pool.submit(slow)
    waiting = pool.submit(slow)
    begun.wait(10)
    pool.close()
    go_on.set()

    assert running.result(10) == "done"
    assert not waiting.done()
