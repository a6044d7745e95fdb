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


def settings(box: Sandbox, folder: Path, **more: Any) -> dict[str, Any]:
    encoding = {"format": "jsonl", "compression": "gzip"}
    storage = {"root": folder.as_uri()}
    return box.tap_config(**more) | {"batch_config": {"encoding": encoding, "storage": storage}}


def test_a_stream_can_come_in_files(tap: TapRunner, tmp_path: Path) -> None:
    with Sandbox(billing_summaries=50, meters=0) as box:
        run = tap(settings(box, tmp_path), streams=[SUMMARIES])
        uids = [summary["uid"] for summary in box.truth(only=SUMMARIES)[SUMMARIES]]

    files = [path for message in run.messages for path in message.get("manifest", [])]
    bodies = [gzip.decompress(Path(path.removeprefix("file://")).read_bytes()) for path in files]
    lines = b"".join(bodies).splitlines()
    assert sorted(json.loads(line)["uid"] for line in lines) == sorted(uids)
    assert not run.records(SUMMARIES)


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
