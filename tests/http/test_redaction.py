"""Secrets in whatever spelling: none is left, and data beside them is what was sent."""

from __future__ import annotations

import html
import json
import random
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest
import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tap_utility_energy.http.errors import LONGEST_QUOTE, LONGEST_READ, one_line, quote_of
from tap_utility_energy.http.redaction import (
    MASK,
    CredentialRedactor,
    forget_secrets,
    redact,
    register_secrets,
)

Writer = Callable[[str], str]

MARKS = "+/=%\\\"'&.-_~"
#: None of them is a part of an escape, where a secret could seem to begin.
LETTERS = "GHIJKMNPghijkmopq"


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    yield
    forget_secrets()


secrets = st.text(LETTERS + MARKS, min_size=8, max_size=24).filter(
    lambda text: len(set(text) & set(LETTERS)) > 3
)
seeds = st.integers(0, 2**32)
around = st.text(st.sampled_from('xyz é€\n\t\\"/%&😀+' + "\x7f\u2028"), max_size=6)


def some(
    share: float, seed: random.Random, escape: Callable[[str], str], always: str = ""
) -> Writer:
    """Escapes some of the characters, and always those without which the text could not be read."""
    return lambda text: "".join(
        escape(c) if c in always or (c.isascii() and seed.random() < share) else c for c in text
    )


def in_url(seed: random.Random) -> Writer:
    case = seed.choice([str.upper, str.lower])
    return some(seed.random(), seed, lambda c: "%" + case(f"{ord(c):02x}"), always="%")


def in_html(seed: random.Random) -> Writer:
    form = seed.choice(["&#{0};", "&#x{0:x};", "&#X{0:04X};"])
    return some(seed.random(), seed, lambda c: form.format(ord(c)), always="&")


def in_json(seed: random.Random) -> Writer:
    """The inside of a JSON string."""

    def escape(c: str) -> str:
        short = json.dumps(c)[1:-1] if c != "/" else "\\/"
        code = seed.choice(["\\u{:04x}", "\\u{:04X}"]).format(ord(c))
        return code if len(short) == 1 else seed.choice([short, code])

    must = '"\\' + "".join(map(chr, range(32)))
    return some(seed.random(), seed, escape, always=must)


def spelled(secret: str, seed: random.Random) -> str:
    """The secret as up to two encoders write it, one around the other."""
    for encoder in seed.choices([in_url, in_html, in_json], k=seed.randint(0, 2)):
        secret = encoder(seed)(secret)
    return secret


@settings(max_examples=150, deadline=None)
@given(secret=secrets, before=around, after=around, seed=seeds)
def test_of_data_the_credential_alone_is_redacted(
    secret: str, before: str, after: str, seed: int
) -> None:
    chance = random.Random(seed)
    write = in_json(chance)
    text = '{{"a": "x\\/y%2Fz \\u0041", "n": 1.50, "b{}": ["{}"]}}'
    escaped = spelled(secret, chance)
    assume(escaped == secret or not before.endswith("\\"))  # else who knows what it escapes
    # The escape of such a character begins with it, so that the rest of the escape remains.
    assume(escaped == secret or secret[-1] not in "\\%&")
    quoted = write(escaped)
    left, right = write(before), write(after)

    redacted = CredentialRedactor(secret).redact_json(text.format("", left + quoted + right))

    assert redacted == text.format("", left + MASK + right)
    assert CredentialRedactor(secret).redact_json(text.format(quoted, "")) == text.format(MASK, "")


@settings(max_examples=200, deadline=None)
@given(
    secret=secrets,
    page=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    is_ascii=st.booleans(),
)
def test_data_without_the_credential_is_unchanged(
    secret: str, page: object, *, is_ascii: bool
) -> None:
    text = json.dumps(page, ensure_ascii=is_ascii)
    assume(secret not in text)
    assume(json.dumps(secret)[1:-1] not in text)

    assert CredentialRedactor(secret).redact_json(text) == text


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("n12345678", r'["a\n12345678"]'),
        ("u0061bcdefg", r'["\u0061bcdefg"]'),
        ("/12345678", r'["a\\/1234567", "\\"]'),
        ("12345678.5", "[12345678.5]"),
        ("12345678", '["12345678"]'),
        ("key", '["key"]'),
        ("electric", '["electric"]'),
        ('abcdefg1"', '["abcdefg1"]'),
        ('1","b":"2', '{"a":"1","b":"2"}'),
    ],
)
def test_what_only_looks_like_the_credential_is_left_alone(secret: str, text: str) -> None:
    assert CredentialRedactor(secret).redact_json(text) == text


#: Of a terminal, which shows nothing of them.
COMMANDS = ("\x1b[1;31m", "\x9b0m", "\x1b]0;title\x07")


def interrupted(text: str, chance: random.Random) -> str:
    """The text with what is not shown, or shown as a blank, in between."""
    between = chance.choice([
        "",
        "\0",
        "\u200b",
        "\ufeff",
        "\x1b",
        "\n",
        "\r\n  ",
        "\x85",
        *COMMANDS,
    ])
    return between.join(text)


@settings(max_examples=150, deadline=None)
@given(
    secret=secrets,
    seed=seeds,
    length=st.sampled_from([0, LONGEST_QUOTE, LONGEST_READ]),
    filling=st.sampled_from(["W", " ", "\0", "W ", "\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    form=st.sampled_from(["text", "error", "description", "json"]),
)
def test_an_errors_body_is_quoted_without_a_secret(
    secret: str, seed: int, length: int, filling: str, encoding: str, form: str
) -> None:
    chance = random.Random(seed)
    register_secrets([secret])
    filled = filling * (max(0, length - chance.randint(0, 2 * len(secret))) // len(filling))
    said = f"{filled}{interrupted(spelled(secret, chance), chance)}"
    answer = requests.Response()
    forms = {
        "text": said,
        "error": json.dumps({"error": said}),
        "description": json.dumps({"error": "some", "error_description": said}),
        "json": json.dumps({"message": said}),
    }
    answer._content = forms[form].encode(encoding)

    quote = quote_of(answer)

    shown = "".join(quote.split()).replace(MASK, "").replace("[secret", "")
    for form_shown in (shown, unquote(shown), html.unescape(shown)):
        pieces = {secret[at : at + 5].lower() for at in range(len(secret) - 4)}
        assert not [piece for piece in pieces if piece in form_shown.lower()]
    assert len(quote) <= LONGEST_QUOTE + len(": …")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-7", "utf-7"),
        ("ISO-8859-1", "latin-1"),
        ('"windows-1252"', "cp1252"),
        ("cp500", "cp500"),
        ("utf-16le", "utf-16-le"),
        ("iso-8859-1", "utf-8"),  # a lie that servers tell
        ("zip", "utf-8"),
        ("rot13", "utf-8"),
        ("no-such", "utf-8"),
        ("undefined", "utf-8"),
    ],
)
def test_an_errors_body_is_read_in_its_charset(charset: str, encoding: str) -> None:
    register_secrets(["abc+def-123"])
    answer = requests.Response()
    answer.headers["Content-Type"] = f"text/plain; charset={charset}"
    answer._content = "Schlüssel abc+def-123 ungültig".encode(encoding)

    assert quote_of(answer) == f": Schlüssel {MASK} ungültig"


def test_control_characters_go_before_secrets_and_secrets_before_the_cut() -> None:
    register_secrets(["abc-def-123"])

    assert one_line("x\x1b[1mabc-\x1b[0mdef-123 y") == f"x{MASK} y"
    assert one_line("x\0abc\0-def\u200b-123 y") == f"x{MASK} y"
    assert one_line("x" * 10 + "abc-def-123", 15) == "x" * 10 + "[secr…"


@pytest.mark.parametrize(
    "line",
    [
        "The key is wrong or deleted",
        "EnergyCAP at 127.0.0.1 refuses the connection",
        "Beginning sync of 'energycap_bills' in full_table mode",
    ],
)
def test_our_own_words_are_no_secrets(line: str) -> None:
    register_secrets(["key", "wrong", "EnergyCAP", "connection", "1", "127", "energycap_bills"])

    assert redact(line) == line


def test_other_words_are() -> None:
    register_secrets(["hunter2", "swordfish", "abc-1", "Zwölf+Boxkämpfer"])

    for said in ("hunter2", "SWORDFISH!", "x=abc-1&", "Zw%C3%B6lf%2BBoxk%C3%A4mpfer"):
        assert MASK in redact(said)


@pytest.mark.parametrize("url", ["http://someone:pw@host:1/x", "s3://key@bucket/x"])
def test_the_user_of_a_url_is_never_shown(url: str) -> None:
    assert redact(f"a {url} b") in {"a http://[secret]@host:1/x b", "a s3://[secret]@bucket/x b"}


@pytest.mark.parametrize(
    "body",
    [
        '{"token": "abcdefgh", "message": "x"}',
        r'{"t\u006fken":"abcdefgh"}',
        r'{"error": "see", "error_description": "{\"token\": \"abcdefgh\"}"}',
        r'"{\"token\": \"abcdefgh\""',
        '{"token": "abcd\\"efgh',
        "{'token': 'abcdefgh'}",
    ],
)
def test_the_key_of_a_session_is_never_quoted(body: str) -> None:
    answer = requests.Response()
    answer._content = body.encode()

    assert "efgh" not in quote_of(answer)
