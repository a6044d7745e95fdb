"""No value of the vendors' data is in the report, on the screen or in the log."""

from __future__ import annotations

import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sandbox import Sandbox
from tests.check.proxy import Deviation, Result, Sent, changed, check, settings
from tests.odd_values import places
from tests.support import TapRunner

#: Counts are what the report is for, and names of blocks are names of fields.
LEFT_ALONE = {"bill_count", "interval_count", "blocks"}
#: Objects whose names users choose.
MAPS = ("scope", "exports", "properties")
WORDS = st.text(string.ascii_letters, min_size=10, max_size=16).map("zq".__add__)
NUMBERS = st.integers(3_141_592_653, 9_999_999_999)
QUIET = hypothesis_settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # to shrink a failure takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    with Sandbox(meters=6, billing_summaries=30, cache_seconds=0, utilityapi_rate_limit=0) as box:
        yield box


class Thrower:
    """Throws values at the answers: in each record at a few places, whatever is there."""

    def __init__(self, word: str, number: int, seed: int, share: float) -> None:
        self._random = Random(seed)
        self._share = share
        self.word, self.number = word, number
        self.values: list[Any] = [
            *(word, f"{word} St 5", f"{word}@example.com", f"A{number}", str(number)),
            *(number, Decimal(number) / 1000, [word], {f"{word} 5": word, f"A{number}": number}),
            *(f"{number % 8000 + 1000}-02-17T03:04:05Z", None, True, {}, []),
        ]

    def throw(self, sent: Sent) -> None:
        if sent.status >= 400 or self._random.random() < self._share / 20:
            self._refuse(sent)
            return
        for record in sent.records:
            for name in MAPS:
                if isinstance(record.get(name), dict):
                    record[name][self.word] = self.word
            if self._random.random() < self._share:
                self._hit(record)
        if isinstance(sent.document, dict) and self._random.random() < self._share / 5:
            sent.document["next"] = f"https://{self.word}.example.com/?after={self.word}"

    def _hit(self, record: dict[str, Any]) -> None:
        record[f"{self.word} {self.number}"] = self.word
        everywhere = [path for path in places(record) if not LEFT_ALONE & set(path)]
        *where, last = self._random.choice(everywhere)
        thing: Any = record
        for name in where:
            thing = thing[name]
        thing[last] = self._random.choice(self.values)

    def _refuse(self, sent: Sent) -> None:
        kinds = ("application/json", "text/html", f"x/{self.word}")
        sent.headers["Content-Type"] = self._random.choice(kinds)
        sent.status = self._random.choice([sent.status, 200, 400, 403, 418, 500, 599])
        sent.body = self._random.choice([
            f'{{"error": "{self.word}", "error_description": "{self.number}"}}',
            f"<html>{self.word}</html>",
            f"{self.word} {self.number}",
        ]).encode()

    def found_in(self, text: str) -> list[str]:
        """The values that are in a text, in any way of writing them."""
        plain = text.lower().replace(",", "").replace("\n", " ")
        thousandth = f"{self.number / 1000}"
        words = [
            self.word.lower(),
            str(self.number),
            thousandth,
            str(self.number % 8000 + 1000) + "-02",
        ]
        return [word for word in words if word in plain]


@given(word=WORDS, number=NUMBERS, seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0))
@QUIET
def test_no_value_leaves(
    tap: TapRunner, small: Sandbox, tmp_path: Path, word: str, number: int, seed: int, share: float
) -> None:
    thrower = Thrower(word, number, seed, share)
    with changed(small, Deviation(thrower.throw)) as url:
        result = check(tap, settings(small, url=url), tmp_path)

    assert result.run.exit in {0, 1}
    assert len(result.report["vendors"]) == 2
    facts = [*result.facts("UtilityAPI").items(), *result.facts("EnergyCAP").items()]
    assert [fact for fact in facts if "the check failed here" in fact[1][1]] == []
    for text in (result.run.stdout, result.run.stderr, result.text):
        assert thrower.found_in(text) == []


def test_neither_credentials_nor_uids_nor_hosts_leave(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    result = check(tap, settings(small), tmp_path)

    for secret in (small.utilityapi_token, small.energycap_api_key):
        assert secret not in result.run.stdout + result.run.stderr + result.text
    for meter in small.truth(only="meters")["meters"]:
        assert meter["uid"] not in result.text
    assert "127.0.0.1" not in result.text
    assert "2026-" not in result.text


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (400, {}, b'{"error": {"code": "zqvalue"}, "error_description": ["zqvalue"]}'),
        (200, {"Content-Type": "text/plain; charset=zqvalue"}, b"zqvalue"),
        (200, {"Content-Encoding": "zqvalue"}, b"zqvalue"),
        (302, {"Location": "https://zqvalue.example.com/zqvalue"}, b"zqvalue"),
        (503, {"Retry-After": "zqvalue"}, b"zqvalue"),
    ],
)
def test_no_value_of_a_bad_answer_leaves(
    tap: TapRunner,
    small: Sandbox,
    tmp_path: Path,
    status: int,
    headers: dict[str, str],
    body: bytes,
) -> None:
    def answer(sent: Sent) -> None:
        sent.status, sent.body = status, body
        sent.headers |= headers

    with changed(small, Deviation(answer)) as url:
        result = check(tap, settings(small, url=url), tmp_path)

    assert result.run.exit == 1
    assert len(result.report["vendors"]) == 2
    assert "zqvalue" not in result.run.stdout + result.run.stderr + result.text


def test_a_name_that_looks_like_a_value_is_counted(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def add(sent: Sent) -> None:
        if sent.is_of("/v3/vendor"):
            for name in (
                "Main Street",
                "A900000001",
                "x" * 60,
                "4711",
                "A12-34-56-78",
                "good_name",
            ):
                sent.records[0][name] = 1

    result = with_change(tap, small, tmp_path, add)

    (vendors,) = [v for k, v in result.sources("EnergyCAP").items() if k.endswith("/vendor")]
    assert "good_name" in vendors["unknown_fields"]
    assert vendors["unknown_fields_not_named"] == 5
    assert "5 that are not named here" in " ".join(result.run.stdout.split())


def test_of_thousands_of_unknown_fields_a_few_are_named(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def add(sent: Sent) -> None:
        if sent.is_of("/v3/vendor"):
            names = (
                f"f{a}{b}{c}{d}"
                for a in "abcdefghij"
                for b in string.ascii_lowercase[:10]
                for c in string.ascii_lowercase[:10]
                for d in string.ascii_lowercase[:10]
            )
            sent.records[0].update(dict.fromkeys(names, 1))

    result = with_change(tap, small, tmp_path, add)

    (vendors,) = [v for k, v in result.sources("EnergyCAP").items() if k.endswith("/vendor")]
    assert len(vendors["unknown_fields"].split()) == 40
    assert vendors["unknown_fields_not_named"] > 9900
    assert len(result.text) < 100_000


def with_change(tap: TapRunner, small: Sandbox, folder: Path, change: Any) -> Result:
    with changed(small, Deviation(change)) as url:
        return check(tap, settings(small, "EnergyCAP", url), folder)
