"""What a person reads: a line for each stream, a summary, and a heartbeat while the tap waits."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi.streams import BILLS
from tests.examples import blocks, example
from tests.log_lines import split, told
from tests.support import COMMAND, DIGESTS, RESULTS, SUMMARIES, TapRunner, catalog
from tests.support import clean_environment as environment

FEW = {"billing_summaries": 5, "meters": 20}
#: The sandbox limits requests by real time, which a fake clock is ahead of.
NO_LIMIT = {"utilityapi_rate_limit": 0, "cache_seconds": 0}


def test_a_run_reads_from_top_to_bottom(tap: TapRunner) -> None:
    with Sandbox(**FEW) as box:
        run = tap(box.tap_config(), streams=[SUMMARIES, DIGESTS, RESULTS, "energycap_units"])

    count = len(run.records(RESULTS))
    assert run.exit == 0
    assert [line for line in told(run.stderr) if "unknown fields" not in line[1]] == [
        ("INFO", f"version {version('tap-utility-energy')} reads 4 streams"),
        ("INFO", f"{SUMMARIES}: 5 records in 0.0 s"),
        ("INFO", "energycap_units: 10 records in 0.0 s"),
        ("INFO", f"{DIGESTS}: 20 records in 0.0 s"),
        ("INFO", f"{RESULTS}: {count} records in 0.0 s"),
        ("INFO", f"4 streams done, {count + 35} records in 0.0 s"),
    ]


def test_stdout_has_messages_alone(tmp_path: Path) -> None:
    with Sandbox(**FEW | NO_LIMIT) as box:
        config = box.tap_config(utilityapi_requests_per_minute=100_000)
        names = [SUMMARIES, "utilityapi_bills", DIGESTS, RESULTS]
        files = {"config": config, "catalog": catalog(names)}
        arguments = list[str]()
        for name, content in files.items():
            (tmp_path / name).write_text(json.dumps(content), "utf-8")
            arguments += (f"--{name}", str(tmp_path / name))
        run = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            check=True,
            env=environment(TAP_UTILITY_ENERGY_LOGLEVEL="DEBUG"),
        )

    messages = [json.loads(line) for line in run.stdout.splitlines()]
    assert {message["type"] for message in messages} == {"SCHEMA", "RECORD", "STATE"}
    described = set[str]()
    for message in messages:
        if message["type"] == "SCHEMA":
            described.add(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] in described
    assert described == set(names)
    assert b" DEBUG " in run.stderr


def test_a_dry_run_tells_the_same(tap: TapRunner) -> None:
    with Sandbox(**FEW) as box:
        run = tap(box.tap_config(energycap_api_key=""), "--test")

    assert run.exit == 0
    assert f"{SUMMARIES}: 1 record in" in run.stderr
    assert " done, " in run.last_line
    assert "unhandled" not in run.stderr


def test_nothing_to_read_is_said(tap: TapRunner) -> None:
    with Sandbox(**FEW) as box:
        run = tap(box.tap_config(), streams=[])

    assert run.exit == 0
    assert ("WARNING", "no stream is selected: nothing is read") in told(run.stderr)


def test_unknown_fields_are_one_short_line_for_a_stream(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=300, utilityapi_page_limit=50, **NO_LIMIT) as box:
        run = tap(box.tap_config(energycap_page_size=20), streams=[SUMMARIES, RESULTS])

    warnings = [text for level, text in told(run.stderr) if level == "WARNING"]
    found = {name for row in run.records(SUMMARIES) for name in row.get("extra", {})}
    assert len(found) > 1
    assert warnings[0] == f'{SUMMARIES}: unknown fields, kept under "extra": ' + ", ".join(
        sorted(found)
    )
    assert len(warnings) == 2
    assert "meter.dataAccess" in warnings[1], "by its path"


def test_many_unknown_fields_are_counted(tap: TapRunner) -> None:
    fields = {f"new_{number:02}": number for number in range(40)}
    body = json.dumps({"billing_summaries": [{"uid": "1", **fields}], "next": None})
    page = {"vendor": "utilityapi", "status": 200, "body": body, "times": None}
    with Sandbox(faults=[page]) as box:
        run = tap(box.tap_config(), streams=[SUMMARIES])

    assert "new_08, new_09 and 30 more" in run.stderr
    assert "new_10" not in run.stderr


def test_meters_are_warned_of_once_for_a_stream(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BILLS, "meters_at_once", 2)
    monkeypatch.setattr(BILLS, "most_meters", 2)
    body = json.dumps({"bills": [], "next": None})
    empty = {"path": "/bills", "status": 200, "body": body, "times": None}
    with Sandbox(billing_summaries=200, faults=[empty], **NO_LIMIT) as box:
        run = tap(box.tap_config(), streams=["utilityapi_bills"])

    (line,) = [text for _, text in told(run.stderr) if "count of records differs" in text]
    assert re.search(r": \S+, .* and \d+ more$", line)


METER_DATA = ["utilityapi_bills", "utilityapi_bill_line_items", "utilityapi_intervals"]


def test_a_first_sync_says_what_it_will_take(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=1200, interval_meters=30, **NO_LIMIT) as box:
        first = tap(box.tap_config(), streams=METER_DATA)
        requests = len(box.requests())
        second = tap(box.tap_config(), streams=METER_DATA, state=first.state)

    what = r"first sync of \d+ meters: about (\d+) requests to UtilityAPI"
    found = re.search(rf"{what}, which take (\d+) s at 60 per minute", first.stderr)
    assert found
    assert found[1] == found[2], "one request a second"
    assert requests / 2 <= int(found[1]) <= requests * 2
    assert first.stderr.index(found[0]) < first.stderr.index("utilityapi_bills: ")
    assert "first sync" not in second.stderr


def test_an_estimate_costs_no_request(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=50, **NO_LIMIT) as box:
        tap(box.tap_config(), streams=[*METER_DATA, "utilityapi_meters"])
        paths = [entry["target"].split("?")[0] for entry in box.requests()]

    assert len([path for path in paths if path.endswith("/meters")]) == 1


def test_meters_that_cannot_be_listed_are_one_failure(tap: TapRunner) -> None:
    fault = {"vendor": "utilityapi", "path": "/meters", "status": 400, "times": None}
    with Sandbox(faults=[fault], **FEW) as box:
        run = tap(box.tap_config(), streams=[*METER_DATA, SUMMARIES])

        assert len(box.requests()) == 2
    (line,) = run.errors
    assert line.startswith(f"{', '.join(sorted(METER_DATA))}: UtilityAPI answered 400. ")
    assert len(run.records(SUMMARIES)) == 5


def process(
    folder: Path,
    *,
    formatter: str = "",
    faults: Sequence[dict[str, Any]] = (),
    **variables: str,
) -> list[str]:
    """The lines of a run of its own process.

    Args:
        folder: Takes its files.
        formatter: The formatter of a logging configuration such as Meltano's.
        faults: The sandbox's fault script. With one, the run has to fail.
        variables: More of its environment.
    """
    if formatter:
        settings = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"f": {"()": f"singer_sdk.logging.{formatter}"}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "f"}},
            "root": {"handlers": ["console"], "level": "INFO"},
            "loggers": {"singer_sdk.metrics": {"handlers": ["console"], "propagate": False}}
            if "METRICS" in variables
            else {},
        }
        variables["SINGER_SDK_LOG_CONFIG"] = str(folder / "logging.json")
        (folder / "logging.json").write_text(json.dumps(settings), "utf-8")
    chosen, config = folder / "catalog.json", folder / "config.json"
    chosen.write_text(json.dumps(catalog([SUMMARIES, DIGESTS])), "utf-8")
    with Sandbox(faults=faults, **FEW) as box:
        config.write_text(json.dumps(box.tap_config() | {"max_wait_seconds": 1}), "utf-8")
        ended = subprocess.run(
            [*COMMAND, "--config", str(config), "--catalog", str(chosen)],
            cwd=folder,
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == bool(faults), ended.stderr
    return ended.stderr.splitlines()


def test_metrics_are_for_those_who_ask(tmp_path: Path) -> None:
    as_set = [line for line in process(tmp_path) if "METRIC" in line]
    debug = [line for line in process(tmp_path, LOGLEVEL="DEBUG") if "METRIC" in line]
    named = process(tmp_path, formatter="ConsoleFormatter", METRICS="yes")

    assert not as_set
    assert {split(line)[3].split(": METRIC ")[0] for line in debug} == {SUMMARIES, DIGESTS}
    assert {split(line)[1].strip() for line in debug} == {"DEBUG"}
    assert len([line for line in named if "| INFO     | singer_sdk.metrics" in line]) == len(debug)


def test_structured_logs_hold_the_figures(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in process(tmp_path, formatter="StructuredFormatter")]

    assert {line["logger_name"] for line in lines} == {"tap-utility-energy"}
    ended = {line["stream_name"]: line for line in lines if "outcome" in line["extra"]}
    assert ended[SUMMARIES]["message"].startswith(f"{SUMMARIES}: 5 records in ")
    figures = ended[SUMMARIES]["extra"]
    assert figures == {
        "stream": SUMMARIES,
        "outcome": "done",
        "records": 5,
        "requests": 1,
        "seconds": figures["seconds"],
    }
    run = lines[-1]["extra"]["run"]
    assert run["records"] == 25
    assert run["requests"] == 2
    assert run["failures"] == []
    assert figures in run["streams"]


def test_the_figures_tell_a_refusal_from_a_vendor_that_is_down(tmp_path: Path) -> None:
    down = {"vendor": "utilityapi", "status": 503, "times": None}
    refused = {"vendor": "energycap", "status": 401, "times": None}

    lines = process(tmp_path, formatter="StructuredFormatter", faults=[down, refused])

    (run,) = [extra["run"] for line in lines if "run" in (extra := json.loads(line)["extra"])]
    statuses = {
        name: failure["status"] for failure in run["failures"] for name in failure["streams"]
    }
    assert statuses == {SUMMARIES: None, DIGESTS: 401}


def comparable(lines: Iterable[str]) -> list[str]:
    """Lines without what differs from run to run."""
    return [re.sub(r"version \S+|\d[\d,.:]*( (s|min)\b)?", "N", line) for line in lines]


RUNS = {
    "all is well": ({}, [], [SUMMARIES, DIGESTS, "utilityapi_bills", "utilityapi_meters"]),
    "waiting": (
        {"energycap_page_size": 50, "energycap_max_parallel_requests": 1},
        [{"vendor": "energycap", "status": 429, "headers": {"Retry-After": "70"}, "at": 3}],
        [DIGESTS],
    ),
    "failing": (
        {},
        [
            {"vendor": "energycap", "status": 401, "times": None},
            {"path": "/accounting", "status": 404, "times": None},
        ],
        [SUMMARIES, DIGESTS, RESULTS, "energycap_places", "utilityapi_meters"],
    ),
}


@pytest.mark.parametrize("number", range(3), ids=RUNS)
def test_the_documented_logs_are_what_a_run_writes(tap: TapRunner, number: int) -> None:
    settings, faults, streams = list(RUNS.values())[number]
    with Sandbox(faults=faults, **NO_LIMIT) as box:
        run = tap(box.tap_config(**settings), streams=streams)

    lines = [f"{level:8} | {text}" for level, text in told(run.stderr)]
    shown = [text for name, text in blocks().items() if re.match(r"docs/logs\.md.* text", name)]
    if number:  # shown once
        lines = [line for line in lines if "unknown fields" not in line]
    assert comparable(lines) == comparable(shown[number].splitlines())


def test_the_documented_configuration_works(tmp_path: Path) -> None:
    configuration = example("docs/logs.md#levels-metrics-json yaml 1")
    (tmp_path / "logging.yaml").write_text(configuration, "utf-8")

    lines = process(tmp_path, SINGER_SDK_LOG_CONFIG="logging.yaml")

    done = [json.loads(line) for line in lines][-1]
    assert {"records", "requests", "streams", "failures"} <= done["extra"]["run"].keys()
    metrics = (tmp_path / "metrics.log").read_text("utf-8").splitlines()
    assert {json.loads(line)["metric_info"]["tags"]["stream"] for line in metrics} == {
        SUMMARIES,
        DIGESTS,
    }


def test_structured_metrics_keep_their_fields(tmp_path: Path) -> None:
    named = process(tmp_path, formatter="StructuredFormatter", METRICS="yes")

    metrics = [line["metric_info"] for line in map(json.loads, named) if "metric_info" in line]
    assert {metric["tags"]["stream"] for metric in metrics} == {SUMMARIES, DIGESTS}
