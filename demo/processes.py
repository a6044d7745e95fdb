"""Processes that end with the demo, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailedError(Exception):
    """The demo cannot go on; the message says why."""


def exit_on_signals() -> None:
    """Raise `SystemExit` on Ctrl-C and SIGTERM, so that everything is cleaned up."""
    for number in STOPPING:
        signal.signal(number, _exit)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    for other in STOPPING:  # a second Ctrl-C must not interrupt the cleaning up
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


class Group:
    """A command in its own process group, which is terminated on exit."""

    #: Seconds that the processes have to end by themselves, once told to.
    grace_period = 8.0

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes] | int,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        """Prepare a command whose stdout and stderr go to `output`."""
        self._command, self._output, self._env = command, output, env
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the command."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "demo.parent_watch", *self._command],
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Terminate the command and all processes that it started."""
        for number, seconds in ((signal.SIGTERM, self.grace_period), (signal.SIGKILL, 2)):
            deadline = time.monotonic() + seconds
            if self._send(number):
                while self._send(0) and time.monotonic() < deadline:
                    time.sleep(0.02)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The command's process."""
        assert self._process is not None  # it is started on entering
        return self._process

    def lines(self) -> Iterator[str]:
        """What the command writes, line by line, if `output` is a pipe."""
        for line in self.process.stdout or ():
            yield line.decode("utf-8", "replace").rstrip()

    def _send(self, number: int) -> bool:
        """Send a signal to the group, and tell whether there still was one; 0 only asks."""
        self.process.poll()  # an ended leader counts until it is reaped
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True
