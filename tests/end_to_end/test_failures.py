"""What a user of Meltano sees when a vendor refuses: the tap's last line, and a failed run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.jsonl import read_files
from tests.end_to_end.project import Project

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    ("fault", "lines"),
    [
        (
            {"vendor": "utilityapi", "status": 401},
            ["billing_summaries: UtilityAPI answered 401. Check utilityapi_token: "],
        ),
        (
            {"vendor": "energycap", "status": 401, "body": "<html>"},
            [
                (
                    "meter_digest_monthly, meter_digest_monthly_results: EnergyCAP answered 401. "
                    "The key is wrong or deleted, or its owner lacks the permission Meters (View): "
                )
            ],
        ),
        (
            {"status": 503, "headers": {"Retry-After": "9999"}},
            [
                (
                    "billing_summaries: UtilityAPI is down for maintenance or overloaded (503); it "
                    "asks to wait 9999 s, and max_wait_seconds is 60. "
                ),
                "EnergyCAP is down for maintenance or overloaded (503); it asks to wait 9999 s",
            ],
        ),
    ],
)
def test_the_last_lines_of_the_tap_are_there_to_read(
    project: Project, tmp_path: Path, fault: dict[str, Any], lines: list[str]
) -> None:
    with Sandbox(billing_summaries=5, meters=5, faults=[fault | {"times": None}]) as box:
        output = project.fail(
            box,
            "target-jsonl",
            job=f"failure-{tmp_path.name}",
            target_settings={"destination_path": tmp_path},
            max_wait_seconds=60,
        )

    errors = [line for line in output.splitlines() if re.search(r"\[error +\] tap-utility", line)]
    assert [line in error for line, error in zip(lines, errors[-len(lines) :], strict=True)] == [
        True
    ] * len(lines), output
    assert "Traceback" not in output


def test_a_bad_record_need_not_stop_what_comes_after_the_loader(
    project: Project, tmp_path: Path
) -> None:
    rows = [{"uid": "1"}, {"uid": None}, {"uid": "3"}]
    body = json.dumps({"billing_summaries": rows, "next": None})
    with Sandbox(meters=5, faults=[{"garbage": body, "vendor": "utilityapi"}]) as box:
        output = project.run(
            box,
            "target-jsonl",
            job=f"bad-record-{tmp_path.name}",
            target_settings={"destination_path": tmp_path, "do_timestamp_file": False},
            fail_on_bad_records=False,
        )

    assert "record 2 of page 1 after uid '1': uid is null" in output
    assert read_files(tmp_path)["billing_summaries"].keys() == {("1",), ("3",)}
