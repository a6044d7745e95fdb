"""EnergyCAP's half is one world: bills add up to digests, ids join, and it can change."""

from __future__ import annotations

import itertools
from collections import defaultdict
from decimal import Decimal, localcontext

import pytest

from sandbox import Sandbox

SMALL = {"billing_summaries": 0, "meters": 23}
BILLS = "energycap_bills"
ACTUAL, PRORATED = "meter_digest_actual_monthly", "meter_digest_calendarized_monthly"


@pytest.fixture(scope="module")
def box():
    with Sandbox(**SMALL) as box:
        yield box


@pytest.fixture(scope="module")
def truth(box):
    return box.truth()


@pytest.fixture(autouse=True)
def _exact():
    with localcontext(prec=60):
        yield


def period(row):
    return row["calendarYear"] * 100 + row["calendarPeriod"]


def results(row):
    return row.get("results") or []


def add_up(pairs):
    sums = defaultdict(Decimal)
    for key, amount in pairs:
        sums[key] += amount
    return sums


def costs(digests, name):
    """Cost by thing and period of the rows of some digests."""
    return {(d[name], period(r)): r["totalCost"] for d in digests for r in results(d)}


def billed(truth, years=range(2025, 2027)):
    """Cost by account and billing period, of the bills that count."""
    return add_up(
        ((bill["account"]["accountId"], bill["billingPeriod"]), bill["totalCost"])
        for bill in truth[BILLS]
        if not bill["void"] and bill["billingPeriod"] // 100 in years
    )


def subtree(places, place_id):
    """The ids of a place and of all below it."""
    below = [
        place["placeId"] for place in places if (place["parent"] or {}).get("placeId") == place_id
    ]
    return {place_id}.union(*(subtree(places, child) for child in below))


@pytest.mark.parametrize("periods", [12, 13])
def test_bills_add_up_to_every_digest(periods):
    keys = f"{BILLS},energycap_places,energycap_meters,{ACTUAL},{PRORATED}"
    keys += ",account_digest_actual_monthly,place_digest_actual_monthly"
    keys += ",place_digest_calendarized_monthly"
    with Sandbox(**SMALL, accounting_periods=periods, hard_numbers=True) as box:
        truth = box.truth(only=keys, numberOfYears=20)
    by_bill = billed(truth, range(2000, 2027))
    assert costs(truth["account_digest_actual_monthly"], "accountId") == by_bill
    total = sum(by_bill.values())
    for view in (ACTUAL, PRORATED):
        assert sum(r["totalCost"] for d in truth[view] for r in results(d)) == total
    meters = {
        m["meterId"]: (m["place"]["placeId"], m["commodity"]) for m in truth["energycap_meters"]
    }
    for view in ("actual", "calendarized"):
        own = costs(truth[f"meter_digest_{view}_monthly"], "meterId")
        for digest in truth[f"place_digest_{view}_monthly"]:
            places = subtree(truth["energycap_places"], digest["placeId"])
            inside = {m: c["commodityId"] for m, (p, c) in meters.items() if p in places}
            wanted = add_up(((inside[m], p), c) for (m, p), c in own.items() if m in inside)
            parts = digest.get("commodities", [])
            found = {
                (c["commodityId"], period(r)): r["totalCost"] for c in parts for r in c["results"]
            }
            assert found == wanted
            sums = add_up((p, cost) for (_, p), cost in wanted.items())
            assert {period(r): r["totalCost"] for r in results(digest)} == sums
    numbers = {r["calendarPeriod"] for d in truth[PRORATED] for r in results(d)}
    assert numbers == set(range(1, periods + 1))


def test_years_add_up_from_months(box, truth):
    # The window of months begins within a calendar year.
    monthly = box.truth(numberOfYears=5)

    def by_year(digest, field):
        rows = [row for row in results(digest) if row["calendarYear"] in range(2023, 2027)]
        return add_up((str(row["calendarYear"]), row[field]) for row in rows)

    for view, field in itertools.product(("actual", "calendarized"), ("totalCost", "nativeUse")):
        for months, years in zip(
            monthly[f"meter_digest_{view}_monthly"],
            truth[f"meter_digest_{view}_yearly"],
            strict=True,
        ):
            found = {row["year"]: row[field] for row in results(years)}
            assert found == by_year(months, field)
    for months, years in zip(
        monthly["meter_digest_savings_monthly"], truth["meter_digest_savings_yearly"], strict=True
    ):
        found = {row["year"]: row["savingsTotalCost"] for row in results(years)}
        assert found == by_year(months, "savingsTotalCost")
        for row in results(years):
            assert row["batccNativeUse"] - row["nativeUse"] == row["savingsNativeUse"]


def test_results_of_accounts_are_in_order(truth):
    digests = truth["account_digest_actual_monthly"]
    lists = [
        results(thing) for digest in digests for thing in (digest, *digest.get("commodities", ()))
    ]
    assert any(len(rows) > 12 for rows in lists)
    assert all(rows == sorted(rows, key=period) for rows in lists)


def test_commodities_name_their_category_in_digests_of_places_alone(truth):
    def categories(name):
        parts = [part for digest in truth[name] for part in digest.get("commodities", ())]
        return {part.get("commodityCategoryInfo") for part in parts}

    assert categories("place_digest_actual_monthly") >= {"Electric", "Water"}
    assert categories("account_digest_actual_monthly") == {None}


def test_views_have_the_fields_of_their_pages(truth):
    normalized = truth["meter_digest_normalized_monthly"]
    assert not any(
        "cost" in name.lower() for d in normalized for r in (d, *results(d)) for name in r
    )
    assert any(digest["meterCAP"] is None for digest in truth["meter_digest_savings_monthly"])
    gases = [gas for d in truth["meter_digest_ghg_yearly"] for gas in d.get("ghgTypes") or ()]
    assert {gas["ghgTypeCode"] for gas in gases} == {"CO2", "CH4", "N2O"}
    for digest in normalized:
        rows = sorted(results(digest), key=period)
        for old, new in itertools.pairwise(rows):
            if old["fiscalYear"] == new["fiscalYear"]:
                grown = new["cumulativeNativeUse"] - old["cumulativeNativeUse"]
                assert grown == new["nativeUse"]


def test_thirteen_periods_are_not_for_savings():
    with Sandbox(**SMALL, accounting_periods=13) as box:
        rows = {
            name: [r for d in digests for r in results(d)]
            for name, digests in box.truth(only=f"{PRORATED},meter_digest_savings_monthly").items()
        }
    assert max(row["calendarPeriod"] for row in rows[PRORATED]) == 13
    assert {row["calendarPeriod"] for row in rows["meter_digest_savings_monthly"]} == set(
        range(1, 13)
    )


def test_ids_join(truth):
    ids = {
        kind: {row[f"{kind}Id"] for row in truth[f"energycap_{plural}"]}
        for kind, plural in {
            "meter": "meters",
            "place": "places",
            "account": "accounts",
            "vendor": "vendors",
            "costCenter": "cost_centers",
            "bill": "bills",
            "commodity": "commodities",
            "unit": "units",
        }.items()
    }
    assert all(len(ids[k]) == len(truth[f"energycap_{k}s"]) for k in ("meter", "place", "bill"))
    assert ids["place"] & ids["account"] & ids["vendor"]

    def check(value):
        for name, inner in value.items() if isinstance(value, dict) else ():
            if name.removesuffix("Id") in ids and inner is not None and name.endswith("Id"):
                assert inner in ids[name.removesuffix("Id")], name
            check(inner)
        for inner in value if isinstance(value, list) else ():
            check(inner)

    check(list(truth.values()))
    moved = [meter for meter in truth["energycap_meters"] if len(meter["accounts"]) == 2]
    assert moved
    assert all(meter["accounts"][1]["endDate"] for meter in moved)


def ask(client, box, path, **params):
    return client.digest(box, f"/api/{path}", params=params)


def bill_of(box, bill_id):
    return next((b for b in box.truth(only=BILLS)[BILLS] if b["billId"] == bill_id), None)


def test_a_modified_bill(client):
    with Sandbox(**SMALL) as box:
        assert ask(client, box, "v3/activity/bill").json() == []
        before = box.truth()
        done = box.advance("modify_bill", cost=Decimal("1.25"))
        after = box.truth()
        bill_id, meters, code = done["billId"], done["meterIds"], done["billingPeriod"]
        assert ask(client, box, "v3/activity/bill").json() == [
            {"id": bill_id, "reason": "Modified"}
        ]
    old = {bill["billId"]: bill for bill in before[BILLS]}
    changed = [bill for bill in after[BILLS] if bill != old[bill["billId"]]]
    assert [bill["billId"] for bill in changed] == [bill_id]
    assert changed[0]["modifiedDate"] > "2026-07-01"
    assert changed[0]["totalCost"] - old[bill_id]["totalCost"] == Decimal("1.25") * len(meters)
    were, are = costs(before[ACTUAL], "meterId"), costs(after[ACTUAL], "meterId")
    assert {key: are[key] - were[key] for key in are if are[key] != were[key]} == {
        (meter, code): Decimal("1.25") for meter in meters
    }
    assert before["energycap_meters"] == after["energycap_meters"]


@pytest.mark.parametrize("event", ["delete_bill", "move_bill"])
def test_a_period_vanishes(client, event):
    with Sandbox(**SMALL) as box:
        before = costs(box.truth(only=ACTUAL)[ACTUAL], "meterId")
        done = box.advance(event)
        after = costs(box.truth(only=ACTUAL)[ACTUAL], "meterId")
        feed = ask(client, box, "v3/activity/bill").json()
        bill = bill_of(box, done["billId"])
    gone = {(meter, done["billingPeriod"]) for meter in done["meterIds"]}
    assert set(before) - set(after) == gone
    if event == "delete_bill":
        assert (feed, bill) == ([], None)
    else:
        assert feed == [{"id": done["billId"], "reason": "Modified"}]
        assert bill["billingPeriod"] == done["movedTo"]
        assert sum(after.values()) == sum(before.values())


def test_a_renamed_meter_and_new_bills(client):
    with Sandbox(**SMALL) as box:
        done = box.advance("rename_meter", meter_code="NEW")
        rows = box.truth(only=f"energycap_meters,{ACTUAL}")
        for name in rows:
            assert [r["meterId"] for r in rows[name] if r["meterCode"] == "NEW"] == [
                done["meterId"]
            ]
        before = {bill["billId"] for bill in box.truth(only=BILLS)[BILLS]}
        new = box.advance("new_bills", vendor="energycap", months=2)["billIds"]
        bills = box.truth(only=BILLS)[BILLS]
        assert new
        assert before | set(new) == {bill["billId"] for bill in bills}
        feed = ask(client, box, "v3/activity/bill", date="2026-07-01T13:00:00").json()
        assert {item["id"] for item in feed} == set(new)
        assert client.session.post(f"{box.url}/__reset", timeout=60).status_code == 200
        assert {bill["billId"] for bill in box.truth(only=BILLS)[BILLS]} == before


def test_no_bill_was_made_before_it_could_be_seen():
    with Sandbox(**SMALL) as box:
        for _ in range(12):
            box.advance("rename_meter")
        new = set(box.advance("new_bills", vendor="energycap")["billIds"])
        bills = [bill for bill in box.truth(only=BILLS)[BILLS] if bill["billId"] in new]

    assert min(bill["createdDate"] for bill in bills) >= "2026-07-12"
    assert min(bill["modifiedDate"] or "never" for bill in bills) >= "2026-07-12"


@pytest.mark.parametrize(
    ("event", "details"),
    [
        ("modify_bill", {"bill_id": 1}),
        ("modify_bill", {"cost": "much"}),
        ("move_bill", {"billing_period": 202500}),
        ("rename_meter", {"meter_id": 1}),
        ("new_bills", {"months": 0}),
        ("delete_bill", {"colour": "red"}),
        ("no_such_event", {}),
    ],
)
def test_what_cannot_happen_changes_nothing(client, box, truth, event, details):
    body = {"event": event, **details}
    assert client.session.post(f"{box.url}/__advance", json=body, timeout=60).status_code == 400
    assert box.truth(only=BILLS)[BILLS] == truth[BILLS]


def test_the_truth_can_be_asked_for_in_part(client, box, truth):
    assert box.truth(only=ACTUAL) == {ACTUAL: truth["meter_digest_monthly"]}
    assert client.session.get(f"{box.url}/__truth?only=nope", timeout=60).status_code == 400
