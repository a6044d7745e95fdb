"""The whole catalog, so that a changed schema shows in review. `make docs` writes it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support import TapRunner

SNAPSHOT = Path(__file__).parent / "snapshots" / "catalog.json"


def test_the_catalog_is_as_it_was_reviewed(tap: TapRunner) -> None:
    assert json.loads(tap(None, "--discover").stdout) == json.loads(SNAPSHOT.read_text("utf-8"))
