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
