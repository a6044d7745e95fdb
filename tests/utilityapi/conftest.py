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
