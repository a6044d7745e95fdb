"""The page as one file: the template, its style, its script, and the charting library."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from demo.page import words
from demo.page.marts import opened
from demo.page.values import content

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "templates"
FILTERS = {
    "capital": words.capital,
    "commodity": words.commodity,
    "month": words.month,
    "number": words.number,
    "shortened": words.shortened,
    "unit": words.unit,
    "vendor": words.vendor,
}
#: In this order: later rules override earlier ones.
STYLES = ("colours.css", "page.css", "tables_and_charts.css", "media.css")
#: Even if a text were not escaped, the page could load nothing and run no other script.
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def write_page(database: Path, page: Path, *, schema: str = "energy") -> int:
    """Make the page of a database, and return its size in bytes."""
    with opened(database, schema) as marts:
        html = rendered(content(marts), schema).encode()
    unfinished = page.with_name(f".{page.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(html)
        unfinished.replace(page)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(html)


def rendered(values: Mapping[str, Any], schema: str) -> str:
    """The page's HTML."""
    scripts = (get_plotlyjs(), (FOLDER / "page.js").read_text("utf-8"))
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=words.printable,
    )
    environment.filters.update(FILTERS, json=as_json)
    environment.globals.update(
        change=words.change, count=words.count, KIND_MEANINGS=words.KIND_MEANINGS
    )
    return environment.get_template("page.html").render(
        values,
        schema=schema,
        STATUS_MEANINGS=words.STATUS_MEANINGS,
        policy=POLICY.format(scripts=" ".join(f"'{csp_hash(script)}'" for script in scripts)),
        style=Markup("\n".join((FOLDER / name).read_text("utf-8") for name in STYLES)),
        scripts=[Markup(script) for script in scripts],
    )


def csp_hash(script: str) -> str:
    """The hash by which the content security policy allows a script."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def as_json(value: object) -> Markup:
    """JSON for a script element, escaped so that no text can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)
