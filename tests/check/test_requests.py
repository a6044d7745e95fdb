"""What a check asks for and what it leaves out, and that it ends as a sync would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox
from tap_utility_energy.check import energycap
from tap_utility_energy.check.asking import Source
from tap_utility_energy.check.budget import MOST_REQUESTS
from tap_utility_energy.check.table import MARKS, table
from tap_utility_energy.check.vendors import KEPT
from tap_utility_energy.check.vendors import check as check_vendors
from tap_utility_energy.energycap.permissions import NOT_NAMED
from tap_utility_energy.tap import TapUtilityEnergy
from tests.check.proxy import Deviation, Sent, changed, check, settings
from tests.support import TapRunner

#: The lists of entities, of which each permission has one.
ENERGYCAP_FIRST = {stream.path for stream in energycap.FIRST}


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    with Sandbox(meters=6, billing_summaries=30, cache_seconds=0, utilityapi_rate_limit=0) as box:
        yield box


@pytest.fixture(autouse=True)
def _no_faults(small: Sandbox) -> None:
    small.set_faults([])
    small.clear_requests()


def test_what_no_request_is_left_for_is_named(small: Sandbox) -> None:
    tap = TapUtilityEnergy(config=settings(small, "EnergyCAP"))
    most = len(ENERGYCAP_FIRST) + 6
    (checked,) = check_vendors(tap, most)

    asked = {each.path for each in checked.sources if each.outcome == "read"}
    permissions = {each.permission for each in checked.sources}
    assert checked.watch.own.sent == most
    assert asked > ENERGYCAP_FIRST
    assert {each.permission for each in checked.sources if each.path in asked} == permissions
    assert {each.path for each in checked.sources if each.is_default} <= asked
    lines = "\n".join(table([checked], MARKS))
    for source in checked.sources:
        shown = re.search(rf"^ {source.names[0]} +(not asked|read)", lines, re.MULTILINE)
        assert shown
        assert (shown[1] == "read") is (source.path in asked)
    assert "No request of the check was left for it." in lines
    assert checked.failures == []


def test_the_lists_that_most_depends_on_come_first() -> None:
    wanted = [("a", "P", False), ("b", "P", False), ("c", NOT_NAMED, False), ("d", "Q", True)]
    wanted += [("e", "Q", False), ("f", NOT_NAMED, False), ("g", "Q", True)]
    sources = [Source(path, [path], right, {}, is_default) for path, right, is_default in wanted]
    first, others = energycap.in_order(sources)

    assert [each.path for each in first] == ["d", "g", "a", "c"]
    assert [each.path for each in others] == ["f", "b", "e"]


@pytest.mark.parametrize("vendor", ["EnergyCAP", "UtilityAPI"])
@pytest.mark.parametrize("most", [0, 1, 2, 5, 9, 13, 20])
def test_any_budget_is_kept(small: Sandbox, vendor: str, most: int) -> None:
    (checked,) = check_vendors(TapUtilityEnergy(config=settings(small, vendor)), most)

    asked = [each.is_default for each in checked.sources if each.outcome != "not asked"]
    assert len(small.requests()) == checked.watch.own.sent <= most
    assert checked.failures == []
    assert all(asked) or sum(asked) == sum(each.is_default for each in checked.sources)


def test_a_vendor_takes_what_the_other_has_left(small: Sandbox) -> None:
    first, second = check_vendors(TapUtilityEnergy(config=settings(small)))

    assert first.watch.own.most == MOST_REQUESTS - KEPT
    assert second.watch.own.most == MOST_REQUESTS - first.watch.own.sent > KEPT


@pytest.mark.parametrize(
    ("path", "stream"),
    [
        ("/meters", "utilityapi_meters"),
        ("/bills", "utilityapi_bills"),
        ("/intervals", "utilityapi_intervals"),
    ],
)
@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/?after=1", "https://[bad", "https://user:pw@{host}/x"]
)
def test_a_link_to_another_server_is_a_failure(
    tap: TapRunner, small: Sandbox, tmp_path: Path, path: str, stream: str, link: str
) -> None:
    host = small.url.partition("://")[2]

    def mislead(sent: Sent) -> None:
        if sent.is_of(path) and sent.status == 200:
            sent.document["next"] = link.format(host=host)

    with changed(small, Deviation(mislead)) as url:
        config = settings(small, "UtilityAPI", url)
        result = check(tap, config, tmp_path)
        synced = tap(config, streams=[stream])

    assert result.run.exit == synced.exit == 1
    assert "next_link" in result.differing("UtilityAPI")
    assert result.sources("UtilityAPI")[path]["answer"] == "read in part"
    assert [line.split(":")[0].split(",")[0] for line in result.run.errors] == [stream]
    assert "is not followed" in result.run.errors[0]
    assert "A sync waits longer" not in result.run.stdout
    assert not re.search("elsewhere|bad|user:pw", result.text + result.run.stdout)
    assert not re.search("elsewhere|user:pw", result.run.stderr)


def test_a_second_small_page_that_is_refused_is_a_failure(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def refuse(sent: Sent) -> None:
        if sent.is_of("/v3/meter", pageNumber="2"):
            sent.status, sent.document, sent.body = 403, None, b"Forbidden"

    with changed(small, Deviation(refuse)) as url:
        result = check(tap, settings(small, "EnergyCAP", url), tmp_path)

    assert result.run.exit == 1
    assert [line.split(":")[0] for line in result.run.errors] == ["energycap_meters"]


def test_what_a_lookback_asks_for_is_asked_for_too(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def refuse(sent: Sent) -> None:
        if sent.is_of("/intervals") and "start" in sent.query:
            sent.status, sent.document = 400, {"error": "invalid_param"}

    with changed(small, Deviation(refuse)) as url:
        result = check(tap, settings(small, "UtilityAPI", url), tmp_path)

    assert result.run.exit == 1
    assert result.run.errors[0].startswith("utilityapi_intervals")


def test_uids_for_several_requests_are_not_all_looked_at(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    real = [each["uid"] for each in small.truth()["meters"]]
    others = [f"{n:020}" for n in range(400)]
    config = settings(small, "UtilityAPI", utilityapi_meters=[*real[:3], *others])
    result = check(tap, config, tmp_path)

    words = " ".join(result.run.stdout.split())
    meters = result.sources("UtilityAPI")["/meters"]
    assert result.run.exit == 0
    assert len(small.requests()) <= MOST_REQUESTS
    assert (meters["records"], meters["records_are_at_least"]) == (3, True)
    assert meters["requests_of_a_first_sync"] == meters["first_requests_by_filters"] > 3
    assert "utilityapi_meters: too many uids for one request." in words
    assert "Only 3 meters were looked at, and there are more" in words


def test_uids_that_no_sync_can_ask_for_are_a_failure(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    config = settings(small, "UtilityAPI", utilityapi_authorizations=["x" * 3000])
    result = check(tap, config, tmp_path)

    assert result.run.exit == 1
    assert "too long for a URL" in result.run.errors[0]
    assert result.sources("UtilityAPI")["/authorizations"]["answer"] == "not asked"


def test_an_estimate_says_what_it_leaves_out(tap: TapRunner, tmp_path: Path) -> None:
    with Sandbox(meters=12, billing_summaries=30, cache_seconds=0, utilityapi_page_limit=5) as box:
        result = check(tap, settings(box, "UtilityAPI"), tmp_path)
        counts = [each["bill_count"] for each in box.truth()["meters"]]

    words = " ".join(result.run.stdout.split())
    bills = result.sources("UtilityAPI")["/bills"]
    assert sum(counts[:10]) == bills["records"] < sum(counts)
    assert bills["records_are_at_least"]
    assert "Only 2 pages were read. There are more" in words
    assert "Only 10 meters were looked at, and there are more: 1,000 more of their kind" in words


def test_a_meter_without_its_count_is_not_counted(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    def forget(sent: Sent) -> None:
        if sent.is_of("/meters"):
            sent.records[0]["bill_count"] = None

    with changed(small, Deviation(forget)) as url:
        result = check(tap, settings(small, "UtilityAPI", url), tmp_path)

    assert result.sources("UtilityAPI")["/bills"]["records_are_at_least"]
    assert not result.sources("UtilityAPI")["/intervals"]["records_are_at_least"]
    assert "1 meter do not tell" not in result.run.stdout
    assert "not counted: 1 meter" in " ".join(result.run.stdout.split())
