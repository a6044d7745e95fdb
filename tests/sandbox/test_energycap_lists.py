"""EnergyCAP's lists take what their pages offer, page by page, and refuse the rest."""

from __future__ import annotations

import pytest

from sandbox import Sandbox
from sandbox.energycap.data.reference import ME_TOKEN

SMALL = {"billing_summaries": 0, "meters": 23}


@pytest.fixture(scope="module")
def box():
    with Sandbox(**SMALL) as box:
        yield box


def ask(client, box, path, **params):
    return client.digest(box, f"/api/{path}", params=params)


def test_lists_have_pages_or_none(client, box):
    truth = box.truth(only="energycap_accounts,energycap_bills")
    seen = []
    for number in (1, 2, 3):
        answer = ask(client, box, "v3/account", pageSize=6, pageNumber=number)
        seen += [row["accountId"] for row in answer.json()]
    assert seen == [row["accountId"] for row in truth["energycap_accounts"]]
    past = ask(client, box, "v3/account", pageSize=6, pageNumber=9)
    assert (past.status_code, past.json(), past.headers["TotalPages"]) == (200, [], "3")
    units = ask(client, box, "v202305/unit")
    assert (len(units.json()), "TotalPages" in units.headers) == (10, False)
    old = ask(client, box, "v3/commodity")
    assert old.headers["ECI-Deprecated"].startswith("v202304")
    assert "ECI-Deprecated" not in ask(client, box, "v202304/commodity").headers
    assert ask(client, box, "v3/me").json()["token"] == ME_TOKEN
    assert set(ask(client, box, "v3/environment").json()) == {"buildDate", "version"}
    bill = truth["energycap_bills"][5]["billId"]
    assert ask(client, box, f"v3/bill/{bill}").json()["billId"] == bill
    place = ask(client, box, "v3/place/digest/actual/monthly", pageNumber=2)
    assert (place.status_code, place.content) == (204, b"")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("v202305/unit", {"pageSize": 5}),
        ("v3/bill", {"filter": "modifiedDate greater than '2026-01-01'"}),
        ("v3/bill", {"filter": "accountId equals 1040"}),
        ("v3/bill", {"filter": "accountId equals '1040' or accrual equals '0'"}),
        ("v3/bill", {"filter": "accountId is '1040'"}),
        ("v3/bill", {"filter": "accountId like '1040'"}),
        ("v3/bill", {"filter": "accountId one of '1040|1053'"}),
        ("v3/bill", {"filter": "totalCost between '1'"}),
        ("v3/bill", {"filter": "accountInfo equals 'it''s'"}),
        ("v3/bill", {"filter": "accountId not between '1'|'2'"}),
        ("v3/bill", {"filter": "accountPeriod not between '202501'|'202506'"}),
        ("v3/bill", {"filter": "accountPeriod one of '202501'"}),
        ("v3/bill", {"filter": "endDate not between '2025-01-01'|'2025-06-01'"}),
        ("v3/bill", {"filter": "approved not equals '1'"}),
        ("v3/meter", {"filter": "interval equals '900'"}),
        ("v3/meter", {"filter": "channelId one of '1'|'2'"}),
        ("v3/meter", {"filter": "meterGroupCode like 'A'"}),
        ("v202304/commodity", {"filter": "topmostPlaceId greater than '1'"}),
        ("v3/bill", {"filter": ""}),
        ("v3/bill", {"orderBy": "billId"}),
        ("v3/vendor", {"filter": "createdDate today"}),
        ("v202304/commodity", {"filter": "inUse equals '1' and accountId equals '1040'"}),
        ("v3/activity/bill", {"date": "yesterday"}),
        ("v3/meter/digest/savings/yearly", {"filter": "meterId equals '1'"}),
        ("v3/me", {"pageSize": 1}),
        ("v3/batch", {"filter": "batchCode equals 'BATCH 7'"}),
        ("v3/generalledger", {"filter": "generalLedgerId equals '1040'"}),
        ("v3/placeGroup", {"filter": "autoGroup equals '1'"}),
        ("v3/meterGroup", {"filter": "meterGroupId equals '1'"}),
        ("v3/meterGroup", {"pageSize": 5}),
        ("v3/glsubcode", {"filter": "subCodeIndex equals '01'"}),
        ("v3/admin/accountperiod", {"filter": "periodNumber equals '1'"}),
        ("v3/meter/udf", {"filter": "udfId equals '1040'"}),
        ("v202306/emissionSource", {"filter": "commodityInfo equals 'Electric'"}),
        ("v202306/emissionRecord", {"filter": "modifiedDate today"}),
        ("v202307/ghg/factor", {"filter": "factorId equals '1041'"}),
    ],
)
def test_what_no_page_offers_is_refused(client, box, path, params):
    assert ask(client, box, path, **params).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "v3/unit",
        "v202304/meter",
        "v3/costcentre",
        "v3/meter/digest/ghg/monthly",
        "v3/meter/1",
        "v3/emissionSource",
        "v3/udf",
    ],
)
def test_other_paths_are_not_there(client, box, path):
    assert ask(client, box, path).status_code == 404


@pytest.mark.parametrize(
    ("path", "expression", "wanted"),
    [
        ("bill", "totalCost between '100'|'500.5'", lambda r: 100 <= r["totalCost"] <= 500.5),
        ("bill", "beginDate greater than equal '2026-01-01'", lambda r: r["beginDate"] >= "2026"),
        ("bill", "totalCost not between '100'|'500'", lambda r: not 100 <= r["totalCost"] <= 500),
        (
            "bill",
            "accountPeriod between '202401'|'202412'",
            lambda r: 202401 <= r["accountPeriod"] <= 202412,
        ),
        (
            "bill",
            "beginDate equals '2026-03-07' and endDate equals '2026-04-10'",
            lambda r: (r["beginDate"][:10], r["endDate"][:10]) == ("2026-03-07", "2026-04-10"),
        ),
        ("bill", "batchCode like 'BATCH 24'", lambda r: "BATCH 24" in str(r["batch"])),
        ("bill", "topmostPlaceCode equals 'ORG'", lambda _: True),
        ("meter", "interval less than equal '900'", lambda r: bool(r.get("channels"))),
        (
            "place",
            "placeEntityTypeInfo equals 'Site' and placeTypeCode equals 'BUILDING'",
            lambda r: r["placeType"]["structure"],
        ),
        ("bill", "approved equals '0' and accrual equals 'false'", lambda r: not r["approved"]),
        (
            "meter",
            "commodityCode not one of 'WATER'|'SEWER'",
            lambda r: r["commodity"]["commodityCode"] not in {"WATER", "SEWER"},
        ),
        ("place", "parentId greater than '1040'", lambda r: (r["parent"] or r)["placeId"] > 1040),
        ("account", "costCenterCode like 'CC-1'", lambda r: "CC-1" in str(r["costCenter"])),
        ("vendor", "commodityCode equals 'STEAM'", lambda r: "STEAM" in str(r["rates"])),
        ("costcenter", "costCenterId less than '1050'", lambda r: r["costCenterId"] < 1050),
        ("vendor/udf", "vendorId one of '1040'|'1047'", lambda r: r["vendorId"] in {1040, 1047}),
    ],
)
def test_filters(client, box, path, expression, wanted):
    rows = ask(client, box, f"v3/{path}", pageSize=1000).json()
    found = ask(client, box, f"v3/{path}", pageSize=1000, filter=expression)
    assert found.status_code == 200
    assert found.json() == [row for row in rows if wanted(row)] != []
    assert int(found.headers["TotalNumberOfRecords"]) == len(found.json())


def test_dates_without_a_value_and_commodities_of_a_place(client, box):
    recent = ask(client, box, "v3/bill", filter="approveDate last 30 days").json()
    assert recent
    assert all(row["approveDate"] >= "2026-05-31" for row in recent)
    path = "v202304/commodity"
    assert len(ask(client, box, path, filter="inUse equals 'true'").json()) == 5
    assert len(ask(client, box, path, filter="topmostPlaceId equals '1040'").json()) == 5
    assert len(ask(client, box, path, filter="accountId equals '1040'").json()) == 1


def test_fields_can_be_left_out(client, box):
    rows = ask(client, box, "v3/bill", field="billId,totalCost").json()
    assert all(set(row) == {"billId", "totalCost"} for row in rows)
    digest = ask(client, box, "v3/meter/digest/actual/yearly", field="meterId", numberOfYears=1)
    assert {tuple(row) for row in digest.json()} == {("meterId",)}


def test_a_missing_permission_looks_like_a_wrong_key(client):
    with Sandbox(**SMALL, energycap_deny="BillsAndBatches (View),Accounts (View)") as box:
        status = {
            path: ask(client, box, f"v3/{path}").status_code
            for path in (
                *("bill", "activity/bill", "account/digest/actual/monthly", "batch"),
                *("generalledger", "glsubcode", "account/udf", "meter", "me", "meterGroup"),
            )
        }
        wrong = client.digest(box, "/api/v3/meter", headers={"ECI-ApiKey": "wrong"})
        assert ask(client, box, "v3/bill").content == wrong.content
    assert list(status.values()) == [401] * 7 + [200] * 3
    with pytest.raises(ValueError, match="energycap_deny"):
        Sandbox(energycap_deny="Bills")
