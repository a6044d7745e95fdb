"""A failure of one vendor or stream: the others go on, and each failure has one last line."""

from __future__ import annotations

from sandbox import Sandbox
from tests.support import DIGESTS, RESULTS, SUMMARIES, TapRunner


def test_one_vendor_down_does_not_stop_the_other(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=5, meters=5, cache_seconds=0) as box:
        box.set_faults([{"vendor": "utilityapi", "status": 401, "times": None}])
        run = tap(box.tap_config())

    assert run.exit == 1
    assert len(run.records(DIGESTS)) == 5
    assert run.last_line.startswith("billing_summaries: UtilityAPI answered 401.")
    assert run.messages[-1]["type"] == "STATE"


def test_two_failures_are_two_last_lines(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=5, meters=5, cache_seconds=0) as box:
        box.set_faults([{"status": 403, "times": None}])
        run = tap(box.tap_config(), streams=[SUMMARIES, DIGESTS, RESULTS])

    assert [line.split(":")[0] for line in run.errors[-2:]] == [
        "billing_summaries",
        "meter_digest_monthly, meter_digest_monthly_results",
    ]


def test_what_several_streams_fail_for_is_one_last_line_whatever_was_waited(
    tap: TapRunner,
) -> None:
    faults = [
        {"status": 500, "path": "/unit", "times": None, "headers": {"Retry-After": "9999"}},
        {"status": 500, "path": "/commodity", "times": None},
    ]
    with Sandbox(billing_summaries=0, meters=5, cache_seconds=0, faults=faults) as box:
        run = tap(box.tap_config(), streams=["energycap_units", "energycap_commodities", DIGESTS])

    failed = [line for line in run.errors if "has an internal error (500)" in line]
    assert len(failed) == 1
    assert failed[0].startswith("energycap_commodities, energycap_units: ")
    assert len(run.records(DIGESTS)) == 5


def test_an_answer_of_another_form_stops_no_other_stream(tap: TapRunner) -> None:
    fault = {"status": 200, "path": "/unit", "body": "<html>", "times": None}
    fault["content_type"] = "text/html"
    with Sandbox(billing_summaries=0, meters=5, cache_seconds=0, faults=[fault]) as box:
        run = tap(box.tap_config(), streams=["energycap_units", "energycap_commodities", DIGESTS])

    assert run.exit == 1
    assert run.last_line.startswith("energycap_units: EnergyCAP sent an answer that does not ")
    assert run.last_line.endswith(
        "; text/html); 4 tries were made. Check energycap_base_url, the network and the proxy."
    )
    assert len(run.records(DIGESTS)) == 5
    assert run.records("energycap_commodities")
