"""Draw the README's picture of the page of `make demo`: ``python -m scripts.picture``."""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import sync_playwright

from scripts.project import ROOT

PAGE = ROOT / "output" / "energy.html"
PICTURE = ROOT / "docs" / "images" / "energy.png"
#: The key figures, the months and the commodities.
WIDTH, HEIGHT = 1280, 1310


def main() -> int:
    """Write the picture and return the exit code."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None or not PAGE.exists():
        sys.stderr.write("Install chromium and run `make demo` first.\n")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(PAGE.as_uri())
        tab.screenshot(path=PICTURE)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
