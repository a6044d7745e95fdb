"""What became of the streams of a run, and the last lines that tell a person."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from singer_sdk.exceptions import MappingError
from typing_extensions import override

from tap_utility_energy.http.faults import Refusal, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_utility_energy.http.client import Client
    from tap_utility_energy.stream import VendorStream

logger = logging.getLogger("tap-utility-energy")


class SyncFailed(Exception):
    """At least one stream failed. ``lines`` says which and why, a line a failure."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


@dataclass
class _Failure:
    cause: Exception
    streams: list[str]
    skipped: list[str] = field(default_factory=list)
    last: bool = False

    @override
    def __str__(self) -> str:
        line = f"{', '.join(self.streams)}: {sentence(self.cause)}"
        if self.skipped:
            line += f" Not tried for the same cause: {', '.join(self.skipped)}."
        return line


class Report:
    """Collects the failures of a run's streams and decides which streams are not worth a try."""

    def __init__(self) -> None:
        self._failures: list[_Failure] = []
        self._down: dict[Client, _Failure] = {}
        self._without_credential: set[Client] = set()

    def skips(self, stream: VendorStream) -> bool:
        """Whether to leave the stream out: no credential, or its vendor refuses everything."""
        client = stream.client
        if not client.credential:
            if client not in self._without_credential:
                self._without_credential.add(client)
                logger.warning(
                    "%s streams are not extracted: %s is not set",
                    client.vendor,
                    client.credential_setting,
                )
            return True
        if failure := self._down.get(client):
            failure.skipped.append(stream.name)
        return client in self._down

    @contextmanager
    def failures_of(self, stream: VendorStream, *, last: bool = False) -> Iterator[None]:
        """Take a failure of the block down as one of the stream, to be told ``last`` if so.

        Raises:
            SyncFailed: stdout, or a temporary file, takes nothing more.
        """
        try:
            yield
        except BrokenPipeError:
            raise SyncFailed(["the target closed its input: see its own messages"]) from None
        except OSError as error:
            raise SyncFailed([f"what was read cannot be written: {error}"]) from error
        except Exception as cause:
            logger.debug("%s failed", stream.name, exc_info=True)
            self._add(stream, cause, last=last)

    def _add(self, stream: VendorStream, cause: Exception, *, last: bool) -> None:
        for failure in self._failures:
            if failure.cause is cause:
                failure.streams.append(stream.name)
                return
        failure = _Failure(cause, [stream.name], last=last)
        self._failures.append(failure)
        if isinstance(cause, Refusal) and cause.whole_vendor:
            self._down[stream.client] = failure

    def close(self) -> None:
        """End the run.

        Raises:
            SyncFailed: A stream failed.
        """
        if self._failures:
            in_order = sorted(self._failures, key=lambda failure: failure.last)
            raise SyncFailed([str(failure) for failure in in_order])


def sentence(cause: BaseException) -> str:
    """One line for an exception: its own words if they are meant for a person."""
    if isinstance(cause, Refusal):
        return str(cause)
    words = one_line(str(cause), 500)
    if isinstance(cause, MappingError):
        return f"{words.rstrip('.')}. Check the setting stream_maps."
    return one_line(
        f"unexpected {type(cause).__name__}: {words}. Set "
        "TAP_UTILITY_ENERGY_LOGLEVEL=DEBUG for the traceback, and report it.",
    )
