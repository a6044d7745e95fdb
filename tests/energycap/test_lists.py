"""Finance, emissions, groups and user-defined fields: sums that hold, joins, and odd values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

import pytest
import simplejson

from sandbox import Sandbox
from tests.support import TapRunner, answer, by_key

OWNERS = ("meter", "place", "account", "vendor")
MILLIONTH = Decimal("0.000001")
Sums = dict[Any, Decimal]


@pytest.fixture(autouse=True)
def _exact() -> Iterator[None]:
    with localcontext(prec=60):
        yield


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    """A tenant without odd dates and numbers."""
    with Sandbox(meters=25, billing_summaries=0) as box:
        yield box


def added(rows: list[tuple[Any, Decimal]]) -> Sums:
    """The sum of each key's amounts."""
    sums: Sums = defaultdict(Decimal)
    for key, amount in rows:
        sums[key] += amount
    return dict(sums)


def served(body: str) -> list[dict[str, Any]]:
    """Rules that serve a list of this one record."""
    return [answer(f"[{body}]", times=None)]


def test_a_batch_has_the_number_and_the_cost_of_its_bills(tap: TapRunner, box: Sandbox) -> None:
    run = tap(box.tap_config(), streams=["energycap_batches", "energycap_bills"])

    assert run.exit == 0, run.stderr
    batches = by_key(run.records("energycap_batches"), "batchId")
    bills = [bill for bill in run.records("energycap_bills") if bill["batch"]]
    assert len(bills) > 100
    costs = added([(bill["batch"]["batchId"], bill["totalCost"]) for bill in bills])
    counts = added([(bill["batch"]["batchId"], Decimal(1)) for bill in bills])
    for (number,), batch in batches.items():
        assert batch["runningTotal"] == costs.pop(number, 0)
        assert batch["billCount"] == counts.pop(number, 0)
    assert not costs
    assert min(batch["billCount"] for batch in batches.values()) == 0


def test_records_of_a_meter_add_up_to_its_digest_of_greenhouse_gases(
    tap: TapRunner, box: Sandbox
) -> None:
    digests = "meter_digest_ghg_yearly_results"
    streams = ["energycap_emission_sources", "energycap_emission_records", digests]
    run = tap(box.tap_config(), streams=streams)

    assert run.exit == 0, run.stderr
    sources = by_key(run.records("energycap_emission_sources"), "emissionSourceId")
    measured = {key: row["meter"]["meterId"] for (key,), row in sources.items() if row["meter"]}
    records = run.records("energycap_emission_records")
    of_bills = [record for record in records if record["billId"]]
    assert 0 < len(of_bills) < len(records)
    kilograms = added([
        (
            (
                measured[record["emissionSource"]["emissionSourceId"]],
                str(record["billingPeriod"] // 100),
                gas["groupInfo"],
            ),
            gas["totalEmissions"],
        )
        for record in of_bills
        for gas in record["emissionValues"]
    ])
    expected = {
        (row["meterId"], row["year"], row["ghgTypeInfo"]): Decimal(
            row["equivalentCO2Emissions"]
        ).quantize(MILLIONTH)
        for row in run.records(digests)
        if row["meterId"] in measured.values()
    }
    years = {year for _, year, _ in expected}
    tons = {
        key: (sum_ / 1000).quantize(MILLIONTH) for key, sum_ in kilograms.items() if key[1] in years
    }
    assert len(expected) > 30
    assert tons == expected
    for record in of_bills:
        assert record["totalEmissions"] == sum(
            gas["totalEmissions"] for gas in record["emissionValues"]
        )


def test_emissions_are_use_times_the_factor(tap: TapRunner, plain: Sandbox) -> None:
    run = tap(plain.tap_config(), streams=["energycap_emission_records", "energycap_ghg_factors"])

    factors = by_key(run.records("energycap_ghg_factors"), "factorId")
    found: dict[int, set[Decimal]] = defaultdict(set)
    for record in run.records("energycap_emission_records"):
        if record["billId"]:
            factor, quantity = record["factor"]["factorId"], record["quantity"]
            assert quantity["unit"] == factors[factor,]["fromUnit"]
            if quantity["value"]:
                found[factor].add((record["totalEmissions"] / quantity["value"]).normalize())
            else:
                assert not record["totalEmissions"]
    assert {number: len(values) for number, values in found.items()} == {1041: 1, 1042: 1}


def test_meters_and_emission_sources_refer_to_each_other(tap: TapRunner, plain: Sandbox) -> None:
    run = tap(plain.tap_config(), streams=["energycap_emission_sources", "energycap_meters"])

    there = {
        (row["meter"]["meterId"], row["emissionSourceId"])
        for row in run.records("energycap_emission_sources")
        if row["meter"]
    }
    back = {
        (row["meterId"], row["emissionSource"]["emissionSourceId"])
        for row in run.records("energycap_meters")
        if row["emissionSource"]
    }
    assert there == back != set()


def test_what_happens_to_a_bill_happens_to_its_batch_and_its_emissions(tap: TapRunner) -> None:
    streams = ["energycap_batches", "energycap_emission_records", "energycap_bills"]
    with Sandbox(meters=12, billing_summaries=0) as box:
        first = tap(box.tap_config(), streams=streams)
        changed = box.advance("modify_bill", cost=25)["billId"]
        second = tap(box.tap_config(), streams=streams, state=first.state)

    before = by_key(first.records("energycap_batches"), "batchId")
    after = by_key(second.records("energycap_batches"), "batchId")
    (bill,) = (row for row in second.records("energycap_bills") if row["billId"] == changed)
    more = {
        key for key, batch in after.items() if batch["runningTotal"] != before[key]["runningTotal"]
    }
    assert more == {(bill["batch"]["batchId"],)}
    records = {row["emissionRecordId"]: row for row in first.records("energycap_emission_records")}
    again = {row["emissionRecordId"]: row for row in second.records("energycap_emission_records")}
    assert len(again) < len(records)
    differing = [row for key, row in again.items() if row != records[key]]
    assert {row["billId"] for row in differing} == {changed}


@pytest.mark.parametrize(("thing", "count"), [("meter", 9), ("place", 3)])
def test_a_group_counts_the_members_that_a_filter_by_group_finds(
    tap: TapRunner, plain: Sandbox, thing: str, count: int
) -> None:
    groups = tap(plain.tap_config(), streams=[f"energycap_{thing}_groups"])
    rows = groups.records(f"energycap_{thing}_groups")

    assert len(rows) == count
    for group in rows:
        stream = f"energycap_{thing}s"
        expression = f"{thing}GroupId equals '{group[f'{thing}GroupId']}'"
        run = tap(plain.tap_config(energycap_filters={stream: expression}), streams=[stream])
        assert run.exit == 0, run.stderr
        assert len(run.records(stream)) == group["memberCount"]
        codes = {row.get("commodity", {}).get("commodityCode") for row in run.records(stream)}
        if thing == "meter":
            wanted = "MULTIPLE" if len(codes) > 1 else next(iter(codes), "")
            assert group["memberCommodityCode"] == wanted


@pytest.mark.parametrize("periods", [12, 13])
def test_accounting_periods_are_those_of_bills_batches_and_digests(
    tap: TapRunner, periods: int
) -> None:
    digests = "meter_digest_monthly_results"
    streams = ["energycap_account_periods", "energycap_bills", "energycap_batches", digests]
    with Sandbox(meters=12, billing_summaries=0, accounting_periods=periods) as box:
        run = tap(box.tap_config(), streams=streams)

    found = by_key(run.records("energycap_account_periods"), "periodNumber")
    names = {number: row["name"] for (number,), row in found.items()}
    assert sorted(names) == list(range(1, periods + 1))
    of_bills = {row["accountPeriod"] % 100 for row in run.records("energycap_bills")}
    assert of_bills == names.keys()
    assert {row["fiscalPeriod"]: row["periodName"] for row in run.records(digests)} == names
    of_batches = {
        (row["accountPeriodNumber"], row["accountPeriodName"])
        for row in run.records("energycap_batches")
    }
    assert {(None, None)} < of_batches <= {(None, None), *names.items()}


def test_ledger_codes_of_accounts_and_meters_are_listed(tap: TapRunner, plain: Sandbox) -> None:
    streams = ["accounts", "meters", "general_ledgers", "gl_subcodes"]
    run = tap(plain.tap_config(), streams=[f"energycap_{name}" for name in streams])

    ledgers = by_key(run.records("energycap_general_ledgers"), "generalLedgerId")
    accounts = [row["accountGeneralLedger"] for row in run.records("energycap_accounts")]
    links = [
        link["meterGeneralLedger"]
        for row in run.records("energycap_meters")
        for link in row["accounts"]
    ]
    for used in ([*filter(None, accounts)], [*filter(None, links)]):
        assert used
        for ledger in used:
            own = ledgers[ledger["generalLedgerId"],]
            assert own["generalLedgerCode"] == ledger["generalLedgerCode"]
    subcodes = by_key(run.records("energycap_gl_subcodes"), "subCodeIndex")
    assert len(subcodes) == 20
    for ledger in ledgers.values():
        assert (
            "-".join(filter(None, (part["value"] for part in ledger["subCodes"])))
            == (ledger["generalLedgerCode"])
        )
        for part in ledger["subCodes"]:
            definition = subcodes[part["subCodeIndex"],]
            assert part["subCodeName"] == definition["subCodeName"]
            is_list = definition["subCodeType"] == "list"
            assert (
                part["value"] is None
                or not is_list
                or part["value"] in (definition["subCodeValues"])
            )


@pytest.mark.parametrize("index", ["7", '"07"'])
def test_the_index_of_a_subcode_is_text_however_it_is_sent(tap: TapRunner, index: str) -> None:
    body = f'{{"subCodeIndex": {index}, "subCodeName": null, "subCodeValues": [null, "a"]}}'
    with Sandbox(meters=0, faults=served(body)) as box:
        run = tap(box.tap_config(), streams=["energycap_gl_subcodes"])

    assert run.exit == 0, run.stderr
    assert run.records("energycap_gl_subcodes") == [
        {"subCodeIndex": index.strip('"'), "subCodeName": None, "subCodeValues": [None, "a"]}
    ]


@pytest.mark.parametrize("owner", OWNERS)
def test_user_defined_fields_are_a_row_each(tap: TapRunner, box: Sandbox, owner: str) -> None:
    stream = f"energycap_{owner}_udfs"
    run = tap(box.tap_config(energycap_page_size=4), streams=[stream])
    named = (f"{owner}Id", f"{owner}Code", f"{owner}Info")
    expected = {}
    for thing in box.truth(only=stream)[stream]:
        for field in thing.get("udfs") or []:
            known = {name: value for name, value in field.items() if name != "locked"}
            extra = {name: field[name] for name in field.keys() & {"locked"}}
            extra |= {owner: {"tags": thing["tags"]}} if "tags" in thing else {}
            row = {name: thing[name] for name in named} | known
            expected[thing[named[0]], field["udfId"]] = row | ({"extra": extra} if extra else {})

    assert run.exit == 0, run.stderr
    assert expected
    assert by_key(run.records(stream), named[0], "udfId") == expected


def test_odd_user_defined_fields_lose_nothing(tap: TapRunner) -> None:
    field = '{"udfId": %s, "value": %s, "dataType": {"dataTypeId": 2, "digits": 0.10}}'
    fields = [field % (1, 5), field % (2, '{"a": 1.50}'), field % ("3.0", "true")]
    fields += ['{"udfId": 4, "udfSelectValues": [null, {"value": 1, "color": "red"}], "udfs": [1]}']
    body = f'{{"meterId": 9, "meterCode": 7, "udfs": [{", ".join(fields)}], "site": {{"id": 1}}}}'
    empty = '{"meterId": 10, "udfs": null}, {"meterId": 11, "udfs": []}, {"meterId": 12}'
    headers = {"PageNumber": "1", "PageSize": "9", "TotalNumberOfRecords": "4", "TotalPages": "1"}
    rules = [answer(f"[{body}, {empty}]", headers, times=None)]
    with Sandbox(meters=0, faults=rules) as box:
        run = tap(box.tap_config(), streams=["energycap_meter_udfs"])

    assert run.exit == 0, run.stderr
    meter = {"meterId": 9, "meterCode": "7"}
    of_meter = {"meter": {"site": {"id": 1}}}
    kind = {"dataTypeId": 2, "digits": Decimal("0.10")}
    assert run.records("energycap_meter_udfs") == [
        {**meter, "udfId": 1, "value": "5", "dataType": kind, "extra": of_meter},
        {
            **meter,
            "udfId": 2,
            "value": None,
            "dataType": kind,
            "extra": {"value": {"a": Decimal("1.50")}, **of_meter},
        },
        {**meter, "udfId": 3, "value": "true", "dataType": kind, "extra": of_meter},
        {
            **meter,
            "udfId": 4,
            "udfSelectValues": [None, {"value": "1", "color": "red"}],
            "extra": {"udfs": [1], **of_meter},
        },
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ('{"udfId": 2, "value": "b"}', "1 user-defined field(s) for 2 again"),
        ('{"value": "b"}', "1 user-defined field(s) without udfId"),
        ('{"udfId": null}, 5', "1 user-defined field(s) without udfId, 1 user-defined field(s)"),
    ],
)
def test_a_field_without_a_key_of_its_own_is_named_and_all_others_arrive(
    tap: TapRunner, fields: str, words: str
) -> None:
    body = f'{{"meterId": 9, "meterCode": "M", "udfs": [{{"udfId": 2}}, {fields}, {{"udfId": 3}}]}}'
    with Sandbox(meters=0, faults=served(body)) as box:
        run = tap(box.tap_config(), streams=["energycap_meter_udfs"])

    assert run.exit == 1
    assert [row["udfId"] for row in run.records("energycap_meter_udfs")] == [2, 3]
    assert f"meter 9 (M) has {words}" in run.errors[-1]


def test_values_of_another_type_than_documented_are_kept(tap: TapRunner) -> None:
    body = (
        '{"emissionRecordId": 1, "quantity": {"value": "12", "unit": 5}, "totalEmissions": {}, '
        '"emissionValues": {"CO2": 1}, "factor": [], "attachment": 7, "costConversion": null}'
    )
    with Sandbox(meters=0, faults=served(body)) as box:
        run = tap(box.tap_config(), streams=["energycap_emission_records"])

    assert run.exit == 0, run.stderr
    assert run.records("energycap_emission_records") == [
        {
            "emissionRecordId": 1,
            "quantity": {"value": None, "unit": None},
            **dict.fromkeys(("totalEmissions", "emissionValues", "factor", "costConversion")),
            "attachment": "7",
            "extra": simplejson.loads(
                '{"quantity.value": "12", "quantity.unit": 5, "totalEmissions": {}, '
                '"emissionValues": {"CO2": 1}, "factor": []}'
            ),
        }
    ]


@pytest.mark.parametrize(
    ("stream", "expression", "keep"),
    [
        ("meter_udfs", "commodityCode equals 'WATER'", lambda row: "WAT" in row["meterCode"]),
        ("place_udfs", "placeTypeCode equals 'CAMPUS'", lambda row: "C00" in row["placeCode"]),
        ("account_udfs", "accountId less than '1100'", lambda row: row["accountId"] < 1100),
        ("vendor_udfs", "vendorCode equals 'ANYTOWN'", lambda row: row["vendorCode"] == "ANYTOWN"),
        ("emission_sources", "hasMeterLink equals 'false'", lambda row: not row["meter"]),
        (
            "emission_records",
            "commodityCode equals 'ELECTRIC' and beginDate greater than equal '2026-01-01'",
            lambda row: (
                row["emissionSource"]["commodity"]["commodityCode"] == "ELECTRIC"
                and row["startDate"] >= "2026"
            ),
        ),
        ("ghg_factors", "unitCode equals 'KWH'", lambda row: row["fromUnit"]["unitCode"] == "KWH"),
        ("meter_groups", "autoGroup equals 'true'", lambda row: row["autoGroup"]),
    ],
)
def test_filters_narrow_the_lists(
    tap: TapRunner, plain: Sandbox, stream: str, expression: str, keep: Any
) -> None:
    name = f"energycap_{stream}"
    everything = tap(plain.tap_config(), streams=[name]).records(name)
    run = tap(plain.tap_config(energycap_filters={name: expression}), streams=[name])

    assert run.exit == 0, run.stderr
    kept = [row for row in everything if keep(row)]
    assert run.records(name) == kept
    assert 0 < len(kept) < len(everything)


def test_a_missing_permission_is_named_and_stops_no_other_list(tap: TapRunner) -> None:
    needed = {
        "emission_records": "Records (View)",
        "emission_sources": "EmissionsSources (View)",
        "meter_groups": "GroupsAndBenchmarksModule (View)",
        "place_groups": "GroupsAndBenchmarksModule (View)",
    }
    streams = [f"energycap_{name}" for name in (*needed, "ghg_factors", "account_periods")]
    with Sandbox(meters=5, billing_summaries=0, energycap_deny=",".join(needed.values())) as box:
        run = tap(box.tap_config(), streams=streams)

    assert run.exit == 1
    (line,) = run.errors
    names, answered = line.split(": ", 1)
    assert names.split(", ") == [f"energycap_{name}" for name in needed]
    assert answered.startswith("EnergyCAP answered 401")
    assert all(permission in answered for permission in needed.values())
    assert run.records("energycap_ghg_factors")
    assert run.records("energycap_account_periods")
