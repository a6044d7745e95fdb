"""What of EnergyCAP's entities is emitted again: no change may be lost."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import TapRunner, answer, by_key, catalog, flat

NAMES = ("accounts", "bills", "emission_records", "emission_sources", "meters", "places", "vendors")
INCREMENTAL = [f"energycap_{name}" for name in NAMES]


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_a_second_run_emits_what_may_have_changed_and_what_has_no_date(
    tap: TapRunner, box: Sandbox, stream: str
) -> None:
    first = tap(box.tap_config(), streams=[stream])
    again = tap(box.tap_config(), streams=[stream], state=first.state)

    before, after = first.records(stream), again.records(stream)
    undated = [row for row in before if row["modifiedDate"] is None]
    assert len(undated) <= len(after) < len(before)
    assert not [row for row in undated if row not in after]
    bookmark = first.state["bookmarks"][stream]["replication_key_value"]
    assert {row["modifiedDate"][:10] for row in after if row["modifiedDate"]} <= days_until(
        bookmark
    )
    assert again.state == first.state


def days_until(bookmark: str) -> set[str]:
    last = date.fromisoformat(bookmark[:10])
    return {str(last - timedelta(days=back)) for back in range(-1, 4)}


def test_what_changes_between_runs_arrives(tap: TapRunner) -> None:
    streams = ["energycap_meters", "energycap_bills"]
    with Sandbox(meters=12, billing_summaries=0) as box:
        state = tap(box.tap_config(), streams=streams).state
        for _ in range(3):
            meter, bill = box.advance("rename_meter"), box.advance("modify_bill")
            run = tap(box.tap_config(), streams=streams, state=state)
            state = run.state

            found = by_key(run.records("energycap_meters"), "meterId")
            assert found[meter["meterId"],]["meterCode"] == meter["meterCode"]
            bills = by_key(run.records("energycap_bills"), "billId")
            truth = by_key(box.truth(only="energycap_bills")["energycap_bills"], "billId")
            assert flat(bills[bill["billId"],]) == truth[bill["billId"],]
            assert len(bills) < len(truth)
        new = box.advance("new_bills")["billIds"]
        run = tap(box.tap_config(), streams=streams, state=state)

    assert {(number,) for number in new} <= by_key(run.records("energycap_bills"), "billId").keys()


@pytest.mark.parametrize(
    ("bookmark", "changed", "made", "is_emitted"),
    [
        ("2026-06-10T12:00:00+00:00", "2026-06-10T11:59:59", None, True),
        ("2026-06-10T12:00:00+00:00", "2026-06-09T10:00:00", None, True),  # 26 hours before
        ("2026-06-10T12:00:00+00:00", "2026-06-08", None, False),
        ("2026-06-10T12:00:00+00:00", "2026-06-08 12:00:00.0000000", None, True),
        ("2026-06-10T12:00:00+00:00", "2026-06-08T08:00:00.1234567-04:00", None, True),
        ("2026-06-10T12:00:00+00:00", "2026-06-08T11:59:59Z", None, False),
        ("2026-06-10T12:00:00+00:00", None, None, True),
        ("2026-06-10T12:00:00+00:00", "", None, True),
        ("2026-06-10T12:00:00+00:00", "not a date", None, True),
        ("2026-06-10T12:00:00+00:00", "9999-12-31T23:59:59-04:00", None, True),
        ("2026-06-10T12:00:00+00:00", "0001-01-01T00:00:00", "2026-06-10T09:00:00", True),
        ("2026-06-10T12:00:00+00:00", "0001-01-01T00:00:00", "2020-06-10T09:00:00", False),
        ("malformed", "2020-01-01T00:00:00", None, True),
        ("2026-07-01T12:00:01+00:00", "2020-01-01T00:00:00", None, True),  # in the future
        ("9999-12-31T23:59:59+00:00", "2020-01-01T00:00:00", None, True),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00", None, True),
    ],
)
def test_when_in_doubt_a_record_is_emitted(
    tap: TapRunner, bookmark: str, changed: str | None, made: str | None, *, is_emitted: bool
) -> None:
    date = {"replication_key": "modifiedDate", "replication_key_value": bookmark}
    state = {"bookmarks": {"energycap_meters": date}}
    quoted = [f'"{text}"' if text is not None else "null" for text in (changed, made)]
    with Sandbox(meters=0) as box:
        body = f'[{{"meterId": 1, "modifiedDate": {quoted[0]}, "createdDate": {quoted[1]}}}]'
        box.set_faults([answer(body)])
        run = tap(box.tap_config(), streams=["energycap_meters"], state=state)

    assert run.exit == 0, run.stderr
    assert len(run.records("energycap_meters")) == int(is_emitted)


def test_a_record_without_the_field_at_all_is_emitted(tap: TapRunner) -> None:
    with Sandbox(meters=0) as box:
        box.set_faults([answer('[{"meterId": 1}]')])
        run = tap(box.tap_config(), streams=["energycap_meters"])

    assert run.exit == 0, run.stderr
    assert run.records("energycap_meters") == [{"meterId": 1}]


def test_the_bookmark_is_no_later_than_the_start_of_the_run(tap: TapRunner) -> None:
    with Sandbox(meters=0) as box:
        box.set_faults([answer('[{"meterId": 1, "modifiedDate": "2099-01-01T00:00:00"}]')])
        run = tap(box.tap_config(), streams=["energycap_meters"])

    found = run.state["bookmarks"]["energycap_meters"]
    assert found["replication_key_value"].startswith("2026-07-01T12:00:")


def test_a_walk_that_fails_moves_no_bookmark(tap: TapRunner) -> None:
    with Sandbox(meters=20, billing_summaries=0) as box:
        streams, page = ["energycap_meters"], {"energycap_page_size": 7}
        state = tap(box.tap_config(**page), streams=streams).state
        box.advance("rename_meter")
        box.set_faults([{"path": "pageNumber=3", "status": 403}])
        failed = tap(box.tap_config(**page), streams=streams, state=state)

    assert failed.exit == 1
    failed_state = failed.state
    # What the SDK notes of where the run began is of no consequence.
    del failed_state["bookmarks"]["energycap_meters"]["starting_replication_value"]
    assert failed_state == state


def page(number: int, meters: dict[int, str], total: int) -> dict[str, Any]:
    """A page of two meters, told by their ids and ``modifiedDate``."""
    rows = [{"meterId": meter, "modifiedDate": date} for meter, date in meters.items()]
    counts = {"PageNumber": number, "TotalNumberOfRecords": total, "TotalPages": (total + 1) // 2}
    headers = {name: str(count) for name, count in {"PageSize": 2, **counts}.items()}
    return answer(json.dumps(rows), headers, path=f"pageNumber={number}&")


@pytest.mark.parametrize(
    "later",
    [
        page(2, {4: "2026-06-20"}, total=3),  # 1 is gone, so 3 is on page 1 now
        page(2, {1: "2020-01-01", 4: "2026-06-20"}, total=4),  # 1 has moved to the end
    ],
)
@pytest.mark.parametrize("parallel", [1, 2])
def test_what_slips_past_a_walk_is_emitted_by_the_next(
    tap: TapRunner, later: dict[str, Any], parallel: int
) -> None:
    stream = "energycap_meters"
    first = {"replication_key": "modifiedDate", "replication_key_value": "2026-06-01T00:00:00"}
    with Sandbox(meters=0) as box:
        config = box.tap_config(energycap_page_size=2, energycap_max_parallel_requests=parallel)
        box.set_faults([page(1, {1: "2020-01-01", 2: "2020-01-01"}, total=4), later])
        state = {"bookmarks": {stream: first}}
        slipped = tap(config, streams=[stream], state=state)
        box.set_faults([page(1, {2: "2020-01-01", 3: "2026-06-10"}, 2)])
        found = tap(config, streams=[stream], state=slipped.state)

    assert slipped.exit == found.exit == 0
    assert [row["meterId"] for row in slipped.records(stream)] == [4]
    assert "Data may have changed while pages were read" in slipped.stderr
    assert [row["meterId"] for row in found.records(stream)] == [3]


FIRST = page(1, {1: "2020-01-01", 2: "2020-01-01"}, total=4)
SECOND = {
    "repeats a record": page(2, {2: "2020-01-01", 4: "2026-06-20"}, total=4),
    "lacks a record": page(2, {4: "2026-06-20"}, total=4),
    "counts less on the second page": page(2, {4: "2026-06-20"}, total=3),
}


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND)
def test_a_list_that_is_always_odd_is_incremental_from_the_third_run_on(
    tap: TapRunner, second: dict[str, Any]
) -> None:
    stream, state = "energycap_meters", None
    emitted, said = [], []
    with Sandbox(meters=0) as box:
        config = box.tap_config(energycap_page_size=2)
        for _ in range(4):
            box.set_faults([FIRST, second])
            run = tap(config, streams=[stream], state=state)
            state = run.state
            assert run.exit == 0
            emitted.append([row["meterId"] for row in run.records(stream)])
            said += [line for line in run.stderr.splitlines() if "EnergyCAP counted" in line]

    assert emitted == [[1, 2, 4], [1, 2, 4], [4], [4]]
    first, *others = said
    assert first.endswith(
        "Data may have changed while pages were read; the next run reads all again."
    )
    assert len(others) == 3
    for line in others:
        assert line.endswith("saw the same, so the list is taken as complete.")


def test_a_tenant_that_grows_and_always_repeats_a_record_is_incremental(tap: TapRunner) -> None:
    stream, state = "energycap_meters", None
    emitted = []
    with Sandbox(meters=0) as box:
        config = box.tap_config(energycap_page_size=2)
        for total in range(4, 9):
            ids = [1, 2, 2, *range(3, total)]
            dated = [{number: "2026-06-20" if number == 1 else "2020-01-01"} for number in ids]
            box.set_faults([
                page(n // 2 + 1, dated[n] | dict(*dated[n + 1 : n + 2]), total)
                for n in range(0, total, 2)
            ])
            run = tap(config, streams=[stream], state=state)
            state = run.state
            emitted.append(len(run.records(stream)))

    assert emitted == [3, 4, 1, 1, 1]


def test_a_record_that_two_odd_runs_missed_by_chance_gets_a_second_chance(tap: TapRunner) -> None:
    stream, state = "energycap_meters", None
    one, two, late = "2026-04-01", "2026-05-01", "2026-06-20"
    odd = page(1, {1: one, 2: two}, total=4)
    with Sandbox(meters=0) as box:
        config = box.tap_config(energycap_page_size=2)
        for pages in (
            [odd, page(2, {4: two}, total=4)],  # 3 is missed
            [odd, page(2, {4: late}, total=4)],  # 3 has changed since, and is missed again
            [page(1, {1: one, 2: two}, total=4), page(2, {3: "2026-05-15", 4: late}, total=4)],
        ):
            box.set_faults(pages)
            run = tap(config, streams=[stream], state=state)
            state = run.state

    assert 3 in {row["meterId"] for row in run.records(stream)}
    assert 1 not in {row["meterId"] for row in run.records(stream)}
    assert "discrepancy" not in state["bookmarks"][stream]


@pytest.mark.parametrize("odd", ["x", {"runs": "2"}, {"runs": 2, "bookmark": 5}, []])
def test_a_discrepancy_that_was_edited_is_no_reason_to_stop(tap: TapRunner, odd: Any) -> None:
    stream = "energycap_meters"
    with Sandbox(meters=0) as box:
        box.set_faults([FIRST, SECOND["lacks a record"]])
        state = {"bookmarks": {stream: {"discrepancy": odd}}}
        run = tap(box.tap_config(energycap_page_size=2), streams=[stream], state=state)

    assert run.exit == 0, run.stderr
    assert [row["meterId"] for row in run.records(stream)] == [1, 2, 4]


@pytest.mark.parametrize(
    ("stream", "change"),
    [
        ("energycap_bills", {"energycap_filters": {"energycap_bills": "approved equals '1'"}}),
        ("energycap_bills", {"start_date": "2025-01-01"}),
        ("energycap_emission_records", {"start_date": "2025-01-01"}),
    ],
)
def test_another_selection_of_records_is_read_anew(
    tap: TapRunner, stream: str, change: dict[str, Any]
) -> None:
    with Sandbox(meters=5, billing_summaries=0) as box:
        first = tap(box.tap_config(**change), streams=[stream])
        second = tap(box.tap_config(), streams=[stream], state=first.state)
        truth = box.truth(only=stream)[stream]

    assert len(first.records(stream)) < len(truth)
    assert len(second.records(stream)) == len(truth)


@pytest.mark.parametrize(
    ("stream", "key"),
    [("energycap_bills", "billId"), ("energycap_emission_records", "emissionRecordId")],
)
def test_what_ended_before_the_start_date_is_left_out(
    tap: TapRunner, stream: str, key: str
) -> None:
    with Sandbox(meters=5, billing_summaries=0) as box:
        config = box.tap_config(start_date="2025-07-15T00:00:00Z")
        run = tap(config, streams=[stream, "energycap_batches"])
        truth = box.truth(only=f"{stream},energycap_batches")

    kept = {row[key] for row in truth[stream] if row["endDate"] >= "2025-07-15"}
    assert 0 < len(kept) < len(truth[stream])
    assert {row[key] for row in run.records(stream)} == kept
    batches = {row["batchId"] for row in truth["energycap_batches"]}
    assert {row["batchId"] for row in run.records("energycap_batches")} == batches


def test_full_table_in_the_catalog_emits_all(tap: TapRunner, box: Sandbox) -> None:
    stream = "energycap_meters"
    first = tap(box.tap_config(), streams=[stream])
    file = tap.file("full.json", catalog([stream], replication_method="FULL_TABLE"))
    again = tap(box.tap_config(), "--catalog", file, state=first.state)

    assert again.exit == 0, again.stderr
    assert len(again.records(stream)) == len(first.records(stream))
