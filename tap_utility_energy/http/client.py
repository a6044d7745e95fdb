"""One vendor, as all its streams see it: credential, connection, budget, patience, words."""

from __future__ import annotations

import threading
import weakref
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, final

import requests

from tap_utility_energy import signals
from tap_utility_energy.http.faults import Fault, Refusal, fault_from, quote_of
from tap_utility_energy.http.retry import RETRIED, RetryPolicy
from tap_utility_energy.http.session import OriginAuth, Session, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_utility_energy.clock import Clock

SHORTEST_TRY = 1.0  # seconds; a last try gets that much, though the time is nearly up


class Client:
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

    def __init__(self, config: Mapping[str, Any], clock: Clock) -> None:
        self.config = config
        self.version = version("tap-utility-energy")
        self.base_url: str = config.get(self.base_url_setting, "").rstrip("/")
        self.auth = OriginAuth(self.base_url, self.auth_headers(self.credential))
        max_wait = config.get("max_wait_seconds", 1800)
        self._retry = RetryPolicy(self.vendor, self.base_url_setting, max_wait, clock)
        self._timeout: float = config.get("request_timeout", 300)
        self._sessions = threading.local()

    @property
    def credential(self) -> str:
        """The secret, or '' if the user has none for this vendor."""
        return self.config.get(self.credential_setting) or ""

    @property
    def session(self) -> Session:
        """This thread's session: requests does not promise that threads can share one."""
        if not hasattr(self._sessions, "session"):
            self._sessions.session = Session()
            weakref.finalize(self, self._sessions.session.close)
        session: Session = self._sessions.session
        return session

    def auth_headers(self, credential: str) -> dict[str, str]:
        """The headers that carry the credential."""
        raise NotImplementedError

    def advice(self, response: requests.Response, permission: str) -> str:
        """What to do about an answer that no other try can better, in a sentence or two."""
        advice = self.advice_by_status.get(response.status_code)
        return advice.format(permission=permission) if advice else "Report it if it stays."

    def wait_for_turn(self) -> None:
        """Wait until the vendor may be asked again. By default that is at once."""

    @final
    def send(
        self,
        request: requests.PreparedRequest,
        validate: Callable[[requests.Response], None],
        permission: str = "",
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> requests.Response:
        """Send a GET request until it is answered well.

        Args:
            request: The request; its credential is set here.
            validate: Raises `Fault` for an answer that is not what the vendor's page promises.
            permission: What the vendor calls the right to read this, for messages.
            is_wanted: Whether the answer is still of use to anybody.

        Raises:
            Refusal: The vendor refuses, or did not answer well in the time that there is.
        """

        def attempt(seconds_left: float) -> requests.Response:
            self.wait_for_turn()
            if not is_wanted():
                raise Refusal("the answer is not wanted any more")
            timeout = max(SHORTEST_TRY, min(self._timeout, seconds_left))
            response = self._send_once(self.auth(request), timeout)
            self._check_status(response, permission)
            validate(response)
            return response

        return self._retry.run(attempt)

    def _send_once(self, request: requests.PreparedRequest, timeout: float) -> requests.Response:
        try:
            with signals.interruptible():
                return self.session.send(request, timeout=timeout)
        except requests.RequestException as error:
            host = origin(self.base_url)[1] or self.base_url
            fault = fault_from(error, host, timeout)
            if fault is None:
                message = f"the request to {self.vendor} failed: {type(error).__name__}: {error}"
                raise Refusal(f"{message}. Check {self.base_url_setting}.") from error
            raise fault from error

    def _check_status(self, response: requests.Response, permission: str) -> None:
        status = response.status_code
        if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            return
        if status in RETRIED:
            raise Fault(RETRIED[HTTPStatus(status)], response)
        said = quote_of(response)
        if response.is_redirect:
            raise Refusal(
                f"{self.vendor} answered {status} and sends the request elsewhere, which is not "
                f"followed. Check {self.base_url_setting}.",
            )
        raise Refusal(
            f"{self.vendor} answered {status}{said}. {self.advice(response, permission)}",
            whole_vendor=status in self.fatal_for_all,
        )
