"""SIGTERM and Ctrl-C: stop soon, after complete lines and a final STATE.

The handler only sets a flag, so it can never cut a line in two. The flag is checked after every
row or block of rows; inside an `interruptible` block, the handler raises an exception at once.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

#: Seconds to wait, after a signal, for a target that does not read stdout.
BLOCKED_STDOUT_TIMEOUT = 4.0


class Stopped(SystemExit):
    """A signal asked the tap to stop. Its code is 128 and the signal's number."""

    def __init__(self, signum: int) -> None:
        self.exit_code = 128 + signum
        super().__init__(self.exit_code)
        self.name = signal.Signals(signum).name


_asked = threading.Event()
_signum = 0
_main_waits = False


def install() -> None:
    """Answer SIGTERM and SIGINT as the module says. Does nothing outside the main thread."""
    if _is_main():
        signal.signal(signal.SIGTERM, _handle)
        signal.signal(signal.SIGINT, _handle)


def ignore() -> None:
    """Ignore further signals, which could change the exit code once Python removes the handlers."""
    if _is_main():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def check() -> None:
    """Raise `Stopped` if a signal was received."""
    if _asked.is_set():
        raise Stopped(_signum)


def sleep(seconds: float) -> None:
    """Sleep in any thread; a signal ends it at once with `Stopped`."""
    _asked.wait(seconds)
    check()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal interrupt the block wherever it is. For blocks that wait and write nothing.

    Python runs the handler in the main thread; in any other the block ends by itself.
    """
    global _main_waits  # noqa: PLW0603 - one process, one handler
    check()
    if not _is_main():  # the flag is the main thread's alone
        yield
        return
    _main_waits = True
    try:
        yield
    finally:
        _main_waits = False
    check()


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _handle(signum: int, _frame: FrameType | None) -> None:
    global _signum  # noqa: PLW0603
    if _asked.is_set():
        return
    _signum = signum
    _asked.set()
    watchdog = threading.Timer(BLOCKED_STDOUT_TIMEOUT, _leave_at_once)
    watchdog.daemon = True
    watchdog.start()
    if _main_waits:
        check()


def _leave_at_once() -> NoReturn:
    os._exit(128 + _signum)
