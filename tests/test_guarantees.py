"""docs/guarantees.md: each guarantee names tests that there are, and what they do not cover."""

from __future__ import annotations

import ast
import re

import pytest

from tests.examples import ROOT

PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
SECTIONS = re.findall(r"^## (.+)\n((?:(?!^## ).*\n)+)", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("claim", "text"), SECTIONS, ids=[claim for claim, _ in SECTIONS])
def test_a_guarantee_names_its_tests_and_limits(claim: str, text: str) -> None:
    tests = re.findall(r"^- `(tests/\S+\.py)::(test_\w+)`$", text, re.MULTILINE)

    assert tests, f"{claim}: who shows it?"
    assert len(tests) == len(re.findall(r"^- ", text, re.MULTILINE))
    assert re.search(r"^Not covered: .", text, re.MULTILINE), claim
    for path, name in tests:
        assert (ROOT / path).is_file(), f"{path} is gone: who shows it now?"
        functions = ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        names = {each.name for each in functions if isinstance(each, ast.FunctionDef)}
        assert name in names, f"{path}::{name} is gone: who shows it now?"


def test_the_page_is_read_whole() -> None:
    assert len(SECTIONS) == PAGE.count("\n## ") > 10
