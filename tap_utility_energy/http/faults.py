"""What can go wrong with a request, and how it is said."""

from __future__ import annotations

import json
import re
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from singer_sdk.exceptions import FatalAPIError, RetriableAPIError
from urllib3.exceptions import NameResolutionError, ReadTimeoutError

from tap_utility_energy.http.redaction import MASK, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_QUOTE = 300
LONGEST_READ = 10_000  # bytes of an error's body
#: A session's key, which EnergyCAP's answers can hold.
TOKEN = re.compile(r'("token"\s*:\s*)"(?:[^"\\]|\\.)*"?')
BROKEN = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class Fault(RetriableAPIError):
    """One attempt failed in a way that another may not.

    Args:
        reason: What the vendor did, as the end of a sentence that begins with its name.
        response: The answer, if there was one.
        patient: Whether waiting long may help. If not, a few tries are enough.
        never_sent: Whether the request did not reach the vendor at all.
    """

    def __init__(
        self,
        reason: str,
        response: requests.Response | None = None,
        *,
        patient: bool = True,
        never_sent: bool = False,
    ) -> None:
        super().__init__(reason, response)
        self.never_sent = never_sent
        self.reason = reason
        self.patient = patient

    @property
    def was_not_carried_out(self) -> bool:
        """Whether the vendor has certainly done nothing."""
        return self.never_sent or self.is_meant_for_all

    @property
    def is_meant_for_all(self) -> bool:
        """Whether the vendor asks all requests to wait, not only this one."""
        too_many = HTTPStatus.TOO_MANY_REQUESTS
        return self.response is not None and self.response.status_code == too_many


class AnswerLost(Exception):
    """A request was sent, and nobody knows whether the vendor carried it out."""


class Refusal(FatalAPIError):
    """A request failed for good. Its text is one line for a person, without secrets.

    Args:
        message: What happened and what to do.
        whole_vendor: Whether no other request to this vendor can do better.
        slug: The machine's name of the error, if the vendor sent one.
    """

    def __init__(self, message: str, *, whole_vendor: bool = False, slug: str = "") -> None:
        super().__init__(one_line(message))
        self.whole_vendor = whole_vendor
        self.slug = slug


def one_line(text: str, longest: int | None = None) -> str:
    """The text in one line, redacted and then shortened, without control characters."""
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", redact(text)).strip()
    return line if longest is None or len(line) <= longest else f"{line[:longest]}…"


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
    line = one_line(body, LONGEST_QUOTE)
    return f": {line.rstrip('.')}" if line else ""


def error_slug(response: requests.Response) -> str:
    """The machine's name of the error, from UtilityAPI's flat error object, or ''."""
    return str(_error_object(_text(response)).get("error", ""))


def _text(response: requests.Response) -> str:
    text = response.content[:LONGEST_READ].decode("utf-8", errors="replace")
    return TOKEN.sub(rf'\1"{MASK}"', text)


def _error_object(body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) and document.get("error") else {}


def fault_from(error: requests.RequestException, host: str, timeout: float) -> Fault | None:
    """The fault behind an exception of requests, or None if no other try could end better."""
    causes = list(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if caused_by(ssl.SSLCertVerificationError):
        return Fault(
            f"at {host} shows a certificate that is not trusted", patient=False, never_sent=True
        )
    if caused_by(ssl.SSLError, requests.exceptions.SSLError):
        return Fault(f"at {host} cannot agree on a secure connection", patient=False)
    if caused_by(requests.exceptions.ProxyError):
        return Fault(f"at {host} cannot be reached through the proxy", patient=False)
    if caused_by(NameResolutionError):
        return Fault(f"cannot be found: {host} does not resolve", patient=False, never_sent=True)
    if caused_by(ConnectionRefusedError):
        return Fault(f"at {host} refuses the connection", patient=False, never_sent=True)
    if caused_by(requests.Timeout, ReadTimeoutError):
        return Fault(f"did not answer within {timeout:.0f} s")
    return Fault("broke off its answer") if caused_by(*BROKEN) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all it wraps; requests and urllib3 keep the cause among the arguments."""
    todo, seen = [error], set[int]()
    while todo:
        cause = todo.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        todo += [item for item in wrapped if isinstance(item, BaseException)]
