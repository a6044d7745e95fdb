"""README.md reads well on a package index: it is short, and needs nothing from around it."""

from __future__ import annotations

import re

from scripts.project import URLS
from tests.examples import ROOT

README = (ROOT / "README.md").read_text("utf-8")
REPOSITORY = URLS["Repository"]
IMAGES, LINKS = (re.findall(rf"{mark}\[(?:[^]]|\]\()*?\]\(([^)]+)\)", README) for mark in ("!", ""))


def test_it_is_a_screen_and_a_half() -> None:
    assert len(README.splitlines()) <= 200


def test_it_needs_nothing_that_only_github_draws() -> None:
    assert "```mermaid" not in README
    assert "> [!" not in README
    assert not re.search(r"<(?!https?:)[a-z!]", README), "HTML"


def test_every_link_is_absolute_and_leads_to_a_file_that_is_there() -> None:
    assert len(LINKS) > 15
    assert IMAGES
    own = [link for link in LINKS if "github" in link]
    assert len(own) > 10
    for link in LINKS:
        assert link.startswith("https://"), link
    for link in own:
        assert link == REPOSITORY or link.startswith(f"{REPOSITORY}/"), link
        found = re.fullmatch(r"(?:/(?:blob|tree|raw)/main/([^#]+)(#.+)?)?", link[len(REPOSITORY) :])
        assert found, link
        assert (ROOT / (found[1] or "")).exists(), link


def test_its_images_are_shown_wherever_it_is_read() -> None:
    for link in IMAGES:
        assert link.startswith(f"{REPOSITORY}/raw/main/"), link
