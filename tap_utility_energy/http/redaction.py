"""Strikes secrets from whatever leaves the process: logs, messages, quoted answers."""

from __future__ import annotations

import json
import logging
import re
import weakref
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[secret]"
SHORTEST_IN_DATA = 8

#: What JSON and URLs may write a plain character as: \u002b, \/ and %2b.
#: A backslash that is escaped itself comes first, so that it escapes nothing.
_ESCAPE = re.compile(r"\\(?:\\|u00([2-7][0-9a-fA-F])|/)|%([2-7][0-9a-fA-F])")

_struck: dict[str, None] = {}


def strike(secrets: Iterable[str]) -> None:
    """From now on, replace these texts, however URLs, JSON and Python write them."""
    for given in secrets:
        secret = given.encode("utf-8", "replace").decode()
        forms = (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])
        _struck.update(dict.fromkeys(forms))
    longest_first = sorted(_struck, key=len, reverse=True)
    _struck.clear()
    _struck.update(dict.fromkeys(filter(None, longest_first)))


def redact(text: str) -> str:
    """The text without any secret. Shorten it afterwards, never before."""
    return _redact(text, _struck)


def redact_data(text: str) -> str:
    """The same for an answer's body, at the price of one search a secret.

    Texts that ordinary data could hold by chance, short ones and numbers, are left alone here.
    """
    rare = [secret for secret in _struck if len(secret) >= SHORTEST_IN_DATA]
    return _redact(text, [secret for secret in rare if not secret.isdigit()])


def _redact(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    # Looking for one character costs next to nothing, and few pages have either.
    if ("\\" in text and ("\\u00" in text or "\\/" in text)) or "%" in text:
        plain = _ESCAPE.sub(_unescaped, text)
        if any(secret in plain for secret in secrets):
            return _redact(plain, secrets)
    return text


def _unescaped(escape: re.Match[str]) -> str:
    if escape[0] == "\\\\":
        return escape[0]
    code = escape[1] or escape[2]
    character = chr(int(code, 16)) if code else "/"
    return escape[0] if character in '"\\' else character


class RedactingFormatter(logging.Formatter):
    """Redacts what another formatter made of a log record, tracebacks included."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record))


def redact_logs() -> None:
    """Put the formatter around that of every handler that exists now."""
    # Private, but the only list that has the handlers behind other handlers as well.
    for reference in logging._handlerList:  # type: ignore[attr-defined]  # noqa: SLF001
        handler = reference() if isinstance(reference, weakref.ref) else reference
        if handler and not isinstance(handler.formatter, RedactingFormatter):
            handler.setFormatter(RedactingFormatter(handler.formatter or logging.Formatter()))
