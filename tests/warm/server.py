"""Imports modules once, and then runs scripts, each in a process forked from this one.

``python -P server.py DESCRIPTOR MODULE…``, where the descriptor is that of a listening Unix socket.
A client sends a script, its arguments, the working directory, the environment, and stdin, stdout
and stderr. Each byte that it sends later is the number of a signal for the script, and the end of
the connection kills it. The answer is the script's status, as `os.wait` tells it.

The server ends at the end of its own stdin, and kills what it runs.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import os
import runpy
import selectors
import signal
import socket
import sys
import time

#: Bytes of the length of a request, and of the status.
NUMBER = 4


class Server:
    """Forks a process for each request."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._running: dict[int, socket.socket] = {}
        self._ended, self._wakes = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(self._wakes, False)
        self._selector = selectors.DefaultSelector()

    def serve(self) -> list[str]:
        """Serve for ever; in each process forked, return the script and its arguments."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes)
        for source in (self._listener, self._ended, sys.stdin):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    if script := self._accept():
                        return script
                elif key.fileobj is sys.stdin:
                    self._leave()
                elif key.fileobj == self._ended:
                    os.read(self._ended, 4096)
                    self._reap()
                elif key.data in self._running:  # it may have ended since
                    self._hear(key.data)

    def _accept(self) -> list[str] | None:
        client, _ = self._listener.accept()
        length, descriptors, *_ = socket.recv_fds(client, NUMBER, 3)
        request = _received(client, int.from_bytes(length, "big"))
        if request:
            text = request.decode("utf-8", "surrogateescape")
            script, folder, environment = ast.literal_eval(text)
            pid = os.fork()
            if pid == 0:
                self._forget(client)
                _become(descriptors, folder, environment)
                return script
            self._running[pid] = client
            self._selector.register(client, selectors.EVENT_READ, pid)
        for descriptor in descriptors:
            os.close(descriptor)
        return None

    def _forget(self, client: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._selector, self._listener, client, *self._running.values()):
            each.close()
        os.close(self._ended)
        os.close(self._wakes)

    def _hear(self, pid: int) -> None:
        try:
            numbers = self._running[pid].recv(16)
        except ConnectionError:
            numbers = b""
        for number in numbers:
            os.kill(pid, number)
        if not numbers:
            self._selector.unregister(self._running[pid])
            _kill(pid)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                client = self._running.pop(pid)
                with contextlib.suppress(KeyError):
                    self._selector.unregister(client)
                with contextlib.suppress(OSError):
                    client.sendall(status.to_bytes(NUMBER, "big"))
                client.close()

    def _leave(self) -> None:
        for pid in self._running:
            _kill(pid)
        os._exit(0)


def _received(client: socket.socket, size: int) -> bytes:
    """That many bytes, or none if the client ends before."""
    received = bytearray()
    while size > len(received):
        part = client.recv(size - len(received))
        if not part:
            return b""
        received += part
    return bytes(received)


def _kill(pid: int) -> None:
    """Kill a process that has not been waited for, and its group once it leads one."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _become(descriptors: list[int], folder: str, environment: dict[str, str]) -> None:
    os.setsid()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()


def main() -> None:
    """Serve, and in the processes forked be the script."""
    descriptor, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # or each process's first collection would copy all of it
    sys.argv = Server(socket.socket(fileno=int(descriptor))).serve()
    if sys.argv[0] == "-m":
        _, module, *arguments = sys.argv
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


main()
