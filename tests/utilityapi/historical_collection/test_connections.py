"""A request for a collection on its way through a proxy."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Self

import pytest
import trustme

from tests.support import SUMMARIES, FastClock, TapRunner
from tests.utilityapi.historical_collection.command_line import STREAM, TIMES, vendor


class TunnelingProxy:
    """A proxy for https whose tunnels end at a server that speaks http; it closes both ends."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._authority = trustme.CA()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("utilityapi.example").configure_cert(self._tls)
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def write_authority(self, path: Path) -> str:
        self._authority.cert_pem.write_to_path(str(path))
        return str(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with (
                self._tls.wrap_socket(client, server_side=True) as near,
                socket.create_connection(self._target) as far,
            ):
                back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                back.start()
                _copy(near, far)
                back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "fault", [{}, {"lose_after": True}, {"reset": True, "after": True}], ids=str
)
def test_an_answer_that_is_lost_behind_a_proxy_is_never_asked_for_twice(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: dict[str, Any]
) -> None:
    with (
        vendor(faults=[fault | {"method": "POST", "times": None}] if fault else []) as box,
        TunnelingProxy(box.url) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", proxy.write_authority(tmp_path / "ca.pem"))
        uid = next(
            meter["uid"]
            for meter in box.truth(only="meters")["meters"]
            if not meter["is_activated"] and not meter["is_archived"] and meter["utility"] != "DEMO"
        )
        config = {
            "utilityapi_base_url": "https://utilityapi.example/utilityapi/api/v2",
            "utilityapi_requests_per_minute": 100_000,
            "historical_collection_enabled": True,
            "historical_collection_meters": [uid],
            "historical_collection_duration": 12,
        }
        run = tap(box.tap_config(**config), streams=(SUMMARIES, STREAM), clock=FastClock(TIMES))

        posts = [request for request in box.requests() if request["method"] == "POST"]
    assert run.exit == 0, run.stderr
    assert len(posts) == 1
    assert [row["accepted"] for row in run.records(STREAM)] == [True]
