"""Servers that are not there, dawdle, or cannot be talked to: what is tried, and what is said."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from typing import Self

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, RESULTS, TapRunner


class Raw:
    """A server that answers each connection with the same pieces of bytes, half a second apart."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self._socket = socket.create_server(("127.0.0.1", 0))
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

    def _serve(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            for piece in itertools.chain(self._pieces[:1], itertools.repeat(self._pieces[-1])):
                connection.sendall(piece)
                if self._closed.wait(0.5):
                    return


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"HTTP/1.1 100 Continue\r\n\r\n",),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b" "),
    ],
)
def test_an_answer_has_a_bounded_time_however_it_dawdles(
    tap: TapRunner, pieces: tuple[bytes, ...]
) -> None:
    with Raw(*pieces) as server:
        config = {
            "energycap_api_key": "a-good-key",
            "energycap_base_url": server.url,
            "request_timeout": 1,
            "max_wait_seconds": 0,
        }
        run = tap(config, streams=[DIGESTS])

    assert run.exit == 1
    assert "EnergyCAP did not answer within 1 s" in run.last_line


def test_a_server_without_tls_gets_a_few_tries(tap: TapRunner) -> None:
    with Sandbox() as box:
        config = {"energycap_api_key": "a-good-key"}
        run = tap(config | {"energycap_base_url": box.url.replace("http:", "https:")})

    assert run.exit == 1
    assert len(tap.clock.slept) == 3
    assert "cannot agree on a secure connection" in run.last_line


def test_a_ca_bundle_that_is_not_there_is_named(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "nowhere.pem")

    run = tap({"energycap_api_key": "a-good-key", "energycap_base_url": "https://127.0.0.1:1"})

    assert run.exit == 1
    assert "nowhere.pem" in run.last_line


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://no-such-host.invalid", "does not resolve"),
        ("http://127.0.0.1:1", "refuses the connection"),
    ],
)
def test_a_host_that_is_not_there_gets_a_few_tries(tap: TapRunner, url: str, words: str) -> None:
    config = {"energycap_api_key": "a-good-key", "energycap_base_url": url}
    run = tap(config, streams=[DIGESTS, RESULTS])

    assert run.exit == 1
    assert len(tap.clock.slept) == 3
    assert words in run.last_line
    assert "Check energycap_base_url, the network and the proxy." in run.last_line
    assert run.last_line.startswith("meter_digest_monthly: ")
    assert "Not tried for the same cause: meter_digest_monthly_results." in run.last_line
