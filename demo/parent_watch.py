"""Runs a command that ends when the process that started it ends, even if that is killed.

Its stdin is a pipe that only that process holds open: ``python -m demo.parent_watch COMMAND…``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command in the arguments and return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # it is the command's, and so is how it ends
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_holder, daemon=True).start()
    return process.wait()


def _end_with_holder() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when nobody holds the other end any more
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
