"""What the tap takes from the SDK's inside. A failure here means: read the SDK's change first."""

from __future__ import annotations

import ast
import hashlib
import inspect
from pathlib import Path

import pytest
from singer_sdk import Stream, Tap
from singer_sdk.contrib.batch_encoder_jsonl import JSONLinesBatcher
from singer_sdk.mapper import CustomStreamMap, PluginMapper
from singer_sdk.plugin_base import PluginBase, SingerCommand

#: What our code replaces or passes by, by the text that was read when it was written.
READ = {
    Stream._finalize_state: "e08e1d0714a904b2",
    Stream._write_state_message: "f82ecd8d16986823",
    Tap._reset_state_progress_markers: "7bff4a6f8fef1928",
    Stream._generate_record_messages: "9b5f9fbcdedb7a1a",
    Stream._increment_stream_state: "cabc0edb2fd4f000",
    Stream._process_record: "8529b9f3ce2f849d",
    Stream._sync_records: "8928dc7f50e9bf57",
    Stream._write_activate_version_message: "b5295d35a81b3da6",
    Stream.sync: "6b4262dcdddf22b4",
    Stream._write_record_message: "292b7bed39883bd9",
    Tap.sync_all: "e4412393757b4cdc",
    Tap.run_sync_dry_run: "da3cd8ec5cd98b13",
    PluginBase._setup_signal_handlers: "eb4287001bdd7d19",
    SingerCommand.invoke: "5c90869a269d566e",
    Stream.apply_catalog: "c1809c2cdad3f115",
    Stream.get_batches: "a30339d2f28a2f9b",
    JSONLinesBatcher.get_batches: "ea7b309d68921853",
    PluginMapper.register_raw_stream_schema: "b86016569f9b1404",
    CustomStreamMap._eval: "389317fd6fbbdc12",
}


@pytest.mark.parametrize("function", READ, ids=lambda function: function.__qualname__)
def test_the_sdk_still_does_what_was_read(function) -> None:
    text = inspect.getsource(function)

    assert hashlib.sha256(text.encode()).hexdigest()[:16] == READ[function]


PACKAGE = Path(__file__).parents[2] / "tap_utility_energy"


def test_private_hooks_of_the_sdk_are_used_in_one_file() -> None:
    names = {*dir(Stream), *dir(Tap), "_tap", "_tap_state", "_stream_version"}
    private = {name for name in names if name.startswith("_") and not name.startswith("__")}
    used = {
        f"{path.relative_to(PACKAGE)}: {node.attr}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "sdk_hooks.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name | ast.Call)
        and ast.unparse(node.value) in {"self", "super()"}
        and node.attr in private
    }

    assert not used
