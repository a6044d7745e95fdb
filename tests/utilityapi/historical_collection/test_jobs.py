"""The jobs of a historical collection, as the command line looks at them."""

from __future__ import annotations

import pytest

from tests.support import SUMMARIES, TapRunner
from tests.utilityapi.historical_collection.command_line import (
    STREAM,
    never_activated,
    posts,
    sync,
    vendor,
)


def test_a_wait_between_two_looks_is_told(tap: TapRunner) -> None:
    with vendor(job_seconds=400) as box:
        meters = never_activated(box)[:1]
        run = sync(tap, box, meters, historical_collection_poll_seconds=300)

    assert run.exit == 0, run.stderr
    assert "waiting for the next status check of the meters, " in run.stderr


def test_a_look_at_the_status_never_expands_blocks(tap: TapRunner) -> None:
    with vendor() as box:
        sync(tap, box, never_activated(box)[:1], streams=(STREAM,))

        looks = [entry["target"] for entry in box.requests() if "/meters?" in entry["target"]]
    assert looks
    assert not any("expand_meter_blocks" in target for target in looks)


def test_429_waits_and_repeats(tap: TapRunner) -> None:
    rule = {"method": "POST", "status": 429, "headers": {"Retry-After": "30"}, "times": 2}
    with vendor(faults=[rule]) as box:
        meters = never_activated(box)[:1]
        run = sync(tap, box, meters)

        assert run.exit == 0
        assert len(posts(box)) == 3
        assert box.bill()["meters"] == {meters[0]: 1}


def test_a_meter_that_stays_pending_is_completed_by_a_later_run(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:1]
        box.set_jobs(job_stuck_uids="*")
        first = sync(tap, box, meters, historical_collection_wait_seconds=60)
        assert first.exit == 0
        (row,) = first.records(STREAM)
        assert row["status"] == "pending"
        assert f"meter {meters[0]}: not done yet" in first.stderr
        second = sync(tap, box, meters, state=first.state)

        assert len(posts(box)) == 1
        assert second.exit == 0


@pytest.mark.parametrize("keep_state", [True, False])
def test_a_job_that_fails_is_recorded_and_not_repeated_within_eight_days(
    tap: TapRunner, *, keep_state: bool
) -> None:
    with vendor() as box:
        meters = never_activated(box)[:1]
        box.set_jobs(job_fail_uids="*")
        first = sync(tap, box, meters)
        second = sync(tap, box, meters, state=first.state if keep_state else None)

        assert len(posts(box)) == 1
    assert [row["status"] for row in first.records(STREAM)] == ["errored"]
    assert "its collection failed; it is requested again after" in second.stderr


def test_a_job_that_never_says_pending_is_seen_by_its_change(tap: TapRunner) -> None:
    with vendor() as box:
        meters = never_activated(box)[:1]
        # Well within the two minutes in which a job has to show.
        box.set_jobs(job_silent_uids="*", job_seconds=30)
        run = sync(tap, box, meters)

    assert [row["status"] for row in run.records(STREAM)] == ["updated"]


def test_a_failing_look_is_a_failure_like_any_other(tap: TapRunner) -> None:
    rule = {"path": "/meters", "status": 403, "times": None}
    with vendor(faults=[rule]) as box:
        run = sync(tap, box, ["1"])

        assert not posts(box)
    assert run.exit == 1
    assert len(run.records(SUMMARIES)) == 4
    assert run.last_line.startswith(f"{STREAM}: UtilityAPI answered 403")
