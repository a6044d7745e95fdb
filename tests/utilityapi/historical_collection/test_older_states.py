"""States of historical collections that another version, or an editor, wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_utility_energy.utilityapi.historical_collection.requests import Meter, RequestLog
from tests.utilityapi.historical_collection.world import NEW, OLD, World

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_days_beyond_the_calendar_are_never_over() -> None:
    world = World(OLD)

    world.run(repeat_days=10**9)

    assert not world.vendor.posts


STATE_OF_0_1_0 = {
    "meter_uid": "1",
    "requested_at": "2026-06-30T12:00:00.000000+00:00",
    "collection_duration": 1,
    "before": {
        "uid": "1",
        "status": "updated",
        "status_message": None,
        "status_ts": "2026-01-01T00:00:00+00:00",
        "is_activated": False,
        "bill_count": 0,
        "interval_count": 0,
    },
    "accepted": True,
    "status": None,
    "status_message": None,
    "status_ts": None,
}


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({}, 0),
        ({"accepted": None}, 0),
        ({"accepted": False}, 1),
        ({"status": "updated"}, 0),
        ({"status": "updated", "was_pending": True}, 1),
        ({"status": "updated", "requested_at": "2026-06-20T12:00:00+00:00"}, 1),
        ({"accepted": "yes", "before": 7}, 0),
        ({"later_version": {}}, 0),
    ],
)
def test_a_state_of_another_version_is_read(change: dict[str, Any], asked: int) -> None:
    world = World(NEW)
    world.state = {"requests": [STATE_OF_0_1_0 | change]}

    world.run()

    assert len(world.vendor.posts) == asked


@pytest.mark.parametrize(("meter", "asked"), [(NEW, 1), (OLD, 0)])
def test_a_request_of_another_version_is_not_repeated_if_its_meter_has_data(
    meter: Meter, asked: int
) -> None:
    world = World(meter)
    old = {"requested_at": "2026-06-20T12:00:00.000000+00:00", "accepted": "yes", "before": 7}
    world.state = {"requests": [STATE_OF_0_1_0 | old]}

    world.run()

    assert len(world.vendor.posts) == asked


@pytest.mark.parametrize(
    "requests",
    [
        None,
        7,
        {},
        [7],
        [{}],
        [{"meter_uid": 1, "requested_at": "2026-06-30T12:00:00+00:00"}],
        [{"meter_uid": "1", "requested_at": "yesterday"}],
        [None, [], {"meter_uid": "1"}],
    ],
)
def test_a_state_that_cannot_be_read_is_dropped_with_one_warning(
    requests: object, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(NEW)
    world.state = {"requests": requests, "listed": [{}, 7]}

    world.run()

    assert len([r for r in caplog.records if "cannot be read" in r.getMessage()]) == 1
    assert len(world.vendor.posts) == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_versions_of_a_request_the_one_that_saw_its_job_counts(*, swapped: bool) -> None:
    versions = [STATE_OF_0_1_0, STATE_OF_0_1_0 | {"status": "pending"}]

    (request,) = RequestLog(versions[::-1] if swapped else versions).made_after(None)

    assert request.status == "pending"
