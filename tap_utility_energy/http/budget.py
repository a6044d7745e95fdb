"""An evenly spaced request budget."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pyrate_limiter import GCRA, Duration, InMemoryStateStore, Rate

if TYPE_CHECKING:
    from pyrate_limiter import Decision

    from tap_utility_energy.clock import Clock


class RequestBudget:
    """Lets requests through one by one, at equal distances, whichever thread sends them."""

    def __init__(self, requests_per_minute: int, clock: Clock) -> None:
        # A burst of one makes the distances equal: no minute's worth at once, then silence.
        self._rates = [Rate(requests_per_minute, Duration.MINUTE, burst=1)]
        self._state = InMemoryStateStore()
        self._clock = clock
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may be sent."""
        with self._turn:
            while milliseconds := self._milliseconds_to_wait():
                self._clock.sleep(milliseconds / 1000)

    def _milliseconds_to_wait(self) -> int:
        now = int(self._clock.now() * 1000)
        decision: Decision = self._state.check(GCRA(), self._rates, now, 1)  # type: ignore[no-untyped-call]
        return decision.retry_after_ms or 0
