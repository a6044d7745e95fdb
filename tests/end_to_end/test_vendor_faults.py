"""A bad day at both vendors: everything arrives all the same, once, and nobody is pestered."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.end_to_end.jsonl import read_files
from tests.end_to_end.project import Project
from tests.end_to_end.truth import assert_same, expected_tables

pytestmark = pytest.mark.end_to_end

SLOW_DOWN = {
    "status": 429,
    "headers": {"Retry-After": "2"},
    "body": "<html><head><title>429</title></head><body><h1>Too Many Requests</h1></body></html>",
}
DOWN = {"status": 503, "headers": {"Retry-After": "1"}, "body": "down for maintenance"}
UTILITYAPI = [
    {"status": 202},
    {"at": 4, **SLOW_DOWN},
    {"at": 7, "times": 2, **DOWN},
    {"at": 11, "cut": True},
    {"at": 14, "reset": True},
    {"at": 17, "cut_chunked": True},
]
ENERGYCAP = [
    {"reset": True},
    {"at": 3, "cut_chunked": True},
    {"at": 6, "times": 2, **DOWN},
    {"at": 9, "cut": True},
    {"at": 12, **SLOW_DOWN},
]
FAULTS = [
    *({"vendor": "utilityapi", **rule} for rule in UTILITYAPI),
    *({"vendor": "energycap", **rule} for rule in ENERGYCAP),
]


def test_every_record_arrives_once_through_all_faults(project: Project, tmp_path: Path) -> None:
    sizes = {"billing_summaries": 330, "utilityapi_page_limit": 30, "meters": 64}
    landed = {"destination_path": tmp_path, "do_timestamp_file": False}
    with Sandbox(faults=FAULTS, **sizes) as box:
        log = project.run(
            box, "target-jsonl", job="faults", target_settings=landed, energycap_page_size=7
        )
        truth, asked = box.truth(), box.requests()

    assert_same(read_files(tmp_path), expected_tables(truth))
    fired = Counter((entry["vendor"], entry["fault"]) for entry in asked if entry["fault"])
    assert fired == {
        ("utilityapi", "status"): 4,
        ("utilityapi", "cut"): 1,
        ("utilityapi", "reset"): 1,
        ("utilityapi", "cut_chunked"): 1,
        ("energycap", "status"): 3,
        ("energycap", "cut"): 1,
        ("energycap", "reset"): 1,
        ("energycap", "cut_chunked"): 1,
    }
    pages = {(entry["vendor"], entry["target"]) for entry in asked}
    assert Counter(vendor for vendor, _ in pages) == {"utilityapi": 11, "energycap": 10}
    early = [entry["target"] for entry in asked if entry["too_early"]]
    assert not early, "asked again before the Retry-After was over"
    assert "Traceback" not in log
