"""A change that breaks a user's table is in the changelog.

The snapshot is the last release's. At a release: write the new one with
``python -m tests.catalog_shapes > tests/snapshots/catalog-VERSION.json`` and delete the old one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tap_utility_energy.tap import TapUtilityEnergy
from tests.catalog_shapes import shapes

ROOT = Path(__file__).parents[1]


def test_a_changed_key_type_or_name_is_in_the_changelog() -> None:
    (released,) = (ROOT / "tests" / "snapshots").glob("catalog-*.json")
    before = json.loads(released.read_text("utf-8"))
    now = shapes(TapUtilityEnergy(config={}, validate_config=False).catalog_dict)
    unreleased = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[
        1
    ]

    assert unreleased.startswith("[Unreleased]")
    for name in sorted(before.keys() | now.keys()):
        if is_changed(before.get(name), now.get(name)):
            assert f"`{name}`" in unreleased, f"CHANGELOG.md: {name} has changed; say what and why"


def is_changed(before: dict[str, Any] | None, now: dict[str, Any] | None) -> bool:
    """Whether a table of the last release is another one now; added fields do not count."""
    if before is None or now is None:
        return True
    kept = {field: now["fields"].get(field) for field in before["fields"]}
    return {**now, "fields": kept} != before
