"""HTTP client for one vendor: auth, rate limit, retries, error messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from tap_utility_energy.clock import LONGEST_SLEEP
from tap_utility_energy.http.connections import ENCODINGS, TooLargeError
from tap_utility_energy.http.decoding import parse
from tap_utility_energy.http.errors import (
    AnswerLostError,
    AnswerTooLargeError,
    FatalError,
    RetriableError,
    error_from,
    error_slug,
    quote_of,
    without_varying_parts,
)
from tap_utility_energy.http.page import Page, read_page
from tap_utility_energy.http.redaction import CredentialRedactor
from tap_utility_energy.http.retry import RETRIED, RetryPolicy
from tap_utility_energy.http.session import OriginAuth, SessionThread, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.http.page import Decoder, PageFormat
    from tap_utility_energy.stats import StreamStats

PACKAGE = "tap-utility-energy"
REDIRECTS = set(range(300, 400)) - {HTTPStatus.NOT_MODIFIED}
SERVER_ERRORS = range(500, 600)
SHORTEST_TRY = 1.0  # seconds; a last try gets that much, though the time is nearly up


class Watcher(Protocol):
    """Sees every request of a client and every answer to it."""

    def sending(self, request: requests.PreparedRequest) -> None:
        """Called before each request is sent; an exception keeps it from being sent."""

    def received(self, response: requests.Response) -> requests.Response:
        """Called with each answer; the client goes on with what is returned."""


class Client(ABC):
    """Sends a vendor's requests and lets only good answers through.

    A vendor is a subclass: its names, the headers that carry its credential, and what to tell a
    user about its statuses.
    """

    #: The vendor's name, for messages.
    vendor: ClassVar[str]
    #: The settings that hold its credential and its base URL.
    credential_setting: ClassVar[str]
    base_url_setting: ClassVar[str]
    #: What a user can do about a status; ``{permission}`` stands for the stream's permission.
    advice_by_status: ClassVar[Mapping[int, str]]
    #: Statuses that mean that every other request would be refused as well.
    fatal_for_all: ClassVar[frozenset[int]] = frozenset()
    good_statuses: ClassVar[frozenset[int]] = frozenset({HTTPStatus.OK})
    #: What a user can do about an answer that is too large.
    too_large_advice: ClassVar[str] = "Raise that setting, if there is memory for it."
    #: Headers of every request, besides the credential's.
    headers: ClassVar[Mapping[str, str]] = {}
    #: Sees what is sent and received, if anybody wants to.
    watcher: Watcher | None = None

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.base_url: str = config[self.base_url_setting].rstrip("/")
        self.auth = OriginAuth(self.base_url, self.auth_headers(self.credential))
        #: Keeps the credential out of the vendor's data.
        self.redactor = CredentialRedactor(self.credential)
        max_wait = config["max_wait_seconds"]
        self._retry = RetryPolicy(self.vendor, self.base_url_setting, max_wait, clock)
        self._timeout: float = min(config["request_timeout"], LONGEST_SLEEP)
        self._largest: int = config["max_response_megabytes"] << 20
        self._idle: list[SessionThread] = []
        self._session = requests.Session()  # prepares requests; it never sends one
        self.user_agent = config.get("user_agent") or f"{PACKAGE}/{version(PACKAGE)}"

    @property
    def credential(self) -> str:
        """The secret, or '' if the user has none for this vendor."""
        return self.config.get(self.credential_setting) or ""

    @abstractmethod
    def auth_headers(self, credential: str) -> dict[str, str]:
        """The headers that carry the credential."""

    def advice(self, response: requests.Response, permission: str) -> str:
        """The remedy for an answer that a retry cannot change, in a sentence or two."""
        advice = self.advice_by_status.get(response.status_code)
        return (
            advice.format(permission=permission)
            if advice
            else "Report it to the vendor if it persists."
        )

    def acquire(self, stats: StreamStats) -> None:  # noqa: B027 - not every vendor has one
        """Wait until the rate limit lets the stream send a request. By default there is none."""

    @final
    def get(
        self,
        url: str,
        page_format: PageFormat,
        stats: StreamStats,
        *,
        params: Mapping[str, Any] | None = None,
        permission: str = "",
        decoder: Decoder = parse,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Page:
        """Request a page, with retries, for as long as it is wanted.

        Args:
            url: The page's URL. A query in it is sent as it stands.
            page_format: The documented format of the answer.
            stats: The stream that asks: counts the request and tells of waiting.
            params: The query, if the URL has none.
            permission: What the vendor calls the right to read this, for messages.
            decoder: What decodes the answer.
            is_wanted: Whether the page is still wanted; checked before each try.

        Raises:
            FatalError: The vendor refuses, or gave no valid answer within the time limit.
        """
        request = self._prepared("GET", url, params=params)

        def attempt(seconds_left: float) -> Page:
            if not is_wanted():
                raise FatalError("the answer is no longer needed")
            response = self._send_once(self.auth(request), self._time_for(seconds_left), stats)
            self._check_status(response, permission)
            return self._page(response, page_format, decoder)

        return self._retry.run(attempt, self.acquire, stats)

    @final
    def get_file(self, url: str, stats: StreamStats) -> requests.Response:
        """Request a file, with retries; the answer, whatever it holds.

        Args:
            url: The file's, on the vendor's own host: the credential is sent with it.
            stats: The stream that asks: counts the request and tells of waiting.

        Raises:
            FatalError: The vendor refuses, or gave no answer within the time limit; or the URL is
                another host's.
        """
        request = self._prepared("GET", url)

        def attempt(seconds_left: float) -> requests.Response:
            response = self._send_once(self.auth(request), self._time_for(seconds_left), stats)
            self._check_status(response, "")
            return response

        return self._retry.run(attempt, self.acquire, stats)

    def kept_page(self, body: bytes, page_format: PageFormat, decoder: Decoder) -> Page:
        """Decode an answer that was kept; it was of this format when it came."""
        return read_page(body, {}, page_format, self.redactor, decoder)

    def _page(self, response: requests.Response, page_format: PageFormat, decoder: Decoder) -> Page:
        """Decode a good answer, once.

        Raises:
            RetriableError: It is not what the vendor documents.
        """
        if response.status_code == HTTPStatus.NO_CONTENT:
            return Page([], {}, response.headers, b"", decoder)
        try:
            return read_page(
                response.content, response.headers, page_format, self.redactor, decoder
            )
        except (ValueError, RecursionError, ArithmeticError) as error:
            raise self._not_a_page(response, error) from error

    def _not_a_page(self, response: requests.Response, error: Exception) -> RetriableError:
        if error_slug(response):
            return RetriableError(
                f"answered {response.status_code} with an error{quote_of(response)}",
                response,
                until_deadline=False,
                advice=self.advice(response, "").rstrip("."),  # of a good status, none names it
            )
        kind = response.headers.get("Content-Type", "no content type")
        if encoding := response.headers.get("Content-Encoding"):
            kind = f"{kind}, {encoding}"
        reason = f"sent an answer that does not match its documentation ({error}; {kind})"
        return RetriableError(reason, response, until_deadline=False)

    def _prepared(self, method: str, url: str, **more: Any) -> requests.PreparedRequest:
        """A request, except for its credential.

        `requests` encodes a query again and would change an opaque cursor, so a query in
        the URL is put back unchanged.

        Raises:
            FatalError: The URL is none.
        """
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": ENCODINGS, **self.headers}
        try:
            request = self._session.prepare_request(
                requests.Request(method, url, headers=headers, auth=self.auth, **more)
            )
            if query := urlsplit(url).query:
                request.url = urlsplit(request.url or "")._replace(query=query).geturl()
        except ValueError as error:  # requests' own are among them
            raise FatalError(
                f"{url} is not a valid URL: {error}. Report it to the vendor."
            ) from error
        return request

    @final
    def post_once(
        self, path: str, body: Mapping[str, Any], stats: StreamStats
    ) -> requests.Response:
        """Send a POST request that must not be carried out twice; the answer, whatever its status.

        It is sent again only if the vendor says that it was not carried out (429), or if no
        connection could be made. Each try has a connection of its own: one that was used before
        may be closed by the vendor just as the request is sent.

        Raises:
            AnswerLostError: It may or may not have been carried out.
            FatalError: Within the time limit it was not sent, or was answered with 429 only.
        """
        request = self.auth(self._prepared("POST", f"{self.base_url}{path}", json=body))

        def attempt(seconds_left: float) -> requests.Response:
            try:
                response = self._exchange(
                    request, SessionThread(self._largest), self._time_for(seconds_left), stats
                )
            except RetriableError as failed:
                if failed.never_sent:
                    raise
                raise AnswerLostError(f"{self.vendor} {failed.reason}") from failed
            except AnswerTooLargeError as failed:
                raise AnswerLostError(str(failed).rstrip(".")) from failed
            except Exception as error:
                raise AnswerLostError(
                    f"{self.vendor} sent an answer that cannot be read"
                ) from error
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                raise RetriableError(RETRIED[HTTPStatus.TOO_MANY_REQUESTS], response)
            return response

        return self._retry.run(attempt, self.acquire, stats)

    def _time_for(self, seconds_left: float) -> float:
        return max(SHORTEST_TRY, min(self._timeout, seconds_left))

    def _send_once(
        self, request: requests.PreparedRequest, timeout: float, stats: StreamStats
    ) -> requests.Response:
        try:
            sender = self._idle.pop()
        except IndexError:
            sender = SessionThread(self._largest)
        response = self._exchange(request, sender, timeout, stats)
        self._idle.append(sender)
        return response

    def _exchange(
        self,
        request: requests.PreparedRequest,
        sender: SessionThread,
        timeout: float,
        stats: StreamStats,
    ) -> requests.Response:
        if self.watcher:
            self.watcher.sending(request)
        stats.count_request()
        try:
            response = sender.send(request, timeout, self.clock, stats)
        except requests.RequestException as error:
            host = origin(self.base_url)[1] or self.base_url
            failed = error_from(error, host, timeout)
            if failed is None:
                raise self._broken(error) from error
            raise failed from error
        except TooLargeError as error:
            raise AnswerTooLargeError(
                f"{self.vendor} sent an answer of more than {self._largest >> 20} MB, which is "
                f"max_response_megabytes. {self.too_large_advice}"
            ) from error
        except (OSError, HTTPError, UnicodeError) as error:  # a missing CA bundle, a wrong host
            raise self._broken(error) from error
        self._retry.note_answer()
        return self.watcher.received(response) if self.watcher else response

    def _broken(self, error: Exception) -> FatalError:
        return FatalError(
            f"the request to {self.vendor} cannot be made: {str(error).rstrip('.')}. Check "
            f"{self.base_url_setting}, and the variables for proxies and CA bundles.",
            whole_vendor=True,
        )

    def _check_status(self, response: requests.Response, permission: str) -> None:
        status = response.status_code
        if status in self.good_statuses:
            return
        if status in RETRIED:
            raise RetriableError(RETRIED[HTTPStatus(status)], response)
        if status in SERVER_ERRORS:
            raise RetriableError(f"answered {status}{quote_of(response)}", response)
        raise self.refusal(response, permission)

    def refusal(self, response: requests.Response, permission: str) -> FatalError:
        """The error for an answer that a retry cannot change."""
        status = response.status_code
        # An answer that succeeded holds data, which is not for the log.
        said = quote_of(response) if status >= HTTPStatus.BAD_REQUEST else ""
        path = urlsplit(response.url).path.removeprefix(urlsplit(self.base_url).path)
        if status in REDIRECTS:
            return FatalError(
                f"{self.vendor} answered {status} with a redirect, which is not "
                f"followed. Check {self.base_url_setting}.",
            )
        advice = self.advice(response, permission)
        return FatalError(
            f"{self.vendor} answered {status}{said}. {advice}",
            whole_vendor=status in self.fatal_for_all,
            slug=error_slug(response),
            cause=f"{self.vendor} {status}{without_varying_parts(said.replace(path, ''))}",
            permission=permission if permission in advice else "",
            status=status,
        )
