"""A rate limit with evenly spaced requests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pyrate_limiter import GCRA, Duration, InMemoryStateStore, Rate

from tap_utility_energy.logs import number

if TYPE_CHECKING:
    from pyrate_limiter import Decision

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.http.shared_rate import SharedStateStore
    from tap_utility_energy.stats import StreamStats


class RateLimit:
    """Spaces the requests of all threads evenly, and of all processes that share a store.

    Args:
        requests_per_minute: The limit.
        clock: Time, and what sleeps.
        store: Keeps the state of the limit. By default it is that of this process alone.
    """

    def __init__(
        self, requests_per_minute: int, clock: Clock, store: SharedStateStore | None = None
    ) -> None:
        # A burst of 1 spaces requests evenly; a larger one would send a minute's requests at once.
        self._rates = [Rate(requests_per_minute, Duration.MINUTE, burst=1)]
        self._store: InMemoryStateStore | SharedStateStore = store or InMemoryStateStore()
        self._clock, self._is_shared = clock, store is not None
        self._reason = f"for the rate limit of {number(requests_per_minute, 'request')} per minute"
        self._turn = threading.Lock()

    def wait(self, stats: StreamStats) -> None:
        """Return when the next request of a stream may be sent."""
        with self._turn:
            while milliseconds := self._milliseconds_to_wait():
                self._clock.wait(milliseconds / 1000, self._reason, stats)

    def _milliseconds_to_wait(self) -> int:
        # The monotonic clock cannot be set back, but differs between machines.
        seconds = self._clock.local_now().timestamp() if self._is_shared else self._clock.now()
        decision: Decision = self._store.check(GCRA(), self._rates, int(seconds * 1000), 1)
        return decision.retry_after_ms or 0
