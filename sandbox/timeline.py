"""The sandbox's clock, which can run faster than real time."""

from __future__ import annotations

import datetime as dt
import time


class Timeline:
    """Seconds since the start, at first `scale` times as fast as real ones.

    The timestamps served are of the real time at which something happened (UTC), so that they
    are never ahead of a client's clock, unless the world was moved to a later day.
    """

    def __init__(self, scale: float) -> None:
        """Start now."""
        self._scale = scale
        self._since = time.monotonic()
        self._before = 0.0
        self._wall = dt.datetime.now(dt.UTC)

    @property
    def seconds(self) -> float:
        """Sandbox seconds since the start."""
        return self._before + (time.monotonic() - self._since) * self._scale

    def moment(self, seconds: float) -> dt.datetime:
        """Return the moment (UTC) that a number of sandbox seconds stands for."""
        passed = (seconds - self._before) / self._scale if self._scale else 0
        return self._wall + dt.timedelta(seconds=passed)

    def run_at(self, scale: float) -> None:
        """Go on faster or slower from now on, or at 0 not at all."""
        now, seconds = time.monotonic(), self.seconds
        self._wall += dt.timedelta(seconds=now - self._since)
        self._since, self._before, self._scale = now, seconds, scale

    def not_before(self, day: dt.date) -> None:
        """Move the moments still to come to a day or later; time never goes back."""
        ahead = dt.datetime.combine(day, dt.time(12), dt.UTC) - self.moment(self.seconds)
        self._wall += max(ahead, dt.timedelta())
