"""Servers that are not there, dawdle, or cannot be talked to: what is tried, and what is said."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tests.http.raw import RawServer
from tests.support import DIGESTS, RESULTS, FakeClock, Run, TapRunner


def slow_server(*pieces: bytes) -> RawServer:
    """A server that sends its pieces of bytes, and repeats the last one slowly and without end."""

    def answer(_path: str) -> Iterator[bytes]:
        for piece in itertools.chain(pieces[:1], itertools.repeat(pieces[-1])):
            yield piece
            server.pace()

    server = RawServer(answer)
    return server


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
    with slow_server(*pieces) as server:
        config = {
            "energycap_api_key": "a-good-key",
            "energycap_base_url": server.url,
            "request_timeout": 1,
            "max_wait_seconds": 0,
        }
        run = tap(config, streams=[DIGESTS])

    assert run.exit == 1
    assert "EnergyCAP did not answer within 1 s" in run.last_line


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"Content-Length: 1\r\nContent-Length: 2", "broke off its answer"),
        (b"Content-Length: 2\r\nno header\r\n\r\n[]", "the paging headers cannot be trusted"),
    ],
)
def test_an_answer_that_cannot_be_taken_in_is_told_in_words(
    tap: TapRunner, answer: bytes, words: str
) -> None:
    with slow_server(b"HTTP/1.1 200 OK\r\n" + answer + b"\r\n\r\n") as server:
        config = {
            "energycap_api_key": "a-good-key",
            "energycap_base_url": server.url,
            "request_timeout": 5,
            "max_wait_seconds": 0,
        }
        run = tap(config, streams=[DIGESTS])

    assert run.exit == 1
    assert words in run.last_line
    for word in ("unexpected", "Traceback", "urllib3"):
        assert word not in run.stderr


def test_a_host_that_can_have_no_address_is_a_wrong_setting(tap: TapRunner) -> None:
    url = f"https://{'a' * 70}.invalid"

    run = tap({"energycap_api_key": "a-good-key", "energycap_base_url": url})

    assert run.exit == 1
    assert "cannot be made" in run.last_line
    assert "Check energycap_base_url" in run.last_line


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
    assert (
        "the file of trusted certificates, nowhere.pem, cannot be read (No such file or "
        "directory). Check what REQUESTS_CA_BUNDLE, or CURL_CA_BUNDLE, names."
    ) in run.last_line


@pytest.mark.parametrize("content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_ca_bundle_without_certificates_is_named(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    with Sandbox() as box:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", tap.file("bundle.pem", content))
        url = box.url.replace("http:", "https:")
        run = tap({"energycap_api_key": "a-good-key", "energycap_base_url": url})

    assert run.exit == 1
    assert "Check what REQUESTS_CA_BUNDLE, or CURL_CA_BUNDLE, names" in run.last_line


class Restarting(FakeClock):
    """A clock on which something happens once so many seconds were slept."""

    def __init__(self, after: float, happen: Callable[[], object]) -> None:
        super().__init__()
        self._after = after
        self._happen = happen

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if sum(self.slept) >= self._after and self._happen:
            self._happen, happen = None, self._happen
            happen()


class Vendor:
    """EnergyCAP with two pages of one meter each, on a port that can be closed and opened."""

    def __init__(self, closes_after: int = 0) -> None:
        self._closes_after = closes_after
        self._answered = 0
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._server: HTTPServer | None = None

    def open(self) -> None:
        vendor = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = parse_qs(urlsplit(self.path).query)["pageNumber"][0]
                body = f'[{{"meterId": {page}}}]'.encode()
                self.send_response(200)
                for name, value in (("PageNumber", page), ("PageSize", "1"), ("TotalPages", "2")):
                    self.send_header(name, value)
                self.send_header("TotalNumberOfRecords", "2")
                self.send_header("Content-Length", str(len(body)))
                vendor._answered += 1
                if vendor._answered == vendor._closes_after:
                    vendor.close()
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", self._port), Pages)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        if self._server:
            self._server.socket.close()
            threading.Thread(target=self._server.shutdown).start()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ask(tap: TapRunner, url: str, clock: FakeClock | None = None, **more: Any) -> Run:
    config = {"energycap_api_key": "a-good-key", "energycap_base_url": url, **more}
    return tap(
        config | {"energycap_max_parallel_requests": 1}, streams=[DIGESTS, RESULTS], clock=clock
    )


def unresolvable(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "as the resolver says")

    monkeypatch.setattr(socket, "getaddrinfo", fail)


def refuse_tunnels(status: str) -> RawServer:
    return slow_server(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("max_wait", "given", "words"),
    [(1800, 60, "tries were made in 60 s."), (20, 20, "and max_wait_seconds is 20.")],
)
def test_a_connection_that_cannot_be_made_gets_a_minute(
    tap: TapRunner, max_wait: int, given: int, words: str
) -> None:
    run = ask(tap, "http://127.0.0.1:1", max_wait_seconds=max_wait)

    assert run.exit == 1
    assert sum(tap.clock.slept) == pytest.approx(given)
    assert "EnergyCAP at 127.0.0.1 refuses the connection; retrying in " in run.stderr
    assert f", for {given} s more at most" in run.stderr
    assert run.last_line.startswith(
        "meter_digest_monthly: EnergyCAP at 127.0.0.1 refuses the connection; "
    )
    assert words in run.last_line
    assert "Check energycap_base_url, the network and the proxy." in run.last_line
    assert "Skipped for the same reason: meter_digest_monthly_results." in run.last_line


def test_a_server_that_comes_up_within_the_minute_is_read(tap: TapRunner) -> None:
    with Vendor() as vendor:
        run = ask(tap, vendor.url, Restarting(30, vendor.open))

    assert run.exit == 0, run.stderr
    assert [row["meterId"] for row in run.records(DIGESTS)] == [1, 2]


@pytest.mark.parametrize("down", ["refused", "not resolved", "does not exist"])
def test_a_server_that_has_answered_gets_all_of_max_wait_seconds(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, down: str
) -> None:
    codes = {"not resolved": socket.EAI_AGAIN, "does not exist": socket.EAI_NONAME}
    with Vendor(closes_after=1) as vendor:
        vendor.open()
        resolve = socket.getaddrinfo

        def resolve_once(*args: Any, **options: Any) -> Any:
            if vendor._answered and down in codes and not back:
                raise socket.gaierror(codes[down], "as the resolver says")
            return resolve(*args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", resolve_once)
        back: list[bool] = []
        clock = Restarting(1000, lambda: (vendor.open(), back.append(True)))
        run = ask(tap, vendor.url, clock)

    assert run.exit == 0, run.stderr
    assert sum(clock.slept) >= 1000
    assert [row["meterId"] for row in run.records(DIGESTS)] == [1, 2]


def test_a_name_that_does_not_resolve_for_the_moment_gets_a_minute(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    unresolvable(monkeypatch, socket.EAI_AGAIN)

    run = ask(tap, "https://energycap.invalid")

    assert sum(tap.clock.slept) == pytest.approx(60)
    assert "EnergyCAP cannot be found: energycap.invalid does not resolve for the moment" in (
        run.last_line
    )


def test_a_host_that_does_not_exist_gets_a_few_tries(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    unresolvable(monkeypatch, socket.EAI_NONAME)

    run = ask(tap, "https://energycap.invalid")

    assert run.exit == 1
    assert len(tap.clock.slept) == 3
    assert "energycap.invalid does not resolve; 4 tries were made." in run.last_line
    assert "Check energycap_base_url, the network and the proxy." in run.last_line


def test_a_server_that_takes_no_connection_gets_a_minute(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_out(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("urllib3.util.connection.create_connection", time_out)

    run = ask(tap, "https://energycap.invalid", request_timeout=100)

    assert sum(tap.clock.slept) == pytest.approx(60)
    assert "energycap.invalid takes no connection within 20 s; retrying" in run.stderr


@pytest.mark.parametrize("proxied", [False, True])
def test_a_handshake_or_a_tunnel_without_an_end_is_no_connection(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, *, proxied: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        if proxied:
            monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        url = "https://energycap.invalid" if proxied else f"https://{address}"
        # Far from the time of the whole answer, which a slow machine might reach first.
        monkeypatch.setattr("tap_utility_energy.http.errors.LONGEST_CONNECT", 1.0)
        run = ask(tap, url, request_timeout=300, max_wait_seconds=0)

    host = "energycap.invalid" if proxied else "127.0.0.1"
    assert f"EnergyCAP at {host} takes no connection within 1 s; " in run.last_line
    assert "Check energycap_base_url, the network and the proxy." in run.last_line


@pytest.mark.parametrize("status", ["502", "503"])
def test_a_proxy_that_fails_for_the_moment_gets_a_minute(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with refuse_tunnels(status) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        run = ask(tap, "https://energycap.invalid")

    assert sum(tap.clock.slept) == pytest.approx(60)
    assert f"cannot be reached through the proxy, which answers {status}; " in run.last_line


def test_a_proxy_that_is_not_there_gets_a_minute(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    run = ask(tap, "https://energycap.invalid")

    assert sum(tap.clock.slept) == pytest.approx(60)
    assert "through the proxy, which refuses the connection; " in run.last_line


@pytest.mark.parametrize("status", ["403", "407"])
def test_a_proxy_that_refuses_gets_a_few_tries(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with refuse_tunnels(status) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        run = ask(tap, "https://energycap.invalid")

    assert len(tap.clock.slept) == 3
    assert f"cannot be reached through the proxy, which answers {status}; " in run.last_line
    assert "Check the proxy variable, such as HTTPS_PROXY, and the proxy." in run.last_line


def test_a_connection_that_breaks_off_in_the_handshake_gets_a_minute(tap: TapRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.recv(65536)
                    connection.shutdown(socket.SHUT_RDWR)
                    connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        run = ask(tap, f"https://127.0.0.1:{server.getsockname()[1]}")

    assert sum(tap.clock.slept) == pytest.approx(60)
    assert "EnergyCAP at 127.0.0.1 broke off the secure connection" in run.last_line
