"""A rate limit with evenly spaced requests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pyrate_limiter import GCRA, Duration, InMemoryStateStore, Rate

from tap_utility_energy.logs import number

if TYPE_CHECKING:
    from pyrate_limiter import Decision

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.stats import StreamStats


class RateLimit:
    """Spaces the requests of all threads evenly."""

    def __init__(self, requests_per_minute: int, clock: Clock) -> None:
        # A burst of 1 spaces requests evenly; a larger one would send a minute's requests at once.
        self._rates = [Rate(requests_per_minute, Duration.MINUTE, burst=1)]
        self._state = InMemoryStateStore()
        self._clock = clock
        self._reason = f"for the rate limit of {number(requests_per_minute, 'request')} per minute"
        self._turn = threading.Lock()

    def wait(self, stats: StreamStats) -> None:
        """Return when the next request of a stream may be sent."""
        with self._turn:
            while milliseconds := self._milliseconds_to_wait():
                self._clock.wait(milliseconds / 1000, self._reason, stats)

    def _milliseconds_to_wait(self) -> int:
        now = int(self._clock.now() * 1000)
        decision: Decision = self._state.check(GCRA(), self._rates, now, 1)  # type: ignore[no-untyped-call]
        return decision.retry_after_ms or 0
