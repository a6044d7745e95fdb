"""The data is deterministic and adds up; the command line starts and stops cleanly."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from decimal import Decimal
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
        text = requests.get(f"{box.url}/__truth", timeout=5).text
    for digits in ("1E-8", "123456789012345678.90", "12345678901234567890.123456"):
        assert digits in text


@pytest.mark.parametrize(
    ("option", "value"),
    [("host", "0.0.0.0"), ("next_style", "no"), ("grow_meters", "3"), ("meters", -1)],
)
def test_options_that_cannot_be_served_are_refused(option, value):
    with pytest.raises(ValueError, match=option):
        SandboxOptions(**{option: value})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_starts_and_stops(tmp_path, number):
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--ready-file", str(ready), "--exit-with-parent"]
    command += ["--billing-summaries", "3", "--faults", '[{"status": 418}]']
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 10
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        address = json.loads(ready.read_text())
        url = address["utilityapi_base_url"] + "/accounting/billing-summaries"
        assert requests.get(url, timeout=5).status_code == 418
        assert requests.get(url, timeout=5).status_code == 401
        process.send_signal(number)
        output, _ = process.communicate(timeout=5)
    assert process.returncode == 0
    assert address["energycap_base_url"] in output
