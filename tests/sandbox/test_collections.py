"""Meters, and historical collections with everything that can happen to them."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest
import requests

from sandbox import Sandbox

SMALL = {"billing_summaries": 25, "meters": 1, "cache_seconds": 0, "utilityapi_rate_limit": 0}
# A collection of 13 bills takes 120 sandbox seconds, and as good as no time.
FAST = SMALL | {"job_seconds": 120, "time_scale": 2000}
POST = "/meters/historical-collection"


@pytest.fixture(scope="module")
def shared():
    """A sandbox for tests that change nothing."""
    with Sandbox(**SMALL) as box:
        yield box


def new_meters(box, utility="SDG&E"):
    """Never-activated meters that a consent in force shares."""
    message = "Service exists, but no logs yet."
    return [
        meter["uid"]
        for meter in box.truth(only="meters")["meters"]
        if meter["status_message"] == message and meter["utility"] == utility
    ]


def wait(client, box, uid, is_done=lambda meter: meter["status"] != "pending"):
    """Read a meter until it is done."""
    deadline = time.monotonic() + 60
    while not is_done(meter := client.get(box, f"/meters/{uid}").json()):
        assert time.monotonic() < deadline, meter
        time.sleep(0.01)
    return meter


def test_meters_of_every_kind_in_every_world(client):
    for size in (0, 25):
        with Sandbox(**SMALL | {"billing_summaries": size}) as box:
            meters = client.get(box, "/meters").json()["meters"]
            assert [m["uid"] for m in meters] == [
                m["uid"] for m in box.truth(only="meters")["meters"]
            ]
        fresh = [m for m in meters if m["status_message"] == "Service exists, but no logs yet."]
        for meter in fresh:
            assert (meter["status"], meter["is_activated"]) == ("updated", False)
            assert (meter["bill_count"], meter["bill_coverage"]) == (0, [])
        assert {m["utility"] for m in fresh} == {"SDG&E", "SMUD", "DEMO"}
        assert {m["status"] for m in meters} == {"updated", "pending", "errored"}
        assert {(m["is_archived"], m["is_activated"]) for m in meters} == {
            (archived, active) for archived in (True, False) for active in (True, False)
        }
        assert [m["created"] for m in meters] == sorted(m["created"] for m in meters)[::-1]


def test_meters_join_the_summaries(client):
    with Sandbox(**SMALL | {"billing_summaries": 400}) as box:
        truth = box.truth()
        page = client.get(box, "/meters").json()["meters"]
        meters = {m["uid"]: m for m in truth["meters"]}
        assert {m["uid"] for m in page if not m["is_expanded"]} == {
            m["uid"] for m in page if m["utility"] == "SRP"
        }
        assert all("base" in m for m in meters.values())
    for row in truth["billing_summaries"]:
        for uid in row.get("meter_uids", ()):
            assert meters[uid]["authorization_uid"] == row["authorization_uid"]
            assert meters[uid]["is_activated"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?is_activated=false&is_archived=true", 200),
        ("?utility=DEMO&users=1337&is_monitored=false&expand_meter_blocks=true", 200),
        ("?is_activated=0", 400),
        ("?service_type=electric", 400),
        ("?include=meters", 400),
        ("?after=nope", 400),
    ],
)
def test_filters_of_meters(client, shared, query, status):
    answer = client.get(shared, "/meters" + query)
    assert answer.status_code == status
    if status == 200:
        assert 0 < len(answer.json()["meters"]) < len(shared.truth(only="meters")["meters"])


def test_a_collection_from_beginning_to_end(client):
    with Sandbox(**FAST | {"time_scale": 200}) as box:
        uid = new_meters(box)[0]
        before = client.get(box, f"/meters/{uid}").json()
        count = len(box.truth(only="billing_summaries")["billing_summaries"])
        answer = client.collect(box, {"meters": [uid], "collection_duration": 12})
        assert answer.json() == {"success": True, "meters": [uid], "collection_duration": 12}
        pending = client.get(box, f"/meters/{uid}").json()
        assert pending["status"] == "pending"
        seen = wait(client, box, uid, lambda m: "Found bill" in m["status_message"])
        assert pending["status_ts"] == seen["status_ts"] > before["status_ts"]
        done = wait(client, box, uid)
        assert (done["status"], done["is_activated"]) == ("updated", True)
        assert done["status_ts"] > pending["status_ts"]
        assert done["bill_count"] == 12
        assert "meters_full" in {note["type"] for note in done["notes"]}
        assert len(box.truth(only="billing_summaries")["billing_summaries"]) == count + 12
        bill = box.bill()
        assert bill["meters"] == {uid: 1}
        assert bill["collections"][0]["cost"] == 12
        box.reset()
        assert client.get(box, f"/meters/{uid}").json() == before
        assert box.bill()["collections"] == []


def test_a_repeated_request_is_billed_again(client):
    with Sandbox(**FAST) as box:
        uid = new_meters(box)[0]
        for duration in (7, None):
            body = {"meters": [uid, uid]} | ({"collection_duration": 7} if duration else {})
            assert set(client.collect(box, body).json()) >= {"success", "meters"}
            wait(client, box, uid)
        bill = box.bill()
        assert bill["meters"] == {uid: 4}
        assert [line["cost"] for line in bill["collections"]] == [Decimal(21), Decimal(96)]
        assert wait(client, box, uid)["bill_count"] == 13
        jobs = box.truth(only="historical_jobs")["historical_jobs"]
        assert [job["n"] for job in jobs] == [1, 1, 2, 2]


@pytest.mark.parametrize("kind", ["fail", "stuck", "silent"])
def test_collections_that_go_another_way(client, kind):
    with Sandbox(**FAST) as box:
        uid, other = new_meters(box)[:2]
        box.set_jobs(**{f"job_{kind}_uids": uid})
        before = client.get(box, f"/meters/{uid}").json()
        client.collect(box, {"meters": [uid, other]})
        wait(client, box, other)
        after = client.get(box, f"/meters/{uid}").json()
        bill = box.bill()
    assert after["status"] == {"fail": "errored", "stuck": "pending", "silent": "updated"}[kind]
    assert after["status_ts"] > before["status_ts"]
    assert after["is_activated"] == (kind == "silent")
    assert bill["collections"][0]["cost"] == (48 if kind == "fail" else 96)


def test_a_job_that_shows_late(client):
    with Sandbox(**SMALL, job_start_delay=60, time_scale=150) as box:
        uid = new_meters(box)[0]
        before = client.get(box, f"/meters/{uid}").json()
        client.collect(box, {"meters": [uid]})
        assert client.get(box, f"/meters/{uid}").json() == before
        assert wait(client, box, uid, lambda m: m["is_activated"])["status"] == "updated"


def test_what_a_consent_or_the_balance_forbids(client):
    with Sandbox(**SMALL, balance=12) as box:
        fresh, demo = new_meters(box)[0], new_meters(box, "DEMO")[0]
        plain = new_meters(box, "SMUD")
        expired = next(m for m in plain if not client.collect(box, {"meters": [m]}).ok)
        answer = client.collect(box, {"meters": [expired]})
        assert (answer.status_code, answer.json()["error"]) == (400, "expired_or_revoked")
        assert box.bill()["balance"] < 0
        answer = client.collect(box, {"meters": [fresh, demo]})
        assert (answer.status_code, answer.json()["error"]) == (402, "payment_required")
        assert client.collect(box, {"meters": [demo, expired]}).json()["meters"] == [demo]
        box.set_jobs(balance=10**6)
        assert client.collect(box, {"meters": ["nope"]}).status_code == 404
        assert client.collect(box, {"meters": ["nope", fresh]}).json()["error"] == "invalid_param"
        assert client.get(box, POST).status_code == 405


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ("[]", "invalid_param"),
        ("{", "invalid_param"),
        ('{"meters": ["1"], "meters": ["2"]}', "invalid_param"),
        ('{"collection_duration": 12}', "required_param_missing"),
        ('{"meters": []}', "invalid_param"),
        ('{"meters": [123]}', "invalid_param"),
        ('{"meters": "123"}', "invalid_param"),
        ('{"meters": ["1"], "duration": 1}', "invalid_param"),
        *(
            (f'{{"meters": ["1"], "collection_duration": {value}}}', "invalid_param")
            for value in ("0", "37", "true", "null", "12.0", '"12"')
        ),
    ],
)
def test_bodies_that_are_refused(client, shared, body, slug):
    answer = client.collect(shared, body)
    assert (answer.status_code, answer.json()["error"]) == (400, slug)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.collect(shared, {"meters": new_meters(shared)}, headers=form)
    assert answer.status_code == 400
    assert shared.bill()["collections"] == []


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        ({"lose_before": True}, 0),
        ({"lose_after": True}, 1),
        ({"reset": True}, 0),
        ({"cut": True}, 0),
        ({"cut": True, "after": True}, 1),
        ({"hang": 30}, 0),
        ({"hang": 30, "after": True}, 1),
        ({"status": 504}, 0),
        ({"status": 504, "after": True}, 1),
    ],
)
def test_lost_answers(client, fault, count):
    rule = {"method": "POST", "path": "/meters"} | fault
    with Sandbox(**SMALL, faults=[rule]) as box:
        body = {"meters": new_meters(box)[:1]}
        assert client.get(box, "/meters").status_code == 200
        if "status" in fault:
            assert client.collect(box, body).status_code == 504
        else:
            with pytest.raises(requests.RequestException):
                client.collect(box, body, timeout=0.05)
        assert len(box.bill()["collections"]) == count
        assert (
            box.requests()[-1]["body"]
            == client.session.prepare_request(
                requests.Request("POST", box.url, json=body)
            ).body.decode()
        )


def test_rules_that_are_refused(client, shared):
    for wrong in ({"job_speed": 1}, [], {"job_seconds": -1}):
        answer = client.session.put(f"{shared.url}/__jobs", json=wrong, timeout=60)
        assert answer.status_code == 400


def test_time_can_stand_still_and_go_on(client):
    with Sandbox(**FAST) as box:
        (uid, *_) = new_meters(box)
        box.advance("pace", scale=0)
        client.collect(box, {"meters": [uid]})
        assert wait(client, box, uid, lambda meter: meter["status"] == "pending")
        time.sleep(0.2)
        assert client.get(box, f"/meters/{uid}").json()["status"] == "pending"
        box.advance("pace", scale=2000)
        done = wait(client, box, uid)
        assert done["is_activated"]
        assert dt.datetime.fromisoformat(done["status_ts"]) <= dt.datetime.now(dt.UTC)
        for wrong in (-1, True, "1"):
            url = f"{box.url}/__advance"
            answer = client.session.post(url, json={"event": "pace", "scale": wrong}, timeout=60)
            assert answer.status_code == 400
