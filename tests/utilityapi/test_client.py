"""Billing summaries: every record once, every field as it was sent, however the vendor pages."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tests.support import SUMMARIES, Run, TapRunner, by_key, flat

#: Without waits that a fake clock would not cover.
vendor = partial(Sandbox, cache_seconds=0, utilityapi_rate_limit=0)
FAST = {"utilityapi_requests_per_minute": 100_000}
NEXT_STYLES = ("after-only", "full", "relative", "relative-query", "opaque")


def sync(tap: TapRunner, box: Sandbox, **settings: Any) -> Run:
    return tap(box.tap_config(**FAST, **settings), streams=[SUMMARIES])


@pytest.mark.parametrize("next_style", NEXT_STYLES)
def test_every_record_comes_once_as_it_was_sent(tap: TapRunner, next_style: str) -> None:
    with vendor(
        billing_summaries=57, utilityapi_page_limit=10, next_style=next_style, hard_numbers=True
    ) as box:
        run = sync(tap, box)

        assert run.exit == 0, run.stderr
        truth = by_key(box.truth(only=SUMMARIES)[SUMMARIES], "uid")
        rows = by_key(run.records(SUMMARIES), "uid")
        assert {key: flat(row) for key, row in rows.items()} == truth
        assert len([request for request in box.requests() if request["status"] == 200]) == 6


def test_digits_are_kept_and_not_only_values(tap: TapRunner) -> None:
    with vendor(billing_summaries=60, hard_numbers=True) as box:
        run = sync(tap, box)
        sent = [str(charge["cost"]) for charge in charges(box.truth(only=SUMMARIES)[SUMMARIES])]

    assert [str(charge["cost"]) for charge in charges(run.records(SUMMARIES))] == sent
    assert max(len(digits) for digits in sent) > 20
    assert Decimal("1E-8") in map(Decimal, sent)


def charges(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    in_order = sorted(rows, key=lambda row: row["uid"])
    return [charge for row in in_order for charge in row.get("new_charges") or []]


@pytest.mark.parametrize("next_style", NEXT_STYLES)
def test_filters_hold_on_every_page_and_no_parameter_is_doubled(
    tap: TapRunner, next_style: str
) -> None:
    with vendor(billing_summaries=90, utilityapi_page_limit=4, next_style=next_style) as box:
        truth = box.truth(only=SUMMARIES)[SUMMARIES]
        accounts = sorted({row["billing_account_uid"] for row in truth})[::2]
        run = sync(tap, box, utilityapi_billing_accounts=accounts)
        requests = box.requests()

    wanted = {row["uid"] for row in truth if row["billing_account_uid"] in accounts}
    assert {row["uid"] for row in run.records(SUMMARIES)} == wanted
    assert 8 < len(wanted) < len(truth)
    for request in requests:
        query = parse_qs(urlsplit(request["target"]).query, strict_parsing=True)
        assert query["billing_accounts"] == [",".join(accounts)], "once, and as it was set"


def test_an_empty_page_with_a_next_link_goes_on(tap: TapRunner) -> None:
    with vendor(billing_summaries=30, utilityapi_page_limit=5, empty_page_every=1) as box:
        run = sync(tap, box)

    assert len(by_key(run.records(SUMMARIES), "uid")) == 30


def test_a_circle_of_links_is_an_error(tap: TapRunner) -> None:
    with vendor(billing_summaries=30, utilityapi_page_limit=5, next_cycle=True) as box:
        run = sync(tap, box)

        assert run.exit == 1
        assert "the vendor's links to the next page form a cycle" in run.last_line
        assert len(box.requests()) < 10


@pytest.mark.parametrize("foreign", ["http://127.0.0.1:9", "https://127.0.0.1", "//evil.example"])
def test_a_link_to_another_origin_is_never_followed(tap: TapRunner, foreign: str) -> None:
    with vendor(billing_summaries=30, utilityapi_page_limit=5, next_foreign=foreign) as box:
        run = sync(tap, box)

    assert run.exit == 1
    assert "a link leads to another server" in run.last_line
    assert len(run.records(SUMMARIES)) == 5, "what came before is kept"


@pytest.mark.parametrize(
    "link",
    [
        r"http://evil.example\@{host}/x",
        "http://user@{host}/x",
        "http://{host}.evil.example/x",
        "file:///etc/passwd",
        "http://[",
        "http://{host}9999/x",
        7,
        0,
        "false",
        "{}",
    ],
)
def test_a_link_made_to_deceive_is_never_followed(tap: TapRunner, link: object) -> None:
    with vendor(billing_summaries=3) as elsewhere, vendor(billing_summaries=3) as box:
        host = urlsplit(box.url).netloc
        link = link.replace("{host}", host) if isinstance(link, str) else link
        body = f'{{"billing_summaries": [], "next": {quoted(link)}}}'
        box.set_faults([{"status": 200, "body": body, "content_type": "application/json"}])
        run = sync(tap, box)

        assert run.exit == 1
        assert len(box.requests()) == 1
        assert not elsewhere.requests()


def quoted(value: object) -> str:
    if isinstance(value, int) or value in {"false", "{}"}:
        return str(value)
    return '"' + str(value).replace("\\", "\\\\") + '"'


def test_thousands_of_uids_are_split_and_each_record_comes_once(tap: TapRunner) -> None:
    with vendor(billing_summaries=1200, utilityapi_page_limit=100) as box:
        truth = box.truth(only=SUMMARIES)[SUMMARIES]
        meters = sorted({uid for row in truth for uid in row.get("meter_uids") or []})
        meters += [f"no-such-meter-{number}" for number in range(2000)]
        run = sync(tap, box, utilityapi_meters=meters)
        requests = box.requests()

    wanted = {row["uid"] for row in truth if row.get("meter_uids")}
    assert by_key(run.records(SUMMARIES), "uid").keys() == {(uid,) for uid in wanted}
    assert any(len(row["meter_uids"]) > 1 for row in run.records(SUMMARIES))
    assert max(len(box.url + request["target"]) for request in requests) <= 2000
    assert {request["status"] for request in requests} <= {200, 202}


def test_two_long_lists_are_both_applied(tap: TapRunner) -> None:
    with vendor(billing_summaries=40) as box:
        truth = box.truth(only=SUMMARIES)[SUMMARIES]
        padding = [f"no-such-uid-{number}" for number in range(200)]
        uids = [row["uid"] for row in truth[::2]]
        accounts = sorted({row["billing_account_uid"] for row in truth})[::2]
        run = sync(
            tap,
            box,
            utilityapi_billing_summaries=uids + padding,
            utilityapi_billing_accounts=accounts + padding,
        )

    wanted = {
        row["uid"] for row in truth if row["uid"] in uids and row["billing_account_uid"] in accounts
    }
    assert {key for (key,) in by_key(run.records(SUMMARIES), "uid")} == wanted
    assert wanted


def test_unknown_fields_are_kept_and_named_once(tap: TapRunner) -> None:
    rows = [
        {"uid": "1", "new": 1.50, "extra": {"a": 1}},
        {"uid": "2", "new": None, "base": {"x": 1}},
    ]
    body = '{"billing_summaries": ' + str(rows).replace("'", '"').replace("None", "null")
    with vendor(billing_summaries=0) as box:
        box.set_faults([
            {"status": 200, "body": body + ', "next": null}', "content_type": "application/json"}
        ])
        run = sync(tap, box)

    assert run.records(SUMMARIES) == [
        {"uid": "1", "extra": {"new": Decimal("1.5"), "extra": {"a": 1}}},
        {"uid": "2", "base": {"x": 1}, "extra": {"new": None}},
    ]
    warnings = [line for line in run.stderr.splitlines() if 'kept under "extra"' in line]
    assert len(warnings) == 1
    assert "extra, new" in warnings[0]


def test_the_answer_being_prepared_is_waited_for(tap: TapRunner) -> None:
    with vendor(billing_summaries=30, utilityapi_page_limit=10) as box:
        box.set_faults([{"status": 202, "headers": {"Retry-After": "30"}, "body": "", "times": 2}])
        run = sync(tap, box)

    assert run.exit == 0
    assert len(run.records(SUMMARIES)) == 30
    assert "UtilityAPI is still preparing the answer (202); retrying in 3" in run.stderr
    assert sum(tap.clock.slept) >= 60


def test_requests_are_evenly_spaced(tap: TapRunner) -> None:
    with vendor(billing_summaries=40, utilityapi_page_limit=10) as box:
        run = tap(box.tap_config(utilityapi_requests_per_minute=30), streams=[SUMMARIES])

    assert run.exit == 0
    assert tap.clock.slept == [pytest.approx(2, abs=0.01)] * 3


def test_the_credential_travels_in_the_header_only(tap: TapRunner) -> None:
    with vendor(billing_summaries=30, utilityapi_page_limit=5) as box:
        sync(tap, box)

        for request in box.requests():
            assert request["authorized"]
            assert not request["token_in_query"]
            assert request["headers"]["Authorization"] == "valid"
            assert request["user_agent"].startswith("tap-utility-energy/")
