"""Intervals as a real answer shows them: their uids change as they grow, their readings are one."""

from __future__ import annotations

import datetime as dt
from operator import itemgetter

import pytest
import requests

from sandbox import Sandbox

SMALL = {"billing_summaries": 25, "meters": 1, "cache_seconds": 0, "utilityapi_rate_limit": 0}
WHAT = "meters,intervals,interval_readings,authorizations,bills"


@pytest.fixture
def box():
    """One meter with readings, of hours and quarter-hours."""
    with Sandbox(**SMALL, interval_meters=0) as box:
        yield box


@pytest.fixture
def boxes():
    """Three meters with readings."""
    with Sandbox(**SMALL, interval_meters=2) as box:
        yield box


def by_uid(rows):
    return {row["uid"]: row for row in rows}


def intervals_of(truth, meter):
    return [row for row in truth["intervals"] if row["meter_uid"] == meter]


def epoch(text):
    return round(dt.datetime.fromisoformat(text).timestamp())


def day(text):
    return dt.datetime.fromisoformat(text).date()


def check(truth):
    """The uids tell the bounds, the counts are of readings, the latest Interval is right."""
    true = {
        (row["meter_uid"], row["start"], row["end"]): row["datapoints"]
        for row in truth["interval_readings"]
    }
    assert len(true) == len(truth["interval_readings"])
    listed = {}
    for row in sorted(truth["intervals"], key=itemgetter("updated")):
        newest, oldest = row["readings"][0], row["readings"][-1]
        end, start = epoch(newest["end"]), epoch(oldest["start"])
        assert row["uid"] == f"{row['meter_uid']}-{end}-{start}"
        assert [epoch(r["start"]) for r in row["readings"]] == sorted(
            {epoch(r["start"]) for r in row["readings"]}, reverse=True
        )
        for reading in row["readings"]:
            listed[row["meter_uid"], reading["start"], reading["end"]] = reading["datapoints"]
    assert listed == true
    for meter in truth["meters"]:
        spans = {(epoch(s), epoch(e)) for uid, s, e in true if uid == meter["uid"]}
        assert meter["interval_count"] == len(spans)
        covered = sum(epoch(end) - epoch(start) for start, end in meter["interval_coverage"])
        assert covered == sum(end - start for start, end in spans)


def test_only_the_last_days_of_a_bills_period_can_have_readings():
    with Sandbox(**SMALL, interval_days=3) as box:
        truth = box.truth(only=WHAT)
    check(truth)
    ends = {day(bill["base"]["bill_end_date"]) for bill in truth["bills"]}
    for row in truth["intervals"]:
        newest, oldest = row["readings"][0], row["readings"][-1]
        assert day(newest["end"]) in ends
        assert day(newest["end"]) - day(oldest["start"]) == dt.timedelta(days=3)


def test_the_first_day(boxes):
    truth = boxes.truth(only=WHAT)
    check(truth)
    of_meters = {row["meter_uid"]: row for row in truth["intervals"]}
    assert all(len(intervals_of(truth, meter)) > 1 for meter in of_meters)
    real = next(row for row in of_meters.values() if row["utility"] != "DEMO")
    assert real["sources"][0]["raw_url"] is None
    assert real["base"]["meter_numbers"] == real["base"]["qualities"] == []
    assert "billing_account" in real["base"]
    assert "service_class" not in real["base"]
    points = real["readings"][0]["datapoints"]
    assert [(p["type"], p["unit"]) for p in points] == [
        ("net", "kwh"),
        ("max", "kw"),
        ("fwd", "kwh"),
    ]
    assert all(point["meter_number"] for point in points)


def test_an_interval_that_grows_has_another_uid(box):
    before = box.truth(only=WHAT)
    grown = box.advance("grow_intervals")["intervals"]
    after = box.truth(only=WHAT)
    check(after)
    old, new = by_uid(before["intervals"]), by_uid(after["intervals"])
    assert len(new) == len(old)
    assert set(new) - set(old) == set(grown.values())
    for meter, uid in grown.items():
        (gone,) = [row for row in intervals_of(before, meter) if row["uid"] not in new]
        assert new[uid]["created"] == gone["created"]
        assert new[uid]["updated"] > gone["updated"]
        assert new[uid]["readings"][-len(gone["readings"]) :] == gone["readings"]
        assert moved(before, after)[meter] == {"status_ts", "interval_count", "interval_coverage"}
    one = next(iter(grown))
    box.advance("grow_intervals", meter=one, new=True, days=2)
    assert len(intervals_of(box.truth(only=WHAT), one)) == len(intervals_of(after, one)) + 1


def moved(before, after):
    old = by_uid(before["meters"])
    return {
        uid: {name for name in row if row[name] != old[uid][name]}
        for uid, row in by_uid(after["meters"]).items()
        if row != old[uid]
    }


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("merge", [False, True])
def test_a_gap_is_filled(box, new, merge):
    meter = next(iter(box.advance("grow_intervals")["intervals"]))
    box.advance("grow_intervals", meter=meter, late=5, new=new)
    before = box.truth(only=WHAT)
    check(before)
    assert box.advance("fill_gaps", merge=merge) == {"meter": meter, "readings": 5}
    after = box.truth(only=WHAT)
    check(after)
    old, now = (by_uid(intervals_of(truth, meter)) for truth in (before, after))
    assert len(now) == len(old) - merge
    in_the_middle = not new and not merge
    assert (set(now) == set(old)) == in_the_middle, "only `updated` tells of it then"
    assert max(row["updated"] for row in now.values()) > max(r["updated"] for r in old.values())


@pytest.mark.parametrize("oldest", [False, True])
def test_a_reading_is_corrected(boxes, oldest):
    before = boxes.truth(only=WHAT)
    said = boxes.advance("correct_reading", oldest=oldest)
    after = boxes.truth(only=WHAT)
    check(after)
    assert moved(before, after) == {said["meter"]: {"status_ts"}}
    old = by_uid(before["intervals"])
    (changed,) = [row for row in after["intervals"] if row != old[row["uid"]]]
    assert changed["updated"] > old[changed["uid"]]["updated"]
    differing = [
        (a["kwh"], b["kwh"])
        for a, b in zip(before["interval_readings"], after["interval_readings"], strict=True)
        if a != b
    ]
    assert differing == [(said["kwh"] - 1, said["kwh"])]


@pytest.mark.parametrize("differing", [False, True])
def test_readings_come_in_two_intervals(box, differing):
    before = box.truth(only=WHAT)
    said = box.advance("repeat_readings", differing=differing, count=7)
    after = box.truth(only=WHAT)
    check(after)
    assert moved(before, after) == {said["meter"]: {"status_ts"}}
    assert (after["interval_readings"] == before["interval_readings"]) != differing
    assert len(by_uid(after["intervals"])[said["interval"]]["readings"]) == 7
    assert len(after["intervals"]) == len(before["intervals"]) + 1
    box.advance("grow_intervals", meter=said["meter"])
    box.advance("correct_reading", meter=said["meter"])
    check(box.truth(only=WHAT))


def test_a_meter_moves_to_another_consent(client, boxes):
    before = boxes.truth(only=WHAT)
    said = boxes.advance("renew_authorization")
    after = boxes.truth(only=WHAT)
    check(after)
    assert moved(before, after) == {said["meter"]: {"authorization_uid"}}
    for name in ("bills", "intervals", "interval_readings"):
        old = [row for row in before[name] if row["meter_uid"] == said["meter"]]
        new = [row for row in after[name] if row["meter_uid"] == said["meter"]]
        assert new == [{**row, "authorization_uid": said["authorization"]} for row in old]
        assert new
    assert len(after["authorizations"]) == len(before["authorizations"]) + 1
    answer = client.get(boxes, f"/intervals?authorizations={said['authorization']}")
    assert len(answer.json()["intervals"]) == len(intervals_of(after, said["meter"])) - 1


def test_a_bill_collects_the_rest_of_its_readings(boxes):
    grown = boxes.advance("grow_intervals", days=3)["intervals"]
    boxes.advance("correct_reading")
    boxes.advance("new_bills", vendor="utilityapi")
    boxes.advance("to", to="2026-09-15")
    truth = boxes.truth(only=WHAT)
    check(truth)
    assert any(len(intervals_of(truth, meter)) > 4 for meter in grown)


@pytest.mark.parametrize(
    "event",
    [
        {"event": "grow_intervals", "days": 0},
        {"event": "grow_intervals", "late": 96},
        {"event": "grow_intervals", "meter": "nope"},
        {"event": "fill_gaps"},
        {"event": "correct_reading", "meter": "nope"},
        {"event": "repeat_readings", "count": 10_000},
        {"event": "renew_authorization", "meter": "nope"},
    ],
)
def test_events_that_cannot_happen(client, box, event):
    before = box.truth(only=WHAT)
    answer = client.session.post(f"{box.url}/__advance", json=event, timeout=60)
    assert answer.status_code == 400
    assert box.truth(only=WHAT) == before


def test_history_that_is_collected_later_comes_before_all_that_there_was(box):
    before = box.truth(only=WHAT)
    said = box.advance("older_readings", days=100, each=30)
    after = box.truth(only=WHAT)
    check(after)
    meter = said["meter"]
    (old,) = (row for row in before["meters"] if row["uid"] == meter)
    (now,) = (row for row in after["meters"] if row["uid"] == meter)
    assert now["interval_count"] - old["interval_count"] == said["readings"] > 0
    first, last = (epoch(row["interval_coverage"][0][0]) for row in (now, old))
    assert last - first == 100 * 86400
    assert len(intervals_of(after, meter)) == len(intervals_of(before, meter)) + 4


@pytest.mark.parametrize("cuts", [False, True])
def test_start_leaves_out_or_cuts_an_interval_that_begins_before_it(cuts):
    with Sandbox(**SMALL, interval_meters=0, start_cuts=cuts) as box:
        truth = box.truth(only=WHAT)
        whole = truth["intervals"][1]
        meter, middle = whole["meter_uid"], whole["readings"][100]["start"]
        headers = {"Authorization": "Bearer sandbox-utilityapi-token"}
        query = {"meters": meter, "start": middle, "allow_mixed": "true"}
        url = f"{box.utilityapi_base_url}/intervals"
        found = requests.get(url, params=query, headers=headers, timeout=10).json()["intervals"]

    newer = [row for row in intervals_of(truth, meter) if row["readings"][-1]["start"] >= middle]
    assert len(found) == len(newer) + cuts
    if cuts:
        assert [r["start"] for r in found[-1]["readings"]] == [
            r["start"] for r in whole["readings"][:101]
        ]
