"""The files of target-jsonl, read back without loss."""

from __future__ import annotations

from pathlib import Path

import simplejson

from tests.end_to_end.truth import KEYS, Table, by_key


def read_files(folder: Path) -> dict[str, Table]:
    """The records of each file, by their key; numbers with a fraction as Decimal."""
    return {path.stem: by_key(path.stem, _lines(path)) for path in sorted(folder.iterdir())}


def _lines(path: Path) -> list[dict[str, object]]:
    assert path.stem in KEYS, f"a file of no stream: {path}"
    lines = path.read_text("utf-8").splitlines()
    return [simplejson.loads(line, use_decimal=True) for line in lines]
