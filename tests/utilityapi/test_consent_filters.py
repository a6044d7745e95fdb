"""Filters by utility, form, user, referral and archive narrow every stream, and money, alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tap_utility_energy.http.filters import plan
from tests.support import SUMMARIES, Run, TapRunner, answer
from tests.utilityapi.historical_collection import command_line
from tests.utilityapi.historical_collection.command_line import never_activated
from tests.utilityapi.meter_data import BILLS, FAST, INTERVALS, ITEMS, paths, sync, vendor

NAMES = ("authorizations", "meters", "billing_accounts", "bills", "intervals", SUMMARIES)
AUTHORIZATIONS, METERS, ACCOUNTS = (f"utilityapi_{name}" for name in NAMES[:3])
STREAMS = {AUTHORIZATIONS, METERS, ACCOUNTS, BILLS, INTERVALS, SUMMARIES, ITEMS}
#: The field of an authorization that each setting goes by.
FIELDS = {
    "utilityapi_utilities": "utility",
    "utilityapi_forms": "form_uid",
    "utilityapi_users": "user_uid",
    "utilityapi_referrals": "referrals",
    "utilityapi_authorizations": "uid",
}
collect = partial(command_line.sync, historical_collection_new_meters=True)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with vendor(interval_meters=3) as box:
        yield box


@pytest.fixture(autouse=True)
def _no_faults(box: Sandbox) -> None:
    box.set_faults([])


def is_wanted(consent: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Whether an authorization matches the settings, by the vendor's pages."""
    if settings.get("utilityapi_include_archived") is False and consent["is_archived"]:
        return False
    return all(
        not {*as_list(consent.get(field))}.isdisjoint(map(str, settings[setting]))
        for setting, field in FIELDS.items()
        if setting in settings
    )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def expected(box: Sandbox, settings: dict[str, Any]) -> dict[str, set[str]]:
    """The uids of what each stream has of the authorizations that match."""
    truth = box.truth(only=",".join(NAMES))
    consents = {row["uid"] for row in truth["authorizations"] if is_wanted(row, settings)}
    no_archived = settings.get("utilityapi_include_archived") is False
    meters = {
        row["uid"]
        for row in truth["meters"]
        if row["authorization_uid"] in consents and not (no_archived and row["is_archived"])
    }
    found = {AUTHORIZATIONS: consents, METERS: meters}
    for name in ("bills", "intervals"):
        rows = truth[name]
        found[f"utilityapi_{name}"] = {row["uid"] for row in rows if row["meter_uid"] in meters}
    for name, stream in (("billing_accounts", ACCOUNTS), (SUMMARIES, SUMMARIES)):
        rows = truth[name]
        found[stream] = {row["uid"] for row in rows if row["authorization_uid"] in consents}
    return found


def uids(run: Run) -> dict[str, set[str]]:
    streams = STREAMS - {ITEMS}
    return {stream: {row["uid"] for row in run.records(stream)} for stream in streams}


@pytest.mark.parametrize(
    "settings",
    [
        {"utilityapi_utilities": ["SDG&E", "SMUD"]},
        {"utilityapi_forms": [87251]},
        {"utilityapi_users": [1402]},
        {"utilityapi_referrals": ["r00005", "r00001"]},
        {"utilityapi_include_archived": False},
        {"utilityapi_include_archived": True, "utilityapi_forms": ["87253"]},
        {"utilityapi_utilities": ["SDG&E"], "utilityapi_include_archived": False},
        {"utilityapi_forms": ["87251", "87252"], "utilityapi_users": ["1402"]},
        {"utilityapi_forms": [], "utilityapi_users": "", "utilityapi_utilities": None},
    ],
    ids=str,
)
def test_a_filter_narrows_every_stream_alike(
    tap: TapRunner, box: Sandbox, settings: dict[str, Any]
) -> None:
    run = sync(tap, box, None, *STREAMS, utilityapi_mixed_intervals=True, **settings)
    is_set = {name: value for name, value in settings.items() if value not in ([], "", None)}
    wanted = expected(box, is_set)

    assert run.exit == 0, run.stderr
    assert uids(run) == wanted
    assert {row["bill_uid"] for row in run.records(ITEMS)} <= wanted[BILLS]
    assert paths(box).count("/authorizations") == 1
    meters = len(wanted[METERS])
    assert f"first sync of {meters} meters: about {len(paths(box))} requests" in run.stderr


def test_filters_and_uids_are_all_applied(tap: TapRunner, box: Sandbox) -> None:
    consents = box.truth(only="authorizations")["authorizations"]
    some = [row["uid"] for row in consents[::2]]
    settings = {"utilityapi_authorizations": some, "utilityapi_forms": ["87251", "87253"]}
    run = sync(tap, box, None, *STREAMS, utilityapi_mixed_intervals=True, **settings)

    assert uids(run) == expected(box, settings)
    assert uids(run)[METERS], "this shows something"


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"utilityapi_utilities": ["SMUD"], "utilityapi_users": ["1337"]}, ["/meters"]),
        ({"utilityapi_forms": ["87251"]}, ["/authorizations", "/meters"]),
    ],
)
def test_the_authorizations_are_read_only_for_what_the_list_does_not_take(
    tap: TapRunner, box: Sandbox, settings: dict[str, Any], asked: list[str]
) -> None:
    run = sync(tap, box, None, METERS, **settings)

    assert uids(run)[METERS] == expected(box, settings)[METERS]
    assert paths(box) == asked


def test_if_no_authorization_matches_nothing_is_read(tap: TapRunner, box: Sandbox) -> None:
    run = sync(tap, box, None, *STREAMS, utilityapi_forms=["0"])

    assert run.exit == 0, run.stderr
    assert not any(uids(run).values())
    assert paths(box) == ["/authorizations"]
    assert "utilityapi_forms: no authorization matches, so there is nothing to read" in run.stderr


def test_a_list_of_authorizations_that_fails_is_asked_for_once(
    tap: TapRunner, box: Sandbox
) -> None:
    body = json.dumps({"error": "invalid_param", "error_description": "Unknown form"})
    box.set_faults([answer(body, {}, status=400, path="/authorizations", times=None)])
    run = sync(tap, box, None, METERS, BILLS, SUMMARIES, utilityapi_forms=["87251"])

    assert run.exit == 1
    assert paths(box) == ["/authorizations"]
    assert run.last_line.startswith(f"{SUMMARIES}, {BILLS}, {METERS}: UtilityAPI answered 400")
    assert "Unknown form" in run.last_line


def test_many_authorizations_are_split_over_requests(tap: TapRunner, box: Sandbox) -> None:
    """A consent that comes with thousands of others."""
    found = box.truth(only="authorizations")["authorizations"]
    many = [str(10_000_000 + number) for number in range(2_000)]
    consents = [*({"uid": uid} for uid in many), *found]
    page = answer(json.dumps({"authorizations": consents}, default=str), {}, path="/authorizations")
    box.set_faults([page])
    run = sync(tap, box, None, METERS, utilityapi_forms=["87251"])

    asked = len(
        plan("http://127.0.0.1:99999/x", {"x": [*many, *(c["uid"] for c in found)]}, {})[0][0]
    )
    assert run.exit == 0, run.stderr
    assert uids(run)[METERS] == expected(box, {})[METERS]
    assert abs(paths(box).count("/meters") - asked) <= 2
    assert max(len(request["target"]) for request in box.requests()) < 2_000


def test_meters_that_a_filter_hides_are_not_forgotten(tap: TapRunner, box: Sandbox) -> None:
    first = sync(tap, box)
    second = sync(tap, box, first, utilityapi_include_archived=False, utilityapi_forms=["87251"])
    third = sync(tap, box, second)

    assert not second.records(BILLS)
    assert not third.records(BILLS)
    meters = first.state["bookmarks"][BILLS]["meters"]
    assert third.state["bookmarks"][BILLS]["meters"] == meters


@pytest.mark.parametrize("setting", ["utilityapi_forms", "utilityapi_include_archived"])
def test_no_version_is_activated_for_a_narrowed_stream(
    tap: TapRunner, box: Sandbox, setting: str
) -> None:
    value = False if setting.endswith("archived") else ["87251"]
    more = {setting: value, "emit_activate_version_messages": True}
    run = sync(tap, box, None, AUTHORIZATIONS, METERS, SUMMARIES, **more)

    assert run.exit == 0, run.stderr
    assert run.stderr.count(f"the stream is limited ({setting})") == 3
    assert not [each for each in run.messages if each["type"] == "ACTIVATE_VERSION"]


def test_a_dry_run_reads_within_the_filters(tap: TapRunner, box: Sandbox) -> None:
    box.clear_requests()
    run = tap(box.tap_config(**FAST, utilityapi_forms=["87251"]), "--test")

    assert run.exit == 0, run.stderr
    consents = expected(box, {"utilityapi_forms": ["87251"]})[AUTHORIZATIONS]
    for request in box.requests():
        url = urlsplit(request["target"])
        if url.path.endswith(("/meters", "/billing-summaries")):
            asked = parse_qs(url.query)["authorizations"][0].split(",")
            assert set(asked) == consents


# Money.


@pytest.fixture(params=[False, True], ids=["filters", "ignores filters"])
def seller(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with command_line.vendor(billing_summaries=60, ignore_filters=request.param) as box:
        yield box


def paid_for(box: Sandbox) -> list[dict[str, Any]]:
    """The authorizations of the meters that were paid for."""
    meters = {row["uid"]: row["authorization_uid"] for row in box.truth(only="meters")["meters"]}
    consents = {row["uid"]: row for row in box.truth(only="authorizations")["authorizations"]}
    return [consents[meters[uid]] for uid in box.bill()["meters"]]


@pytest.mark.parametrize(
    "setting", ["utilityapi_utilities", "utilityapi_forms", "utilityapi_users"]
)
def test_new_meters_are_paid_for_within_the_filters_alone(
    tap: TapRunner, seller: Sandbox, setting: str
) -> None:
    consents = {row["uid"]: row for row in seller.truth(only="authorizations")["authorizations"]}
    meters = {row["uid"]: row for row in seller.truth(only="meters")["meters"]}
    new = never_activated(seller)
    one = consents[meters[new[0]]["authorization_uid"]]
    settings = {setting: [one[FIELDS[setting]]]}
    run = collect(tap, seller, [], **settings)
    other = collect(tap, seller, [], **{setting: ["nobody"]})

    assert run.exit == 0, run.stderr
    assert other.exit == 0, other.stderr
    assert paid_for(seller)
    assert all(is_wanted(consent, settings) for consent in paid_for(seller))
    assert set(new) <= seller.bill()["meters"].keys()


def test_an_authorization_that_shows_no_referral_is_not_paid_for(
    tap: TapRunner, seller: Sandbox
) -> None:
    """A vendor that knows no such filter may send all authorizations, and no referrals."""
    run = collect(tap, seller, [], utilityapi_referrals=["r00002"])

    assert run.exit == 0, run.stderr
    assert not seller.bill()["meters"]
    is_ignored = "not show in its own fields that it matches utilityapi_referrals" in run.stderr
    assert is_ignored != ("no authorization matches" in run.stderr)


def test_a_named_meter_outside_of_the_filters_is_not_paid_for(
    tap: TapRunner, seller: Sandbox
) -> None:
    uid = never_activated(seller)[0]
    options = {"historical_collection_new_meters": False, "utilityapi_utilities": ["SMUD"]}
    run = collect(tap, seller, [uid], **options)

    assert not seller.bill()["meters"]
    assert f"meter {uid}: its authorization is not one that" in run.stderr


def test_nothing_of_an_archived_authorization_is_paid_for(tap: TapRunner) -> None:
    with command_line.vendor() as box:
        uid = never_activated(box)[0]
        found = box.truth(only="authorizations,meters")
        (meter,) = [row for row in found["meters"] if row["uid"] == uid]
        consents = [
            row | {"is_archived": row["uid"] == meter["authorization_uid"]}
            for row in found["authorizations"]
        ]
        body = json.dumps({"authorizations": consents}, default=str)
        box.set_faults([answer(body, {}, path="/authorizations", times=None)])
        run = collect(tap, box, [uid], utilityapi_include_archived=False)
        charged = box.bill()["meters"]
        archived = {
            m["uid"]
            for m in found["meters"]
            if m["authorization_uid"] == meter["authorization_uid"]
        }

    assert not archived & charged.keys()
    assert "1 authorization does not show in its own fields" in run.stderr


@pytest.mark.parametrize("utility", ["SDG&E", "sdg&e"])
def test_the_plan_shows_what_the_filters_leave(tap: TapRunner, utility: str) -> None:
    with command_line.vendor() as box:
        run = collect(tap, box, [], "--test", streams=None, utilityapi_utilities=[utility])
        new = never_activated(box) if utility == "SDG&E" else []
        utilities = {row["uid"]: row["utility"] for row in box.truth(only="meters")["meters"]}
        posts = command_line.posts(box)

    assert not posts
    planned = re.findall(r"^.*  meter (\S+): 12 months", run.stderr, re.MULTILINE)
    assert set(new) <= set(planned)
    assert {utilities[uid] for uid in planned} == ({utility} if new else set())
    assert f"a run would request {len(planned)} meters" in run.stderr


def test_settings_come_from_the_environment_too(
    tap: TapRunner, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"utilities": "SDG&E,SMUD", "include_archived": "false"}.items():
        monkeypatch.setenv(f"TAP_UTILITY_ENERGY_UTILITYAPI_{name.upper()}", value)
    box.clear_requests()
    run = tap(box.tap_config(**FAST), "--config=ENV", streams=[METERS])

    settings = {"utilityapi_utilities": ["SDG&E", "SMUD"], "utilityapi_include_archived": False}
    assert uids(run)[METERS] == expected(box, settings)[METERS]
