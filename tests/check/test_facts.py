"""Of a vendor that differs in one fact, the check names that fact only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy.check import energycap_facts, utilityapi_facts
from tap_utility_energy.check.utilityapi import NO_METER
from tests.check.deviations import ENERGYCAP, UTILITYAPI, each, header
from tests.check.proxy import Deviation, Result, Sent, changed, check, settings
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


def test_a_vendor_that_ignores_a_filter_shows_no_archived_meters(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def ask(_: str, query: dict[str, str]) -> None:
        query.pop("is_archived", None)

    deviation = Deviation(each("/meters", lambda meter: meter.update(is_archived=False)), asks=ask)
    result = checked(tap, small, tmp_path, "UtilityAPI", deviation)

    assert result.facts("UtilityAPI")["archived_meters"][0] == "not seen"


@pytest.mark.parametrize(
    ("status", "slug", "outcome"),
    [
        *((status, "", "not seen") for status in (202, 401, 429, 503)),
        *((400, slug, "as assumed") for slug in ("not_found", "expired_or_revoked")),
        *((status, "invalid_param", "differs") for status in (400, 403, 410)),
        (200, "", "differs"),
        (404, "", "as assumed"),
    ],
)
def test_what_an_unknown_meter_shows(
    tap: TapRunner, small: Sandbox, tmp_path: Path, status: int, slug: str, outcome: str
) -> None:
    def answer(sent: Sent) -> None:
        if sent.is_of("/bills", meters=NO_METER):
            sent.status, sent.document = status, {"bills": [], "next": None}
            if status >= 400:
                sent.document = {"error": slug, "error_description": "It is not there."}

    result = checked(tap, small, tmp_path, "UtilityAPI", Deviation(answer))

    assert result.facts("UtilityAPI")["unknown_meter"][0] == outcome


def test_a_limit_above_all_bills_of_a_meter_shows_nothing(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def two_bills(sent: Sent) -> None:
        if sent.is_of("/meters"):
            for meter in sent.records:
                meter["bill_count"] = min(2, meter["bill_count"])
        elif sent.is_of("/bills") and sent.status == 200:
            del sent.records[2:]
            sent.document["next"] = None

    result = checked(tap, small, tmp_path, "UtilityAPI", Deviation(two_bills))

    assert result.facts("UtilityAPI")["limit"][0] == "not seen"


def test_a_filter_of_the_user_is_no_filter_by_date(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def ignore_dates(_: str, query: dict[str, str]) -> None:
        if "modifiedDate" in query.get("filter", ""):
            kept = [p for p in query["filter"].split(" and ") if "modifiedDate" not in p]
            query["filter"] = " and ".join(kept)
            if not kept:
                del query["filter"]

    small.set_faults([])
    filters = {
        "energycap_meters": "meterCode like '1'",
        "energycap_bills": "totalCost less than '300'",
    }
    with changed(small, Deviation(asks=ignore_dates)) as url:
        config = settings(small, "EnergyCAP", url, energycap_filters=filters)
        result = check(tap, config, tmp_path)

    assert result.run.exit == 0, result.run.stderr
    assert result.facts("EnergyCAP")["modified_filter"] == ("as assumed", "2 ignored")


def test_a_header_with_other_digits_is_no_number(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    deviation = Deviation(header("/v3/vendor", TotalPages="\u00b2"))
    result = checked(tap, small, tmp_path, "EnergyCAP", deviation)

    assert result.facts("EnergyCAP")["paging_headers"] == ("differs", "1 TotalPages is no number")


def test_an_encoding_called_identity_is_none(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    deviation = Deviation(header("/v3/vendor", Content_Encoding="identity"))
    result = checked(tap, small, tmp_path, "EnergyCAP", deviation)

    assert result.differing("EnergyCAP") == ALWAYS


def checked(
    tap: TapRunner, small: Sandbox, folder: Path, vendor: str, deviation: Deviation
) -> Result:
    if deviation.options:
        with Sandbox(**SMALL | deviation.options) as box:
            return check(tap, settings(box, vendor), folder)
    small.set_faults(deviation.faults)
    with changed(small, deviation) as url:
        return check(tap, settings(small, vendor, url), folder)
