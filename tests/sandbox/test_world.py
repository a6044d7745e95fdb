"""The data is deterministic and adds up; the command line starts and stops cleanly."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal
from operator import itemgetter
from pathlib import Path

import pytest
import requests

from sandbox import Sandbox, SandboxOptions
from sandbox.wire import to_json


def test_a_seed_decides_everything():
    def truth(seed):
        with Sandbox(seed=seed, billing_summaries=30, meters=12) as box:
            return to_json(box.truth())

    assert truth(7) == truth(7)
    assert truth(7) != truth(8)


@pytest.mark.parametrize("hard", [False, True])
def test_charges_add_up_and_balances_chain(hard):
    with Sandbox(billing_summaries=400, meters=1, hard_numbers=hard) as box:
        rows = box.truth()["billing_summaries"]
    assert len({row["uid"] for row in rows}) == 400
    for row in rows:
        assert all(block in row for block in row["blocks"])
        if not {"base", "new_charges"} <= set(row):
            continue
        total = sum(Decimal(charge["cost"]) for charge in row["new_charges"])
        failed = any(note["type"].startswith("audit_failed") for note in row.get("notes", ()))
        assert failed or total == row["base"]["new_charges_amount"], row
    by_account = sorted(
        (row["billing_account_uid"], row["base"]["statement_date"][:10], row["base"])
        for row in rows
        if "base" in row
    )
    chained = 0
    for (account, day, old), (same, later, new) in itertools.pairwise(by_account):
        months = (int(later[:4]) - int(day[:4])) * 12 + int(later[5:7]) - int(day[5:7])
        if account == same and months == 1:
            unpaid = old["new_balance_amount"] - new["previous_payment_amount"]
            assert new["previous_balance_amount"] == old["new_balance_amount"]
            assert new["previous_balance_unpaid"] == unpaid
            assert new["new_balance_amount"] == unpaid + new["new_charges_amount"]
            chained += 1
    assert chained > 300


def test_digits_are_served_as_they_are():
    with Sandbox(billing_summaries=30, meters=12, hard_numbers=True) as box:
        text = requests.get(f"{box.url}/__truth", timeout=60).text
    for digits in ("1E-8", "123456789012345678.90", "12345678901234567890.123456"):
        assert digits in text


@pytest.mark.parametrize(
    ("option", "value"),
    [("host", "0.0.0.0"), ("next_style", "no"), ("grow_meters", "3"), ("meters", -1)],
)
def test_options_that_cannot_be_served_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        SandboxOptions(**{option: value})


ROOT = Path(__file__).parents[2]
MILLION = [f"--{name}=1000000" for name in ("billing-summaries", "meters", "interval-meters")]


@contextmanager
def command(*options):
    """The sandbox's own process."""
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_starts_and_stops(tmp_path, number):
    ready = tmp_path / "ready.json"
    options = ["--billing-summaries", "3", "--faults", '[{"status": 418}]']
    with command("--ready-file", str(ready), "--exit-with-parent", *options) as process:
        deadline = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        address = json.loads(ready.read_text())
        url = address["utilityapi_base_url"] + "/accounting/billing-summaries"
        assert requests.get(url, timeout=60).status_code == 418
        assert requests.get(url, timeout=60).status_code == 401
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert address["energycap_base_url"] in output
    assert not errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stops_while_it_makes_a_large_world(number):
    with command(*MILLION) as process:
        said = process.stderr.readline()
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert said == "Making 1,000,000 billing summaries and 1,000,000 meters.\n"
    assert (process.returncode, output, errors) == (0, "", "")


def test_the_command_stops_while_it_works_on_an_answer():
    with command("--meters=100000", "--billing-summaries=0") as process:
        url, key = process.stdout.readline(), process.stdout.readline().split()
        bills = f"{key[1]}/api/v3/bill"
        headers = {"ECI-ApiKey": key[-1], "Content-Type": "application/json"}
        with pytest.raises(requests.Timeout):
            requests.get(bills, headers=headers, timeout=1)
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert url
    assert (process.returncode, errors) == (0, "")


def test_the_command_ends_with_its_parent_while_it_makes_a_large_world():
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE)\n"
        "child.stderr.readline()"
    )
    sandbox = [sys.executable, "-m", "sandbox", "--exit-with-parent", *MILLION]
    # It returns when the sandbox, too, has closed its stdout.
    ended = subprocess.run(
        [sys.executable, "-c", parent, *sandbox],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_a_million_of_each_are_served():
    with command(*MILLION) as process:
        utilityapi, token = itemgetter(1, 3)(process.stdout.readline().split())
        energycap, key = itemgetter(1, 4)(process.stdout.readline().split())
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            url = f"{utilityapi}/accounting/billing-summaries"
            while (first := session.get(url, timeout=60)).status_code == 202:
                time.sleep(1)
            second = session.get(first.json()["next"], timeout=60).json()
            uid = second["billing_summaries"][0]["meter_uids"][0]
            bills = session.get(f"{utilityapi}/bills?meters={uid}", timeout=60).json()["bills"]
        headers = {"ECI-ApiKey": key, "Content-Type": "application/json"}
        places = requests.get(f"{energycap}/api/v3/place", headers=headers, timeout=60)
        process.terminate()
        process.communicate(timeout=60)
    pages = [page["billing_summaries"] for page in (first.json(), second)]
    assert len({summary["uid"] for page in pages for summary in page}) == 2000
    assert {bill["meter_uid"] for bill in bills} == {uid}
    assert int(places.headers["TotalNumberOfRecords"]) > 200_000


def test_a_large_world_is_whole(client):
    """More than 5,000 billing summaries are copies, down to the bills of their meters."""
    names = "billing_summaries,billing_accounts,meters,authorizations,bills"
    with Sandbox(billing_summaries=5_201, meters=1, cache_seconds=0) as box:
        accounts = box.truth(only="billing_accounts")["billing_accounts"]
        copied = next(row["uid"] for row in accounts if row["uid"].startswith("1-"))
        box.advance("new_bills", vendor="utilityapi", billing_account=copied)
        truth = box.truth(only=names)
        found, path = [], ""
        while path is not None:
            page = client.summaries(box, path).json()
            found += page["billing_summaries"]
            path = page["next"]
    uids = {name: [row["uid"] for row in rows] for name, rows in truth.items()}
    assert len(uids["billing_summaries"]) == 5_202
    assert all(len(set(of_kind)) == len(of_kind) for of_kind in uids.values())
    assert [row["uid"] for row in found] == uids["billing_summaries"]
    accounts = {row["uid"]: row for row in truth["billing_accounts"]}
    assert {row["billing_account_uid"] for row in truth["billing_summaries"]} == accounts.keys()
    meters = {row["uid"]: row for row in truth["meters"]}
    for row in truth["billing_summaries"]:
        account = accounts[row["billing_account_uid"]]
        assert account["authorization_uid"] == row["authorization_uid"]
        assert row.get("meter_uids", []) in ([], account["meter_uids"])
    assert {uid for row in accounts.values() for uid in row["meter_uids"]} < meters.keys()
    bills = Counter(row["meter_uid"] for row in truth["bills"])
    assert {uid: row["bill_count"] for uid, row in meters.items() if row["bill_count"]} == bills
