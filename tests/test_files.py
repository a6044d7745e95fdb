"""The files of the command line, as editors and shells write them."""

from __future__ import annotations

import json

import pytest

from sandbox import Sandbox
from tests.support import SUMMARIES, TapRunner, catalog

TOKEN = {"utilityapi_token": "a-good-token"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_may_begin_with_a_byte_order_mark(tap: TapRunner, encoding: str, tmp_path) -> None:
    with Sandbox(billing_summaries=3, meters=0) as box:
        for name, content in {"a": box.tap_config(), "b": catalog([SUMMARIES])}.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding)
        run = tap(None, f"--config={tmp_path}/a.json", f"--catalog={tmp_path}/b.json")

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3


def test_a_dotenv_may_begin_with_a_byte_order_mark(tap: TapRunner, tmp_path) -> None:
    with Sandbox(billing_summaries=3, meters=0, cache_seconds=0) as box:
        config = box.tap_config(energycap_api_key="")
        token = config.pop("utilityapi_token")
        line = f"TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN={token}\n"
        (tmp_path / ".env").write_text(line, "utf-8-sig")
        run = tap(config, "--config=ENV")

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3
