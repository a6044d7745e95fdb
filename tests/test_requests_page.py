"""docs/permissions-and-requests.md counts requests as the sandbox does."""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from sandbox import Sandbox
from tap_utility_energy import energycap
from tests.examples import ROOT
from tests.support import TapRunner

PAGE = (ROOT / "docs" / "permissions-and-requests.md").read_text("utf-8")


def row_of(stream: str) -> list[str]:
    """The cells of the stream's line."""
    lines = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    # A read for other streams as well is on a line of its own stream.
    (cells,) = [
        cells for cells in lines if f"`{stream}`" in cells[0].partition(", and once for")[0]
    ]
    return [cell.strip() for cell in cells]


def asked_of(box: Sandbox) -> Counter[str]:
    """The number of requests by the end of their path."""
    counts = Counter(
        re.sub(r"^/(utilityapi/api/v2|energycap)", "", urlsplit(entry["target"]).path)
        for entry in box.requests()
    )
    box.clear_requests()
    return counts


@pytest.mark.parametrize(
    ("stream", "path", "listed"),
    [
        (
            "meter_digest_monthly",
            "/api/v3/meter/digest/actual/monthly",
            "meter_digest_monthly",
        ),
        ("energycap_meters", "/api/v3/meter", "energycap_meters"),
        (
            "place_digest_actual_monthly_results",
            "/api/v3/place/digest/actual/monthly",
            "place_digest_actual_monthly",
        ),
    ],
)
def test_a_list_of_energycap_costs_its_pages_in_every_run(
    tap: TapRunner, stream: str, path: str, listed: str
) -> None:
    assert re.fullmatch(r"\w+ ÷ \*n\*, rounded up", row_of(stream)[-1])
    with Sandbox(meters=23, billing_summaries=0) as box:
        config = box.tap_config(energycap_page_size=5)
        records = len(box.truth(only=listed)[listed])
        state = None
        for _ in range(2):
            run = tap(config, streams=[stream], state=state)
            state = run.state
            assert run.exit == 0
            assert asked_of(box) == {path: math.ceil(records / 5)}
    assert records > 5


def test_streams_on_one_line_share_a_read_and_whole_lists_take_one_request(tap: TapRunner) -> None:
    streams = ["meter_digest_monthly", "meter_digest_monthly_results"]
    assert row_of(streams[0]) == row_of(streams[1])
    assert row_of("energycap_units")[-1] == "1"
    with Sandbox(meters=3, billing_summaries=0) as box:
        run = tap(box.tap_config(), streams=[*streams, "energycap_units"])
        asked = asked_of(box)

    assert run.exit == 0
    assert asked == {"/api/v3/meter/digest/actual/monthly": 1, "/api/v202305/unit": 1}


def test_the_lists_of_utilityapi_cost_their_pages_and_the_data_of_meters_only_when_changed(
    tap: TapRunner,
) -> None:
    whole = {
        "utilityapi_authorizations": ("/authorizations", "authorizations"),
        "billing_summaries": ("/accounting/billing-summaries", "billing_summaries"),
    }
    for stream in whole:
        assert row_of(stream)[-2:] == ["records ÷ 1000, rounded up", "the same"]
    assert row_of("utilityapi_bills")[-2].startswith("changed meters ÷ 100, ")
    assert row_of("utilityapi_bills")[-1] == "0"
    with Sandbox(billing_summaries=2100, meters=0, cache_seconds=0) as box:
        config = box.tap_config(utilityapi_requests_per_minute=100_000)
        truth = box.truth(only="authorizations,billing_summaries,meters")
        expected = {path: math.ceil(len(truth[name]) / 1000) for path, name in whole.values()}
        expected["/meters"] = math.ceil(len(truth["meters"]) / 1000)
        selected = [*whole, "utilityapi_bills", "utilityapi_bill_line_items"]
        first = tap(config, streams=selected)
        asked = asked_of(box)
        idle = tap(config, streams=selected, state=first.state)
        asked_again = asked_of(box)

    assert (first.exit, idle.exit) == (0, 0)
    assert asked.pop("/bills") >= math.ceil(len(truth["meters"]) / 100)
    assert asked == expected
    assert asked_again == expected
    assert expected["/accounting/billing-summaries"] == 3


def test_every_permission_is_on_the_page() -> None:
    for stream in energycap.STREAMS:
        named = stream.permission.removesuffix("to read it (the vendor's page names none)")
        assert row_of(stream.name)[1] == (named or "none is named")
