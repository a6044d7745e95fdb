"""Of a vendor that differs in one fact, the check names that fact only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.check import energycap_facts, utilityapi_facts
from tests.check.deviations import ENERGYCAP, UTILITYAPI
from tests.check.proxy import Deviation, Result, changed, check, settings
from tests.support import TapRunner

SMALL: dict[str, Any] = {
    "meters": 12,
    "billing_summaries": 60,
    "cache_seconds": 0,
    "utilityapi_rate_limit": 0,
}
#: The sandbox always sends fields that the schemas do not name.
ALWAYS = {"unknown_fields"}
CASES = [
    *(("UtilityAPI", name, deviation) for name, deviation in UTILITYAPI.items()),
    *(("EnergyCAP", name, deviation) for name, deviation in ENERGYCAP.items()),
]


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    with Sandbox(**SMALL) as box:
        yield box


def test_every_fact_has_a_vendor_that_differs() -> None:
    assert list(UTILITYAPI) == [fact.name for fact in utilityapi_facts.FACTS]
    assert list(ENERGYCAP) == [fact.name for fact in energycap_facts.FACTS]


def test_the_sandbox_does_what_is_assumed(tap: TapRunner, small: Sandbox, tmp_path: Path) -> None:
    result = check(tap, settings(small), tmp_path)

    assert result.run.exit == 0, result.run.stderr
    for vendor in ("UtilityAPI", "EnergyCAP"):
        assert result.differing(vendor) == ALWAYS
        not_seen = {name for name, (what, _) in result.facts(vendor).items() if what == "not seen"}
        assert not_seen <= {
            *("accepted", "retry_after", "empty_lists", "empty_digests"),
            *("missing_permission", "page_size"),
        }


@pytest.mark.parametrize(("vendor", "name", "deviation"), CASES)
def test_a_vendor_that_differs_in_one_fact(
    tap: TapRunner,
    small: Sandbox,
    tmp_path: Path,
    vendor: str,
    name: str,
    deviation: Deviation,
) -> None:
    result = checked(tap, small, tmp_path, vendor, deviation)

    assert result.run.exit == deviation.exit, result.run.stderr
    assert result.differing(vendor) == ALWAYS | {name}
    assert "Assumed:" in result.run.stdout
    if name == "unknown_fields":
        assert "brandNew" in result.facts(vendor)[name][1]


def checked(
    tap: TapRunner, small: Sandbox, folder: Path, vendor: str, deviation: Deviation
) -> Result:
    if deviation.options:
        with Sandbox(**SMALL | deviation.options) as box:
            return check(tap, settings(box, vendor), folder)
    small.set_faults(deviation.faults)
    with changed(small, deviation) as url:
        return check(tap, settings(small, vendor, url), folder)
