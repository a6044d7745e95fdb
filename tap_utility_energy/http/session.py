"""Connections: with time limits, without redirects, with credentials for one origin only."""

from __future__ import annotations

import re
import ssl
import time
import weakref
from concurrent.futures import wait
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import select_proxy
from typing_extensions import override
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from tap_utility_energy import signals
from tap_utility_energy.http.connections import AbortableAdapter, SocketHandle, read_body
from tap_utility_energy.http.errors import FatalError, connect_timeout
from tap_utility_energy.http.threads import DaemonPool
from tap_utility_energy.logs import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.stats import StreamStats

DEFAULT_PORTS = {"http": 80, "https": 443}
PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Scheme, host and port of a URL, as the library that opens the connection reads them.

    >>> origin("HTTPS://UtilityAPI.com/api/v2?x=1")
    ('https', 'utilityapi.com', 443)
    """
    parsed = parse_url(url)
    return parsed.scheme, parsed.host, parsed.port or DEFAULT_PORTS.get(parsed.scheme or "")


class OriginAuth(AuthBase):
    """Sets the credential's headers on requests to one origin, and refuses any other request.

    As ``auth=`` of a request it keeps requests from reading ``~/.netrc``, whose entry would
    replace the header.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._headers = dict(headers)

    @override
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        url = r.url or ""
        if origin(url) != origin(self._base_url) or parse_url(url).auth:
            scheme, host, port = origin(url)
            raise FatalError(
                f"a link leads to another server ({scheme}://{host}:{port}), which is not "
                f"followed: the credential is for {self._base_url} only. Check the base URL "
                "setting, or report the link to the vendor.",
            )
        r.headers.update(self._headers)
        return r


class Session(requests.Session):
    """A session with one origin, that follows no redirects.

    Neither vendor documents redirects, and each redirect could disclose the credential.

    Args:
        handle: Can abort its requests.
        largest: Maximum size of an answer, in bytes.
    """

    _options: Mapping[str, Any] = {}

    def __init__(self, handle: SocketHandle, largest: int) -> None:
        super().__init__()
        self._largest = largest
        for scheme in tuple(self.adapters):
            self.mount(scheme, AbortableAdapter(handle))

    @override
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if self.trust_env:
            self._options = self._environment(request.url or "")
            self.trust_env = False  # requests would read it twice for every request
        options = {**self._options, **kwargs, "allow_redirects": False, "stream": True}
        response = super().send(request, **options)
        pieces = response.iter_content

        def whole(*_: object, **__: object) -> Iterator[bytes]:
            yield read_body(response, pieces, self._largest)

        response.iter_content = whole  # type: ignore[method-assign]
        try:
            response.content  # noqa: B018 - reads it
        finally:
            del response.iter_content  # a circle, which would keep the body
        return response

    def _environment(self, url: str) -> Mapping[str, Any]:
        """Proxies and CA bundle from the environment, which prepared requests ignore."""
        settings = self.merge_environment_settings(url, {}, None, None, None)
        if origin(url)[0] == "http":
            settings["proxies"] = {}  # this machine's own: a proxy would see the credential
        elif isinstance(bundle := settings["verify"], str):
            _check_bundle(bundle)
        if proxy := select_proxy(url, settings["proxies"]):
            _check_proxy(proxy)
        return settings

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        # Without this requests reads the whole of a redirecting answer to prepare the next one.
        return None


def _check_bundle(file: str) -> None:
    """Refuse a file without certificates: a request would fail with whatever OpenSSL says.

    Raises:
        FatalError: The file is not there, or holds no certificate.
    """
    if Path(file).is_dir():
        return
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        why = (
            "has no certificate"
            if isinstance(error, ssl.SSLError)
            else f"cannot be read ({error.strerror or error})"
        )
        raise FatalError(
            f"the file of trusted certificates, {file}, {why}. Check what "
            "REQUESTS_CA_BUNDLE, or CURL_CA_BUNDLE, names.",
            whole_vendor=True,
        ) from error


def _check_proxy(proxy: str) -> None:
    """Refuse a proxy that no request can use, without quoting it: it may hold a password.

    Raises:
        FatalError: It is no URL, or of a kind that cannot be used.
    """
    kind = proxy.partition("://")[0].lower() if "://" in proxy else "http"
    if not _is_url(proxy):
        why = (
            "holds no URL such as http://host:3128. Correct it, and write @ : / ? # [ and ] in a "
            "user or password as %40 %3A %2F %3F %23 %5B and %5D."
        )
    elif kind.startswith("socks") and find_spec("socks") is None:
        why = "names a SOCKS proxy: install the package PySocks where the tap is installed."
    elif kind not in PROXIES:
        why = f"names a proxy of another kind than {', '.join(PROXIES)}. Correct it."
    else:
        return
    raise FatalError(f"the variable HTTPS_PROXY, or ALL_PROXY, {why}", whole_vendor=True)


def _is_url(proxy: str) -> bool:
    if re.match(r"\w+:/(?!/)|.*\s", proxy):
        return False  # such as http:/host, or what older versions of urllib3 take for a host
    try:
        url = proxy if "://" in proxy else f"http://{proxy}"
        return bool(parse_url(url).host and urlsplit(url).hostname)
    except (ValueError, HTTPError):
        return False


class SessionThread:
    """A session on a thread of its own.

    A socket's timeout applies per read, so a server that sends a byte now and then never exceeds
    it. Waiting for a thread can be interrupted at any time, also by a signal.

    Args:
        largest: Maximum size of an answer, in bytes.
    """

    def __init__(self, largest: int) -> None:
        self._handle = SocketHandle()
        session = Session(self._handle, largest)
        self._send = session.send
        self._thread: DaemonPool[requests.Response] = DaemonPool(1)
        weakref.finalize(self, self._thread.close)
        weakref.finalize(self, session.close)

    def send(
        self,
        request: requests.PreparedRequest,
        timeout: float,
        clock: Clock,
        stats: StreamStats,
    ) -> requests.Response:
        """Send a request and read its whole answer, both within ``timeout`` seconds.

        Args:
            request: The request.
            timeout: Seconds of real time.
            clock: Gives the heartbeat.
            stats: The stream that waits for the answer.

        Raises:
            requests.RequestException: As in requests. The sender is then of no more use.
            TooLargeError: The answer is larger than allowed.
        """
        try:
            return self._answer(request, timeout, clock, stats)
        except BaseException:  # also of a signal
            self._handle.abort()
            raise

    def _answer(
        self,
        request: requests.PreparedRequest,
        timeout: float,
        clock: Clock,
        stats: StreamStats,
    ) -> requests.Response:
        times = (connect_timeout(timeout), timeout)
        answer = self._thread.submit(partial(self._send, request, timeout=times))
        begun = time.monotonic()
        while (waited := time.monotonic() - begun) < timeout:
            with signals.interruptible():
                wait([answer], min(timeout - waited, clock.until_heartbeat()))
            if answer.done():
                return answer.result()
            clock.heartbeat(
                stats, lambda: f"for the answer for {duration(time.monotonic() - begun)}"
            )
        del answer  # it may still come, and the error would keep it
        raise requests.ReadTimeout(request=request)
