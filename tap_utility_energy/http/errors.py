"""Errors of requests, and their messages."""

from __future__ import annotations

import codecs
import json
import re
import socket
import ssl
from contextlib import suppress
from decimal import Decimal
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, RemoteDisconnected, UnknownProtocol
from typing import TYPE_CHECKING, Any

import requests
from singer_sdk.exceptions import FatalAPIError, RetriableAPIError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from tap_utility_energy.http.decoding import spelled
from tap_utility_energy.http.redaction import MASK, TERMINAL, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_QUOTE = 300
LONGEST_READ = 20_000  # bytes of an error's body
LONGEST_SECRET = 5_000  # characters, escapes included
#: A session's key, which EnergyCAP's answers can hold, in JSON or in JSON within a text.
TOKEN = re.compile(
    rf"""(\\*["']){spelled("token")}\1(\s*:\s*)(\\*["'])(?:(?!\3)(?:\\.|.))*(?:\3|$)"""
)
BROKEN = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.InvalidHeader,  # of an answer: two lengths that differ
)

LONGEST_CONNECT = 20.0  # seconds
#: Error codes of a resolver for a host name that does not exist.
NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
#: The message of http.client if a proxy refuses the tunnel to the vendor.
TUNNEL_REFUSED = r"Tunnel connection failed: (\d{3})"
TRANSIENT_PROXY_STATUSES = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
TLS_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
TRANSIENT_TLS_REASONS = {"DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "SSLV3_ALERT_BAD_RECORD_MAC"}


class RetriableError(RetriableAPIError):
    """One attempt failed, and another may succeed.

    Args:
        reason: What the vendor did, as the end of a sentence that begins with its name.
        response: The answer, if there was one.
        until_deadline: Whether to retry until the deadline. If not, a few quick retries are made.
        never_sent: Whether the request did not reach the vendor at all.
        unreachable: Whether no connection was made. If the vendor has answered before, this is
            temporary: a wrong setting would have failed from the start.
        advice: What a user can do, in a sentence, if it is not the usual advice.
    """

    def __init__(
        self,
        reason: str,
        response: requests.Response | None = None,
        *,
        until_deadline: bool = True,
        never_sent: bool = False,
        unreachable: bool = False,
        advice: str = "",
    ) -> None:
        super().__init__(reason, response)
        self.never_sent = never_sent
        self.unreachable = unreachable
        self.advice = advice
        self.reason = one_line(reason)
        self.until_deadline = until_deadline

    @property
    def is_meant_for_all(self) -> bool:
        """Whether the vendor asks all requests to wait, not only this one."""
        too_many = HTTPStatus.TOO_MANY_REQUESTS
        return self.response is not None and self.response.status_code == too_many


class AnswerLostError(Exception):
    """A request was sent, and it is unknown whether the vendor carried it out."""


class FatalError(FatalAPIError):
    """A request failed for good. Its text is one line for a person, without secrets.

    Args:
        message: What happened and what to do.
        whole_vendor: Whether no other request to this vendor can do better.
        slug: The machine's name of the error, if the vendor sent one.
        cause: What refusals of several requests have in common. By default it is the message.
        permission: The right that may be lacking, as the message names it.
        status: The answer's, if the vendor refused a request.
    """

    def __init__(
        self,
        message: str,
        *,
        whole_vendor: bool = False,
        slug: str = "",
        cause: str = "",
        permission: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(one_line(message))
        self.status = status
        self.whole_vendor = whole_vendor
        self.slug = slug
        self.cause = cause or message
        self.permission = permission


class AnswerTooLargeError(FatalError):
    """An answer is larger than the user allows."""


def one_line(text: str, longest: int | None = None) -> str:
    """The text in one line, without control characters, then redacted and then shortened."""
    line = redact(_visible(text))
    return line if longest is None or len(line) <= longest else f"{line[:longest]}…"


def shown(value: object, longest: int = 80) -> str:
    """A value from received JSON, shortened for a message."""
    if isinstance(value, str):
        return f"'{one_line(value, longest)}'"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)
    return one_line(text, longest)


def quote_of(response: requests.Response) -> str:
    """What an error's body says, as ``: slug, description`` or nothing worth showing.

    Both vendors may send JSON, HTML, plain text or nothing; an HTML page is left out.
    """
    body = _text(response)
    if error := _error_object(body):
        said = [error.get(key) for key in ("error", "error_description")]
        body = ", ".join(str(part) for part in said if part)
    elif body.lstrip().startswith("<"):
        return ""
    body = TOKEN.sub(rf"\1token\1\2\3{MASK}\3", one_line(body))
    line = one_line(body, LONGEST_QUOTE)
    return f": {line.rstrip('.')}" if line else ""


def without_varying_parts(text: str) -> str:
    """The text without parts that differ per answer: request ids, times, positions."""
    return re.sub(r"[\w:.+-]*\d[\w:.+-]*", "", text)


def error_slug(response: requests.Response) -> str:
    """The machine's name of the error, from UtilityAPI's flat error object, or ''."""
    return str(_error_object(_text(response)).get("error", ""))


def _text(response: requests.Response) -> str:
    """The beginning of a body in one line, unredacted.

    The end of a longer body is left out: it can be a part of a secret. NULs are left out like
    all control characters, which makes UTF-16 without a byte-order mark readable.
    """
    kind = response.headers.get("Content-Type", "")
    charset = re.search(r"charset=[\"']?([\w.:-]+)", kind, re.IGNORECASE)
    text = _visible(_decoded(response.content[:LONGEST_READ], charset[1] if charset else "utf-8"))
    return text if len(response.content) <= LONGEST_READ else text[:-LONGEST_SECRET]


def _decoded(body: bytes, charset: str) -> str:
    """The text of a body that may end within a character, and may be wrong about its charset."""
    encodings = ["utf-8", charset]
    if charset.lower() in {"utf-7", "utf7"}:
        encodings.reverse()  # it is valid UTF-8, which reads something else
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings.insert(0, "utf-16")
    for encoding in encodings:
        with suppress(LookupError, ValueError, AssertionError):
            b"a".decode(
                encoding, "ignore"
            )  # refuses what is known but decodes no text, such as zip
            return codecs.getincrementaldecoder(encoding)().decode(body)
    return body.decode("utf-8", errors="replace")


def _visible(text: str) -> str:
    text = re.sub(TERMINAL, "", text)
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def _error_object(body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) and document.get("error") else {}


def error_from(
    error: requests.RequestException, host: str, timeout: float
) -> RetriableError | None:
    """The error behind an exception of requests, or None if a retry cannot help."""
    causes = _Causes(error)
    if found := _tls_error(causes, host) or _connection_error(causes, host, timeout):
        return found
    if causes.first(requests.Timeout, ReadTimeoutError):
        return RetriableError(f"did not answer within {timeout:.0f} s")
    if no_http := _no_http(causes):
        return RetriableError(no_http, until_deadline=False)
    return RetriableError("broke off its answer") if causes.first(*BROKEN) else None


def _no_http(causes: _Causes) -> str:
    """What is wrong with an answer that another try will find the same, or ''."""
    if str(causes.first(HTTPException)).startswith("got more than"):  # Python's own words
        return "sent an answer with too many headers, or with one that is too long"
    if causes.first(BadStatusLine, UnknownProtocol, but=RemoteDisconnected):
        return "sent an answer that is not HTTP"
    return ""


def _tls_error(causes: _Causes, host: str) -> RetriableError | None:
    if untrusted := causes.first(ssl.SSLCertVerificationError):
        why = getattr(untrusted, "verify_message", "").rstrip(".")
        return RetriableError(
            f"at {host} shows a certificate that is not trusted{why and f' ({why})'}",
            until_deadline=False,
            never_sent=True,
            advice="If a proxy or an authority of your own has signed it, set REQUESTS_CA_BUNDLE "
            "to the file with that authority's certificate",
        )
    if broken := causes.first(ssl.SSLError):
        if (
            isinstance(broken, TLS_BROKEN_OFF)
            or getattr(broken, "reason", "") in TRANSIENT_TLS_REASONS
        ):
            return RetriableError(f"at {host} broke off the secure connection", unreachable=True)
        return RetriableError(
            f"at {host} cannot agree on a secure connection", until_deadline=False
        )
    if causes.first(requests.exceptions.SSLError):
        return RetriableError(
            f"at {host} cannot agree on a secure connection", until_deadline=False
        )
    return None


def _connection_error(causes: _Causes, host: str, timeout: float) -> RetriableError | None:
    """The error if no connection was made, to the vendor or to the proxy on the way to it.

    A `ProxyError` alone proves nothing: urllib3 also raises it for an answer that a proxy's tunnel
    breaks off.
    """
    is_through_proxy = causes.first(requests.exceptions.ProxyError) is not None
    answered = re.match(TUNNEL_REFUSED, str(causes.first(OSError, but=requests.RequestException)))
    if not answered and not causes.first(NewConnectionError, ConnectTimeoutError):
        return None
    unresolved = causes.first(socket.gaierror)
    until_deadline = True
    if answered:
        why = f"answers {answered[1]}"
        until_deadline = int(answered[1]) in TRANSIENT_PROXY_STATUSES
    elif isinstance(unresolved, socket.gaierror):
        until_deadline = unresolved.errno not in NO_SUCH_HOST
        why = "does not resolve" if not until_deadline else "does not resolve for the moment"
    elif causes.first(ConnectionRefusedError):
        why = "refuses the connection"
    elif causes.first(requests.Timeout, ConnectTimeoutError):
        why = f"takes no connection within {connect_timeout(timeout):.0f} s"
    else:
        failed = causes.first(OSError, but=requests.RequestException)
        why = f"takes no connection: {getattr(failed, 'strerror', '') or 'it is broken off'}"
    if is_through_proxy:
        return RetriableError(
            f"at {host} cannot be reached through the proxy, which {why}",
            until_deadline=until_deadline,
            never_sent=True,
            unreachable=not answered or until_deadline,
            advice="Check the proxy variable, such as HTTPS_PROXY, and the proxy",
        )
    where = "cannot be found: {host}" if unresolved else "at {host}"
    return RetriableError(
        f"{where.format(host=host)} {why}",
        until_deadline=until_deadline,
        never_sent=True,
        unreachable=True,
    )


def connect_timeout(timeout: float) -> float:
    """The part of a request's time, in seconds, that it may take to connect.

    It is less than the whole: what ends first tells whether there was a connection.

    >>> connect_timeout(300), connect_timeout(10)
    (20.0, 9.0)
    """
    return min(LONGEST_CONNECT, 0.9 * timeout)


class _Causes:
    """An error and all it wraps; requests and urllib3 keep the cause among the arguments."""

    def __init__(self, error: BaseException) -> None:
        self._all = list(_causes(error))

    def first(
        self,
        *kinds: type[BaseException],
        but: type[BaseException] | tuple[()] = (),
    ) -> BaseException | None:
        """The first of one of these kinds."""
        for cause in self._all:
            if isinstance(cause, kinds) and not isinstance(cause, but):
                return cause
        return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    todo, seen = [error], set[int]()
    while todo:
        cause = todo.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        todo += [item for item in wrapped if isinstance(item, BaseException)]
