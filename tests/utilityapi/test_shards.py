"""Runs with a shard each read an account together: all of it, and nothing twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_utility_energy.utilityapi.shards import Shard
from tests.support import SUMMARIES, TapRunner
from tests.utilityapi.historical_collection import command_line
from tests.utilityapi.meter_data import BILLS, paths, sync, vendor

STREAMS = (
    "utilityapi_authorizations",
    "utilityapi_meters",
    "utilityapi_billing_accounts",
    BILLS,
    SUMMARIES,
)


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 40))
def test_each_authorization_is_in_one_shard_whatever_others_there_are(
    uids: list[str], count: int
) -> None:
    shards = [Shard(number, count) for number in range(1, count + 1)]

    assert all(sum(shard.holds(uid) for shard in shards) == 1 for uid in uids)


def test_shards_are_of_about_the_same_size() -> None:
    uids = [str(number) for number in range(4000)]

    for number in range(1, 9):
        assert 400 < sum(Shard(number, 8).holds(uid) for uid in uids) < 600


def test_the_shards_of_an_account_are_the_account(tap: TapRunner) -> None:
    with vendor() as box:
        whole = sync(tap, box, None, *STREAMS)
        parts = [sync(tap, box, None, *STREAMS, utilityapi_shard=f"{n}/3") for n in (1, 2, 3)]

    assert [part.exit for part in parts] == [0, 0, 0]
    for stream in STREAMS:
        uids = [row["uid"] for part in parts for row in part.records(stream)]
        assert sorted(uids) == sorted(row["uid"] for row in whole.records(stream)), stream
        assert all(part.records(stream) for part in parts)


def test_each_new_meter_is_paid_for_in_one_shard(tap: TapRunner) -> None:
    paid = []
    for number in (1, 2):
        with vendor() as box:
            consents = {row["uid"]: row["authorization_uid"] for row in box.truth()["meters"]}
            run = command_line.sync(
                tap,
                box,
                [],
                historical_collection_new_meters=True,
                historical_collection_max_meters=100,
                utilityapi_shard=f"{number}/2",
            )
            meters = box.bill()["meters"]
        assert run.exit == 0, run.stderr
        assert all(Shard(number, 2).holds(consents[uid]) for uid in meters)
        paid.append(set(meters))

    assert set.union(*paid)
    assert not set.intersection(*paid)


def test_without_a_shard_the_list_of_consents_is_not_needed(tap: TapRunner) -> None:
    with vendor() as box:
        sync(tap, box, None, "utilityapi_meters")

        assert paths(box) == ["/meters"]


@pytest.mark.parametrize(
    "shard", ["0/3", "4/3", "3", "1/0", "-1/3", "1/1001", "1/3/5", "a/b", "1 / 3"]
)
def test_what_is_no_shard_is_refused(tap: TapRunner, shard: str) -> None:
    run = tap({"utilityapi_token": "token", "utilityapi_shard": shard})

    assert run.exit == 1
    (line,) = run.errors
    assert line.startswith(f"utilityapi_shard: {shard!r} is not a shard such as 2/8")
