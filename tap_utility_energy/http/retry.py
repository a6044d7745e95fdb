"""Retries: which failures, how long to wait, and when to give up."""

from __future__ import annotations

import itertools
import logging
import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import backoff

from tap_utility_energy.http.errors import (
    FatalError,
    RetriableError,
    error_slug,
    without_varying_parts,
)
from tap_utility_energy.logs import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.logs import StreamLog
    from tap_utility_energy.stats import StreamStats

T = TypeVar("T")

#: Maximum tries if waiting seldom helps, as with a bad certificate or an answer that is not JSON.
QUICK_RETRIES = 4
#: Seconds to retry a connection that fails before the vendor has answered once: until then a
#: wrong setting is as likely as a temporary failure.
FIRST_CONNECTION = 60.0
#: Seconds: the minimum of all waits, and the maximum of computed ones.
SHORTEST_WAIT = 1.0
LONGEST_COMPUTED_WAIT = 60.0
LONGEST_SHOWN_WAIT = 366 * 86400

RETRIED = {
    HTTPStatus.ACCEPTED: "is still preparing the answer (202)",
    HTTPStatus.REQUEST_TIMEOUT: "waited too long for the request (408)",
    HTTPStatus.TOO_EARLY: "asks to send the request later (425)",
    HTTPStatus.TOO_MANY_REQUESTS: "asks to slow down (429)",
    HTTPStatus.INTERNAL_SERVER_ERROR: "has an internal error (500)",
    HTTPStatus.BAD_GATEWAY: "cannot be reached behind its gateway (502)",
    HTTPStatus.SERVICE_UNAVAILABLE: "is down for maintenance or overloaded (503)",
    HTTPStatus.GATEWAY_TIMEOUT: "took too long to build the answer (504)",
}

#: Statuses of a vendor that is down: after the last retry, its other requests would fail too.
VENDOR_DOWN = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    *range(520, 531),  # of proxies, for a failing server behind them
}


class RetryPolicy:
    """Retries a request while the failure may be temporary, within a time limit.

    Args:
        vendor: The vendor's name, for messages.
        base_url_setting: The setting to check if the vendor does not answer, for messages.
        max_wait: Seconds, counted from the first failure and over all tries.
        clock: Tells and passes the time.
    """

    def __init__(
        self,
        vendor: str,
        base_url_setting: str,
        max_wait: float,
        clock: Clock,
    ) -> None:
        self._vendor = vendor
        self._base_url_setting = base_url_setting
        self._max_wait = max_wait
        self._clock = clock
        self._pause_until = 0.0
        self._has_answered = False

    def note_answer(self) -> None:
        """Note that the vendor has answered: a failing connection is now retried longer."""
        self._has_answered = True

    def run(
        self,
        attempt: Callable[[float], T],
        acquire: Callable[[StreamStats], None],
        stats: StreamStats,
    ) -> T:
        """Call ``attempt`` until it returns. It is given the remaining seconds.

        The time that ``acquire`` takes before each try does not count. Each wait is logged for
        the stream.

        Raises:
            FatalError: Enough tries were made, or too much time has gone by.
        """
        computed = backoff.expo(factor=SHORTEST_WAIT, max_value=LONGEST_COMPUTED_WAIT)
        next(computed)
        first_failure, limit, quick_failures = math.inf, self._max_wait, 0
        for tries in itertools.count(1):
            self._keep_pause(stats)
            begun = self._clock.now()
            acquire(stats)
            first_failure += self._clock.now() - begun
            try:
                return attempt(first_failure + limit - self._clock.now())
            except RetriableError as error:
                now = self._clock.now()
                first_failure = min(first_failure, now)
                limit = self._limit(error)
                quick_failures += not self._may_pass(error)
                if quick_failures >= QUICK_RETRIES:
                    raise self._gave_up(error, _made(tries)) from error
                left = first_failure + limit - now
                wait = self._wait(error, next(computed), tries, left)
                self._say(error, wait, left, stats.log, is_repeated=tries > 1)
                if error.is_meant_for_all:
                    self._pause_until = max(self._pause_until, now + wait)
                reason = f"because {self._vendor} {error.reason}"
            self._clock.wait(wait, reason, stats)
        raise AssertionError  # pragma: no cover - count() has no end

    def _may_pass(self, error: RetriableError) -> bool:
        return error.until_deadline or (error.unreachable and self._has_answered)

    def _limit(self, error: RetriableError) -> float:
        """Seconds from the first failure on, for all tries."""
        if error.unreachable and not self._has_answered:
            return min(FIRST_CONNECTION, self._max_wait)
        return self._max_wait

    def _keep_pause(self, stats: StreamStats) -> None:
        """Wait as long as the vendor asked any thread to."""
        while (pause := self._pause_until - self._clock.now()) > 0:
            self._clock.wait(pause, f"because {self._vendor} asked all requests to", stats)

    def _wait(self, error: RetriableError, computed: float, tries: int, left: float) -> float:
        asked = retry_after(error.response, self._clock.local_now())
        if asked is not None and max(asked, SHORTEST_WAIT) > left:
            time = f"{asked:.0f} s" if asked < LONGEST_SHOWN_WAIT else "more than a year"
            raise self._gave_up(error, f"it asks to wait {time}{self._bound(error)}")
        if left < SHORTEST_WAIT:
            raise self._gave_up(error, f"{_made(tries)}{self._bound(error)}")
        wait = computed if asked is None else max(asked, SHORTEST_WAIT)
        return min(backoff.random_jitter(wait), left)

    def _bound(self, error: RetriableError) -> str:
        limit = self._limit(error)
        if limit < self._max_wait:
            return f" in {limit:.0f} s"
        return f", and max_wait_seconds is {limit:.0f}"

    def _gave_up(self, error: RetriableError, why: str) -> FatalError:
        advice = error.advice or (
            "Try again later, or raise max_wait_seconds"
            if error.until_deadline and not error.unreachable
            else f"Check {self._base_url_setting}, the network and the proxy"
        )
        status = error.response.status_code if error.response is not None else None
        slug = error_slug(error.response) if error.response is not None else ""
        return FatalError(
            f"{self._vendor} {error.reason}; {why}. {advice}.",
            whole_vendor=status is None or status in VENDOR_DOWN,
            slug=slug,
            cause=f"{self._vendor} {status} {without_varying_parts(error.reason)}",
        )

    def _say(
        self, error: RetriableError, wait: float, left: float, log: StreamLog, *, is_repeated: bool
    ) -> None:
        at = self._clock.local_now() + timedelta(seconds=wait)
        line = f"{self._vendor} {error.reason}; retrying in {wait:.0f} s, at {at:%H:%M:%S}"
        if error.response is None or error.response.status_code != HTTPStatus.ACCEPTED:
            until = f", for {duration(left)} more at most" if self._may_pass(error) else ""
            is_known = error.is_meant_for_all and self._pause_until > self._clock.now()
            log.log(logging.DEBUG if is_known else logging.WARNING, "%s%s", line, until)
        else:
            log.log(logging.DEBUG if is_repeated else logging.INFO, "%s", line)


def _made(tries: int) -> str:
    return "1 try was made" if tries == 1 else f"{tries} tries were made"


def retry_after(response: requests.Response | None, now: datetime) -> float | None:
    """Seconds of the answer's Retry-After header, or None without a usable value.

    HTTP allows seconds or a date. Zero, a past date and an invalid value are not usable.
    """
    text = response.headers.get("Retry-After", "").strip() if response is not None else ""
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # a day or a year that no calendar has
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    return seconds if seconds > 0 else None
