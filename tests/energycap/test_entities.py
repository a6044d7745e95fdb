"""EnergyCAP's entity lists, against what the sandbox says is true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import simplejson
from singer_sdk import typing as th

from sandbox import Sandbox
from tap_utility_energy import energycap
from tap_utility_energy.core.schema import key, record, text
from tap_utility_energy.energycap import STREAMS, permissions
from tap_utility_energy.energycap.base import EnergyCAPStream
from tests.support import TapRunner, answer, by_key, flat

#: Lists whose records arrive as they are, and their keys.
ENTITIES = {
    stream.name: stream.primary_keys[0]
    for stream in STREAMS
    if issubclass(stream, EnergyCAPStream) and not stream.params and not stream.rows
}


@pytest.mark.parametrize("stream", ENTITIES)
def test_an_entity_arrives_as_it_was_sent(tap: TapRunner, box: Sandbox, stream: str) -> None:
    lists = box.truth()
    assert stream in lists, f"{stream} has no Route in sandbox/energycap/api/routes.py"
    run = tap(box.tap_config(energycap_page_size=7), streams=[stream])

    assert run.exit == 0, run.stderr
    key = ENTITIES[stream]
    truth = by_key(lists[stream], key)
    assert {i: flat(row) for i, row in by_key(run.records(stream), key).items()} == truth


def test_values_of_another_kind_than_documented_arrive_under_extra(tap: TapRunner) -> None:
    body = (
        '{"billId": 1, "void": "false", "approved": 0, "estimated": {"a": 1}, "totalCost": 1E+400, '
        '"currentCharges": 0.10, "balanceForward": "12", "account": [], "approvedBy": "x"}'
    )
    with Sandbox(meters=0) as box:
        box.set_faults([answer(f"[{body}]")])
        run = tap(box.tap_config(), streams=["energycap_bills"])

    assert run.exit == 0, run.stderr
    assert run.records("energycap_bills") == [
        {
            **dict.fromkeys(("void", "approved", "estimated", "totalCost", "balanceForward")),
            **dict.fromkeys(("account", "approvedBy")),
            "billId": 1,
            "currentCharges": Decimal("0.10"),
            "extra": simplejson.loads(
                '{"void": "false", "approved": 0, "estimated": {"a": 1}, "totalCost": "1E+400", '
                '"balanceForward": "12", "account": [], "approvedBy": "x"}'
            ),
        }
    ]


def test_new_digests_and_bills_are_not_selected_by_default(tap: TapRunner) -> None:
    with Sandbox(meters=5, billing_summaries=0) as box:
        run = tap(box.tap_config())

    emitted = {message["stream"] for message in run.messages if message["type"] == "SCHEMA"}
    own = emitted & {stream.name for stream in energycap.STREAMS}
    names = ("meters", "places", "accounts", "vendors", "cost_centers", "commodities", "units")
    assert own == {f"energycap_{name}" for name in names} | {
        "energycap_bill_meters",
        "meter_digest_monthly",
        "meter_digest_monthly_results",
    }


def test_lists_without_pages_are_asked_for_once_and_without_paging(
    tap: TapRunner, box: Sandbox
) -> None:
    box.clear_requests()
    run = tap(box.tap_config(), streams=["energycap_units", "energycap_commodities"])

    assert run.exit == 0
    assert [request["target"] for request in box.requests()] == [
        "/energycap/api/v202304/commodity",
        "/energycap/api/v202305/unit",
    ]


@pytest.mark.parametrize(
    ("second", "exits"),
    [('{"accountPeriodId": 1,  "name": "A"}', 0), ('{"accountPeriodId": 1}', 1)],
)
def test_another_record_of_the_same_key_in_one_answer_is_named(
    tap: TapRunner, second: str, exits: int
) -> None:
    body = f'[{{"accountPeriodId": 1, "name": "A"}}, {second}, {{"accountPeriodId": 2}}]'
    with Sandbox(meters=0, faults=[answer(body, times=None)]) as box:
        run = tap(box.tap_config(), streams=["energycap_account_periods"])

    assert run.exit == exits
    assert [row["accountPeriodId"] for row in run.records("energycap_account_periods")] == [1, 2]
    assert ("accountPeriodId 1 is the key of another record too" in run.last_line) == bool(exits)


@pytest.mark.parametrize(
    ("stream", "expression", "keep"),
    [
        (
            "energycap_meters",
            "commodityCode equals 'ELECTRIC'",
            lambda row: row["commodity"]["commodityCode"] == "ELECTRIC",
        ),
        (
            "energycap_places",
            "placeCode one of 'B0001'|'B0002'",
            lambda row: row["placeCode"] in {"B0001", "B0002"},
        ),
        (
            "energycap_units",
            "unitTypeId equals '1'",
            lambda row: row["unitType"]["unitTypeId"] == 1,
        ),
        ("energycap_commodities", "inUse equals 'true'", lambda row: row["inUse"]),
    ],
)
def test_filters_narrow_the_lists(
    tap: TapRunner, box: Sandbox, stream: str, expression: str, keep: Any
) -> None:
    run = tap(box.tap_config(energycap_filters={stream: expression}), streams=[stream])

    assert run.exit == 0, run.stderr
    key = ENTITIES[stream]
    wanted = {row[key] for row in box.truth(only=stream)[stream] if keep(row)}
    assert {row[key] for row in run.records(stream)} == wanted


def test_a_filter_that_the_vendor_does_not_take_says_so(tap: TapRunner, box: Sandbox) -> None:
    filters = {"energycap_meters": "no such field"}
    run = tap(box.tap_config(energycap_filters=filters), streams=["energycap_meters"])

    assert run.exit == 1
    assert run.last_line.startswith("energycap_meters: EnergyCAP answered 400")
    assert "energycap_filters" in run.last_line


@pytest.mark.parametrize(
    ("filters", "line"),
    [
        (
            {"energycap_meter": "x"},
            (
                "energycap_filters: energycap_meter: there is no such stream to filter; did you "
                "mean energycap_meters?"
            ),
        ),
        (
            {"billing_summaries": "x"},
            "energycap_filters: billing_summaries: there is no such stream to filter",
        ),
        (
            {"energycap_meters": 1},
            "energycap_filters['energycap_meters']: it must be text, not 1",
        ),
        ("energycap_meters", 'energycap_filters: it must be an object, not "energycap_meters"'),
    ],
)
def test_wrong_filters_are_told_before_any_request(
    tap: TapRunner, box: Sandbox, filters: Any, line: str
) -> None:
    box.clear_requests()
    run = tap(box.tap_config(energycap_filters=filters))

    assert run.exit == 1
    assert run.errors == [line]
    assert not box.requests()


def test_filters_come_from_the_environment_too(
    tap: TapRunner, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "TAP_UTILITY_ENERGY_ENERGYCAP_FILTERS",
        """{"energycap_meters": "commodityCode equals 'WATER'"}""",
    )
    run = tap(box.tap_config(), "--config", "ENV", streams=["energycap_meters"])

    codes = {row["commodity"]["commodityCode"] for row in run.records("energycap_meters")}
    assert codes == {"WATER"}


@pytest.mark.parametrize("escaped", ["token", r"t\u006fken"])
def test_a_token_is_never_emitted(tap: TapRunner, escaped: str) -> None:
    key = f'"{escaped}": "session-secret"'
    body = f'[{{"meterId": 1, {key}, "place": {{{key}, "placeId": 2}}, "accounts": [{{{key}}}]}}]'
    with Sandbox(meters=0) as box:
        box.set_faults([answer(body)])
        run = tap(box.tap_config(), streams=["energycap_meters"])

    assert run.records("energycap_meters") == [
        {"meterId": 1, "place": {"placeId": 2}, "accounts": [{}]}
    ]
    assert "session-secret" not in run.stdout + run.stderr


def test_a_token_in_an_error_is_not_quoted(tap: TapRunner) -> None:
    body = r'{"message": "no", "token" : "session-\"secret", "user": {"token": "session-secret'
    with Sandbox(meters=0) as box:
        box.set_faults([{"status": 400, "body": body, "content_type": "application/json"}])
        run = tap(box.tap_config(), streams=["energycap_meters"])

    assert '{"message": "no", "token" : "[secret]", "user": {"token": "[secret]"' in run.last_line
    assert "session-" not in run.stdout + run.stderr


@pytest.mark.parametrize("parallel", [1, 4])
def test_a_deprecated_endpoint_is_one_warning(tap: TapRunner, parallel: int) -> None:
    pages = [
        answer(
            f'[{{"meterId": {number}}}]',
            {
                "PageNumber": str(number),
                "PageSize": "1",
                "TotalNumberOfRecords": "3",
                "TotalPages": "3",
                "ECI-Deprecated": "v202701 GetMetersV202701",
            },
            path=f"pageNumber={number}&",
        )
        for number in (1, 2, 3)
    ]
    with Sandbox(meters=0) as box:
        box.set_faults(pages)
        config = box.tap_config(energycap_max_parallel_requests=parallel)
        run = tap(config, streams=["energycap_meters"])

    assert run.exit == 0, run.stderr
    assert len(run.records("energycap_meters")) == 3
    warnings = [line for line in run.stderr.splitlines() if "will withdraw" in line]
    assert len(warnings) == 1
    assert "/api/v3/meter" in warnings[0]
    assert "v202701 GetMetersV202701" in warnings[0]


def test_a_missing_permission_stops_no_other_stream(tap: TapRunner) -> None:
    streams = ["energycap_meters", "energycap_bills", "energycap_cost_centers"]
    with Sandbox(meters=5, energycap_deny="BillsAndBatches (View)") as box:
        run = tap(box.tap_config(), streams=streams)

    assert run.exit == 1
    assert run.records("energycap_meters")
    assert run.records("energycap_cost_centers")
    assert not run.records("energycap_bills")
    assert run.last_line.startswith("energycap_bills: EnergyCAP answered 401")
    assert "BillsAndBatches (View)" in run.last_line


def test_an_endpoint_that_was_withdrawn_stops_no_other_stream(tap: TapRunner) -> None:
    streams = ["energycap_meters", "energycap_units"]
    with Sandbox(meters=5, billing_summaries=0) as box:
        box.set_faults([{"path": "/api/v3/meter", "status": 404}])
        run = tap(box.tap_config(), streams=streams)

    assert run.exit == 1
    assert run.records("energycap_units")
    assert run.last_line.startswith("energycap_meters: EnergyCAP answered 404")
    assert "may have withdrawn the endpoint" in run.last_line


@pytest.mark.parametrize("stream", ENTITIES)
def test_a_refusal_names_the_right_that_is_missing(tap: TapRunner, stream: str) -> None:
    with Sandbox(meters=1, billing_summaries=0) as box:
        run = tap(box.tap_config(energycap_api_key="wrong-key"), streams=[stream])

    assert run.last_line.startswith(f"{stream}: EnergyCAP answered 401")
    named = "(View)" in run.last_line or "the vendor's page names none" in run.last_line
    assert named


def test_a_new_stream_is_ten_lines(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    class OldCommoditiesStream(EnergyCAPStream):
        """Commodities, from the list that the vendor is about to withdraw."""

        name = "energycap_old_commodities"
        path = "/api/v3/commodity"
        docs_url = "https://developer.energycap.com/api-reference/commodity/"
        primary_keys = ("commodityId",)
        schema = record(
            key("commodityId", th.IntegerType, "The commodity."),
            text("commodityCode", "Its code."),
        )
        permission = permissions.NOT_NAMED
        is_paged = False

    streams = (*energycap.STREAMS, OldCommoditiesStream)
    monkeypatch.setattr(energycap, "STREAMS", streams)
    with Sandbox(meters=5) as box:
        run = tap(box.tap_config(), streams=["energycap_old_commodities"])
        truth = box.truth(only="energycap_commodities")["energycap_commodities"]

    assert run.exit == 0, run.stderr
    rows = run.records("energycap_old_commodities")
    assert {row["commodityId"] for row in rows} == {row["commodityId"] for row in truth}
    assert all(row.keys() == {"commodityId", "commodityCode", "extra"} for row in rows)
    assert run.stderr.count("v202304 GetCommoditiesV202304") == 1
