"""Requests and answers as the vendors see them, and JSON without floats."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

import simplejson

if TYPE_CHECKING:
    from collections.abc import Mapping

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadQueryError(ValueError):
    """The query string cannot be understood."""


class Param(NamedTuple):
    """A query parameter; `raw` is its value as received, still escaped."""

    name: str
    value: str
    raw: str


@dataclass(frozen=True)
class Call:
    """A request as received; `path` and `query` are still escaped, header names as sent.

    A dry one is answered and has no effect.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    now: float
    body: bytes = b""
    is_dry: bool = False

    @property
    def target(self) -> str:
        """The request target: path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def header_values(self, name: str) -> list[str]:
        """Every value sent under a header name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def host(self) -> str:
        """The authority that the client asked for."""
        return (self.header_values("Host") or ["localhost"])[0]


@dataclass(frozen=True)
class Answer:
    """A whole answer; no content type means none is sent."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def to_json(value: object) -> bytes:
    """Write JSON as UTF-8 with every Decimal in its own digits."""
    text = simplejson.dumps(value, use_decimal=True, ensure_ascii=False)
    return text.encode()


def from_json(body: bytes | str) -> Any:
    """Read JSON with every number that has a fraction or an exponent as a Decimal."""
    return simplejson.loads(body, use_decimal=True)


def json_answer(value: object, status: int = 200) -> Answer:
    """Answer with a JSON document."""
    return Answer(status, to_json(value), "application/json; charset=utf-8")


def parse_query(query: str) -> list[Param]:
    """Split a query string into parameters, in order, refusing what is malformed."""
    return [_param(part) for part in query.split("&")] if query else []


def _param(part: str) -> Param:
    name, equals, raw = part.partition("=")
    if not name or not equals:
        raise BadQueryError(f"{part!r} is not name=value")
    return Param(_unescape(name), _unescape(raw), raw)


def _unescape(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise BadQueryError("a percent sign that escapes nothing")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise BadQueryError("not UTF-8") from error
