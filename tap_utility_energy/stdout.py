"""stdout, with a warning in the log while the target does not read."""

from __future__ import annotations

import io
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, TextIO

from typing_extensions import override

from tap_utility_energy.logs import ROOT, duration

if TYPE_CHECKING:
    from typing_extensions import Buffer

logger = logging.getLogger(ROOT)


class TargetFile(io.FileIO):
    """The pipe to the target, with the time since when a write has been blocked."""

    blocked_since: float | None = None

    @override
    def write(self, data: Buffer, /) -> int:
        self.blocked_since = time.monotonic()
        try:
            while (written := self._write(data)) is None:
                # It does not block: whoever started the tap, or has the pipe too, made it so.
                os.set_blocking(self.fileno(), True)
            return written
        finally:
            self.blocked_since = None

    def _write(self, data: Buffer) -> int | None:
        """Write what can be; None if nothing can be for the moment."""
        return super().write(data)


def open_stdout(descriptor: int, every: float) -> TextIO:
    """Open stdout for text, buffered.

    Args:
        descriptor: Its number.
        every: Seconds between the lines that tell of a target that takes nothing.
    """
    file = TargetFile(descriptor, "w", closefd=False)
    threading.Thread(target=_watch, args=(file, every), name="stdout", daemon=True).start()
    return io.TextIOWrapper(io.BufferedWriter(file), encoding="utf-8", line_buffering=file.isatty())


def _watch(file: TargetFile, every: float) -> None:
    said = time.monotonic()
    while True:
        time.sleep(every / 10)
        since, now = file.blocked_since, time.monotonic()
        if since is not None and now - max(since, said) >= every * 0.9:
            said = now
            logger.info(
                "waiting for the target, which has read nothing for %s", duration(now - since)
            )
