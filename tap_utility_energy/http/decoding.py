"""Lossless and strict JSON decoding."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.helpers.types import Record

#: Limits of numbers that become `Decimal`. A double has no larger exponent, and PostgreSQL has
#: 16,383 digits after the point.
LARGEST_EXPONENT, SMALLEST_EXPONENT, MOST_DIGITS = 308, -1000, 1000

#: Decode the outermost object or list only. Its values stay as they were sent.
raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
raw_items = msgspec.json.Decoder(list[msgspec.Raw]).decode

_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
#: NUL and surrogates, and what has to be skipped to find them: pairs, and backslashes themselves.
_ESCAPE = re.compile(rf"\\(?:{_PAIR}|(?P<unfit>u0000|u[dD][89a-fA-F][0-9a-fA-F]{{2}})|\\)")


def parse(text: str | bytes, hook: Callable[[Record], Record] | None = None) -> Any:
    """Decode JSON without loss: fractions become `Decimal`. NaN, which is not JSON, is an error.

    Numbers that no database can hold become their text; see `fraction`.

    Args:
        text: What was received. The encoding of bytes is detected: UTF-8, 16 or 32.
        hook: What to make of each object.

    Raises:
        ValueError: It is not JSON.
    """
    read = partial(json.loads, text, object_hook=hook, parse_float=fraction, parse_constant=refuse)
    try:
        return read()
    except json.JSONDecodeError:
        raise
    except ValueError:  # perhaps an integer of more digits than Python converts
        return read(parse_int=integer)


def fraction(text: str) -> Decimal | str:
    """The value of a number with a fraction or an exponent; its text if no database can hold it.

    >>> fraction("12.50"), fraction("1e400")
    (Decimal('12.50'), '1e400')
    """
    try:
        number = Decimal(text)
    except ArithmeticError:  # the exponent is too large for `Decimal` as well
        return text
    is_usual = SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT
    return number if is_usual and len(text) <= MOST_DIGITS else text


def integer(text: str) -> int | str:
    """The value of a number without a fraction; its text if no database can hold it."""
    return int(text) if len(text) <= MOST_DIGITS else text


def with_usual_characters(text: str) -> str:
    r"""JSON with U+FFFD for NUL and for lone surrogates, which no database takes.

    >>> print(with_usual_characters(r'"\u0000 \\u0000 \ud83d\ude00 \ud83d"'))
    "\ufffd \\u0000 \ud83d\ude00 \ufffd"
    """
    if "\\" not in text or not any(mark in text for mark in ("\\u0000", "\\ud", "\\uD")):
        return text
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["unfit"] else found[0], text)


class NamedTwiceError(ValueError):
    """A JSON object has a duplicate name, of which most readers drop the first value."""


def parse_settings(text: str | bytes) -> Any:
    """Like `parse`, but for text written by a person: refuses duplicate names.

    Raises:
        NamedTwiceError: An object has a name twice.
        ValueError: It is not JSON.
    """
    return json.loads(
        text, object_pairs_hook=_named_once, parse_float=Decimal, parse_constant=refuse
    )


def _named_once(pairs: list[tuple[str, Any]]) -> Record:
    found: Record = {}
    for name, value in pairs:
        if name in found:
            raise NamedTwiceError(f"it has {name} twice in one object: keep one of them")
        found[name] = value
    return found


def parse_without(name: str, text: str) -> Any:
    """Like `parse`, without the properties of this name, at any depth."""
    return parse(text, partial(_without, name))


def may_name(name: str, text: str) -> bool:
    r"""Whether JSON may have a property of this name, which can be written with escapes.

    >>> may_name("token", r'{"t\u006Fken": 1}')
    True
    """
    if "\\" in text and "\\u00" in text:
        return re.search(f'"{spelled(name)}"', text) is not None
    return name in text


def spelled(name: str) -> str:
    """A regular expression for the letters of a name, as they are or with escapes of JSON."""
    return "".join(f"(?:{letter}|\\\\u00(?i:{ord(letter):02x}))" for letter in name)


def _without(name: str, thing: Record) -> Record:
    thing.pop(name, None)
    return thing


def refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, as ``parse_constant`` of `json`."""
    raise ValueError(f"{constant} is not JSON")
