"""Servers that answer with whatever bytes a test wants."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from email import message_from_bytes
from pathlib import Path
from typing import Any, Self

from tests.support import COMMAND, catalog, clean_environment

#: Prints the most memory that the command took, in KB, after the command's own lines.
MEASURED = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(code)"
)

Answer = Callable[[str], Iterable[bytes]]


class RawServer:
    """Answers each connection by the path that is asked for, then closes it.

    Args:
        answer: The answer to a path, in pieces of bytes.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.asked: list[str] = []
        #: Set when the other end has closed a connection before its answer was out.
        self.was_cut = threading.Event()
        self._closed = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._socket.close()

    def pace(self) -> None:
        """Let a little time pass in an answer that comes slowly.

        Raises:
            OSError: The server is closed.
        """
        if self._closed.wait(0.01):
            raise OSError

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                asked = _path(connection)
                self.asked.append(asked)
                for piece in self._answer(asked):
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                self.was_cut.set()


def _path(connection: socket.socket) -> str:
    """The path of a request, once it has come whole."""
    request = connection.makefile("rb")
    path = request.readline().split()[1].decode()
    headers = message_from_bytes(b"".join(iter(request.readline, b"\r\n")))
    request.read(int(headers.get("Content-Length", "0")))
    return path


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer with a length and these headers."""
    length = f"Content-Length: {len(body)}"
    lines = [f"HTTP/1.1 {status}", length, "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def chunked(body: bytes, *headers: str) -> bytes:
    """An answer in one chunk."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *headers, "", ""]
    return "\r\n".join(lines).encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def config(server: RawServer, **settings: Any) -> dict[str, Any]:
    """The settings for UtilityAPI at this server."""
    return {
        "utilityapi_token": "token-of-a-test",
        "utilityapi_base_url": server.url,
        "utilityapi_requests_per_minute": 100_000,
        "max_wait_seconds": 0,
        "request_timeout": 20,
        **settings,
    }


def measured(
    folder: Path, server: RawServer, streams: Sequence[str], **settings: Any
) -> tuple[int, str, int]:
    """A run of the command: its exit code, its last line, and its memory in megabytes."""
    (folder / "config.json").write_text(json.dumps(config(server, **settings)))
    (folder / "catalog.json").write_text(json.dumps(catalog(streams)))
    files = ["--config", "config.json", "--catalog", "catalog.json"]
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *COMMAND, *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean_environment(),
    )
    *lines, kilobytes = run.stderr.splitlines()
    return run.returncode, lines[-1].split(" | ")[-1], int(kilobytes) // 1024
