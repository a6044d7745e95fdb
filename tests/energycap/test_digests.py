"""Meter digests: one read for both streams, and no page missed or made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.truth import KEYS, result_row
from tests.support import DIGESTS, RESULTS, Run, TapRunner, answer, by_key, flat

ROW_KEY = KEYS[RESULTS]


def sync(
    tap: TapRunner, box: Sandbox, streams: Sequence[str] = (DIGESTS, RESULTS), **settings: Any
) -> Run:
    return tap(box.tap_config(**settings), streams=streams)


def flattened(meters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are to come, from the meters as they were sent."""
    return [result_row(meter, period) for meter in meters for period in meter.get("results") or []]


@pytest.mark.parametrize("options", [{}, {"accounting_periods": 13}, {"header_case": "lower"}])
@pytest.mark.parametrize("parallel", [1, 3])
def test_both_streams_come_from_one_walk_as_they_were_sent(
    tap: TapRunner, options: dict[str, Any], parallel: int
) -> None:
    with Sandbox(meters=23, hard_numbers=True, **options) as box:
        run = sync(tap, box, energycap_page_size=5, energycap_max_parallel_requests=parallel)
        truth = box.truth(only=DIGESTS)[DIGESTS]

        assert run.exit == 0, run.stderr
        meters = by_key(run.records(DIGESTS), "meterId")
        assert {key: flat(row) for key, row in meters.items()} == by_key(truth, "meterId")
        assert by_key(run.records(RESULTS), *ROW_KEY) == by_key(flattened(truth), *ROW_KEY)
        asked = [request["target"].split("pageNumber=")[1] for request in box.requests()]
        assert len(asked) == len(set(asked)) == 5, "each page once, for both streams"


@pytest.mark.parametrize("stream", [DIGESTS, RESULTS])
def test_one_stream_alone_asks_for_each_page_once(tap: TapRunner, stream: str) -> None:
    with Sandbox(meters=23) as box:
        run = sync(tap, box, [stream], energycap_page_size=10)

        assert run.exit == 0
        assert len(run.records(stream)) >= 23
        assert len(box.requests()) == 3


def test_more_than_fits_in_memory_is_read_back(tap: TapRunner, monkeypatch) -> None:
    monkeypatch.setattr("tap_utility_energy.core.shared_pages.IN_MEMORY", 1000)
    with Sandbox(meters=23) as box:
        run = sync(tap, box, energycap_page_size=5)
        expected = flattened(box.truth(only=DIGESTS)[DIGESTS])

    assert by_key(run.records(RESULTS), *ROW_KEY) == by_key(expected, *ROW_KEY)


def test_settings_reach_the_vendor_and_unset_ones_do_not(tap: TapRunner) -> None:
    with Sandbox(meters=3) as box:
        sync(tap, box)
        sync(tap, box, energycap_number_of_years=4, energycap_page_size=7)
        first, second = (request["target"].split("?")[1] for request in box.requests())

    assert first == "pageNumber=1&pageSize=250"
    assert second == "pageNumber=1&pageSize=7&numberOfYears=4"


def test_a_tenant_without_data_is_an_empty_success(tap: TapRunner) -> None:
    with Sandbox(meters=0) as box:
        run = sync(tap, box)

    assert run.exit == 0
    assert not [message for message in run.messages if message["type"] == "RECORD"]
    assert "WARNING" not in run.stderr


@pytest.mark.parametrize("parallel", [1, 3])
def test_null_is_an_empty_answer(tap: TapRunner, parallel: int) -> None:
    with Sandbox(meters=0, null_digests=True) as box:
        run = sync(tap, box)

    assert run.exit == 0, run.stderr
    assert not [message for message in run.messages if message["type"] == "RECORD"]
    assert "WARNING" not in run.stderr

    # The last page is gone when it is asked for.
    with Sandbox(meters=20, shrink_meters="12@4", null_digests=True) as box:
        run = sync(tap, box, energycap_page_size=5, energycap_max_parallel_requests=parallel)

    assert run.exit == 0, run.stderr
    assert len(run.records(DIGESTS)) == 15


@pytest.mark.parametrize("stream", ["energycap_bills", "energycap_units"])
def test_null_is_an_empty_list_too(tap: TapRunner, stream: str) -> None:
    with Sandbox(meters=1, billing_summaries=0) as box:
        box.set_faults([answer(" null\n", {})])
        run = tap(box.tap_config(), streams=[stream])

    assert run.exit == 0, run.stderr
    assert not run.records(stream)


@pytest.mark.parametrize("name", ["PageNumber", "PageSize", "TotalNumberOfRecords", "TotalPages"])
def test_a_missing_paging_header_is_an_error(tap: TapRunner, name: str) -> None:
    with Sandbox(meters=23, drop_header=name) as box:
        run = sync(tap, box, energycap_page_size=10)

    assert run.exit == 1
    assert run.last_line.startswith(
        "meter_digest_monthly, meter_digest_monthly_results: the paging headers cannot be "
        f"trusted: the header {name} of page 1 is missing."
    )


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"PageNumber": "2"}, "page 1 was requested and page 2 was sent"),
        ({"TotalPages": "7"}, "declares 2 records in 7 pages of 250"),
        ({"TotalPages": "many"}, "TotalPages of page 1 is 'many'"),
        ({"TotalNumberOfRecords": "-1"}, "TotalNumberOfRecords of page 1 is '-1'"),
        ({"TotalPages": "9" * 5000}, "TotalPages of page 1 is"),
        ({"PageSize": "0"}, "PageSize changed from None to 0"),
    ],
)
def test_contradicting_paging_headers_are_an_error(
    tap: TapRunner, headers: dict[str, str], words: str
) -> None:
    good = {"PageNumber": "1", "PageSize": "250", "TotalNumberOfRecords": "2", "TotalPages": "1"}
    body = json.dumps([{"meterId": 1}, {"meterId": 2}])
    with Sandbox(meters=0) as box:
        box.set_faults([answer(body, good | headers)])
        run = sync(tap, box)

    assert run.exit == 1
    assert words in run.last_line


@pytest.mark.parametrize("change", [{"grow_meters": "9@2"}, {"shrink_meters": "6@2"}])
def test_totals_that_change_are_followed(tap: TapRunner, change: dict[str, str]) -> None:
    with Sandbox(meters=20, **change) as box:
        run = sync(tap, box, [DIGESTS], energycap_page_size=5)
        truth = by_key(box.truth(only=DIGESTS)[DIGESTS], "meterId")

    assert run.exit == 0
    assert by_key(run.records(DIGESTS), "meterId").keys() == truth.keys()


def test_a_meter_on_two_pages_comes_once_and_the_counts_are_told(tap: TapRunner) -> None:
    with Sandbox(meters=20, repeat_meter_across_pages=True) as box:
        run = sync(tap, box, energycap_page_size=5)
        truth = by_key(box.truth(only=DIGESTS)[DIGESTS], "meterId")

    assert run.exit == 0
    found = by_key(run.records(DIGESTS), "meterId")
    assert found.keys() == truth.keys()
    assert (
        run.stderr.count(
            f"EnergyCAP counted {len(truth) + 1} records and sent {len(found)} distinct ones"
        )
        == 1
    )


@pytest.mark.parametrize(
    ("option", "words"),
    [("duplicate_period", "again"), ("missing_period_key", "without calendarYear or")],
)
def test_a_period_without_a_key_of_its_own_is_an_error_that_names_the_meter(
    tap: TapRunner, option: str, words: str
) -> None:
    with Sandbox(meters=20, **{option: True}) as box:
        run = sync(tap, box)
        truth = box.truth(only=DIGESTS)[DIGESTS]

    assert run.exit == 1
    (named,) = [line for line in run.errors if line.startswith(f"{RESULTS}: ")]
    meter = int(named.split(" meter ")[1].split()[0])
    assert words in named
    assert len(run.records(DIGESTS)) == len(truth), "the nested records all arrive"
    rows = by_key(run.records(RESULTS), *ROW_KEY)
    good = {tuple(row.get(name) for name in ROW_KEY) for row in flattened(truth)}
    assert rows.keys() == {key for key in good if None not in key}
    assert meter in {row["meterId"] for row in truth}
    assert "; meter_digest_monthly has the periods: meter " in run.last_line


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ("[null]", "that are not objects"),
        ('"x"', "that are not objects"),
        ('{"a": 1}', "that are not objects"),
        ('[{"calendarYear": [1], "calendarPeriod": 2}]', "without calendarYear"),
        ('[{"calendarYear": true, "calendarPeriod": 2}]', "without calendarYear"),
    ],
)
def test_odd_results_of_one_meter_do_not_touch_the_others(
    tap: TapRunner, results: str, words: str
) -> None:
    good = '{"meterId": 2, "results": [{"calendarYear": 2026, "calendarPeriod": 1}]}'
    body = f'[{{"meterId": 1, "results": {results}}}, {good}]'
    headers = {"PageNumber": "1", "PageSize": "9", "TotalNumberOfRecords": "2", "TotalPages": "1"}
    with Sandbox(meters=0) as box:
        box.set_faults([answer(body, headers)])
        run = sync(tap, box)

    assert run.exit == 1
    assert len(run.records(DIGESTS)) == 2
    assert [row["meterId"] for row in run.records(RESULTS)] == [2]
    assert f": meter 1 has 1 period(s) {words}" in run.last_line


@pytest.mark.parametrize("results", ["null", "{}", '""', "0", "false", "[]"])
def test_a_meter_without_periods_is_not_named(tap: TapRunner, results: str) -> None:
    body = f'[{{"meterId": 1, "results": {results}}}, {{"meterId": 2, "results": [5]}}]'
    headers = {"PageNumber": "1", "PageSize": "9", "TotalNumberOfRecords": "2", "TotalPages": "1"}
    with Sandbox(meters=0) as box:
        box.set_faults([answer(body, headers)])
        run = sync(tap, box)

    assert "meter 2 has 1 period(s)" in run.last_line
    assert "meter 1 " not in run.last_line


def test_every_request_carries_what_the_vendor_requires(tap: TapRunner) -> None:
    with Sandbox(meters=3, strict_content_type=True) as box:
        sync(tap, box)
        (request,) = box.requests()

    assert request["content_type"] == "application/json"
    assert request["headers"]["ECI-ApiKey"] == "valid"
    assert not request["foreign_credential"]


def test_a_refusal_is_told_once_for_both_streams(tap: TapRunner) -> None:
    with Sandbox(meters=3) as box:
        run = tap(box.tap_config(energycap_api_key="wrong-key"), streams=[DIGESTS, RESULTS])

        assert run.exit == 1
        assert len(box.requests()) == 1
    last = [line for line in run.errors if "401" in line]
    assert len(last) == 1
    assert last[0] == run.last_line
    assert run.last_line.startswith("meter_digest_monthly, meter_digest_monthly_results: EnergyCAP")
    assert "Meters (View)" in run.last_line


def test_a_dry_run_asks_for_one_page_of_each_path(tap: TapRunner) -> None:
    with Sandbox(meters=30, billing_summaries=0) as box:
        run = tap(box.tap_config(energycap_page_size=10), "--test")

        assert run.exit == 0, run.stderr
        pages = [r["target"] for r in box.requests() if r["vendor"] == "energycap"]
        assert len(pages) == len({page.split("?")[0] for page in pages})
        assert not [page for page in pages if "pageNumber=" in page and "pageNumber=1&" not in page]
    assert len(run.records(DIGESTS)) == 1
