"""Debian's browser, without a window, and what its pages do wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.end_to_end.project import absent, needed_module

WIDTHS = (360, 768, 1280)
#: The browser may ask nobody for updates or lists either.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: What makes a page scroll sideways, for the message.
TOO_WIDE = """() => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= window.innerWidth) return [];
    const wide = [...document.body.querySelectorAll("*")]
        .filter(each => each.getBoundingClientRect().right > window.innerWidth + 1);
    return [page.scrollWidth, ...wide.slice(0, 3).map(each => each.outerHTML.slice(0, 200))];
}"""


@contextmanager
def running_browser() -> Iterator[Any]:
    """The browser, with a profile of its own."""
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    path = next(filter(None, found), None)
    if path is None:
        raise absent("no browser is installed: Debian's package is called chromium")
    with needed_module("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
