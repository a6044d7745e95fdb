"""docs/limits.md gives the figures that the code has."""

from __future__ import annotations

import re

import pytest

from tap_utility_energy import settings
from tap_utility_energy.core import json_types, keys
from tap_utility_energy.http import errors, filters, pagination, retry
from tap_utility_energy.utilityapi import answer_sizes
from tap_utility_energy.utilityapi.streams import BILLS, INTERVALS
from tests.examples import ROOT

PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", PAGE, re.MULTILINE))
QUICK = next(name for name in ROWS if name.startswith("failures that a retry seldom changes"))
PROPERTIES = settings.SCHEMA["properties"]


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("length of a URL", filters.LONGEST_URL),
        ("requests for the filters of one list", filters.MOST_REQUESTS),
        ("meters in one request for bills or intervals", BILLS.most_meters),
        ("meters in one request for bills or intervals", INTERVALS.most_meters),
        ("a connection", errors.LONGEST_CONNECT),
        (
            "connections that fail, until the vendor has answered once in the run",
            retry.FIRST_CONNECTION,
        ),
        (QUICK, retry.QUICK_RETRIES),
        ("wait between tries, without `Retry-After`", retry.LONGEST_COMPUTED_WAIT),
        ("answers to one request for several meters", answer_sizes.MOST_BYTES >> 20),
        ("a text that is a key", keys.LONGEST_KEY),
        ("nesting of objects and lists", json_types.DEEPEST),
        ("integers", json_types.LARGEST_INTEGER.bit_length()),
        ("pages without a new record", pagination.MOST_STALE_PAGES),
        ("pages without a new record", pagination.MOST_EMPTY_PAGES),
    ],
)
def test_a_limit_is_the_codes(limit: str, value: float) -> None:
    figures = re.findall(r"\d+", ROWS[limit].replace(",", ""))

    assert str(int(value)) in figures


def test_a_setting_is_named_with_its_default() -> None:
    named = {
        name: text
        for value in ROWS.values()
        for name, text in re.findall(r"^`(\w+)`, ([\d,]+)", value)
    }

    assert len(named) > 5
    for name, text in named.items():
        default = PROPERTIES[name]["default"]
        assert int(text.strip(",")) == (default / 60 if name == "max_wait_seconds" else default)
        if found := re.search(rf"`{name}`, \d+ \(up to (\d+)\)", PAGE):
            assert int(found[1]) == PROPERTIES[name]["maximum"]
