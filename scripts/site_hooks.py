"""Hooks of the site's build, which `mkdocs.yml` names.

Pages are written so that their links work in the repository and on a package index. Here they
become links within the site: README.md is its first page, CHANGELOG.md and CONTRIBUTING.md are
pages too, and a link to any other file of the repository leads to the repository.
"""

from __future__ import annotations

import logging
import os
import re
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from scripts.project import METADATA, ROOT, URLS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

#: Files outside docs/ and their names in the site.
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/speed.svg": "images/speed.svg",
}
CELL = re.compile(r"<td[^>]*>.*?</td>", re.DOTALL)
CODE = re.compile(r"<code>[^<]*</code>")
LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")
#: A warning of this logger ends a strict build.
logger = logging.getLogger("mkdocs.hooks.links")


def on_config(config: MkDocsConfig) -> None:
    """Take the site's address and description from the project's."""
    config.site_url = f"{URLS['Documentation'].rstrip('/')}/"
    config.site_description = METADATA["description"]
    config.copyright = f'<a href="{URLS["Repository"]}">Repository</a>, Apache-2.0'


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the pages and images that are not in docs/."""
    for path, name in OUTSIDE.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / path)))


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn links that work in the repository into links that work in the site."""
    outside = {name: path for path, name in OUTSIDE.items()}
    source = outside.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return with_site_links(with_wide_lists(with_boxes(markdown)), source)


def on_post_page(output: str, **_: object) -> str:
    """Let names in tables break after an underscore, once the search has read the page."""
    return CELL.sub(lambda cell: CODE.sub(_breakable, cell[0]), output)


def _breakable(code: re.Match[str]) -> str:
    return re.sub(r"(?<=\w_)(?=\w)", "<wbr>", code[0])


def with_boxes(markdown: str) -> str:
    """A page's text with GitHub's boxes, such as of a warning, as the site writes them."""

    def box(found: re.Match[str]) -> str:
        return f"!!! {found[1].lower()}\n\n{re.sub(r'(?m)^> ?', '    ', found[2])}"

    return re.sub(r"^> \[!(\w+)\]\n((?:>.*\n)+)", box, markdown, flags=re.MULTILINE)


def with_wide_lists(markdown: str) -> str:
    """A page's text with what belongs to a numbered item indented by four, as the site wants it."""
    lines, in_item = [], False
    for line in markdown.splitlines(keepends=True):
        in_item = bool(re.match(r"\d+\. ", line)) or (in_item and line[:1].isspace())
        lines.append(f" {line}" if in_item and line.startswith("   ") else line)
    return "".join(lines)


def with_site_links(markdown: str, source: str) -> str:
    """A page's text with the links of its running text changed.

    Args:
        markdown: The text.
        source: The page's path in the repository.
    """
    parts = re.split(r"(^ *```.*?^ *```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    link = partial(site_link, source=source, repository=URLS["Repository"])
    # Every second part is a block of code.
    parts[::2] = [LINK.sub(lambda found: link(found[0]), part) for part in parts[::2]]
    return "".join(parts)


def site_link(target: str, source: str, repository: str) -> str:
    """Where a link of the page leads in the site.

    Args:
        target: The link.
        source: The page's path in the repository.
        repository: The repository's address.
    """
    path, _, anchor = target.partition("#")
    if found := re.fullmatch(rf"{re.escape(repository)}/(?:blob|tree|raw)/main/(.+)", path):
        path = found[1]
    elif "://" in target or target.startswith("mailto:") or not path:
        return target
    else:
        path = os.path.normpath(PurePosixPath(source).parent / path)
    if not (ROOT / path).exists():
        logger.warning("%s: %s leads to no file of the repository", source, target)
    place = OUTSIDE.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else "")
    if not place:
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        place = f"{repository}/{kind}/main/{path}"
    return f"{place}#{anchor}" if anchor else place
