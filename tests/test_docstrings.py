"""The examples in the package's docstrings are run as they stand."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import tap_utility_energy

MODULES = [
    module.name
    for module in walk_packages(tap_utility_energy.__path__, f"{tap_utility_energy.__name__}.")
    if not module.name.endswith("__main__")
]


def examples(name: str) -> list[doctest.DocTest]:
    return [each for each in doctest.DocTestFinder().find(import_module(name)) if each.examples]


@pytest.mark.parametrize("module", [name for name in MODULES if examples(name)])
def test_the_examples_of_a_module(module: str) -> None:
    assert doctest.testmod(import_module(module)).failed == 0
