"""Whom a session trusts and by which way it goes: netrc, proxies and certificates."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from sandbox import Sandbox
from tests.support import DIGESTS, Run, TapRunner

TOKEN = "tok/3n+with=odd chars".replace(" ", "%")
KEY = 'key.with"quote\\and=='
CREDENTIALS = {"utilityapi_token": TOKEN, "energycap_api_key": KEY}


def test_http_leads_to_this_machine_alone(tap: TapRunner) -> None:
    for host in ("energycap.invalid", "localhost.invalid", "127.0.0.1.invalid", "0.0.0.0"):
        run = ask(tap, f"http://{host}")
        assert run.exit == 1
        assert run.errors[0].startswith("energycap_base_url: ")
        assert "https" in run.errors[0]


def test_a_netrc_never_replaces_the_credential(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Sandbox(billing_summaries=3, meters=3, cache_seconds=0) as box:
        run = tap(box.tap_config())

        assert run.exit == 0, run.stderr
        assert {request["vendor"] for request in box.requests()} == {"utilityapi", "energycap"}
        for request in box.requests():
            assert request["authorized"]
            assert "wrong" not in request["headers"].values(), "a second credential came along"


def test_a_proxy_of_the_environment_is_used(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:s3cret-pw@127.0.0.1:1")

    run = ask(tap, "https://energycap.invalid")

    assert "cannot be reached through the proxy" in run.last_line
    assert "s3cret-pw" not in run.stderr


def test_a_proxy_never_sees_what_stays_on_this_machine(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox() as proxy, Sandbox(meters=3) as box:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        run = tap(box.tap_config(), streams=[DIGESTS])

        assert not proxy.requests()
    assert run.exit == 0, run.stderr


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("someone:s3cret-pw", "holds no URL"),
        ("://someone:s3cret-pw@h", "holds no URL"),
        ("http://someone:s3[cret-pw@host:80", "holds no URL"),
        ("http://someone:s3cret-pw@", "holds no URL"),
        ("http://someone:s3cret-pw@host:port", "holds no URL"),
        ("http://someone:s3cret/pw@127.0.0.1:1", "holds no URL"),
        ("http://someone:s3cret?pw@127.0.0.1:1", "holds no URL"),
        ("[s3cret-pw", "holds no URL"),
        ("s3cret-pw pw", "holds no URL"),
        ("http://someone:s3cret-pw@127.0.0.1:99999", "holds no URL"),
        ("http:/someone:s3cret-pw@127.0.0.1:1", "holds no URL"),
        ("ftp://someone:s3cret-pw@127.0.0.1:1", "of another kind than http, https, socks4"),
        ("socks5h://someone:s3cret-pw@127.0.0.1:1", "SOCKS proxy: install the package PySocks"),
        ("http://some%40one:s3cret%2Dpw@127.0.0.1:1", "refuses the connection"),
        ("http://someone:s3cret-pw€@127.0.0.1:1", "the variables for proxies"),
        ("http://someone:s3cret-pw@a..b:80", "the variables for proxies"),
    ],
)
def test_a_proxy_variable_that_is_no_url_is_told_and_not_shown(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("TAP_UTILITY_ENERGY_LOGLEVEL", "DEBUG")

    run = ask(tap, "https://energycap.invalid")

    assert run.exit == 1
    assert words in run.last_line
    assert "unexpected" not in run.stderr
    for part in ("s3cret", "cret-pw", "cret/", "some%40one"):
        assert part not in run.stderr


def test_what_no_request_can_do_without_skips_the_vendor(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://a..b:80")

    config = {"energycap_api_key": "a-good-key", "energycap_base_url": "https://energycap.invalid"}
    run = tap(config, streams=["energycap_units", DIGESTS])

    assert run.exit == 1
    assert run.last_line.startswith(
        "energycap_units: the request to EnergyCAP cannot be made: Failed to parse: 'a..b', label "
        "empty or too long. Check energycap_base_url, and the variables for proxies and CA "
    )
    assert run.last_line.endswith(f"Skipped for the same reason: {DIGESTS}.")


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A vendor with a certificate of a private authority: its URL and the authority's file."""

    class Vendor(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    server = HTTPServer(("127.0.0.1", 0), Vendor)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}", bundle
    server.shutdown()
    thread.join()
    server.server_close()


def ask(tap: TapRunner, url: str) -> Run:
    config = {"energycap_api_key": "a-good-key", "energycap_base_url": url}
    return tap(config, streams=[DIGESTS])


def test_a_certificate_that_is_not_trusted_gets_a_few_tries(
    tap: TapRunner, https: tuple[str, Path]
) -> None:
    run = ask(tap, https[0])

    assert run.exit == 1
    assert len(tap.clock.slept) == 3
    assert "localhost shows a certificate that is not trusted" in run.last_line
    assert "set REQUESTS_CA_BUNDLE to the file" in run.last_line


def test_a_private_authority_is_trusted_as_users_of_requests_expect(
    tap: TapRunner, https: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(https[1]))

    run = ask(tap, https[0])

    assert run.exit == 0, run.stderr
