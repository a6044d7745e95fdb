"""Clock, sleep and heartbeat in one object, so that tests can replace it."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

from tap_utility_energy import signals
from tap_utility_energy.logs import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_utility_energy.stats import StreamStats

LONGEST_SLEEP = 1e6  # seconds; the system's clocks refuse much more
#: Maximum seconds between two progress lines.
HEARTBEAT = 30.0
ROUNDING = 0.01  # seconds; a sleep may end that much too early


class Clock:
    """Real time; a signal to stop ends any sleep at once.

    It also keeps the heartbeat: a progress line at least every `HEARTBEAT` seconds, logged by the
    first thread that calls it then.
    """

    def __init__(self) -> None:
        self._last_heartbeat = self.now()
        self._heartbeat = threading.Lock()

    def now(self) -> float:
        """Seconds on a monotonic clock."""
        return time.monotonic()

    def local_now(self) -> datetime:
        """The local date and time, with its offset."""
        return datetime.now().astimezone()

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            signals.Stopped: A signal asked the tap to stop.
        """
        signals.sleep(min(seconds, LONGEST_SLEEP))

    def wait(self, seconds: float, reason: str, stats: StreamStats) -> None:
        """Sleep, with heartbeats that tell the reason and the remaining time.

        Args:
            seconds: How long.
            reason: What for, or why, as it follows "waiting", such as "for the rate limit".
            stats: The stream that waits.

        Raises:
            signals.Stopped: A signal asked the tap to stop.
        """
        end = self.now() + min(seconds, LONGEST_SLEEP)
        while (left := end - self.now()) > (quiet := self.until_heartbeat()):
            self.sleep(quiet)
            self.heartbeat(stats, lambda: f"{reason}, {duration(end - self.now())} to go")
        if left > 0:
            self.sleep(left)

    def until_heartbeat(self) -> float:
        """Seconds until the next progress line is due."""
        return max(0.0, self._last_heartbeat + HEARTBEAT - self.now())

    def heartbeat(self, stats: StreamStats, reason: Callable[[], str] | None = None) -> None:
        """Log the progress of a stream, if a line is due.

        Args:
            stats: The stream.
            reason: Why or what for it is waiting, if it is.
        """
        if self.until_heartbeat() > ROUNDING:
            return
        with self._heartbeat:
            if self.until_heartbeat() > ROUNDING:
                return  # another thread was first
            self._last_heartbeat = self.now()
        progress = f"{stats.progress} so far" if stats.progress else ""
        waiting = f"waiting {reason()}" if reason else ""
        line = "; ".join(filter(None, (progress, waiting)))
        stats.log.info("%s", line or "nothing so far")
