"""Readings count once, however often their interval grows, is listed or changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.utilityapi.streams import INTERVALS as LIST
from tests.support import Run, TapRunner, by_key, catalog
from tests.utilityapi.meter_data import FAST, INTERVALS, asked_for, instead, sync, truth, vendor

READINGS = "utilityapi_interval_readings"
KEY = ("meter_uid", "start", "end")
BOTH = partial(sync, utilityapi_mixed_intervals=True)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """One meter with readings, in four intervals."""
    with vendor(interval_meters=0, billing_summaries=25) as box:
        yield box


@pytest.fixture
def boxes() -> Iterator[Sandbox]:
    """Three meters with readings, of hours and quarter-hours, one of them with both."""
    with vendor(interval_meters=2, billing_summaries=25) as box:
        yield box


def true_readings(box: Sandbox) -> dict[tuple[Any, ...], dict[str, Any]]:
    return by_key(box.truth(only="interval_readings")["interval_readings"], *KEY)


def stored(*runs: Run) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The table of readings in a warehouse that merges by key, after the runs."""
    rows = {}
    for run in runs:
        rows |= by_key(run.records(READINGS), *KEY)
    return rows


def stored_intervals(*runs: Run) -> dict[str, dict[str, Any]]:
    """The table of intervals."""
    return {row["uid"]: row for run in runs for row in run.records(INTERVALS)}


def assert_true(box: Sandbox, *runs: Run) -> None:
    """What is stored of each reading is what the vendor has, and no row of it is left over."""
    expected, found = true_readings(box), stored(*runs)
    assert found.keys() == expected.keys()
    for key, row in found.items():
        assert {name: row[name] for name in expected[key]} == expected[key]


def assert_intervals_add_up(box: Sandbox, *runs: Run) -> None:
    """A plain sum over the intervals is right, where the vendor lists no reading twice."""
    rows = stored_intervals(*runs).values()
    readings = [reading for row in rows for reading in row["readings"] or []]
    expected = true_readings(box).values()
    assert len(readings) == len(expected)
    assert total(readings) == total(expected)


def total(readings: Any) -> Decimal:
    return sum((reading["datapoints"][0]["value"] for reading in readings), Decimal())


def test_five_days_of_growth_are_stored_once(tap: TapRunner, boxes: Sandbox) -> None:
    runs = [BOTH(tap, boxes, None, READINGS, INTERVALS)]
    for late in (0, 5, 0, 3, 0):
        boxes.advance("grow_intervals", late=late)
        runs.append(BOTH(tap, boxes, runs[-1], READINGS, INTERVALS))
        assert_true(boxes, *runs)
        assert_intervals_add_up(boxes, *runs)

    rows = stored_intervals(*runs)
    current = {uid for uid, row in rows.items() if row.get("replaced_by") is None}
    assert current == {uid for (uid,) in truth(boxes, "intervals")}
    assert len(rows) == len(current) + 5 * 3
    assert "twice" not in "".join(run.stderr for run in runs)


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("merge", [False, True])
def test_a_gap_that_is_filled_leaves_nothing_twice(
    tap: TapRunner, box: Sandbox, *, new: bool, merge: bool
) -> None:
    box.advance("grow_intervals", late=4, new=new)
    first = BOTH(tap, box, None, READINGS, INTERVALS)
    box.advance("fill_gaps", merge=merge)
    second = BOTH(tap, box, first, READINGS, INTERVALS)

    assert_true(box, first, second)
    assert_intervals_add_up(box, first, second)


@pytest.mark.parametrize("oldest", [False, True])
def test_a_correction_replaces_the_reading(tap: TapRunner, box: Sandbox, *, oldest: bool) -> None:
    first = BOTH(tap, box, None, READINGS, INTERVALS)
    said = box.advance("correct_reading", oldest=oldest)
    second = BOTH(tap, box, first, READINGS, INTERVALS)

    assert asked_for(box) == [said["meter"]]
    assert_true(box, first, second)
    assert_intervals_add_up(box, first, second)


def test_a_meter_under_another_consent_is_read_again(tap: TapRunner, box: Sandbox) -> None:
    bills = "utilityapi_bills"
    first = BOTH(tap, box, None, READINGS, INTERVALS, bills)
    said = box.advance("renew_authorization")
    second = BOTH(tap, box, first, READINGS, INTERVALS, bills)

    assert set(asked_for(box)) == {said["meter"]}
    assert_true(box, first, second)
    for stream in (READINGS, INTERVALS, bills):
        rows = second.records(stream)
        assert {row["authorization_uid"] for row in rows} == {said["authorization"]}, stream


@pytest.mark.parametrize("limit", [500, 1])
def test_a_reading_in_two_intervals_comes_once(tap: TapRunner, limit: int) -> None:
    with vendor(interval_meters=1, billing_summaries=25, data_page_limit=limit) as box:
        box.advance("repeat_readings", count=5)
        run = BOTH(tap, box, None, READINGS)

        assert_true(box, run)
        assert "twice" not in run.stderr


@pytest.mark.parametrize("limit", [500, 1])
def test_of_two_that_differ_the_one_updated_last_is_kept(tap: TapRunner, limit: int) -> None:
    with vendor(interval_meters=1, billing_summaries=25, data_page_limit=limit) as box:
        first = BOTH(tap, box, None, READINGS)
        said = box.advance("repeat_readings", count=5, differing=True)
        second = BOTH(tap, box, first, READINGS)

        assert_true(box, first, second)
        (warning,) = [line for line in second.stderr.splitlines() if "twice" in line]
        assert f"{READINGS}: meter {said['meter']} has 5 readings twice, with" in warning


HOUR = {"start": "2026-03-08T01:00:00.000000-08:00", "end": "2026-03-08T03:00:00.000000-07:00"}


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        ("2026-03-08T01:00:00-08:00", "2026-03-08T03:00:00-07:00", HOUR),
        ("2026-03-08T01:00-08:00", "2026-03-08T03:00:00.000-07:00", HOUR),
        (
            "2026-03-08T09:00:00Z",
            "2026-03-08T10:00:00.000000Z",
            {
                "start": "2026-03-08T09:00:00.000000+00:00",
                "end": "2026-03-08T10:00:00.000000+00:00",
            },
        ),
        # What tells no instant stays as it was sent.
        ("2026-03-08T:00:00-08:00", "2026-03-08T01:00:00", None),
        ("2026-03-08", "yesterday", None),
    ],
)
def test_one_instant_is_one_key_however_it_is_written(
    tap: TapRunner, box: Sandbox, start: str, end: str, kept: dict[str, str] | None
) -> None:
    meter = next(iter(truth(box, "intervals").values()))["meter_uid"]
    sent = {"start": start, "end": end}
    kept = kept or sent
    other = {"start": "2026-03-08T10:00:00+01:00", "end": "2026-03-08T11:00:00+01:00"}
    readings = [sent, {**HOUR}, other] if kept is not sent else [sent, sent]
    interval = {"uid": "1", "meter_uid": meter, "readings": readings}
    box.set_faults([instead("/intervals", {"intervals": [interval], "next": None})])
    run = sync(tap, box, None, READINGS, utilityapi_meters=[meter])

    assert [{name: row[name] for name in kept} for row in run.records(READINGS)] == [kept]
    assert "twice" not in run.stderr


def test_within_one_interval_the_first_listed_is_kept(tap: TapRunner, box: Sandbox) -> None:
    meter = next(iter(truth(box, "intervals").values()))["meter_uid"]
    rows = [{**HOUR, "kwh": 1}, {**HOUR, "kwh": 2}, {**HOUR, "kwh": 1}]
    interval = {"uid": "1", "meter_uid": meter, "updated": None, "readings": rows}
    box.set_faults([instead("/intervals", {"intervals": [interval], "next": None})])
    run = sync(tap, box, None, READINGS, utilityapi_meters=[meter])

    assert [row["kwh"] for row in run.records(READINGS)] == [1]
    assert f"meter {meter} has 1 reading twice" in run.stderr


@pytest.mark.parametrize("repeated", [False, True], ids=["as sent", "merged"])
def test_readings_of_mixed_durations_are_told_apart(tap: TapRunner, *, repeated: bool) -> None:
    with vendor(interval_meters=2, billing_summaries=25) as box:
        if repeated:
            box.advance("repeat_readings", count=5)
        rows = BOTH(tap, box, None, READINGS).records(READINGS)

    lengths = {key: row["duration_minutes"] for key, row in by_key(rows, *KEY).items()}
    for (_, start, end), minutes in lengths.items():
        length = datetime.fromisoformat(end) - datetime.fromisoformat(start)
        assert minutes == length / timedelta(minutes=1), (start, end)
    assert set(lengths.values()) == {15, 60}
    per_meter = {(meter, minutes) for (meter, *_), minutes in lengths.items()}
    assert len(per_meter) == 4, "of three meters one has both"


DAY = "2026-03-08T"


@pytest.mark.parametrize(
    ("end", "minutes"),
    [
        (f"{DAY}01:00:30.000000-08:00", 0.5),
        (f"{DAY}01:00:00.000000-08:00", 0),
        (f"{DAY}00:45:00.000000-08:00", -15),
        (f"{DAY}03:15:00.000000-07:00", 75),  # summer time has begun
        ("2026-03-09T01:00:00.000000-07:00", 1380),
        (f"{DAY}09:15Z", 15),
        (f"{DAY}01:15:00", None),
        ("2026-03-08", None),
        (f"{DAY}:15:00.000000-08:00", None),
    ],
)
@pytest.mark.parametrize("more", [{}, {"new": 1}], ids=["as sent", "decoded"])
def test_a_reading_is_as_long_as_its_times_say(
    tap: TapRunner, box: Sandbox, end: str, minutes: float | None, more: dict[str, int]
) -> None:
    meter = next(iter(truth(box, "intervals").values()))["meter_uid"]
    reading = {"start": f"{DAY}01:00:00.000000-08:00", "end": end, "duration_minutes": 7} | more
    if not more:
        del reading["duration_minutes"]
    interval = {"uid": "1", "meter_uid": meter, "readings": [reading]}
    box.set_faults([instead("/intervals", {"intervals": [interval], "next": None})])
    (row,) = sync(tap, box, None, READINGS, utilityapi_meters=[meter]).records(READINGS)

    assert row["duration_minutes"] == minutes
    assert row.get("extra") == ({"duration_minutes": 7, "new": 1} if more else None)


def test_a_catalog_from_before_the_length_of_readings_needs_none(
    tap: TapRunner, box: Sandbox
) -> None:
    entries = catalog([READINGS])
    (entry,) = [each for each in entries["streams"] if each["tap_stream_id"] == READINGS]
    del entry["schema"]["properties"]["duration_minutes"]
    run = tap(box.tap_config(**FAST), "--catalog", tap.file("own.json", entries))

    assert run.exit == 0
    assert all(not row.keys() & {"duration_minutes", "extra"} for row in run.records(READINGS))


# What the state holds.


def test_a_state_by_interval_uid_leads_to_one_full_read(tap: TapRunner, box: Sandbox) -> None:
    new = BOTH(tap, box, None, READINGS, INTERVALS)
    old = {name: dict(new.state["bookmarks"][name]) for name in (READINGS, INTERVALS)}
    for bookmark in old.values():
        del bookmark["version"]
    new.messages[:] = [{"type": "STATE", "value": {"bookmarks": old}}]
    again = BOTH(tap, box, new, READINGS, INTERVALS)
    assert_true(box, again)
    assert again.state["bookmarks"][READINGS]["version"] == 2

    third = BOTH(tap, box, again, READINGS, INTERVALS)
    assert not asked_for(box)
    assert third.state == again.state


def test_only_the_stream_with_the_old_state_is_read_by_it(tap: TapRunner, box: Sandbox) -> None:
    first = BOTH(tap, box, None, READINGS, "utilityapi_bills")
    bookmarks = first.state["bookmarks"]
    del bookmarks[READINGS]["version"]
    first.messages[:] = [{"type": "STATE", "value": {"bookmarks": bookmarks}}]
    second = BOTH(tap, box, first, READINGS, "utilityapi_bills")

    assert_true(box, second)
    assert not second.records("utilityapi_bills")


def test_no_state_is_ahead_of_the_rows(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    # A run can be killed for good after any line; what the loader has then is the last STATE.
    monkeypatch.setattr(VendorStream, "STATE_MSG_FREQUENCY", 1)
    monkeypatch.setattr(LIST, "meters_at_once", 1)
    monkeypatch.setattr(LIST, "most_meters", 1)
    with vendor(interval_meters=1, billing_summaries=25, data_page_limit=2) as box:
        first = BOTH(tap, box, None, READINGS, INTERVALS)
        box.advance("grow_intervals", late=2, new=True)
        second = BOTH(tap, box, first, READINGS, INTERVALS)
        box.advance("fill_gaps", merge=True)  # replaces two intervals by one
        box.advance("grow_intervals")
        third = BOTH(tap, box, second, READINGS, INTERVALS)
        ends = {
            json.dumps(line["value"], sort_keys=True): number
            for number, line in enumerate(third.messages)
            if line["type"] == "STATE"
        }
        assert len(ends) > 5
        for end in list(ends.values())[1:]:
            killed = Run(143, "\n".join(third.stdout.splitlines()[: end + 1]), "")
            after = BOTH(tap, box, killed, READINGS, INTERVALS)
            assert_true(box, first, second, killed, after)
            assert_intervals_add_up(box, first, second, killed, after)


def test_the_rows_of_old_versions_are_empty(tap: TapRunner, box: Sandbox) -> None:
    first = BOTH(tap, box, None, INTERVALS)
    listed = truth(box, "intervals")
    grown = box.advance("grow_intervals")["intervals"]
    second = BOTH(tap, box, first, INTERVALS)

    emptied = {row["uid"]: row for row in second.records(INTERVALS) if row.get("replaced_by")}
    assert {row["meter_uid"]: row["replaced_by"] for row in emptied.values()} == grown
    for uid, row in emptied.items():
        assert row["meter_uid"] == listed[uid,]["meter_uid"]
        assert {name for name, value in row.items() if value is not None} == {
            "uid",
            "meter_uid",
            "replaced_by",
        }


@pytest.mark.parametrize(
    "change", [{"start_date": "2026-05-25T00:00:00Z"}, {"utilityapi_mixed_intervals": False}]
)
def test_another_window_empties_no_row(
    tap: TapRunner, boxes: Sandbox, change: dict[str, Any]
) -> None:
    first = BOTH(tap, boxes, None, INTERVALS)
    second = sync(tap, boxes, first, INTERVALS, **{"utilityapi_mixed_intervals": True, **change})

    assert 0 < len(second.records(INTERVALS)) < len(first.records(INTERVALS))
    assert not [row for row in second.records(INTERVALS) if row.get("replaced_by")]
    third = sync(tap, boxes, second, INTERVALS, utilityapi_mixed_intervals=True)
    assert_intervals_add_up(boxes, first, second, third)


def test_an_interval_that_is_listed_no_more_keeps_its_row(tap: TapRunner, box: Sandbox) -> None:
    first = sync(tap, box, None, INTERVALS)
    meter = first.records(INTERVALS)[0]["meter_uid"]
    mine = [row for row in truth(box, "intervals").values() if row["meter_uid"] == meter]
    box.advance("correct_reading", meter=meter)
    box.set_faults([instead("/intervals", {"intervals": mine[:1], "next": None})])
    second = sync(tap, box, first, INTERVALS)

    assert [row["uid"] for row in second.records(INTERVALS)] == [mine[0]["uid"]]


def test_a_full_table_of_intervals_is_as_it_was_sent(tap: TapRunner, box: Sandbox) -> None:
    first = BOTH(tap, box, None, INTERVALS)
    box.advance("grow_intervals")
    config = box.tap_config(utilityapi_requests_per_minute=9999, utilityapi_mixed_intervals=True)
    path = tap.file("full.json", catalog([INTERVALS], replication_method="FULL_TABLE"))
    second = tap(config, "--catalog", path, state=first.state)

    assert second.exit == 0, second.stderr
    rows = {row["uid"]: row for row in second.records(INTERVALS) if not row.get("replaced_by")}
    assert rows == {uid: row for (uid,), row in truth(box, "intervals").items()}
    assert [request["target"] for request in box.requests()][-1].startswith("/utilityapi")


# What is asked for.


def requests(box: Sandbox) -> list[str]:
    return [request["target"].rpartition("/v2")[2] for request in box.requests()]


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("limit", [500, 1])
def test_no_look_at_the_meters_follows_a_chunk_of_intervals(
    tap: TapRunner, *, mixed: bool, limit: int
) -> None:
    with vendor(interval_meters=2, billing_summaries=25, data_page_limit=limit) as box:
        sync(tap, box, None, READINGS, INTERVALS, utilityapi_mixed_intervals=mixed)

        listed, *data = requests(box)
        assert listed == "/meters"
        assert {target.partition("?")[0] for target in data} == {"/intervals"}
        assert len(data) == (1 if limit == 500 else len(pages_of(box, mixed=mixed)))


def pages_of(box: Sandbox, *, mixed: bool) -> list[Any]:
    rows = truth(box, "intervals").values()
    return [row for row in rows if mixed or row["sources"][0]["raw_url"] != ""]


@pytest.mark.parametrize("stream", [READINGS, "utilityapi_bills"])
def test_blocks_are_asked_for_by_the_list_of_meters_alone(
    tap: TapRunner, box: Sandbox, stream: str
) -> None:
    consent = next(iter(truth(box, "intervals").values()))["authorization_uid"]
    box.advance("revoke_authorization", authorization=consent, after_requests=1)
    sync(tap, box, None, stream)
    assert len([target for target in requests(box) if target.startswith("/meters")]) > 1
    assert not [target for target in requests(box) if "expand" in target]


def test_the_list_of_meters_asks_for_their_blocks(tap: TapRunner, box: Sandbox) -> None:
    consent = next(iter(truth(box, "intervals").values()))["authorization_uid"]
    box.advance("revoke_authorization", authorization=consent, after_requests=1)
    sync(tap, box, None, READINGS, "utilityapi_meters")

    first, *others = [target for target in requests(box) if target.startswith("/meters")]
    assert first == "/meters?expand_meter_blocks=true"
    assert others
    assert not [target for target in others if "expand" in target]
