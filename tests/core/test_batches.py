"""The SDK's batches: files beside the messages, for streams to which nothing is to be done."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import SUMMARIES, TapRunner

BILLS = "utilityapi_bills"


def settings(
    box: Sandbox, folder: Path, compression: str | None = "gzip", **more: Any
) -> dict[str, Any]:
    batches = {
        "encoding": {"format": "jsonl", "compression": compression},
        "storage": {"root": folder.as_uri(), "prefix": "of-a-test-"},
        "batch_size": 20,
    }
    return box.tap_config(**more) | {"batch_config": batches}


@pytest.mark.parametrize("compression", ["gzip", "none", None])
def test_a_stream_can_come_in_files_that_are_as_the_manifest_says(
    tap: TapRunner, tmp_path: Path, compression: str | None
) -> None:
    with Sandbox(billing_summaries=50, meters=0) as box:
        run = tap(settings(box, tmp_path, compression), streams=[SUMMARIES])
        uids = [summary["uid"] for summary in box.truth(only=SUMMARIES)[SUMMARIES]]

    batches = [message for message in run.messages if message["type"] == "BATCH"]
    assert len(batches) == 3
    lines = []
    for batch in batches:
        assert batch["encoding"].get("compression") == compression
        (path,) = batch["manifest"]
        assert Path(path).name.startswith("of-a-test-")
        body = Path(path.removeprefix("file://")).read_bytes()
        lines += (gzip.decompress(body) if compression == "gzip" else body).splitlines()
    assert sorted(json.loads(line)["uid"] for line in lines) == sorted(uids)
    assert not run.records(SUMMARIES)


def test_a_folder_that_cannot_be_written_to_is_named_with_its_setting(
    tap: TapRunner, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = tap(settings(box, tmp_path / "taken" / "batches"), streams=[SUMMARIES])

    assert run.exit == 1
    assert run.last_line.startswith(f"{SUMMARIES}: batch_config: storage cannot be written to: ")
    assert run.last_line.endswith("Check storage.root, storage.prefix and storage.params.")
    assert "taken" in run.last_line


@pytest.mark.parametrize(
    ("stream", "more"),
    [
        (BILLS, {}),
        (SUMMARIES, {"stream_maps": {SUMMARIES: {"uid": "uid", "__else__": None}}}),
        (SUMMARIES, {"flattening_enabled": True, "flattening_max_depth": 1}),
    ],
)
def test_what_batches_would_harm_is_written_as_records(
    tap: TapRunner, tmp_path: Path, stream: str, more: dict[str, Any]
) -> None:
    with Sandbox(billing_summaries=50, meters=0) as box:
        run = tap(settings(box, tmp_path, **more), streams=[stream])
        kind = stream.removeprefix("utilityapi_")
        expected = len(box.truth(only=kind)[kind])

    kinds = Counter(message["type"] for message in run.messages)
    assert kinds["RECORD"] == expected
    assert kinds["BATCH"] == 0
    if "stream_maps" in more:
        assert all(record.keys() == {"uid"} for record in run.records(stream))
