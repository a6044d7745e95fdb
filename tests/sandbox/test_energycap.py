"""The stand-in for EnergyCAP is as strict and as awkward as its pages allow."""

from __future__ import annotations

import pytest

from sandbox import Sandbox

DIGEST = "/api/v3/meter/digest/actual/monthly"
SMALL = {"billing_summaries": 0, "meters": 10}


def read_pages(client, box, size=4):
    """Read pages until the total of the last answer is reached."""
    ids, number, pages = [], 1, 1
    while number <= pages:
        response = client.digest(box, f"{DIGEST}?pageSize={size}&pageNumber={number}")
        assert response.status_code == 200
        ids += [row["meterId"] for row in response.json()]
        number, pages = number + 1, int(response.headers["TotalPages"])
    return ids


def test_pages_and_headers(client):
    with Sandbox(**SMALL) as box:
        assert read_pages(client, box) == [
            row["meterId"] for row in box.truth()["meter_digest_monthly"]
        ]
        headers = client.digest(box, f"{DIGEST}?pageSize=5000&numberOfYears=1").headers
        assert (headers["PageSize"], headers["TotalNumberOfRecords"]) == ("1000", "10")
        past = client.digest(box, f"{DIGEST}?pageNumber=2")
        assert (past.status_code, past.content, "TotalPages" in past.headers) == (204, b"", False)


def test_a_single_meter(client):
    with Sandbox(**SMALL) as box:
        for row in box.truth(numberOfYears=1)["meter_digest_monthly"]:
            path = f"/api/v3/meter/{row['meterId']}/digest/actual/monthly?numberOfYears=1"
            answer = client.digest(box, path)
            if row.get("results"):
                assert answer.json()["results"] == [
                    {k: v if isinstance(v, int | str | None) else float(v) for k, v in r.items()}
                    for r in row["results"]
                ]
            else:
                assert answer.status_code == 204
        assert client.digest(box, "/api/v3/meter/1/digest/actual/monthly").status_code == 404


@pytest.mark.parametrize(("case", "name"), [("lower", "totalpages"), ("upper", "TOTALPAGES")])
def test_header_case_and_a_missing_header(client, case, name):
    with Sandbox(**SMALL, header_case=case, drop_header="PageSize") as box:
        names = list(client.digest(box).headers)
    assert name in names
    assert "pagesize" not in {name.lower() for name in names}


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"ECI-ApiKey": None}, "", 401),
        ({"ECI-ApiKey": "wrong"}, "", 401),
        ({}, "?filter=1", 400),
        ({}, "?pageSize=0", 400),
        ({}, "?pageSize=1&pageSize=1", 400),
        ({}, "?numberOfYears=two", 400),
        ({}, "?numberOfYears=3000000000", 400),
    ],
)
def test_refusals(client, headers, query, status):
    with Sandbox(**SMALL) as box:
        assert client.digest(box, DIGEST + query, headers=headers).status_code == status


def test_a_content_type_is_required_only_by_the_strict(client):
    with Sandbox(**SMALL) as lax, Sandbox(**SMALL, strict_content_type=True) as strict:
        for value in (None, "text/plain", "application/json; charset=utf-8"):
            headers = {"Content-Type": value}
            assert client.digest(lax, headers=headers).status_code == 200
            wanted = 200 if value and "json" in value else 415
            assert client.digest(strict, headers=headers).status_code == wanted


def test_no_meters(client):
    with Sandbox(billing_summaries=0, meters=0) as box:
        assert client.digest(box).status_code == 204
    with Sandbox(billing_summaries=0, meters=0, null_digests=True) as box:
        answer = client.digest(box, f"{DIGEST}?field=meterId")
        assert (answer.status_code, answer.content) == (200, b"null")


def test_paths_are_matched_in_any_letter_case(client):
    with Sandbox(**SMALL) as box:
        lower = client.digest(box, "/api/v3/costcenter")
        assert lower.json()
        for path in ("/api/v3/costCenter", "/API/V3/COSTCENTER"):
            assert client.digest(box, path).content == lower.content


@pytest.mark.parametrize("periods", [12, 13])
def test_the_default_window_of_months_is_two_years(periods):
    def count(view, **asked):
        meters = box.truth(only=f"meter_digest_{view}_monthly", **asked).popitem()[1]
        rows = [row for meter in meters for row in meter.get("results") or []]
        return len({(row["calendarYear"], row["calendarPeriod"]) for row in rows})

    with Sandbox(billing_summaries=0, meters=40, accounting_periods=periods) as box:
        assert count("actual") == 24
        assert count("actual", numberOfYears=1) == 12
        assert count("savings") in {23, 24}  # this month may have no bills yet
        assert count("calendarized") == count("normalized") == 2 * periods


def test_dates_can_be_read_unless_oddities_are_asked_for():
    def dates(**options):
        with Sandbox(**SMALL, **options) as box:
            meters = box.truth(only="meter_digest_monthly")["meter_digest_monthly"]
            return [meter["updated"] for meter in meters if meter["updated"]]

    assert all("T" in date for date in dates())
    assert {date[10:11] for date in dates(date_oddities=True)} == {"T", " ", ""}


@pytest.mark.parametrize(
    ("option", "count", "repeated"),
    [
        ({"grow_meters": "3@2"}, 13, 0),
        ({"shrink_meters": "3@2"}, 7, 0),
        ({"repeat_meter_across_pages": True}, 10, 1),
    ],
)
def test_a_tenant_that_changes_between_pages(client, option, count, repeated):
    with Sandbox(**SMALL, **option) as box:
        ids = read_pages(client, box)
        truth = {row["meterId"] for row in box.truth()["meter_digest_monthly"]}
    assert set(ids) == truth
    assert len(ids) == count + repeated


def test_broken_keys_and_thirteen_periods():
    with Sandbox(
        meters=40, accounting_periods=13, duplicate_period=True, missing_period_key=True
    ) as box:
        meters = box.truth(numberOfYears=3)["meter_digest_monthly"]
    rows = [(m["meterId"], r) for m in meters for r in m.get("results") or ()]
    keys = [(i, r["calendarYear"], r["calendarPeriod"]) for i, r in rows]
    assert len(keys) == len(set(keys)) + 1
    assert sum(key[2] is None for key in keys) == 1
    assert max(r["fiscalPeriod"] for _, r in rows) == max(k[2] or 0 for k in keys) == 13
