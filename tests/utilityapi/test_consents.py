"""Consents that end while a run reads: their meters are left out, told of once, and forgotten."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from sandbox import Sandbox
from tap_utility_energy.utilityapi import streams
from tests.support import TapRunner
from tests.utilityapi.meter_data import (
    BILLS,
    INTERVALS,
    ITEMS,
    asked_for,
    instead,
    landed,
    paths,
    sync,
    truth,
    vendor,
)


@pytest.mark.usefixtures("_few_at_once")
@pytest.mark.parametrize("requests", [1, 2, 3, 4])
def test_a_consent_that_ends_half_way_skips_its_meters_with_one_warning(
    tap: TapRunner, requests: int
) -> None:
    with vendor(data_page_limit=25) as box:
        bills = truth(box)
        order = [meter["uid"] for meter in box.truth(only="meters")["meters"]]
        consents = {bill["meter_uid"]: bill["authorization_uid"] for bill in bills.values()}
        last = next(consents[uid] for uid in reversed(order) if uid in consents)
        box.advance("revoke_authorization", authorization=last, after_requests=requests)
        run = sync(tap, box, None, BILLS, ITEMS, INTERVALS)
        assert run.exit == 0, run.stderr

        gone = {uid for uid, consent in consents.items() if consent == last}
        warnings = [line for line in run.stderr.splitlines() if "the consent for" in line]
        assert len(warnings) == 1
        assert all(uid in warnings[0] for uid in gone)
        assert landed(run) == truth(box)
        known = run.state["bookmarks"][BILLS]["meters"]
        assert not gone & known.keys()
        assert len(known) == len(order) - len(gone)


@pytest.mark.parametrize("requests", [2, 3, 5, 8])
def test_a_consent_that_ends_between_two_pages_of_its_bills_is_told_of_once(
    tap: TapRunner, requests: int
) -> None:
    with vendor(data_page_limit=25) as box:
        consents = {bill["meter_uid"]: bill["authorization_uid"] for bill in truth(box).values()}
        ended = Counter(b["authorization_uid"] for b in truth(box).values()).most_common(1)[0][0]
        box.advance("revoke_authorization", authorization=ended, after_requests=requests)
        run = sync(tap, box, None, BILLS, ITEMS, INTERVALS)
        left = truth(box)

    assert run.exit == 0, run.stderr
    gone = {uid for uid, consent in consents.items() if consent == ended}
    (warning,) = [line for line in run.stderr.splitlines() if "the consent for" in line]
    assert all(uid in warning for uid in gone)
    assert landed(run).keys() > left.keys(), "some of its bills had come"
    assert not gone & run.state["bookmarks"][BILLS]["meters"].keys()


def test_meters_that_are_known_to_be_gone_are_not_asked_for(
    tap: TapRunner, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for endpoint in (streams.BILLS, streams.INTERVALS):
        monkeypatch.setattr(endpoint, "meters_at_once", 1)
        monkeypatch.setattr(endpoint, "most_meters", 1)
    consents = {
        meter["uid"]: meter["authorization_uid"] for meter in box.truth(only="meters")["meters"]
    }
    ended = Counter(b["authorization_uid"] for b in truth(box).values()).most_common(1)[0][0]
    box.advance("revoke_authorization", authorization=ended, after_requests=1)
    run = sync(tap, box)

    assert landed(run) == truth(box)
    assert list(consents.values()).count(ended) > 2
    assert len([uid for uid in asked_for(box) if consents[uid] == ended]) == 1


@pytest.mark.usefixtures("_few_at_once")
def test_a_consent_that_ends_is_told_of_even_if_the_run_fails_later(
    tap: TapRunner, box: Sandbox
) -> None:
    order = [meter for meter in box.truth(only="meters")["meters"] if meter["bill_count"]]
    ended = order[0]["authorization_uid"]
    box.advance("revoke_authorization", authorization=ended, after_requests=1)
    box.set_faults([{"status": 400, "path": "/bills", "at": 4}])
    run = sync(tap, box, None, BILLS, INTERVALS)

    assert run.exit == 1
    assert len([line for line in run.stderr.splitlines() if "the consent for" in line]) == 1


def test_if_all_that_is_asked_for_is_gone_the_run_goes_on(tap: TapRunner) -> None:
    with vendor() as box:
        bill = next(iter(truth(box).values()))
        consent = bill["authorization_uid"]
        box.advance("revoke_authorization", authorization=consent, after_requests=1)
        run = sync(tap, box, utilityapi_authorizations=[consent])

    assert run.exit == 0, run.stderr
    assert not run.records(BILLS)
    assert len([line for line in run.stderr.splitlines() if "the consent for" in line]) == 1


@pytest.mark.parametrize(("status", "slug"), [(404, "not_found"), (400, "expired_or_revoked")])
def test_a_refusal_for_some_leaves_the_others(
    tap: TapRunner, box: Sandbox, status: int, slug: str
) -> None:
    bill = next(iter(truth(box).values()))
    box.advance("revoke_authorization", authorization=bill["authorization_uid"], after_requests=1)
    box.set_faults([instead("/bills", {"error": slug}, status=status)])
    run = sync(tap, box)

    assert run.exit == 0, run.stderr
    assert landed(run) == truth(box)
    assert len([line for line in run.stderr.splitlines() if "the consent for" in line]) == 1


def test_not_found_about_meters_that_are_there_is_an_error(tap: TapRunner, box: Sandbox) -> None:
    box.set_faults([instead("/bills", {"error": "not_found"}, status=404, times=None)])
    run = sync(tap, box)

    assert run.exit == 1
    assert run.last_line.startswith(f"{BILLS}: the data of these meters did not come")
    assert "UtilityAPI answered 404: not_found" in run.last_line


def test_meters_that_vanish_are_forgotten_and_the_state_stays_small(
    tap: TapRunner, box: Sandbox
) -> None:
    first = sync(tap, box)
    consent = next(iter(truth(box).values()))["authorization_uid"]
    box.advance("revoke_authorization", authorization=consent)
    second = sync(tap, box, first)

    meters = box.truth(only="meters")["meters"]
    known = second.state["bookmarks"][BILLS]["meters"]
    assert known.keys() == {meter["uid"] for meter in meters}
    assert all(re.fullmatch("[0-9a-f]{12}", mark) for mark in known.values())
    assert paths(box) == ["/meters"]
