"""The browser, and pages to open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.page.file import write_page
from tests.browser import running_browser
from tests.page.marts import make_marts


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both vendors, in dollars."""
    return make_marts(tmp_path_factory.mktemp("marts") / "marts.duckdb")


@pytest.fixture(scope="module")
def page(marts: Path) -> Path:
    """The page of both vendors."""
    write_page(marts, marts.with_suffix(".html"))
    return marts.with_suffix(".html")


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Makes tables with the arguments of `make_marts`, and a page of them."""

    def make(**how: Any) -> tuple[Path, Path]:
        database, page = tmp_path / "marts.duckdb", tmp_path / "marts.html"
        make_marts(database, **how)
        write_page(database, page)
        return database, page

    return make
