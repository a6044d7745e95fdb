"""The site in a browser: every page, in three widths and both colour schemes, offline."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from scripts.project import URLS
from tests.browser import TOO_WIDE, WIDTHS, running_browser
from tests.end_to_end.project import copy_tree
from tests.examples import ROOT
from tests.file_server import serving_files

pytestmark = pytest.mark.end_to_end

#: Numbered lists that fall apart into lists of one item.
BROKEN_LISTS = """
    [...document.querySelectorAll("article ol")].filter(list => list.children.length < 2).length
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` builds it; a warning ends the build."""
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT, folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def build(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a copy of the repository into a folder."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with serving_files(site) as url:
        yield f"{url}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser."""
    with running_browser() as browser:
        yield browser


@contextmanager
def opened(browser: Any, url: str, width: int, scheme: str) -> Iterator[tuple[Any, list[str]]]:
    """A tab, and what is wrong with what it shows: errors, and requests to others."""
    faults: list[str] = []
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ) as context:
        context.set_default_timeout(60_000)

        def check(route: Any) -> None:
            if urlsplit(route.request.url).netloc == urlsplit(url).netloc:
                route.continue_()
            else:
                faults.append(f"asks for {route.request.url}")
                route.abort()

        context.route("**/*", check)
        tab = context.new_page()
        tab.on("console", lambda said: said.type == "error" and faults.append(said.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("response", lambda a: a.ok or faults.append(f"{a.status} for {a.url}"))
        yield tab, faults


def pages_of(site: Path) -> list[str]:
    return sorted(
        path.parent.relative_to(site).as_posix().removeprefix(".")
        for path in site.rglob("index.html")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_asks_nobody_else(
    browser: Any, site: Path, url: str, width: int, scheme: str
) -> None:
    pages = pages_of(site)
    assert len(pages) > 15
    with opened(browser, url, width, scheme) as (tab, faults):
        for page in pages:
            tab.goto(f"{url}{page}/" if page else url)
            # Tables get their box from a script.
            tab.wait_for_function(
                "document.querySelectorAll('article table:not([class])').length"
                " == document.querySelectorAll('article .md-typeset__table > table').length"
            )
            too_wide = tab.evaluate(TOO_WIDE)
            assert not too_wide, (page, too_wide)
            is_dark = tab.evaluate("document.body.dataset.mdColorScheme") == "slate"
            assert is_dark == (scheme == "dark"), page
            assert not tab.evaluate(BROKEN_LISTS), page
            assert "[!" not in tab.inner_text("article"), page
            broken = tab.evaluate(
                "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
            )
            assert not broken, page
        assert not faults


@pytest.mark.parametrize(("page", "heading"), [("your-own-project", 0), ("upstream", 1)])
def test_what_is_copied_can_be_pasted(browser: Any, url: str, page: str, heading: int) -> None:
    with opened(browser, url, 1280, "light") as (tab, _):
        tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab.goto(f"{url}{page}/")
        block = tab.locator(".highlight").nth(heading)
        shown = block.locator("pre").inner_text().splitlines()
        # The button comes from a script, which needs a moment more to listen to it.
        block.hover()
        block.locator("button").first.click()
        tab.wait_for_selector(".md-dialog--active")
        copied = tab.evaluate("navigator.clipboard.readText()").splitlines()

    assert any(line.startswith("$ ") for line in shown)
    continued = [line for line in shown if line.startswith(("$ ", "    "))]
    assert copied == [line.removeprefix("$ ") for line in continued]


def test_the_search_finds_a_setting(browser: Any, url: str) -> None:
    with opened(browser, url, 1280, "light") as (tab, faults):
        # Typed text is lost before the page's script listens; text in the address is not.
        tab.goto(f"{url}?q=energycap_page_size")
        tab.wait_for_selector(".md-search-result__item a")
        found = tab.eval_on_selector_all(".md-search-result__item a", "all => all.map(a => a.href)")

    assert any(urlsplit(link).path.startswith("/settings/") for link in found), found
    assert not faults


def test_every_link_that_leads_nowhere_ends_the_build(tmp_path: Path) -> None:
    copy, repository = tmp_path / "copy", URLS["Repository"]
    copy_tree(copy)
    faults = {
        "gone.md": ("docs/limits.md", "[gone](gone.md)"),
        "#gone": ("docs/limits.md", "[gone](settings.md#gone)"),
        "loaders/gone": ("docs/limits.md", "[gone](../loaders/gone)"),
        "docs/gone2.md": ("README.md", f"[gone]({repository}/blob/main/docs/gone2.md)"),
        "new.md": ("docs/new.md", "# A page that the navigation lacks"),
    }
    for page, text in faults.values():
        with (copy / page).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")

    built = build(copy, tmp_path / "site")

    said = built.stdout + built.stderr
    assert built.returncode == 1
    assert not [fault for fault in faults if fault not in said], said
    assert "with 7 warnings" in said, "one for each fault; two pages that are gone are named twice"


def test_each_page_is_named_in_the_navigation(site: Path) -> None:
    start = (site / "index.html").read_text("utf-8")
    linked = set(re.findall(r'<a href="([^"#]*)"[^>]*class="md-nav__link', start))

    assert {page for page in pages_of(site) if page} <= {link.removesuffix("/") for link in linked}
