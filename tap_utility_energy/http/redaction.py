"""Strikes secrets from whatever leaves the process: logs, messages, quoted answers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[secret]"
SHORTEST_IN_DATA = 8

_struck: dict[str, None] = {}


def strike(secrets: Iterable[str]) -> None:
    """From now on, replace these texts, as they are and as URLs, JSON and Python write them."""
    for secret in secrets:
        forms = (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))
        _struck.update(dict.fromkeys((*forms, json.dumps(secret)[1:-1], repr(secret)[1:-1])))
    longest_first = sorted(_struck, key=len, reverse=True)
    _struck.clear()
    _struck.update(dict.fromkeys(filter(None, longest_first)))


def redact(text: str) -> str:
    """The text without any secret. Shorten it afterwards, never before."""
    for secret in _struck:
        text = text.replace(secret, MASK)
    return text


def redact_bytes(body: bytes) -> bytes:
    """The same for an answer's body, at the price of one search a secret.

    Texts that ordinary data could hold by chance, short ones and numbers, are left alone here.
    """
    for secret in _struck:
        if len(secret) >= SHORTEST_IN_DATA and not secret.isdigit():
            body = body.replace(secret.encode(), MASK.encode())
    return body


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
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        if not isinstance(handler.formatter, RedactingFormatter):
            handler.setFormatter(RedactingFormatter(handler.formatter or logging.Formatter()))
