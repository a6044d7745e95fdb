"""What the tests of UtilityAPI's streams share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import Sandbox
from tests.utilityapi.meter_data import vendor


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with vendor() as box:
        yield box


@pytest.fixture(params=[False, True], ids=["leaves out", "cuts"])
def cuts(request: pytest.FixtureRequest) -> bool:
    """What ``start`` does to an interval that begins before it, which is unknown: either."""
    return bool(request.param)


@pytest.fixture
def one_meter(*, cuts: bool) -> Iterator[Sandbox]:
    """One meter with hourly readings, in intervals of a month."""
    with vendor(interval_meters=0, billing_summaries=25, start_cuts=cuts) as box:
        yield box


@pytest.fixture
def three_meters(*, cuts: bool) -> Iterator[Sandbox]:
    """Three meters with readings, of hours and quarter-hours, one of them with both."""
    with vendor(interval_meters=2, billing_summaries=25, start_cuts=cuts) as box:
        yield box
