"""The plan of historical collections that a dry run prints."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tap_utility_energy.utilityapi.historical_collection.requests import Meter
from tap_utility_energy.utilityapi.historical_collection.vendor import (
    CollectionRefusedError,
)
from tests.utilityapi.historical_collection.world import CONFIG, NEW, OLD, World

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_the_plan_tells_of_the_vendors_default(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        World(NEW).collection(replace(CONFIG, duration=None)).preview()

    assert [record.getMessage() for record in caplog.records][:2] == [
        "Historical collection: a run would request 1 meter",
        "  meter 1: the vendor's default, up to 36 months, at most $48.00",
    ]


def test_a_plan_of_one_is_told_in_the_singular(caplog: pytest.LogCaptureFixture) -> None:
    config = replace(CONFIG, duration=1, max_cost=Decimal(1))

    with caplog.at_level("INFO"), pytest.raises(CollectionRefusedError):
        World(NEW).collection(config).preview()

    assert caplog.messages[:2] == [
        "Historical collection: a run would request nothing, though 1 meter is wanted",
        "  meter 1: 1 month, at most $1.50",
    ]


def test_the_plan_names_each_meter_and_its_price(caplog: pytest.LogCaptureFixture) -> None:
    world = World(NEW, replace(NEW, uid="2"), replace(OLD, uid="3"))
    config = replace(CONFIG, meters=("1", "2", "3"), duration=36)

    with caplog.at_level("INFO"):
        world.collection(config).preview()

    assert [record.getMessage() for record in caplog.records] == [
        "Historical collection: a run would request 2 meters",
        "  meter 1: 36 months, at most $48.00",
        "  meter 2: 36 months, at most $48.00",
        "  in all at most $96.00; $0.00 may have been spent in 30 days before",
        (
            "  left out: meter 3: it has data that no recorded request has brought, from ongoing "
            "monitoring or another program, so nothing is requested. To collect it anyway, set "
            "historical_collection_repeat_before to 2026-01-01T00:00:01+00:00"
        ),
    ]
    assert not world.vendor.posts
    assert not world.states


@pytest.mark.parametrize(
    ("meters", "changes"),
    [([NEW], {"max_meters": 1, "meters": ("1", "2")}), ([OLD], {}), ([], {})],
)
def test_a_plan_that_would_ask_for_nothing_fails(
    meters: list[Meter], changes: dict[str, Any]
) -> None:
    world = World(*meters, *([replace(NEW, uid="2")] if changes else []))

    with pytest.raises(CollectionRefusedError):
        world.collection(replace(CONFIG, **changes)).preview()


def test_a_plan_says_at_once_that_nothing_would_be_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(NEW, replace(NEW, uid="2"))

    with caplog.at_level("INFO"), pytest.raises(CollectionRefusedError):
        world.collection(replace(CONFIG, meters=("1", "2"), max_meters=1)).preview()

    assert caplog.messages[0] == (
        "Historical collection: a run would request nothing, though 2 meters are wanted"
    )
    assert caplog.messages[-1] == (
        "  2 meters are to be collected and historical_collection_max_meters is 1, so nothing is "
        "requested. Raise it if all of them are meant."
    )


def test_a_plan_whose_meters_were_asked_for_is_fine() -> None:
    world = World(NEW)
    world.run()

    world.collection().preview()
