"""The requests that a check may send, and what it keeps of the answers."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from tap_utility_energy.http.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The maximum number of requests of a check, repeated ones included.
MOST_REQUESTS = 60
#: The maximum number of times that one of them is sent.
MOST_TRIES = 5
#: Content types that a message may quote.
CONTENT_TYPES = ("application/json", "text/html", "text/plain")
#: The documented machine names of UtilityAPI's errors.
SLUGS = frozenset({
    "expired_or_revoked",
    "invalid_param",
    "not_found",
    "required_param_missing",
})
_RATE_LIMIT = re.compile(r"(x-)?rate-?limit[a-z-]{0,20}", re.IGNORECASE)
_CONDITIONAL = ("ETag", "Last-Modified")


class BudgetSpentError(FatalError):
    """A request was not sent, because all that a check may send were."""

    def __init__(self) -> None:
        super().__init__("no request is left for it", whole_vendor=True)


class TriesSpentError(FatalError):
    """A request was sent so often without success that a check gives up."""

    def __init__(self, status: int) -> None:
        what = f"was answered with {status}" if status else "failed"
        super().__init__(
            f"a request {what} {MOST_TRIES} times, and a check gives up then. Try again later.",
            cause=f"tries {status}",
            whole_vendor=not status,
        )


class Budget:
    """Counts the requests of a check, and refuses to send more than allowed."""

    def __init__(self, most: int = MOST_REQUESTS) -> None:
        self.most = most
        self.sent = 0

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return self.most - self.sent

    def spend(self) -> None:
        """Count a request that is about to be sent.

        Raises:
            BudgetSpentError: It is one too many.
        """
        if not self.left:
            raise BudgetSpentError
        self.sent += 1


@dataclass
class Refusal:
    """The form of a refusal's body, without what it says.

    Args:
        status: Its status.
        kind: What the body is.
        slug: The machine's name of the error, if it is one that the vendor documents.
    """

    status: int
    kind: str
    slug: str


@dataclass
class Seen:
    """What the answers of one vendor have in common, without any value of theirs."""

    statuses: Counter[int] = field(default_factory=Counter)
    #: The forms of ``Retry-After``.
    retry_after: Counter[str] = field(default_factory=Counter)
    #: Whether the bodies of answers with 202 are empty.
    accepted_is_empty: Counter[bool] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    conditional: Counter[str] = field(default_factory=Counter)
    rate_limits: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)


class Watch:
    """Watches a vendor's client: refuses all but a few GET requests, and notes what comes.

    Args:
        total: The budget of all vendors.
        most: The vendor's share of it.
    """

    def __init__(self, total: Budget, most: int) -> None:
        self._total = total
        self.own = Budget(most)
        self.seen = Seen()
        #: The status of the latest answer; 0 if there was none since it was reset.
        self.status = 0
        #: The machine's name of the error in that answer, if the vendor documents it.
        self.slug = ""
        self._tries = 0

    def begin(self) -> None:
        """Begin with another request."""
        self.status = self._tries = 0
        self.slug = ""

    @property
    def is_spent(self) -> bool:
        """Whether no request is left."""
        return not (self.own.left and self._total.left)

    def sending(self, request: requests.PreparedRequest) -> None:
        """Count a request.

        Raises:
            BudgetSpentError: It is one too many.
            TriesSpentError: It was sent often enough.
            AssertionError: It may change something at the vendor, or cost money.
        """
        if request.method != "GET":
            raise AssertionError("a check sends GET requests only")
        if not self._total.left:
            raise BudgetSpentError
        if self._tries >= MOST_TRIES:
            raise TriesSpentError(self.status)
        self._tries += 1
        self.own.spend()
        self._total.spend()

    def received(self, response: requests.Response) -> requests.Response:
        """Note an answer.

        Returns:
            The answer. Without its body, if that might be quoted in a message.
        """
        seen, headers = self.seen, response.headers
        self.status, self.slug = response.status_code, ""
        seen.statuses[response.status_code] += 1
        seen.encodings[_encoding(headers)] += 1
        seen.conditional.update(name for name in _CONDITIONAL if name in headers)
        seen.rate_limits.update(name for name in headers if _RATE_LIMIT.fullmatch(name))
        if "Retry-After" in headers:
            seen.retry_after[_form_of_wait(headers["Retry-After"])] += 1
        if response.status_code == HTTPStatus.ACCEPTED:
            seen.accepted_is_empty[not response.content] += 1
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            seen.refusals.append(_refusal(response))
            self.slug = seen.refusals[-1].slug
        if not _is_data(response):
            return _without_body(response)
        response.headers.update(_quotable(headers))
        return response


def _encoding(headers: Mapping[str, str]) -> str:
    name = headers.get("Content-Encoding", "").strip().lower()
    if name in {"", "identity"}:
        return "none"
    return name if name in {"gzip", "deflate"} else "another one"


def _form_of_wait(text: str) -> str:
    """The form of a Retry-After header.

    >>> _form_of_wait("120"), _form_of_wait("Wed, 21 Oct 2026 07:28:00 GMT"), _form_of_wait("1.5")
    ('seconds', 'a date', 'another form')
    """
    if re.fullmatch(r"\s*[0-9]+\s*", text):
        return "seconds"
    is_date = re.fullmatch(r"\s*\w{3}, [0-9]{1,2}[ -]\w{3}[ -][0-9]{2,4} [0-9:]{8} GMT\s*", text)
    return "a date" if is_date else "another form"


def _refusal(response: requests.Response) -> Refusal:
    document = _json_of(response)
    slug = document.get("error") if isinstance(document, dict) else None
    if isinstance(slug, str):
        is_whole = isinstance(document.get("error_description"), str)
        kind = "an error object" if is_whole else "an error object without its description"
    elif document is not None:
        kind = "other JSON"
    elif not response.content.strip():
        kind = "nothing"
    else:
        kind = "HTML" if response.content.lstrip().startswith(b"<") else "text"
    known = slug if isinstance(slug, str) and slug in SLUGS else "another one" if slug else ""
    return Refusal(response.status_code, kind, str(known))


def _json_of(response: requests.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _is_data(response: requests.Response) -> bool:
    """Whether the answer holds data: what is none may be quoted in messages."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        return False
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_known = kind in CONTENT_TYPES or not kind
    # A short one may be an error all the same.
    is_error = len(response.content) < 1 << 16 and _is_error(_json_of(response))
    return is_known and not is_error


def _quotable(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that a message may quote, without what a vendor could add to them."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    found = {"Content-Type": kind, "Content-Encoding": _encoding(headers)}
    return {name: value for name, value in found.items() if name in headers}


def _is_error(document: object) -> bool:
    return isinstance(document, dict) and bool(document.get("error"))


def _without_body(response: requests.Response) -> requests.Response:
    bare = requests.Response()
    bare.status_code, bare.url = response.status_code, response.url
    bare.headers = response.headers.copy()
    kind = bare.headers.pop("Content-Type", "").partition(";")[0].strip().lower()
    bare.headers["Content-Type"] = kind if kind in CONTENT_TYPES else "another content type"
    bare.headers.pop("Content-Encoding", None)
    bare.raw = io.BytesIO()
    return bare
