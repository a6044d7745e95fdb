"""Every example of README.md and docs/ is run by a test, and the small ones are run here."""

from __future__ import annotations

import ast
import re
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy import utilityapi
from tap_utility_energy.clock import Clock
from tap_utility_energy.tap import TapUtilityEnergy
from tests.examples import (
    NOT_RUN,
    ROOT,
    RUNNABLE,
    blocks,
    blocks_of,
    commands,
    example,
    language,
    output,
)
from tests.support import TapRunner

TESTS = Path(__file__).parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")


def named_in_tests() -> set[str]:
    """The examples that tests name, in calls of the functions of tests/examples.py."""
    calls = [
        node
        for path in TESTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    return {
        argument.value
        for call in calls
        if call.func.id in {"example", "commands", "output"}
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


def test_every_block_says_whether_it_can_be_run() -> None:
    unknown = [name for name in blocks() if language(name) not in RUNNABLE | NOT_RUN]
    assert not unknown, "give it a language, or `text` if it cannot be run"


def test_every_example_is_run_by_a_test() -> None:
    examples = {name for name in blocks() if language(name) in RUNNABLE}

    assert len(examples) > 20
    named = named_in_tests()
    assert not sorted(examples - named), "run it in a test, by the name that is printed here"
    assert not sorted(named - blocks().keys()), "there is no such example any more"


def test_the_hosts_of_energycap_are_accepted() -> None:
    (table,) = re.findall(r"\| environment \| host \|\n.*\n((?: *\|.*\n)+)", SETTINGS)
    hosts = re.findall(r"`(https://[^`]+)`", table)

    assert len(hosts) == 5
    for host in hosts:
        TapUtilityEnergy(config={"energycap_api_key": "key", "energycap_base_url": host})
    assert (
        hosts[0]
        == TapUtilityEnergy(config={"energycap_api_key": "key"}).config["energycap_base_url"]
    )


def test_a_list_and_an_object_are_set_as_the_page_shows() -> None:
    Path(".env").write_text(example("docs/settings.md#how-to-set-them sh 1"), "utf-8")
    config = TapUtilityEnergy(config={"energycap_api_key": "key"}, parse_env_config=True).config

    assert config["utilityapi_meters"] == ["123", "234"]
    assert config["energycap_filters"] == {"energycap_bills": "endDate last 90 days"}


def test_a_new_stream_is_written_as_it_is_described(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "utilityapi_authorizations"
    own = next(stream for stream in utilityapi.STREAMS if stream.name == name)
    names: dict[str, Any] = dict(vars(__import__(own.__module__, fromlist=["_"])))
    exec(blocks_of("CONTRIBUTING.md")["CONTRIBUTING.md#add-a-stream python 3"], names)
    written = names["AuthorizationsStream"]
    assert written is not own
    streams = [written if stream is own else stream for stream in utilityapi.STREAMS]
    monkeypatch.setattr(utilityapi, "STREAMS", type(utilityapi.STREAMS)(streams))
    with Sandbox(billing_summaries=10, meters=0) as box:
        run = tap(box.tap_config(), streams=[name])
        truth = box.truth(only="authorizations")["authorizations"]

    assert run.exit == 0
    assert {row["uid"] for row in run.records(name)} == {row["uid"] for row in truth}


@pytest.mark.parametrize(
    ("settings", "months", "cost"),
    [
        (
            example("docs/historical-collection.md#historical-collection sh 1"),
            "up to 36 months",
            "$96.00",
        ),
        (
            example("docs/historical-collection.md#historical-collection sh 2"),
            "12 months",
            "$24.00",
        ),
    ],
)
def test_a_collection_is_planned_as_the_docs_show(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, settings: str, months: str, cost: str
) -> None:
    (command,) = commands("docs/historical-collection.md#see-the-plan-first console 1")
    shown = output("docs/historical-collection.md#see-the-plan-first console 1").splitlines()
    _, *arguments = command.removesuffix(" > /dev/null").split()
    with Sandbox(billing_summaries=10, meters=0, cache_seconds=0) as box:
        meters = box.truth(only="meters")["meters"]
        uids = [m["uid"] for m in meters if not (m["is_activated"] or m["notes"])][:2]
        Path(".env").write_text(settings.replace("123", uids[0]).replace("234", uids[1]), "utf-8")
        Path("output").mkdir()
        for name in ("utilityapi_token", "utilityapi_base_url"):
            monkeypatch.setenv(f"TAP_UTILITY_ENERGY_{name.upper()}", getattr(box, name))
        run = tap(None, *arguments, clock=Clock())
        assert box.bill()["collections"] == []

    said = [line.split(" | ", 3)[-1] for line in run.stderr.splitlines()]
    assert run.exit == 0, run.stderr
    assert sum(months in line for line in said) == 2
    assert sum(cost in line for line in said) == 1
    if cost in shown[-1]:
        plan = [line.replace(uids[0], "123").replace(uids[1], "234") for line in said]
        start = plan.index(shown[0])
        assert plan[start : start + len(shown)] == shown


@pytest.mark.parametrize(
    ("stream", "kind"),
    [("utilityapi_bills", "bills"), ("utilityapi_interval_readings", "intervals")],
)
def test_a_meter_that_is_taken_out_of_the_state_is_read_again(
    tap: TapRunner, stream: str, kind: str
) -> None:
    page = (ROOT / "docs" / "utilityapi.md").read_text("utf-8")
    paths = re.findall(r"`(bookmarks\.\w+\.meters)\.123`", page)
    assert len(paths) == 2
    (path,) = [each for each in paths if each.split(".")[1] == stream]
    with Sandbox(billing_summaries=30, meters=0, cache_seconds=0, interval_meters=3) as box:
        config = box.tap_config(utilityapi_requests_per_minute=100_000)
        state = tap(config, streams=[stream]).state
        meters = reduce(getitem, path.split("."), state)
        uid = box.truth(only=kind)[kind][0]["meter_uid"]
        del meters[uid]
        run = tap(config, streams=[stream], state=state)

    assert {row["meter_uid"] for row in run.records(stream)} == {uid}
