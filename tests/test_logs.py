"""What a person reads: a line for each stream, a summary, and a heartbeat while the tap waits."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy import clock as clocks
from tap_utility_energy import signals
from tap_utility_energy.clock import Clock
from tap_utility_energy.stdout import open_stdout
from tap_utility_energy.utilityapi.streams import BILLS
from tests.examples import blocks, example
from tests.support import COMMAND, DIGESTS, RESULTS, SUMMARIES, FakeClock, TapRunner, catalog
from tests.support import clean_environment as environment

FEW = {"billing_summaries": 5, "meters": 20}
#: The sandbox limits requests by real time, which a fake clock is ahead of.
NO_LIMIT = {"utilityapi_rate_limit": 0, "cache_seconds": 0}


class Listener(logging.Handler):
    """Takes down when each line was logged, by the clock of the run."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.begun = clock.now()
        self.lines: list[tuple[float, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((self._clock.now() - self.begun, record.getMessage()))

    def matching(self, pattern: str) -> list[str]:
        return [line for _, line in self.lines if re.search(pattern, line)]

    @property
    def longest_silence(self) -> float:
        times = [0.0, *(at for at, _ in self.lines), self._clock.now() - self.begun]
        return max(after - before for before, after in pairwise(times))


@contextmanager
def listening(clock: Clock) -> Iterator[Listener]:
    listener, logger = Listener(clock), logging.getLogger("tap-utility-energy")
    logger.addHandler(listener)
    try:
        yield listener
    finally:
        logger.removeHandler(listener)


def told(stderr: str) -> list[tuple[str, str]]:
    """The level and the text of each line."""
    return [(parts[1].strip(), parts[3]) for line in stderr.splitlines() if (parts := split(line))]


def split(line: str) -> list[str]:
    return line.split(" | ", 3)


def test_a_run_reads_from_top_to_bottom(tap: TapRunner) -> None:
    with Sandbox(**FEW) as box:
        run = tap(box.tap_config(), streams=[SUMMARIES, DIGESTS, RESULTS, "energycap_units"])

    count = len(run.records(RESULTS))
    assert run.exit == 0
    assert [line for line in told(run.stderr) if "unknown fields" not in line[1]] == [
        ("INFO", "version 0.1.0 reads 4 streams"),
        ("INFO", f"{SUMMARIES}: 5 records in 0.0 s"),
        ("INFO", "energycap_units: 10 records in 0.0 s"),
        ("INFO", f"{DIGESTS}: 20 records in 0.0 s"),
        ("INFO", f"{RESULTS}: {count} records in 0.0 s"),
        ("INFO", f"4 streams done, {count + 35} records in 0.0 s"),
    ]


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


@pytest.mark.parametrize(
    ("vendor", "fault"),
    [
        ("utilityapi", {"status": 429, "headers": {"Retry-After": "200"}}),
        ("energycap", {"status": 429, "headers": {"Retry-After": "200"}}),
        ("utilityapi", {"status": 503, "times": 9}),
        ("energycap", {"status": 202, "headers": {"Retry-After": "20"}, "times": 9}),
        ("energycap", {"reset": True, "at": 2, "times": 14}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_a_wait_is_told_every_30_seconds(
    tap: TapRunner, vendor: str, fault: dict[str, Any]
) -> None:
    stream = {"utilityapi": SUMMARIES, "energycap": DIGESTS}[vendor]
    faults = [{"vendor": vendor, **fault}]
    with Sandbox(faults=faults, **FEW) as box, listening(clock := FakeClock()) as log:
        run = tap(box.tap_config(energycap_page_size=5), streams=[stream], clock=clock)

    assert run.exit == 0
    assert clock.now() - log.begun > 60
    assert log.longest_silence <= 30.1
    waits = log.matching(f"^{stream}: .*waiting because .* to go$")
    assert len(waits) >= 2


def test_the_rate_limit_is_told_like_any_wait(tap: TapRunner) -> None:
    slow = {"utilityapi_requests_per_minute": 1}
    sizes = {"billing_summaries": 40, "utilityapi_page_limit": 10}
    with Sandbox(**sizes, **NO_LIMIT) as box, listening(clock := FakeClock()) as log:
        tap(box.tap_config(**slow), streams=[SUMMARIES], clock=clock)

    assert clock.now() - log.begun >= 180
    assert log.longest_silence <= 30.1
    reason = "waiting for the rate limit of 1 request per minute, 30 s to go"
    assert log.matching(f"^{SUMMARIES}: 10 records so far; {reason}$")


def test_heartbeats_of_several_threads_are_one(tap: TapRunner) -> None:
    faults = [
        {"vendor": "energycap", "at": 2, "status": 503, "headers": {"Retry-After": "95"}},
        {"vendor": "energycap", "at": 3, "status": 503, "headers": {"Retry-After": "95"}},
        {"vendor": "energycap", "at": 4, "status": 503, "headers": {"Retry-After": "95"}},
    ]
    with Sandbox(faults=faults, meters=60) as box, listening(clock := FakeClock()) as log:
        run = tap(
            box.tap_config(energycap_page_size=5, energycap_max_parallel_requests=4),
            streams=[DIGESTS],
            clock=clock,
        )

    assert run.exit == 0
    beats = [at for at, line in log.lines if "waiting because" in line]
    assert beats
    assert min(after - before for before, after in pairwise(beats)) >= 29.9


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("fault", [{"latency": 1.2}, {"drip": {"bytes": 200, "every": 0.2}}])
def test_a_slow_answer_is_waited_for_aloud(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], width: int
) -> None:
    monkeypatch.setattr(clocks, "HEARTBEAT", 0.25)
    with Sandbox(meters=5, faults=[{"vendor": "energycap", **fault}]) as box:
        run = tap(
            box.tap_config(energycap_max_parallel_requests=width),
            streams=["energycap_units"],
            clock=Clock(),
        )

    assert run.exit == 0
    assert run.stderr.count("energycap_units: waiting for the answer for ") >= 2


def test_a_target_that_takes_nothing_is_named(caplog: pytest.LogCaptureFixture) -> None:
    reading, writing = os.pipe()
    out = open_stdout(writing, every=0.05)
    text = "x" * 1_000_000  # more than a pipe holds

    with caplog.at_level("INFO"):
        writer = threading.Thread(target=lambda: print(text, file=out, flush=True))
        writer.start()
        deadline = time.monotonic() + 60
        while len(caplog.messages) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        told, got = list(caplog.messages), 0
        while got < len(text) + 1:
            got += len(os.read(reading, 65536))
        writer.join()
    out.close()
    os.close(writing)
    os.close(reading)

    assert len(told) >= 2
    assert all(
        line.startswith("waiting for the target, which has read nothing for ") for line in told
    )


class TickingClock(FakeClock):
    """A second goes by whenever somebody looks."""

    def now(self) -> float:
        self.slept.append(1)
        return super().now()


def test_progress_tells_the_page_where_the_total_is_known(tap: TapRunner) -> None:
    sizes = {"meters": 100, "billing_summaries": 500, "utilityapi_page_limit": 10}
    with Sandbox(**sizes, **NO_LIMIT) as box, listening(ticking := TickingClock()) as log:
        run = tap(
            box.tap_config(energycap_page_size=2, utilityapi_requests_per_minute=3000),
            streams=[DIGESTS, SUMMARIES],
            clock=ticking,
        )

    assert run.exit == 0
    pages = log.matching(rf"^{DIGESTS}: page \d+ of 50, \d+ records so far")
    assert len(pages) >= 2
    assert len(log.matching(rf"^{SUMMARIES}: \d+ records so far")) >= 2


def test_meters_are_warned_of_once_for_a_stream(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BILLS, "meters_at_once", 2)
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


def test_progress_tells_the_meter(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BILLS, "meters_at_once", 2)
    slow = {"utilityapi_requests_per_minute": 1}
    with Sandbox(billing_summaries=50, **NO_LIMIT) as box, listening(clock := FakeClock()) as log:
        tap(box.tap_config(**slow), streams=["utilityapi_bills"], clock=clock)

    assert log.matching(
        r"^utilityapi_bills: 4 of \d+ meters, \d+ records so far; waiting for the rate"
    )


def test_a_stop_leaves_a_summary(tap: TapRunner) -> None:
    class Stopping(Clock):
        def sleep(self, _seconds: float) -> None:
            raise signals.Stopped(signal.SIGTERM)

    fault = {"vendor": "energycap", "path": "/api/v3/vendor", "status": 503}
    streams = ["energycap_units", "energycap_vendors", DIGESTS]
    with Sandbox(faults=[fault], **FEW) as box:
        run = tap(box.tap_config(), streams=streams, clock=Stopping())

    assert run.exit == 143
    *_, end, summary, last = told(run.stderr)
    assert end[1].startswith("energycap_vendors: stopped after 0 records in ")
    assert summary[1].startswith("1 of 3 streams done, 10 records in ")
    assert summary[1].endswith("; 1 not finished; 1 not begun")
    assert last == ("WARNING", "stopped by SIGTERM")


ENERGYCAP = (
    "energycap_accounts",
    "energycap_bills",
    "energycap_commodities",
    "energycap_cost_centers",
    "energycap_meters",
    "energycap_places",
    "energycap_units",
    "energycap_vendors",
    DIGESTS,
    RESULTS,
    "place_digest_actual_monthly_results",
    "meter_digest_actual_yearly_results",
)


LACK = "lack the permission Accounts (View), BillsAndBatches (View), "
LACKS = LACK.replace("lack", "its owner lacks")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 404}, "EnergyCAP answered 404. Check energycap_base_url"),
        ({"status": 401}, f"EnergyCAP answered 401. The key is wrong or deleted, or {LACKS}"),
        ({"status": 403}, f"EnergyCAP answered 403. The owner of the key may {LACK}"),
        (
            {"status": 200, "body": "<html>", "content_type": "text/html"},
            "does not match its documentation",
        ),
        ({"status": 500}, "EnergyCAP has an internal error (500)"),
        ({"reset": True}, "EnergyCAP broke off its answer"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_one_cause_is_one_line_however_many_streams(
    tap: TapRunner, fault: dict[str, Any], words: str
) -> None:
    faults = [{"vendor": "energycap", "times": None, **fault}]
    with Sandbox(faults=faults, **FEW) as box:
        run = tap(box.tap_config(max_wait_seconds=5), streams=[SUMMARIES, *ENERGYCAP])

    assert run.exit == 1
    assert len(run.errors) == 1, run.stderr
    assert words in run.last_line
    assert run.last_line.startswith("energycap_accounts")
    assert "unhandled" not in run.stderr
    assert run.stderr.count("failed after") == 1, "once at the time"
    assert len(run.records(SUMMARIES)) == 5


def test_an_answer_that_quotes_its_path_is_the_same_cause(tap: TapRunner) -> None:
    paths = ("/api/v3/account", "/api/v3/place")
    refusal = {"status": 404, "times": None, "content_type": "text/plain"}
    faults = [{"path": path, "body": f"No resource at {path}", **refusal} for path in paths]
    with Sandbox(faults=faults, **FEW) as box:
        run = tap(box.tap_config(), streams=["energycap_accounts", "energycap_places"])

    (line,) = run.errors
    assert line.startswith(
        "energycap_accounts, energycap_places: EnergyCAP answered 404: No resource at /api/v3/acc"
    )


@pytest.mark.parametrize("status", [401, 500, 505])
def test_an_answer_with_an_id_of_its_own_is_the_same_cause(tap: TapRunner, status: int) -> None:
    ids = {"account": "00-8f37b87da6f04547-01", "place": "00-a6f0454f7ab102a-01", "vendor": "7:15"}
    rule = {"status": status, "times": None, "content_type": "application/json"}
    faults = [
        {"path": f"/api/v3/{path}", "body": f'{{"title": "No", "traceId": "{number}"}}', **rule}
        for path, number in ids.items()
    ]
    with Sandbox(faults=faults, **FEW) as box:
        run = tap(box.tap_config(max_wait_seconds=0), streams=[f"energycap_{n}s" for n in ids])

    (line,) = run.errors
    assert line.startswith("energycap_accounts, energycap_places, energycap_vendors: EnergyCAP ")


def test_different_causes_are_lines_of_their_own(tap: TapRunner) -> None:
    faults = [
        {"path": "/api/v3/place", "status": 404, "times": None},
        {"path": "/api/v3/account", "status": 400, "body": "bad filter", "times": None},
        {"path": "/accounting", "status": 404, "times": None},
    ]
    streams = [SUMMARIES, "energycap_places", "energycap_accounts", "energycap_units"]
    with Sandbox(faults=faults, **FEW) as box:
        run = tap(box.tap_config(), streams=streams)

    assert [line.split(". ")[0] for line in run.errors] == [
        f"{SUMMARIES}: UtilityAPI answered 404",
        "energycap_accounts: EnergyCAP answered 400: bad filter",
        "energycap_places: EnergyCAP answered 404",
    ]
    summary = [text for level, text in told(run.stderr) if level == "INFO"][-1]
    assert summary == "1 of 4 streams done, 10 records in 0.0 s; 3 failed"


def test_what_was_not_tried_is_in_the_summary(tap: TapRunner) -> None:
    faults = [{"vendor": "utilityapi", "status": 401, "times": None}]
    streams = [SUMMARIES, "utilityapi_authorizations", "energycap_units"]
    with Sandbox(faults=faults, **FEW) as box:
        run = tap(box.tap_config(), streams=streams)

    assert "; 1 failed; 1 not tried" in run.stderr
    assert run.last_line.endswith("Skipped for the same reason: utilityapi_authorizations.")


def process(folder: Path, *, formatter: str = "", **variables: str) -> list[str]:
    """The lines of a run of its own process.

    Args:
        folder: Takes its files.
        formatter: The formatter of a logging configuration such as Meltano's.
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
    with Sandbox(**FEW) as box:
        config.write_text(json.dumps(box.tap_config()), "utf-8")
        ended = subprocess.run(
            [*COMMAND, "--config", str(config), "--catalog", str(chosen)],
            cwd=folder,
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
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


def comparable(lines: Iterable[str]) -> list[str]:
    """Lines without what differs from run to run."""
    return [re.sub(r"\d[\d,.:]*( (s|min)\b)?", "N", line) for line in lines]


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
