"""Python with its imports behind it: a command of it starts within 30 ms, not after a second.

Each command is a process all the same, with its own stdin, stdout, stderr, environment and working
directory. It is forked from a server that has imported what the command imports (`server.py`), and
stood in for by a small process that hands on signals and the exit code (`client.py`). Variables
that Python itself reads at its start, such as PYTHONUNBUFFERED, have no effect.

All processes of pytest-xdist use the same servers, and find them in a folder (`Shared`).
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).parent


class Shared:
    """A folder for what the processes of one run of pytest share. Its servers end with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="shared-"))
        alive = self.folder / "alive"
        os.mkfifo(alive)
        self._alive = os.open(alive, os.O_RDWR)

    def close(self) -> None:
        """Remove it."""
        os.close(self._alive)
        shutil.rmtree(self.folder)


@dataclass(frozen=True)
class WarmPython:
    """The command ``python`` of an environment, served at a socket."""

    socket: Path

    @property
    def command(self) -> tuple[str, ...]:
        """What takes the place of ``python``; a script or ``-m`` and a module have to follow."""
        return (sys.executable, "-ISE", str(HERE / "client.py"), str(self.socket))

    def write_command(self, path: Path, script: Path) -> None:
        """Write an executable file that runs a script."""
        path.write_text(
            f'#!/bin/sh\nexec {shlex.join([*self.command, str(script)])} "$@"\n', "utf-8"
        )
        path.chmod(0o755)


def warm_python(
    shared: Path, name: str, python: Path, *modules: str, environment: Mapping[str, str]
) -> WarmPython:
    """Start a server, unless there is one of that name, whose Python imports the modules."""
    path = shared / f"{name}.socket"
    with FileLock(shared / f"{name}.lock"):
        if not path.exists():
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                listener.listen(64)
                _start(listener.fileno(), shared, path, [str(python), *modules], environment)
    return WarmPython(path)


def _start(
    listener: int, shared: Path, path: Path, command: list[str], environment: Mapping[str, str]
) -> None:
    python, *modules = command
    os.set_inheritable(listener, True)  # noqa: FBT003 - it takes no keyword
    os.posix_spawn(
        python,
        [python, "-P", str(HERE / "server.py"), str(listener), *modules],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, str(shared / "alive"), os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, f"{path}.log", os.O_WRONLY | os.O_CREAT, 0o600),
        ],
        setsid=True,
    )
