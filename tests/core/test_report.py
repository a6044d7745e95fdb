"""The summary and the last lines of a run."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy import signals
from tap_utility_energy.clock import Clock
from tests.log_lines import told
from tests.support import DIGESTS, RESULTS, SUMMARIES, TapRunner

FEW = {"billing_summaries": 5, "meters": 20}
#: The sandbox limits requests by real time, which a fake clock is ahead of.
NO_LIMIT = {"utilityapi_rate_limit": 0, "cache_seconds": 0}


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


@pytest.mark.parametrize(
    ("status", "is_down"),
    [(429, True), (502, True), (503, True), (520, True), (530, True), (500, False), (504, False)],
)
def test_a_vendor_that_is_down_is_asked_for_nothing_more(
    tap: TapRunner, status: int, *, is_down: bool
) -> None:
    with Sandbox(meters=3, billing_summaries=0) as box:
        box.set_faults([{"path": "/v3/account?", "status": status, "times": None}])
        config = box.tap_config(max_wait_seconds=2)
        run = tap(config, streams=["energycap_accounts", "energycap_vendors"])
        asked = [each["target"] for each in box.requests() if "/v3/vendor?" in each["target"]]

    assert run.exit == 1
    assert (asked == []) is is_down
    assert ("energycap_vendors" in run.last_line) is is_down
