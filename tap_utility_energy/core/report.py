"""The report of a run: outcomes of its streams, and the log lines about them."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from singer_sdk.exceptions import MappingError

from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.errors import FatalError, one_line
from tap_utility_energy.logs import ROOT, duration, number, shortened
from tap_utility_energy.stats import Failure, RunStats, StreamOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.client import Client
    from tap_utility_energy.stats import StreamStats

logger = logging.getLogger(ROOT)


class SyncFailedError(Exception):
    """At least one stream failed. ``lines`` says which and why, one line per failure."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


class Report:
    """Logs the outcome of each stream, collects the failures, and decides which streams to skip.

    Args:
        streams: Every stream of the tap.
        clock: Tells the time.
    """

    def __init__(self, streams: Iterable[VendorStream], clock: Clock) -> None:
        self.stats = RunStats([stream.stats for stream in streams])
        self._clock = clock
        self._begun = clock.now()
        self._failures: dict[str, Failure] = {}
        self._last_failures: dict[str, Failure] = {}
        self._down: dict[Client, Failure] = {}

    def begin(self, streams: Iterable[VendorStream], version: str) -> list[VendorStream]:
        """Log how many streams are read, and which vendors have no credential.

        Args:
            streams: The selected streams.
            version: The tap's.

        Returns:
            Those of the streams whose vendor has a credential.
        """
        selected = list(streams)
        for client in dict.fromkeys(stream.client for stream in selected):
            if not client.credential:
                logger.warning(
                    "%s streams are not extracted: %s is not set",
                    client.vendor,
                    client.credential_setting,
                )
        extracted = [stream for stream in selected if stream.client.credential]
        for stream in extracted:
            stream.stats.outcome = StreamOutcome.NOT_READ
        if selected:
            logger.info("version %s reads %s", version, number(len(extracted), "stream"))
        else:
            logger.warning("no stream is selected: nothing is read")
        return extracted

    def skips(self, stream: VendorStream) -> bool:
        """Whether to skip the stream, because its vendor refuses all requests."""
        failure = self._down.get(stream.client)
        if failure and stream.stats.outcome is not StreamOutcome.SKIPPED:
            failure.skipped.append(stream.name)
            stream.stats.outcome = StreamOutcome.SKIPPED
        return failure is not None

    @contextmanager
    def reading(self, stream: VendorStream) -> Iterator[None]:
        """Time the block, which reads the stream, and log its outcome; see `failures_of`."""
        begun = self._clock.now()
        stats = stream.stats
        if stats.outcome is not StreamOutcome.FAILED:
            stats.outcome = StreamOutcome.STOPPED
        try:
            with self.failures_of(stream):
                yield
                if stats.outcome is StreamOutcome.STOPPED:
                    stats.outcome = StreamOutcome.DONE
        finally:
            stats.seconds = self._clock.now() - begun
            self._say_end(stats)

    @contextmanager
    def failures_of(self, stream: VendorStream, *, last: bool = False) -> Iterator[None]:
        """Record a failure of the block as the stream's, listed after all others if ``last``.

        Raises:
            SyncFailedError: stdout, or a temporary file, takes nothing more.
        """
        try:
            yield
        except BrokenPipeError:
            raise SyncFailedError(["the target closed its input: see its own messages"]) from None
        except OSError as error:
            raise SyncFailedError([f"what was read cannot be written: {error}"]) from error
        except Exception as cause:
            stream.stats.log.debug("failed", exc_info=True)
            stream.stats.outcome = StreamOutcome.FAILED
            self._add(stream, cause, self._last_failures if last else self._failures)

    def _add(self, stream: VendorStream, cause: Exception, failures: dict[str, Failure]) -> None:
        refusal = cause if isinstance(cause, FatalError) else None
        error, status = error_message(cause), refusal.status if refusal else None
        failure = failures.setdefault(
            refusal.cause if refusal else error, Failure(error, status=status)
        )
        failure.streams.append(stream.name)
        if refusal and refusal.permission and refusal.permission not in failure.permissions:
            failure.permissions.append(refusal.permission)
        if refusal and refusal.whole_vendor:
            self._down[stream.client] = failure

    def summarize(self) -> None:
        """Log how the run ended, without the causes of its failures."""
        stats = self.stats
        stats.seconds = self._clock.now() - self._begun
        stats.failures = [*self._failures.values(), *self._last_failures.values()]
        done = len(stats.named(StreamOutcome.DONE))
        others = {
            "failed": len(stats.named(StreamOutcome.FAILED)),
            "not tried": len(stats.named(StreamOutcome.SKIPPED)),
            "not finished": len(stats.named(StreamOutcome.STOPPED)),
            "not begun": len(stats.named(StreamOutcome.NOT_READ)),
        }
        of = done + sum(others.values())
        logger.info(
            "%s done, %s in %s%s",
            number(done, "stream") if done == of else f"{done} of {number(of, 'stream')}",
            number(stats.records, "record"),
            duration(stats.seconds),
            "".join(f"; {count} {what}" for what, count in others.items() if count),
            extra={"run": stats.as_dict()},
        )

    def _say_end(self, stats: StreamStats) -> None:
        for words, names in stats.notices.copy().items():
            if names:  # a page that is no longer wanted may still add some
                stats.log.warning("%s: %s", words, one_line(shortened(names.copy())))
        figures = f"{number(stats.records, 'record')} in {duration(stats.seconds)}"
        if stats.outcome is StreamOutcome.DONE:
            stats.log.info("%s", figures, extra=stats.as_dict())
            return
        is_repeated = any(stats.name in failure.streams[1:] for failure in self._failures.values())
        level = logging.WARNING if stats.outcome is StreamOutcome.FAILED else logging.INFO
        stats.log.log(
            logging.DEBUG if is_repeated else level,
            "%s after %s",
            stats.outcome,
            figures,
            extra=stats.as_dict(),
        )

    def close(self) -> None:
        """End the run.

        Raises:
            SyncFailedError: A stream failed.
        """
        if self.stats.failures:
            raise SyncFailedError([str(failure) for failure in self.stats.failures])


def error_message(cause: BaseException) -> str:
    """One line for an exception: its own message if that is meant for users."""
    if isinstance(cause, FatalError | UserInputError):
        return one_line(str(cause))
    words = one_line(str(cause), 500)
    if isinstance(cause, MappingError):
        return f"{words.rstrip('.')}. Check the setting stream_maps."
    if isinstance(cause, MemoryError):
        return (
            "there is not enough memory for an answer. Give the tap more, or, for EnergyCAP, lower "
            "energycap_page_size."
        )
    return one_line(
        f"unexpected {type(cause).__name__}: {words}. Set "
        "TAP_UTILITY_ENERGY_LOGLEVEL=DEBUG, or with Meltano --log-level=debug, for the traceback, "
        "and report it.",
    )
