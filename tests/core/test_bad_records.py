"""Records that no loader could tell from others: named, left out, and in nothing's way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, RESULTS, SUMMARIES, Run, TapRunner, answer, by_key, catalog

PLACES = "energycap_places"
BILLS, ITEMS = "utilityapi_bills", "utilityapi_bill_line_items"
READINGS = "utilityapi_interval_readings"
LEFT_OUT = "left out for lack of a unique key"
ONE = f"1 record was {LEFT_OUT}, all others were written"
MANY = f"records were {LEFT_OUT}, all others were written"


def places(*pages: list[Any], total: int | None = None) -> list[dict[str, Any]]:
    """Rules that serve these pages of places, each time they are asked for."""
    total = sum(map(len, pages)) if total is None else total
    rules = []
    for number, page in enumerate(pages, 1):
        headers = {
            "PageNumber": str(number),
            "PageSize": str(len(pages[0])),
            "TotalPages": str(len(pages)),
            "TotalNumberOfRecords": str(total),
        }
        path = f"/api/v3/place?pageNumber={number}&"
        rules.append(answer(json.dumps(page), headers, path=path, times=None))
    return rules


def place(key: Any, **more: Any) -> dict[str, Any]:
    return {"placeId": key, "modifiedDate": "2026-01-01T00:00:00", **more}


def read(tap: TapRunner, rules: list[dict[str, Any]], *streams: str, **options: Any) -> Run:
    state = options.pop("state", None)
    with Sandbox(meters=0, billing_summaries=0, faults=rules) as box:
        return tap(box.tap_config(**options), streams=streams or [PLACES], state=state)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"placeCode": "P-2", "secretName": "Ann"}, "it has no placeId (placeCode 'P-2')"),
        (place(None, parentId=7), "placeId is null (parentId 7)"),
        (place(""), "placeId is ''"),
        (place("2"), "placeId is '2'"),
        (place([2]), "placeId is [2]"),
        ({"placeId": True}, "placeId is true"),
        (place(2.5), "placeId is 2.5"),
        (place(2**63), "placeId is 9223372036854775808"),
        (place(2**63, placeCode="P-2"), "placeId is 9223372036854775808 (placeCode 'P-2')"),
        (None, "it is not an object but null"),
        ([1], "it is not an object but [1]"),
    ],
)
@pytest.mark.parametrize("width", [1, 4])
def test_a_record_without_its_key_is_named_and_all_others_arrive(
    tap: TapRunner, bad: Any, words: str, width: int
) -> None:
    rules = places([place(0), place(1), bad], [place(3)])

    run = read(tap, rules, energycap_max_parallel_requests=width)

    assert run.exit == 1
    assert [row["placeId"] for row in run.records(PLACES)] == [0, 1, 3]
    assert run.errors[-1] == (
        f"{PLACES}: {ONE}: record 3 of page 1 after placeId 1: {words}. Check them in "
        "EnergyCAP; with fail_on_bad_records false it is only a warning."
    )
    assert run.stderr.count("record 3 of page 1") == 1
    assert "Data may have changed" not in run.stderr


def test_a_page_of_nothing_but_null_is_a_page(tap: TapRunner) -> None:
    run = read(tap, places([place(1)], [None]))

    assert [row["placeId"] for row in run.records(PLACES)] == [1]
    assert f"{ONE}: record 1 of page 2: it is not an object but null" in run.last_line


def test_bad_records_can_be_a_warning_alone(tap: TapRunner) -> None:
    run = read(tap, places([place(1), place(None)]), fail_on_bad_records=False)

    assert run.exit == 0
    assert not run.errors
    (line,) = [line for line in run.stderr.splitlines() if LEFT_OUT in line]
    assert "| WARNING" in line
    assert "record 2 of page 1 after placeId 1: placeId is null" in line
    assert [row["placeId"] for row in run.records(PLACES)] == [1]


@pytest.mark.parametrize("fail", [True, False])
@pytest.mark.parametrize("bad", [[None], [None, None]])
def test_a_bookmark_advances_though_there_is_always_a_bad_record(
    tap: TapRunner, bad: list[None], *, fail: bool
) -> None:
    pages = places([place(1), *map(place, bad)], [place(3, modifiedDate="2026-03-01T00:00:00")])
    first = read(tap, pages, fail_on_bad_records=fail)

    bookmark = first.state["bookmarks"][PLACES]
    assert bookmark["replication_key_value"].startswith("2026-03-01")

    second = read(tap, pages, state=first.state, fail_on_bad_records=fail)

    assert [row["placeId"] for row in second.records(PLACES)] == [3]
    assert first.exit == second.exit == int(fail)


def test_a_bad_record_that_moves_to_another_page_is_one(tap: TapRunner) -> None:
    bad = place(None, placeCode="P")

    run = read(tap, places([place(1), bad], [bad, place(3)], total=3))

    assert f"{ONE}" in run.last_line
    assert "Data may have changed" not in run.stderr


def test_bad_records_of_the_same_key_are_counted_each(tap: TapRunner) -> None:
    bad = [place(2**63, placeCode=code) for code in ("P", "Q")]

    run = read(tap, places([place(1), bad[0]], [bad[1], place(3)]))

    assert f"2 {MANY}" in run.last_line
    assert "'P'" in run.last_line
    assert "'Q'" in run.last_line


def test_of_many_the_first_few_are_named(tap: TapRunner) -> None:
    rows = [place(1), *(place(None, placeCode=f"P{number}") for number in range(12))]

    run = read(tap, places(rows))

    assert f"12 {MANY}: record 2 of page 1" in run.last_line
    assert [f"'P{number}'" in run.last_line for number in range(12)] == [True] * 5 + [False] * 7
    assert "; and 7 more. " in run.last_line


def test_a_stream_that_fails_names_its_bad_records_as_well(tap: TapRunner) -> None:
    rules = places([place(1), place(None)], [place(3)])
    rules[1] |= {"status": 403, "body": ""}

    run = read(tap, rules, energycap_max_parallel_requests=1)

    assert "EnergyCAP answered 403" in run.last_line
    assert f"{ONE}" in run.stderr


def test_no_version_is_activated_that_would_drop_a_bad_record(tap: TapRunner) -> None:
    rules = [
        answer('[{"costCenterId": 1}, {"costCenterId": null}]', path="/costcenter", times=None)
    ]
    rules[0]["headers"] = rules[0]["headers"] | {"TotalNumberOfRecords": "2"}
    run = read(
        tap,
        rules,
        "energycap_cost_centers",
        emit_activate_version_messages=True,
        fail_on_bad_records=False,
    )

    assert run.exit == 0
    assert run.records("energycap_cost_centers")
    assert not [message for message in run.messages if message["type"] == "ACTIVATE_VERSION"]


def summaries(*uids: Any) -> list[dict[str, Any]]:
    rows = [{"uid": uid, "billing_account_uid": "7"} for uid in uids]
    return [{"garbage": json.dumps({"billing_summaries": rows, "next": None}), "times": None}]


def test_a_key_of_another_type_that_says_the_same_is_one(tap: TapRunner) -> None:
    run = read(tap, summaries("4", 5), SUMMARIES)
    other = read(tap, places([place(6.0), place(7)]))

    assert run.exit == other.exit == 0
    assert [row["uid"] for row in run.records(SUMMARIES)] == ["4", "5"]
    assert [row["placeId"] for row in other.records(PLACES)] == [6, 7]
    assert type(other.records(PLACES)[0]["placeId"]) is int


@pytest.mark.parametrize("uid", [None, "", 1.5, True, {}])
def test_a_record_of_utilityapi_without_its_uid_is_left_out(tap: TapRunner, uid: Any) -> None:
    run = read(tap, summaries("1", uid, "3"), SUMMARIES)

    assert run.exit == 1
    assert [row["uid"] for row in run.records(SUMMARIES)] == ["1", "3"]
    assert "record 2 of page 1 after uid '1': uid is " in run.last_line
    assert "(billing_account_uid '7')" in run.last_line
    assert "Check them in UtilityAPI" in run.last_line


def test_a_digest_without_its_key_is_told_once_for_both_streams(tap: TapRunner) -> None:
    good = '{"meterId": 2, "results": [{"calendarYear": 2026, "calendarPeriod": 1}]}'
    headers = {"PageNumber": "1", "PageSize": "9", "TotalNumberOfRecords": "2", "TotalPages": "1"}
    run = read(tap, [answer(f'[{{"meterId": null}}, {good}]', headers)], DIGESTS, RESULTS)

    assert run.exit == 1
    assert [row["meterId"] for row in run.records(DIGESTS)] == [2]
    assert [row["meterId"] for row in run.records(RESULTS)] == [2]
    assert run.errors == [run.last_line]
    assert run.last_line.startswith(f"{DIGESTS}, {RESULTS}: 1 record was")


class Platform:
    """UtilityAPI with these meters and bills."""

    def __init__(self, meters: list[dict[str, Any]], bills: list[dict[str, Any]]) -> None:
        self.rules = [
            {"path": "/meters", "garbage": json.dumps({"meters": meters}), "times": None},
            {"path": "/bills", "garbage": json.dumps({"bills": bills}), "times": None},
        ]


METER = {"uid": "1", "bill_count": 3, "status_ts": "2026-01-01T00:00:00+00:00"}
ITEM = {"name": "Energy", "cost": 1}


def test_a_bill_without_uid_stops_neither_the_others_nor_the_bookmark(tap: TapRunner) -> None:
    bills = [{"uid": uid, "meter_uid": "1", "line_items": [ITEM]} for uid in ("b1", None, "b3")]
    rules = Platform([METER], bills).rules
    first = read(tap, rules, BILLS, ITEMS, utilityapi_requests_per_minute=6000)

    assert first.exit == 1
    assert [bill["uid"] for bill in first.records(BILLS)] == ["b1", "b3"]
    assert [item["bill_uid"] for item in first.records(ITEMS)] == ["b1", "b3"]
    assert first.last_line.startswith(f"{ITEMS}, {BILLS}: 1 record was")
    assert "record 2 of page 1 after uid 'b1': uid is null (meter_uid '1')" in first.last_line

    second = read(tap, rules, BILLS, ITEMS, state=first.state)

    assert second.exit == 0, "they are read again when the meter changes"
    assert not second.records(BILLS)


def test_a_meter_without_uid_is_told_by_the_stream_that_cannot_ask_for_its_bills(
    tap: TapRunner,
) -> None:
    rules = Platform([METER | {"bill_count": 1}, {"bill_count": 2}], [{"uid": "b1"}]).rules
    run = read(tap, rules, BILLS)

    assert run.exit == 1
    assert [bill["uid"] for bill in run.records(BILLS)] == ["b1"]
    assert f"{BILLS}: {ONE}: record 2 of page 1 after uid '1': it has no uid" in run.last_line


@pytest.mark.parametrize(
    "count", [10**400, -1, 1.5, "3", True, None, {}], ids=lambda count: str(count)[:9]
)
def test_a_count_that_is_none_stops_nothing(tap: TapRunner, count: Any) -> None:
    rules = Platform([METER | {"bill_count": count}], [{"uid": "b1", "meter_uid": "1"}]).rules

    run = read(tap, [*rules, *places([place(1)])], BILLS, PLACES)

    assert run.exit == 0, run.stderr
    assert [bill["uid"] for bill in run.records(BILLS)] == ["b1"]
    assert run.records(PLACES)


@pytest.mark.parametrize(
    ("fields", "names", "others"),
    [
        ({"line_items": "x"}, [], 1),
        ({"line_items": [ITEM, None, "x", [ITEM], ITEM]}, ["Energy", "Energy"], 2),
        ({"line_items": ITEM}, ["Energy"], 0),
        ({"line_items": [], "suppliers": [5, {"supplier_line_items": [ITEM]}]}, ["Energy"], 1),
        ({"suppliers": [{"supplier_line_items": "x"}]}, [], 1),
        ({"suppliers": {"supplier_line_items": ITEM}}, ["Energy"], 0),
        ({"line_items": "", "suppliers": None}, [], 0),
    ],
)
def test_a_charge_that_is_no_object_is_named(
    tap: TapRunner, fields: dict[str, Any], names: list[str], others: int
) -> None:
    bills = [{"uid": "b1", "meter_uid": "1", **fields}]

    run = read(tap, Platform([METER], bills).rules, ITEMS)

    assert run.exit == bool(others)
    assert [row["name"] for row in run.records(ITEMS)] == names
    assert [row["position"] for row in run.records(ITEMS)] == list(range(len(names)))
    if others:
        assert f"bill 'b1' has {others} charge(s) that are not objects" in run.last_line
        assert "utilityapi_bills has the charges" in run.last_line


@pytest.mark.parametrize(
    ("block", "called"),
    [("tiers", "tier(s)"), ("tou", "time(s) of use"), ("demand", "demand charge(s)")],
)
def test_what_is_nested_in_bills_comes_as_charges_do(
    tap: TapRunner, block: str, called: str
) -> None:
    items = [ITEM, None, {"name": 5, "cost": "free", "new": [1], "bill_uid": "b2"}, "x", [ITEM]]
    bills = [{"uid": uid, "meter_uid": "1", block: items} for uid in ("b1", None)]
    stream = f"utilityapi_bill_{block}"

    run = read(tap, Platform([METER], [*bills, {"uid": "b3", block: ITEM}]).rules, stream, BILLS)

    rows = by_key(run.records(stream), "bill_uid", "position")
    assert run.exit == 1
    assert [*rows] == [("b1", 0), ("b1", 1), ("b3", 0)]
    assert rows["b1", 0]["name"] == rows["b3", 0]["name"] == "Energy"
    odd = rows["b1", 1]
    assert (odd["name"], odd["cost"]) == ("5", None)
    assert odd["extra"] == {"cost": "free", "new": [1], "bill_uid": "b2"}
    assert f"bill 'b1' has 2 {called} that are not objects" in run.stderr
    (left_out,) = [line for line in run.errors if line.startswith(f"{stream}: 3 records were")]
    assert "utilityapi_bills has the " in left_out


@pytest.mark.parametrize("updated", ["yesterday", "2026-01-01T00:00:00+00:00"])
@pytest.mark.parametrize("stream", [ITEMS, READINGS])
def test_records_without_rows_are_in_no_warning_and_no_bookmark(
    tap: TapRunner, stream: str, updated: str
) -> None:
    empty = {"uid": "b1", "meter_uid": "1", "updated": updated, "line_items": [], "readings": []}
    rules = Platform([METER | {"interval_count": 1}], [empty]).rules
    body = json.dumps({"intervals": [empty]})

    run = read(tap, [*rules, {"path": "/intervals", "garbage": body, "times": None}], stream)

    assert not run.records(stream)
    assert "another type" not in run.stderr
    assert "replication_key_value" not in run.state["bookmarks"][stream]


def test_a_part_of_a_rows_key_is_of_its_type(tap: TapRunner) -> None:
    period = '{"calendarYear": 2026.0, "calendarPeriod": 1e0, "totalCost": 5.0}'
    body = f'[{{"meterId": 2, "results": [{period}]}}]'
    headers = {"PageNumber": "1", "PageSize": "9", "TotalNumberOfRecords": "1", "TotalPages": "1"}

    run = read(tap, [answer(body, headers)], RESULTS)

    assert run.exit == 0, run.stderr
    (row,) = run.records(RESULTS)
    assert [type(row[name]) for name in ("meterId", "calendarYear", "calendarPeriod")] == [int] * 3
    assert str(row["totalCost"]) == "5.0"


@pytest.mark.parametrize("year", ["2026", "2026.0", "2.026e3"])
def test_a_part_of_a_rows_key_is_the_same_text_however_it_is_sent(
    tap: TapRunner, year: str
) -> None:
    period = f'{{"calendarYear": {year}, "calendarPeriod": 1}}'
    found = catalog([RESULTS])
    for entry in found["streams"]:
        if entry["tap_stream_id"] == RESULTS:
            entry["schema"]["properties"]["calendarYear"] = {"type": "string"}
    rule = answer(f'[{{"meterId": 2, "results": [{period}]}}]')
    with Sandbox(meters=0, billing_summaries=0, faults=[rule]) as box:
        run = tap(box.tap_config(), "--catalog", tap.file("given.json", found))

    assert run.exit == 0, run.stderr
    (row,) = run.records(RESULTS)
    assert row["calendarYear"] == "2026"
