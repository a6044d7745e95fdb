"""The time that the tap lives by, in one object, so that tests can hand it another."""

from __future__ import annotations

import time
from datetime import datetime

from tap_utility_energy import signals

LONGEST_SLEEP = 1e6  # seconds; the system's clocks refuse much more


class Clock:
    """Real time; a signal to stop ends any sleep at once."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def today(self) -> datetime:
        """The local date and time, with its offset."""
        return datetime.now().astimezone()

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            signals.Stopped: A signal asked the tap to stop.
        """
        signals.sleep(min(seconds, LONGEST_SLEEP))
