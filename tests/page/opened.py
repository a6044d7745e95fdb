"""A page in a tab of the browser, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: What each chart shows: the sum of its bars, by their label.
DRAWN = """chart => chart.data.map(trace => [
    trace.name, (trace.orientation === "h" ? trace.x : trace.y).reduce((a, b) => a + (b ?? 0), 0),
])"""
#: The rows of a table: the numbers behind its figures, and the texts of other cells.
ROWS = """table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell =>
    cell.matches(".number") ? cell.dataset.value && Number(cell.dataset.value)
        : cell.dataset.value ?? cell.textContent.trim()))"""


@contextmanager
def opened(
    browser: Any, page: Path, width: int = 1280, scheme: str = "light"
) -> Iterator[tuple[Any, list[str]]]:
    """A tab with the page, and its faults: errors, and requests for anything else."""
    faults: list[str] = []
    url = page.as_uri()
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ) as context:
        context.set_default_timeout(20_000)
        tab = context.new_page()
        tab.on(
            "console", lambda said: said.type in {"error", "warning"} and faults.append(said.text)
        )
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda asked: asked.url == url or faults.append(f"asks for {asked.url}"))
        tab.goto(url)
        yield tab, faults


def table(tab: Any, caption: str) -> Any:
    """The table whose caption begins so."""
    return tab.locator(f"table:has(caption > span:text-matches('^{caption}'))").first


def rows(tab: Any, caption: str) -> list[list[Any]]:
    """The rows of the table whose caption begins so."""
    return table(tab, caption).evaluate(ROWS)


def drawn(tab: Any, chart: int = 0) -> dict[str, float]:
    """The sum of the bars in a chart, by their label."""
    return dict(tab.locator(".chart").nth(chart).evaluate(DRAWN))
