r"""Keeps secrets out of whatever leaves the process: logs, messages, quoted answers, records.

Every registered secret is removed from messages and logs, in any spelling. From a vendor's data
only that vendor's own credential is removed: another secret may be an ordinary word of the data.

A secret is looked for in a text as it stands and as JSON, URLs and HTML decode it, one after the
other: ``a+b`` is found in ``a%2Bb``, ``a\u002bb``, ``a\u00252Bb`` and ``a&#43;b``. In messages it
is also found within base64.
"""

from __future__ import annotations

import html
import json
import logging
import re
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from typing_extensions import override

from tap_utility_energy.logs import every_handler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MASK = "[secret]"
#: Data may contain shorter texts, and any number, by chance.
SHORTEST_IN_DATA = 8
SHORTEST_IN_LOGS = 4
#: Maximum number of decoded forms of a text to search.
MOST_FORMS = 16

_JSON = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\"\\/bfnrt])")
_URL = re.compile(r"%[0-9a-fA-F]{2}")
_HTML = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")
#: What a terminal takes for a command, such as a colour.
TERMINAL = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
_INVISIBLE = re.compile(
    f"{TERMINAL}|"
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_BLANKS = re.compile(r"\s+")  # a secret may be broken up where lines are wrapped
#: Includes named characters such as ``&amp;``. In data that is not HTML they mean something else.
_HTML_IN_MESSAGES = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});?")
_IN_DATA = (_JSON, _URL, _HTML)
_IN_MESSAGES = (_INVISIBLE, _BLANKS, _JSON, _URL, _HTML_IN_MESSAGES)
#: Escapes of printable ASCII characters in JSON, URLs and HTML. Searching each alone is fast.
_ASCII_ESCAPES = (r"\\(?:u00[2-7][0-9a-fA-F]|/)", r"%[2-7][0-9a-fA-F]", _HTML.pattern)
_ASCII = re.compile("|".join((r"\\\\", *_ASCII_ESCAPES)))
_EACH_ASCII = tuple(map(re.compile, _ASCII_ESCAPES))
#: What escapes are made of, in one of which another may be written. The others of a text matter
#: only if they stand for a character of the secret.
ESCAPE_ALPHABET = r"\%&#;uxX0123456789abcdefABCDEF"
_URL_SAFE = str.maketrans("+/", "-_")
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_JSON_STRING = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_USER_IN_URL = re.compile(r"(?<=://)[^/?#\s@]+(?=@)")

_registered: set[str] = set()
_pattern: re.Pattern[str] | None = None


def register_secrets(values: Iterable[str]) -> None:
    """Register secrets: from now on they are redacted from logs and messages.

    A text that is also a word of the tap's messages, such as a token "key", is not registered: its
    redaction would make the messages unreadable and reveal the token.
    """
    for value in values:
        secret = value.encode("utf-8", "replace").decode().strip()
        if secret and not _is_ordinary(secret):
            forms = (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe=""))
            _registered.update(forms, _in_base64(secret.encode()))
    _compile()


def _in_base64(secret: bytes) -> Iterator[str]:
    """The characters that the secret alone decides, wherever in an encoded text it begins.

    A proxy's password follows a user's name there, and a token may follow ``Bearer``.
    """
    for before in range(3):
        encoded = b64encode(bytes(before) + secret)
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        if last - first >= SHORTEST_IN_DATA:
            core = encoded[first:last].decode()
            yield from (core, core.translate(_URL_SAFE))


def forget_secrets() -> None:
    """Forget all registered secrets: nothing is redacted any more."""
    _registered.clear()
    _compile()


def _compile() -> None:
    global _pattern  # noqa: PLW0603 - one process has one set of secrets, as it has one log
    longest_first = sorted(_registered, key=len, reverse=True)
    forms = "|".join(map(re.escape, longest_first))
    _pattern = re.compile(forms, re.IGNORECASE) if forms else None


def _is_ordinary(secret: str) -> bool:
    has_missing_data = len(secret) < SHORTEST_IN_DATA
    if len(secret) < SHORTEST_IN_LOGS or (has_missing_data and secret.isdigit()):
        return True
    has_digit = any(character.isdigit() for character in secret)
    return (has_missing_data or not has_digit) and secret.casefold() in _own_words()


@cache
def _own_words() -> str:
    """The tap's source code, which holds every word of its messages."""
    sources = Path(__file__).parents[1].rglob("*.py")
    return "\n".join(source.read_text("utf-8") for source in sources).casefold()


def redact(text: str) -> str:
    """The text without any registered secret. Shorten it afterwards, never before."""
    text = _USER_IN_URL.sub(MASK, text)
    if _pattern is None:
        return text
    return _without(_pattern, text, _forms(text, list(range(len(text) + 1)), _IN_MESSAGES))


class CredentialRedactor:
    """A vendor's credential, which its answers may quote."""

    def __init__(self, credential: str) -> None:
        is_rare = len(credential) >= SHORTEST_IN_DATA and not credential.isdigit()
        self._secret = credential if is_rare and not _is_ordinary(credential) else ""
        self._pattern = re.compile(re.escape(self._secret))
        self._alphabet = {*self._secret, *ESCAPE_ALPHABET}
        self._looks_escaped = any(character in credential for character in '"\\%&')

    def redact_json(self, text: str) -> str:
        """A JSON text as it was sent, but for the credential in its strings."""
        return _JSON_STRING.sub(self._redact_string, text) if self._may_be_in(text) else text

    def _may_be_in(self, text: str) -> bool:
        """Whether to take the text apart, which costs more than all else that is done with it."""
        if not self._secret:
            return False
        for _ in range(MOST_FORMS):
            if self._secret in text:
                return True
            if self._looks_escaped and any(sign in text for sign in "\\%&"):
                return True
            escapes = {found for escape in _EACH_ASCII for found in escape.findall(text)}
            if self._alphabet.isdisjoint(map(_character, escapes)):
                return False
            text = _ASCII.sub(lambda found: _character(found[0]), text)
        return True

    def _redact_string(self, string: re.Match[str]) -> str:
        text = string[1]
        if not self._may_be_in(text):
            return string[0]
        decoded, starts = _decoded(_JSON, text, list(range(len(text) + 1)))
        return f'"{_without(self._pattern, text, _forms(decoded, starts, _IN_DATA))}"'


def _without(
    pattern: re.Pattern[str], text: str, forms: Iterable[tuple[str, Sequence[int]]]
) -> str:
    """The text without what the pattern finds in one of its forms.

    The first form with the match counts: a later form may read the text before it as an escape.
    """
    places = list[tuple[int, int]]()
    for form, starts in forms:
        for found in pattern.finditer(form):
            start, stop = starts[found.start()], starts[found.end()]
            if all(stop <= begin or end <= start for begin, end in places):
                places.append((start, stop))
    for start, stop in sorted(places, reverse=True):
        text = f"{text[:start]}{MASK}{text[stop:]}"
    return text


def _forms(
    text: str, starts: Sequence[int], escapes: Sequence[re.Pattern[str]]
) -> Iterator[tuple[str, Sequence[int]]]:
    """The text, and what is left when its escapes are decoded in one order or another.

    Args:
        text: The text.
        starts: Where each of its characters begins in the original, and where that ends.
        escapes: The ways to escape a character.
    """
    forms = {text: starts}
    todo = [text]
    for form in todo:
        yield form, forms[form]
        for escape in escapes:
            plain, places = _decoded(escape, form, forms[form])
            if plain not in forms and len(todo) < MOST_FORMS:
                forms[plain] = places
                todo.append(plain)


def _decoded(
    escape: re.Pattern[str], text: str, starts: Sequence[int]
) -> tuple[str, Sequence[int]]:
    pieces, places, end = list[str](), list[int](), 0
    for found in escape.finditer(text):
        character = _character(found[0])
        pieces += (text[end : found.start()], character)
        places += starts[end : found.start()]
        places += [starts[found.start()]] * len(character)
        end = found.end()
    return "".join([*pieces, text[end:]]), [*places, *starts[end:]]


def _character(escape: str) -> str:
    if escape[0] == "%":
        return chr(int(escape[1:], 16))
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[0] != "\\":
        return ""  # invisible or blank
    digits = escape[2:]
    if digits:
        return chr(int(digits, 16))
    return _SHORT_ESCAPES.get(escape[1], escape[1])


class RedactingFormatter(logging.Formatter):
    """Redacts the output of another formatter, tracebacks included."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record))


def redact_logs() -> None:
    """Wrap the formatter of every existing handler."""
    for handler in every_handler():
        if not isinstance(handler.formatter, RedactingFormatter):
            handler.setFormatter(RedactingFormatter(handler.formatter or logging.Formatter()))
