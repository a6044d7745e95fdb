"""The log of a client's requests, without its credentials."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.wire import Call

Entry = dict[str, object]
_CREDENTIAL_HEADERS = {
    "authorization": "utilityapi",
    "eci-apikey": "energycap",
    "proxy-authorization": None,
    "cookie": None,
}


_IS_DATA = re.compile(r"/utilityapi/api/v2/(bills|intervals)\b")
# Under any other fault the client did not get the answer whole.
_HARMLESS = (None, "latency", "drip")


class RequestLog:
    """Entries in order of arrival; times in seconds since the sandbox started."""

    def __init__(self, secrets: Mapping[str, str], time_scale: float = 1.0) -> None:
        """Know the credential of each vendor, so that it can be judged and kept out."""
        self._secrets = secrets
        self._minute = 60 / time_scale
        self._served: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        self._under_way: dict[str | None, int] = {}
        self.entries: list[Entry] = []

    def arrive(self, vendor: str | None, call: Call) -> Entry:
        """Enter a request; its status stays null until it has an answer."""
        self._under_way[vendor] = self._under_way.get(vendor, 0) + 1
        headers = {name: self._header(vendor, name, value) for name, value in call.headers}
        lower = {name.lower(): value for name, value in headers.items()}
        entry: Entry = {
            "n": len(self.entries) + 1,
            "t": round(call.now, 6),
            "seconds": None,
            "vendor": vendor,
            "method": call.method,
            "target": self._clean(vendor, call.target),
            "status": None,
            "authorized": self._is_authorized(vendor, call),
            "token_in_query": "access_token=" in call.query,
            "foreign_credential": self._has_foreign(vendor, call),
            "user_agent": lower.get("user-agent"),
            "content_type": lower.get("content-type"),
            "body": self._clean(vendor, call.body.decode(errors="replace")) or None,
            "headers": headers,
            # UtilityAPI asks not to refresh bills and intervals more often than once a minute.
            "too_soon": call.now < self._served.get(_same(call), -self._minute) + self._minute,
            "too_early": call.now < self._not_before.get(call.target, 0),
            "in_flight": self._under_way[vendor],
            "fault": None,
        }
        self.entries.append(entry)
        return entry

    def answered(self, entry: Entry, call: Call, status: int, headers: Mapping[str, str]) -> None:
        """Note the status, and until when the client was asked to wait with the same request."""
        entry["status"] = status
        if status == 200 and _IS_DATA.match(call.target) and entry["fault"] in _HARMLESS:
            self._served[_same(call)] = call.now
        wait = {name.lower(): value for name, value in headers.items()}.get("retry-after")
        self._not_before.pop(call.target, None)
        if wait is not None:
            self._not_before[call.target] = call.now + _seconds(wait)

    def clear(self) -> None:
        """Forget the requests so far."""
        self.entries.clear()
        self._served.clear()

    def leave(self, entry: Entry, vendor: str | None, now: float) -> None:
        """Note that a request has ended, with or without an answer."""
        self._under_way[vendor] -= 1
        t = entry["t"]
        entry["seconds"] = round(now - t, 6) if isinstance(t, float) else None

    def _header(self, vendor: str | None, name: str, value: str) -> str:
        if name.lower() in _CREDENTIAL_HEADERS:
            return "valid" if self._is_valid(vendor, name, value) else "wrong"
        return self._clean(vendor, value)

    def _is_valid(self, vendor: str | None, name: str, value: str) -> bool:
        if vendor is None or _CREDENTIAL_HEADERS.get(name.lower()) != vendor:
            return False
        scheme = "Bearer " if vendor == "utilityapi" else ""
        return value == scheme + self._secrets[vendor]

    def _is_authorized(self, vendor: str | None, call: Call) -> bool:
        return any(self._is_valid(vendor, name, value) for name, value in call.headers) or (
            vendor == "utilityapi"
            and f"access_token={self._secrets[vendor]}" in call.query.split("&")
        )

    def _has_foreign(self, vendor: str | None, call: Call) -> bool:
        """Tell whether a credential of another vendor came along."""
        text = "\n".join([call.target, *(value for _, value in call.headers)])
        others = [secret for name, secret in self._secrets.items() if name != vendor]
        return any(form in text for secret in others for form in _forms(secret))

    def _clean(self, vendor: str | None, text: str) -> str:
        for name, secret in self._secrets.items():
            for form in _forms(secret):
                text = text.replace(form, "valid" if name == vendor else "wrong")
        return text


def _same(call: Call) -> str:
    """Return what is equal for requests for the same, in whatever order they name it."""
    return f"{call.method} {call.path}?{'&'.join(sorted(call.query.split('&')))}"


def _forms(secret: str) -> tuple[str, ...]:
    """Return the ways in which a secret can be written into a request."""
    return secret, quote(secret, safe=""), quote_plus(secret)


def _seconds(wait: str) -> float:
    """Read a Retry-After header: seconds, or a date."""
    if wait.strip().isdecimal():
        return float(wait)
    try:
        moment = email.utils.parsedate_to_datetime(wait)
    except ValueError:
        return 0.0
    return (moment - dt.datetime.now(dt.UTC)).total_seconds()
