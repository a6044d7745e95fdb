"""The connection: bounded in time, without redirects, with credentials for one origin only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from typing_extensions import override
from urllib3.util import parse_url

from tap_utility_energy.http.faults import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3.response import BaseHTTPResponse

CHUNK = 1 << 18
DEFAULT_PORTS = {"http": 80, "https": 443}


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
            raise Refusal(
                f"a link leads to another server ({scheme}://{host}:{port}), which is not asked: "
                f"the credential is for {self._base_url} only. Check the base URL setting, "
                "or report the link to the vendor.",
            )
        r.headers.update(self._headers)
        return r


class Session(requests.Session):
    """A session whose answers are read whole, in a bounded time.

    Redirects are not followed: neither vendor documents one, and each is a way for a credential
    to get lost.
    """

    def __init__(self, connections: int = 1) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=connections))

    @override
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request and read its answer, both within ``timeout`` seconds.

        Raises:
            requests.RequestException: As in requests; ``Timeout`` also for a slow body.
        """
        # A prepared request does not get REQUESTS_CA_BUNDLE and the like without this.
        environment = self.merge_environment_settings(request.url, {}, None, None, None)
        kwargs = {**environment, **kwargs, "stream": True, "allow_redirects": False}
        deadline = time.monotonic() + kwargs["timeout"]
        response = super().send(request, **kwargs)
        raw, response.raw = response.raw, _Bounded(response.raw, deadline)
        try:
            response.content  # noqa: B018 - reads it
        except BaseException:
            raw.close()
            raise
        response.raw = raw
        return response


class _Bounded:
    """An answer's body that is not read past a point in time.

    The time limit of a socket holds for each read, so a server that sends a byte now and then
    would never meet it.
    """

    def __init__(self, raw: BaseHTTPResponse, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def stream(self, _size: int, *, decode_content: bool) -> Iterator[bytes]:
        """What requests reads a body by."""
        while chunk := self._raw.read1(CHUNK, decode_content=decode_content):
            yield chunk
            if time.monotonic() > self._deadline:
                raise requests.ReadTimeout
