"""Consents, accounts, bills and intervals are one world with the summaries, and change as one."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from decimal import Decimal

import pytest
import requests

from sandbox import Sandbox
from sandbox.wire import from_json, to_json

SMALL = {"billing_summaries": 25, "meters": 1, "cache_seconds": 0, "utilityapi_rate_limit": 0}
DATA = ("bills", "intervals", "billing_summaries")
MARKS = ("bill_count", "bill_coverage", "interval_count", "interval_coverage")


@pytest.fixture(scope="module")
def shared():
    """A sandbox for tests that change nothing."""
    with Sandbox(**SMALL) as box:
        yield box


def by_uid(rows):
    assert len({row["uid"] for row in rows}) == len(rows)
    return {row["uid"]: row for row in rows}


def charges(bill):
    """All charges of a bill, the supplier's too."""
    items = list(bill["line_items"])
    for supplier in bill.get("suppliers", ()):
        items += supplier["supplier_line_items"]
    return sum((Decimal(item["cost"]) for item in items), Decimal())


def rows(client, box, path):
    answer = client.get(box, path)
    assert answer.status_code == 200, answer.text
    listing = from_json(answer.content)
    return listing[path.partition("?")[0].split("/")[-1].replace("-", "_")]


def check_consistent(truth):
    """Uids join, counts are right, and bills add up to the summaries."""
    consents, meters = by_uid(truth["authorizations"]), by_uid(truth["meters"])
    accounts, bills = by_uid(truth["billing_accounts"]), by_uid(truth["bills"])
    for row in (*bills.values(), *by_uid(truth["intervals"]).values()):
        assert row["authorization_uid"] == meters[row["meter_uid"]]["authorization_uid"]
        assert all(block in row for block in row["blocks"])
    counts = Counter(bill["meter_uid"] for bill in bills.values())
    readings = Counter(reading["meter_uid"] for reading in truth["interval_readings"])
    for meter in meters.values():
        assert not consents[meter["authorization_uid"]]["is_revoked"]
        assert meter["bill_count"] == counts[meter["uid"]]
        assert meter["interval_count"] == readings[meter["uid"]]
    periods = Counter()
    for bill in bills.values():
        assert bill["updated"] >= bill["created"]
        periods[bill["meter_uid"], bill["base"]["bill_end_date"]] += (
            bill["base"]["bill_total_cost"] or Decimal()
        )
    for row in truth["billing_summaries"]:
        account = accounts[row["billing_account_uid"]]
        assert account["authorization_uid"] == row["authorization_uid"]
        if "base" in row:
            day = row["base"]["statement_date"][:10]
            total = sum(
                amount
                for (meter, end), amount in periods.items()
                if meter in account["meter_uids"] and end[:10] == day
            )
            assert total == row["base"]["new_charges_amount"], row
            assert any(d[:10] == day for d in account["statement_dates"])


@pytest.mark.parametrize("hard", [False, True])
def test_bills_add_up_to_the_summaries(hard):
    with Sandbox(**SMALL | {"billing_summaries": 400}, hard_numbers=hard) as box:
        truth = box.truth()
    check_consistent(truth)
    flagged = []
    for bill in truth["bills"]:
        if bill["base"]["bill_total_cost"] is None:
            continue
        failed = any(n["type"] == "audit_failed_on_line_items" for n in bill["notes"])
        assert (charges(bill) == bill["base"]["bill_total_cost"]) != failed
        flagged += [bill["uid"]] * failed
        for parts in ("tiers", "tou"):
            volumes = [part["volume"] for part in bill.get(parts, ())]
            assert not volumes or sum(volumes) == bill["base"]["bill_total_volume"]
    strange = [n["bill_uid"] for m in truth["meters"] for n in m["notes"] if "bill_uid" in n]
    assert sorted(strange) == sorted(flagged)
    assert 0 < len(flagged) <= 2


def test_intervals_add_up_to_the_bills_and_know_the_clock_changes():
    with Sandbox(**SMALL) as box:
        truth = box.truth(only="meters,bills,intervals")
    volumes = {
        (bill["meter_uid"], bill["base"]["bill_start_date"]): bill["base"]["bill_total_volume"]
        for bill in truth["bills"]
    }
    quarters, lengths = Counter(), set()
    for interval in truth["intervals"]:
        readings = interval["readings"][::-1]
        for earlier, later in itertools.pairwise(readings):
            assert earlier["end"] == later["start"]
        spans = {moment(r["end"]) - moment(r["start"]) for r in readings}
        assert len(spans) == 1
        lengths.add((interval["meter_uid"], spans := spans.pop()))
        total = sum(point["value"] for r in readings for point in r["datapoints"][:1])
        wanted = volumes[interval["meter_uid"], readings[0]["start"]]
        assert wanted in {None, total}
        if spans == dt.timedelta(minutes=15):
            quarters.update(r["start"][:10] for r in readings)
    assert (quarters["2026-03-08"], quarters["2025-11-02"]) == (92, 100)
    assert set(quarters.values()) == {92, 96, 100}
    assert max(Counter(uid for uid, _ in lengths).values()) == 2


def moment(text):
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize("path", ["/bills", "/intervals"])
@pytest.mark.parametrize(
    "asked",
    [
        ("", 400, "required_param_missing"),
        ("?start=2026-01-01", 400, "required_param_missing"),
        ("?meters=nope", 404, "not_found"),
        ("?meters={meter}&authorizations=nope", 404, "not_found"),
        ("?meters={meter}&limit=0", 400, "invalid_param"),
        ("?meters={meter}&order=newest", 400, "invalid_param"),
        ("?meters={meter}&start=2026-13-01", 400, "invalid_param"),
        ("?meters={meter}&start=2026-01-01T00:00:00", 400, "invalid_param"),
        ("?meters={meter}&uids=1", 400, "invalid_param"),
        ("?meters={meter},nope&start=2026-01-01T00:00Z&order=earliest_first&limit=9", 200, None),
    ],
)
def test_what_data_can_be_asked_for(client, shared, path, asked):
    query, status, slug = asked
    meters = shared.truth(only="meters")["meters"]
    meter = next(row["uid"] for row in meters if row["interval_count"])
    answer = client.get(shared, path + query.format(meter=meter))
    assert (answer.status_code, answer.json().get("error")) == (status, slug)
    assert client.get(shared, path, method="POST").status_code == 405


def test_a_window_holds_whole_bills_only_and_pages_come_in_order(client):
    with Sandbox(**SMALL, data_page_limit=3) as box:
        truth = box.truth(only="bills")["bills"]
        uid = Counter(bill["meter_uid"] for bill in truth).most_common(1)[0][0]
        own = [bill for bill in truth if bill["meter_uid"] == uid]
        start, end = own[-2]["base"]["bill_start_date"][:10], own[1]["base"]["bill_end_date"][:10]
        found, query = [], f"?meters={uid}&start={start}&end={end}&order=earliest_first&limit=99"
        url = f"/bills{query}"
        while url:
            page = client.get(box, url).json()
            assert len(page["bills"]) <= 3
            found += [bill["uid"] for bill in page["bills"]]
            url = page["next"] and f"/bills{query}&{page['next'].partition('?')[2]}"
        assert found == [bill["uid"] for bill in own[1:-1][::-1]]
        later = (dt.date.fromisoformat(start) + dt.timedelta(days=1)).isoformat()
        assert own[-2]["uid"] not in str(rows(client, box, f"/bills?meters={uid}&start={later}"))
        assert [row["uid"] for row in rows(client, box, f"/bills?meters={uid}&limit=2")] == [
            bill["uid"] for bill in own[:2]
        ]


def test_mixed_durations_come_on_demand(client, shared):
    intervals = shared.truth(only="intervals")["intervals"]
    uid = next(row["meter_uid"] for row in intervals if row["sources"][0]["raw_url"] == "")
    some = client.get(shared, f"/intervals?meters={uid}").json()
    whole = client.get(shared, f"/intervals?meters={uid}&allow_mixed=true").json()
    assert len(whole["intervals"]) == len(some["intervals"]) + 1
    assert (some["is_incomplete"], whole["is_incomplete"]) == (True, False)


def test_consents_and_accounts(client, shared):
    truth = shared.truth(only="authorizations,billing_accounts")
    for name in ("is_revoked", "is_expired", "is_declined", "is_test"):
        assert 0 < len(rows(client, shared, f"/authorizations?{name}=true")) < 3
    (gone,) = rows(client, shared, "/authorizations?is_revoked=true&include=meters")
    assert gone["meters"] == {"meters": [], "next": None}
    for path in ("/authorizations", "/accounting/billing-accounts"):
        listed = rows(client, shared, path)
        assert listed == truth[path.rpartition("/")[2].replace("-", "_")]
        assert client.get(shared, f"{path}/{listed[0]['uid']}").json()["uid"] == listed[0]["uid"]
    wrong = ("include=bills", "expand_meter_blocks=true", "is_test=1", "limit=5")
    assert {client.get(shared, f"/authorizations?{q}").status_code for q in wrong} == {400}


def test_meters_inside_authorizations_are_a_listing(client):
    with Sandbox(**SMALL, utilityapi_page_limit=3, next_style="full") as box:
        meters = box.truth(only="meters")["meters"]
        meter = next(m for m in meters if m["utility"] == "SDG&E" and not m["is_activated"])
        path = f"/authorizations/{meter['authorization_uid']}?include=meters"
        listing = client.get(box, path).json()["meters"]
        rest = client.get(box, listing["next"]).json()
        uids = [m["uid"] for m in listing["meters"] + rest["meters"]]
        assert len(uids) == 6
        own = f"/meters?authorizations={meter['authorization_uid']}"
        assert client.get(box, own).json()["meters"] == listing["meters"]


def test_a_bill_is_corrected(client):
    with Sandbox(**SMALL) as box:
        before = box.truth()
        said = box.advance("correct_bill")
        after = box.truth()
        check_consistent(after)
        changed = [
            (name, row["uid"])
            for name, old in before.items()
            if name in {"authorizations", "billing_accounts", "meters", *DATA}
            for row in after[name]
            if row != by_uid(old)[row["uid"]]
        ]
        assert [uid for name, uid in changed if name == "bills"] == [said["bill"]]
        assert [uid for name, uid in changed if name == "meters"] == [said["meter"]]
        assert {name for name, _ in changed} == {"bills", "meters", "billing_summaries"}
        old, new = (by_uid(t["meters"])[said["meter"]] for t in (before, after))
        assert [name for name in old if old[name] != new[name]] == ["status_ts"]
        old, new = (by_uid(t["bills"])[said["bill"]] for t in (before, after))
        assert new["updated"] > old["updated"]
        assert {k for k in old if old[k] != new[k]} == {"updated", "base", "line_items"}
        box.advance("correct_bill", bill=said["bill"], silent=True)
        assert box.truth(only="meters")["meters"] == after["meters"]
        assert rows(client, box, f"/bills?meters={said['meter']}")[-1] != new


def test_time_goes_by_and_new_bills_appear():
    with Sandbox(**SMALL | {"billing_summaries": 40}) as box:
        before = box.truth()
        one = box.advance("new_bills", vendor="utilityapi")
        moved = marks_moved(before, box.truth(only="meters"))
        assert len(moved) == len(one["bills"]) > 0
        said = box.advance("to", to="2026-09-15")
        after = box.truth()
        check_consistent(after)
        assert set(said["bills"]) < {bill["uid"] for bill in after["bills"]}
        assert len(after["bills"]) == len(before["bills"]) + len(one["bills"]) + len(said["bills"])
        assert len(after["billing_summaries"]) > len(before["billing_summaries"])
        quiet = set(by_uid(after["meters"])) - marks_moved(before, after)
        assert {
            by_uid(after["meters"])[uid]["ongoing_monitoring"]["frequency"] for uid in quiet
        } == {"off"}
        box.reset()
        assert to_json(box.truth()) == to_json(before)


def marks_moved(before, after):
    old = by_uid(before["meters"])
    return {
        meter["uid"]
        for meter in after["meters"]
        if any(meter[mark] != old[meter["uid"]][mark] for mark in MARKS)
        and meter["status_ts"] > old[meter["uid"]]["status_ts"]
    }


def test_a_consent_is_revoked_half_way(client):
    with Sandbox(**SMALL) as box:
        uid = box.truth(only="billing_summaries")["billing_summaries"][0]["authorization_uid"]
        own = f"/meters?authorizations={uid}"
        box.advance("revoke_authorization", authorization=uid, after_requests=2)
        meters = rows(client, box, own)
        bills = rows(client, box, f"/bills?authorizations={uid}")
        assert meters
        assert bills
        assert client.get(box, f"/bills?authorizations={uid}").status_code == 404
        assert rows(client, box, own) == []
        consent = client.get(box, f"/authorizations/{uid}").json()
        assert consent["is_revoked"]
        assert consent["revoked"] == consent["status_ts"] > meters[0]["status_ts"]
        truth = box.truth()
        check_consistent(truth)
        assert uid not in str({**truth, "authorizations": []})


@pytest.mark.parametrize(
    "event",
    [
        {"event": "nope"},
        {"to": "2020-01-01"},
        {"to": "soon"},
        {"event": "correct_bill", "bill": "nope"},
        {"event": "revoke_authorization", "after_requests": True},
        {"event": "new_bills", "vendor": "utilityapi", "count": 3},
        {"event": "correct_bill", "vendor": "nope"},
        [],
    ],
)
def test_events_that_cannot_happen(client, shared, event):
    answer = client.session.post(f"{shared.url}/__advance", json=event, timeout=60)
    assert answer.status_code == 400
    assert "problem" in answer.json()


def test_asking_again_within_a_minute_is_noted(client):
    with Sandbox(**SMALL, time_scale=100_000, faults=[{"cut": True, "path": "/bills"}]) as box:
        uid = box.truth(only="bills")["bills"][0]["meter_uid"]
        with pytest.raises(requests.RequestException):
            client.get(box, f"/bills?meters={uid}")
        client.get(box, f"/bills?meters={uid}")
        assert [entry["too_soon"] for entry in box.requests()] == [False, False]
    with Sandbox(**SMALL) as box:
        for query in (f"?meters={uid}&limit=5", f"?limit=5&meters={uid}", f"?meters={uid}"):
            assert client.get(box, "/bills" + query).status_code == 200
        for _ in range(2):
            client.get(box, "/meters")
        noted = [entry["too_soon"] for entry in box.requests()]
    assert noted == [False, True, False, False, False]
