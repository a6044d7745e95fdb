"""The examples of README.md and docs/: their fenced blocks, by name.

A name is the page, the heading above the block, the block's language, and its number among those
under the heading: ``docs/energycap.md#cost-by-building-and-commodity sql 2``.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
#: Languages of what can be run; the others are for readers only.
RUNNABLE = {"bash", "console", "csv", "json", "python", "sh", "sql", "toml", "yaml"}
NOT_RUN = {"text"}
_LINES = re.compile(
    r"^#+ (?P<heading>[^\n]*)$|^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@cache
def blocks() -> dict[str, str]:
    """Every block's text by its name, those that are not run among them."""
    return {name: text for page in PAGES for name, text in blocks_of(page).items()}


def blocks_of(page: str) -> dict[str, str]:
    """The blocks of a page by their names."""
    found: dict[str, str] = {}
    heading, counts = "", Counter[str]()
    for match in _LINES.finditer((ROOT / page).read_text("utf-8")):
        if match["heading"] is not None:
            heading = re.sub(r"[^\w-]", "", match["heading"].lower().replace(" ", "-"))
            counts.clear()
        else:
            counts[match["language"]] += 1
            number = counts[match["language"]]
            found[f"{page}#{heading} {match['language']} {number}"] = dedent(match["text"])
    return found


def language(name: str) -> str:
    """The language in a block's name."""
    return name.split(" ")[1]


def example(name: str) -> str:
    """The text of a block that a test runs."""
    assert language(name) in RUNNABLE, name
    return blocks()[name]


def commands(name: str) -> list[str]:
    """The commands of a console block, without their output."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", example(name), re.MULTILINE)


def output(name: str) -> str:
    """What a console block shows of its commands' output."""
    return re.sub(r"^\$ (?:.*\\\n)*.*\n?", "", example(name), flags=re.MULTILINE)
