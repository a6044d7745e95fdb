"""Bills and intervals from run to run: what changed is read again, whole, and nothing else."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tap_utility_energy.core.stream import VendorStream
from tests.odd_values import restored
from tests.support import Run, TapRunner, by_key, catalog, start
from tests.utilityapi.meter_data import (
    BILLS,
    FAST,
    INTERVALS,
    ITEMS,
    asked_for,
    instead,
    landed,
    paths,
    sync,
    truth,
    vendor,
)


def test_a_run_with_nothing_new_costs_one_request(tap: TapRunner, box: Sandbox) -> None:
    streams = BILLS, ITEMS, INTERVALS, "utilityapi_interval_readings", "utilityapi_meters"
    first = sync(tap, box, None, *streams)
    second = sync(tap, box, first, *streams)

    assert landed(first) == truth(box)
    assert paths(box) == ["/meters"]
    assert not second.records(BILLS)
    assert second.records("utilityapi_meters")
    assert second.state == first.state


def test_the_bookmark_is_the_latest_change(tap: TapRunner, box: Sandbox) -> None:
    run = sync(tap, box)

    latest = max(bill["updated"] for bill in truth(box).values())
    assert run.state["bookmarks"][BILLS]["replication_key_value"] == latest
    assert "not resumable" not in run.stderr


@pytest.mark.parametrize("odd", [{}, {"updated": None}, {"updated": 5}, {"meter_uid": {}}])
def test_a_bill_without_usable_marks_comes_all_the_same(
    tap: TapRunner, box: Sandbox, odd: dict[str, Any]
) -> None:
    meter = next(iter(truth(box).values()))["meter_uid"]
    bill = {"uid": "1", "meter_uid": meter, **odd}
    before = {**bill, "uid": "0", "updated": "2026"}
    box.set_faults([instead("/bills", {"bills": [before, bill], "next": None})])
    run = sync(tap, box, utilityapi_meters=[meter])

    assert run.exit == 0, run.stderr
    assert restored(run.records(BILLS)[1]) == bill


def test_two_streams_read_one_walk(tap: TapRunner, box: Sandbox) -> None:
    run = sync(tap, box, None, BILLS, ITEMS)

    assert paths(box) == ["/meters", "/bills"]
    assert {row["bill_uid"] for row in run.records(ITEMS)} == {u for (u,) in landed(run)}


def test_a_stream_selected_later_gets_everything(tap: TapRunner, box: Sandbox) -> None:
    first = sync(tap, box, None, BILLS)
    second = sync(tap, box, first, BILLS, ITEMS)

    assert {row["bill_uid"] for row in second.records(ITEMS)} == {u for (u,) in truth(box)}


def test_a_full_table_is_full(tap: TapRunner, box: Sandbox) -> None:
    # With emit_activate_version_messages the loader deletes whatever does not come.
    first = sync(tap, box)
    path = tap.file("full.json", catalog([BILLS], replication_method="FULL_TABLE"))
    second = tap(box.tap_config(**FAST), "--catalog", path, state=first.state)

    assert landed(second) == truth(box)


def test_a_corrected_old_bill_is_caught(tap: TapRunner, box: Sandbox) -> None:
    first = sync(tap, box)
    corrected = box.advance("correct_bill")
    second = sync(tap, box, first)

    assert asked_for(box) == [corrected["meter"]]
    assert landed(first) != truth(box)
    assert landed(first, second) == truth(box)


def test_new_bills_are_caught_and_only_their_meters_read(tap: TapRunner, box: Sandbox) -> None:
    first = sync(tap, box, None, BILLS, INTERVALS)
    old = truth(box)
    box.advance("to", to="2026-09-15")
    second = sync(tap, box, first, BILLS, INTERVALS)

    new = {bill["meter_uid"] for key, bill in truth(box).items() if key not in old}
    assert set(asked_for(box)) == new
    assert {bill["meter_uid"] for bill in old.values()} - new
    assert landed(first, second) == truth(box)
    assert landed(second, stream=INTERVALS)


def test_a_meter_seen_for_the_first_time_is_read_whole(tap: TapRunner, box: Sandbox) -> None:
    meters = sorted({bill["meter_uid"] for bill in truth(box).values()})
    first = sync(tap, box, utilityapi_meters=meters[1:])
    second = sync(tap, box, first, utilityapi_meters=meters)

    assert asked_for(box) == meters[:1]
    assert {bill["meter_uid"] for bill in landed(second).values()} == set(meters[:1])
    assert landed(first, second) == truth(box)


@pytest.mark.usefixtures("_few_at_once")
@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 500, "times": None}])
def test_a_run_that_fails_half_way_loses_nothing(
    tap: TapRunner, box: Sandbox, fault: dict[str, Any]
) -> None:
    box.set_faults([{**fault, "path": "/bills", "at": 3}])
    first = sync(tap, box, None, BILLS, ITEMS, max_wait_seconds=5)
    assert first.exit == 1
    assert first.last_line.startswith(f"{ITEMS}, {BILLS}: UtilityAPI")
    partial_truth = landed(first)
    box.set_faults([])
    second = sync(tap, box, first, BILLS, ITEMS)

    assert 0 < len(partial_truth) < len(truth(box))
    assert landed(first, second) == truth(box)
    assert not {bill["meter_uid"] for bill in partial_truth.values()} & set(asked_for(box))


@pytest.mark.usefixtures("_few_at_once")
def test_a_change_during_the_run_is_seen_by_the_next(tap: TapRunner, box: Sandbox) -> None:
    whole = sync(tap, box)
    first_meter = asked_for(box)[0]
    read = [b for b in truth(box).values() if b["meter_uid"] == first_meter]

    class Clock(type(tap.clock)):
        """The time that a retry takes is when the bill changes."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if seconds >= 1 and read:
                box.advance("correct_bill", bill=read.pop()["uid"])
                read.clear()

    box.set_faults([{"status": 503, "path": "/bills", "at": 3}])
    config = box.tap_config(**FAST)
    first = tap(config, streams=[BILLS], clock=Clock())
    assert len(landed(first)) == len(landed(whole))
    assert landed(first) != truth(box)
    second = sync(tap, box, first)

    assert asked_for(box) == [first_meter]
    assert landed(first, second) == truth(box)


@pytest.mark.usefixtures("_few_at_once")
def test_no_state_is_ahead_of_the_records(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    # A run can be killed for good after any line; what the loader has then is the last STATE.
    monkeypatch.setattr(VendorStream, "STATE_MSG_FREQUENCY", 20)
    with vendor(data_page_limit=15) as box:
        run = sync(tap, box, None, BILLS, ITEMS)
        bills = truth(box)

    out: dict[str, set[str]] = {BILLS: set(), ITEMS: set()}
    known_after = []
    for message in run.messages:
        if message["type"] == "RECORD":
            row = message["record"]
            out[message["stream"]].add(row.get("bill_uid") or row["uid"])
        elif message["type"] == "STATE":
            bookmarks = message["value"]["bookmarks"]
            for stream, emitted in out.items():
                known = bookmarks.get(stream, {}).get("meters", {})
                of_known = {u for (u,), bill in bills.items() if bill["meter_uid"] in known}
                assert of_known <= emitted, stream
            known_after.append(len(bookmarks.get(ITEMS, {}).get("meters", {})))
    assert len(set(known_after)) > 3, "progress is told on the way"


def test_a_meter_that_counts_more_bills_than_came_is_read_once_more(
    tap: TapRunner, box: Sandbox
) -> None:
    bills = list(truth(box).values())
    kept_back = bills.pop()["meter_uid"]
    box.set_faults([instead("/bills", {"bills": bills, "next": None})])
    first = sync(tap, box)
    second = sync(tap, box, first)

    assert f"the next run reads them again: {kept_back}" in first.stderr
    assert asked_for(box) == [kept_back]
    assert landed(first, second).keys() == truth(box).keys()
    assert "count of records differs" not in second.stderr
    sync(tap, box, second)
    assert paths(box) == ["/meters"]


@pytest.mark.parametrize(
    ("kept_back", "asked"),
    [
        ((1, 1, 1, 1), [True, True, False, False]),
        # Not the same twice in a row, as long as the list is catching up.
        ((3, 2, 1, 1, 1), [True, True, True, True, False]),
        ((1, 0, 0), [True, True, False]),
    ],
)
def test_what_two_runs_in_a_row_see_the_same_is_taken_as_it_is(
    tap: TapRunner, box: Sandbox, kept_back: tuple[int, ...], asked: list[bool]
) -> None:
    meters = box.truth(only="meters")["meters"]
    meter = max(meters, key=lambda meter: meter["bill_count"])["uid"]
    bills = [bill for bill in truth(box).values() if bill["meter_uid"] == meter]
    run, found, said = None, [], []
    for count in kept_back:
        box.set_faults([instead("/bills", {"bills": bills[count:], "next": None})])
        run = sync(tap, box, run, utilityapi_meters=[meter])
        found.append(asked_for(box) == [meter])
        said += [line for line in run.stderr.splitlines() if "count of records differs" in line]

    assert found == asked
    settled = [line for line in said if "as in the previous run" in line]
    assert len(settled) == (kept_back[-1] > 0)
    assert len(said) == sum(
        count > 0 for count, is_read in zip(kept_back, asked, strict=True) if is_read
    )


@pytest.mark.parametrize(
    "bookmark",
    [
        {"meters": None},
        {"meters": ["1"]},
        {"meters": {"1": 2}},
        {"replication_key_value": 5},
        {"partitions": [{"context": {"meter": "1"}}, {"context": {"meter": "2"}}]},
    ],
)
def test_a_state_that_is_not_this_taps_is_no_reason_to_leave_out_or_repeat_anything(
    tap: TapRunner, box: Sandbox, bookmark: dict[str, Any]
) -> None:
    run = tap(box.tap_config(**FAST), streams=[BILLS], state={"bookmarks": {BILLS: bookmark}})

    assert run.exit == 0, run.stderr
    assert by_key(run.records(BILLS), "uid").keys() == truth(box).keys()


def test_a_killed_run_loses_nothing(
    tap: TapRunner, tmp_path: Path, warm_tap: tuple[str, ...]
) -> None:
    with vendor(billing_summaries=600, data_page_limit=20, latency_ms=20) as box:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(box.tap_config(**FAST)), "utf-8")
        chosen = tmp_path / "chosen.json"
        chosen.write_text(json.dumps(catalog([BILLS])), "utf-8")
        with start(config, "--catalog", str(chosen), command=warm_tap) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(60)]
            process.send_signal(signal.SIGTERM)
            # communicate() would not see what readline() has read ahead.
            out = process.stdout.read()
        first = Run(process.returncode, "".join(lines) + out, "")
        second = sync(tap, box, first)

        assert first.exit == 143
        assert len(landed(first)) < len(truth(box))
        assert landed(first, second) == truth(box)


def test_a_run_of_a_few_meters_does_not_make_the_next_one_read_all(
    tap: TapRunner, box: Sandbox
) -> None:
    first = sync(tap, box)
    few = sync(tap, box, first, utilityapi_meters=[asked_for(box)[0]])
    changed = box.advance("correct_bill")["meter"]
    last = sync(tap, box, few)

    assert asked_for(box) == [changed]
    assert landed(first, few, last) == truth(box)


def test_start_date_bounds_the_period_with_room_for_one_that_straddles_it(
    tap: TapRunner, box: Sandbox
) -> None:
    first = sync(tap, box, start_date="2026-03-01T00:00:00Z")

    bills = truth(box)
    wanted = {k for k, b in bills.items() if b["base"]["bill_end_date"] >= "2026-03-01"}
    assert wanted < landed(first).keys() < bills.keys()
    assert {
        parse_qs(urlsplit(r["target"]).query).get("start", [""])[0] for r in box.requests()
    } == {
        "",
        "2025-12-29",
    }
    second = sync(tap, box, first, start_date="2020-01-01T00:00:00Z")
    assert landed(first, second) == bills, "an earlier start_date is reason to read again"


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "0999-01-01", "1900-02-01"])
def test_a_start_date_of_long_ago_is_a_date_too(tap: TapRunner, box: Sandbox, start: str) -> None:
    run = sync(tap, box, start_date=start)

    assert landed(run) == truth(box), run.stderr
    assert box.requests()[1]["target"].endswith("&start=1900-01-01")


def test_intervals_are_asked_for_in_portions_that_a_short_run_can_finish(tap: TapRunner) -> None:
    with vendor(interval_meters=30) as box:
        first = sync(tap, box, None, INTERVALS, utilityapi_mixed_intervals=True)
        assert paths(box).count("/intervals") > 1
        assert len(asked_for(box)) == len(set(asked_for(box)))
        assert landed(first, stream=INTERVALS) == truth(box, "intervals")


def test_mixed_intervals_bring_more(tap: TapRunner, box: Sandbox) -> None:
    plain = sync(tap, box, None, INTERVALS)
    mixed = sync(tap, box, plain, INTERVALS, utilityapi_mixed_intervals=True)

    assert landed(plain, stream=INTERVALS).keys() < landed(mixed, stream=INTERVALS).keys()
    assert landed(mixed, stream=INTERVALS) == truth(box, "intervals")
    assert "calls 1 answer incomplete" in plain.stderr


def test_readings_without_a_time_are_left_out_and_told(tap: TapRunner, box: Sandbox) -> None:
    meter = truth(box, "intervals")[next(iter(truth(box, "intervals")))]["meter_uid"]
    good = {"start": "a", "end": "b", "new": 1}
    rows = [None, good, {"start": None, "end": "b"}, "none", {"end": "c"}]
    interval = {"uid": "1", "meter_uid": meter, "readings": rows}
    box.set_faults([instead("/intervals", {"intervals": [interval], "next": None})])
    readings = "utilityapi_interval_readings"
    run = sync(tap, box, None, readings, utilityapi_meters=[meter])

    assert run.exit == 1
    assert [(row["start"], row["extra"]) for row in run.records(readings)] == [("a", {"new": 1})]
    assert (
        f"{readings}: 3 records were left out for lack of a unique key, all others were written; "
        f"utilityapi_intervals has the readings: interval '1' of meter '{meter}' has 3 without "
        "start or end."
    ) in run.last_line
