"""The command line of the check: how it ends, what it prints, and what it may send."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from tap_utility_energy.check.budget import (
    MOST_REQUESTS,
    MOST_TRIES,
    Budget,
    BudgetSpentError,
    Watch,
)
from tests.check.proxy import check, settings
from tests.support import COMMAND, TapRunner, clean_environment

ALWAYS = {"times": None}


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    with Sandbox(meters=6, billing_summaries=30, cache_seconds=0, utilityapi_rate_limit=0) as box:
        yield box


@pytest.fixture(autouse=True)
def _no_faults(small: Sandbox) -> None:
    small.set_faults([])
    small.clear_requests()


def test_the_requests_are_few_and_are_gets(tap: TapRunner, small: Sandbox, tmp_path: Path) -> None:
    check(tap, settings(small), tmp_path)

    asked = small.requests()
    assert {each["method"] for each in asked} == {"GET"}
    assert len(asked) <= MOST_REQUESTS == 60
    assert small.bill()["collections"] == []


def test_no_more_requests_are_sent_than_allowed(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    # Every other answer is no good, so that all requests are sent again.
    faults = [{"status": 503, "at": n, "times": 1} for n in range(1, 200, 2)]
    small.set_faults(faults)
    result = check(tap, settings(small), tmp_path)

    assert len(small.requests()) <= MOST_REQUESTS
    for each in result.report["vendors"].values():
        assert each["requests"] <= each["most_requests"]
    assert "No request of the check was left for it" in result.run.stdout


def test_the_budget_refuses_what_is_too_much() -> None:
    budget = Budget(3)
    first, second = Watch(budget, 2), Watch(budget, 2)
    get = requests.Request("GET", "https://host").prepare()
    for watch in (first, first, second):
        watch.sending(get)

    with pytest.raises(BudgetSpentError):
        first.sending(get)
    with pytest.raises(BudgetSpentError):
        second.sending(get)
    with pytest.raises(AssertionError, match="GET requests only"):
        second.sending(requests.Request("POST", "https://host").prepare())


def test_a_missing_permission_is_named(tap: TapRunner, tmp_path: Path) -> None:
    with Sandbox(meters=6, billing_summaries=0, energycap_deny="BillsAndBatches (View)") as box:
        result = check(tap, settings(box, "EnergyCAP"), tmp_path)

    bills = result.sources("EnergyCAP")["/api/v3/bill"]
    assert result.run.exit == 1
    assert bills["answer"] == "refused: 401"
    assert bills["permission"] == "BillsAndBatches (View)"
    assert "It needs the permission BillsAndBatches (View)." in result.run.stdout
    (line,) = result.run.errors
    assert line.startswith("energycap_bills, ")
    assert "energycap_bill_meters" in line
    assert result.sources("EnergyCAP")["/api/v3/meter"]["answer"] == "read"


@pytest.mark.parametrize(
    ("vendor", "path", "status"),
    [("EnergyCAP", "/v3/vendor", 400), ("EnergyCAP", "/v3/vendor", 404)]
    + [("UtilityAPI", "/billing-accounts", status) for status in (400, 403)],
)
def test_no_permission_and_no_wait_is_named_that_would_not_help(
    tap: TapRunner, small: Sandbox, tmp_path: Path, vendor: str, path: str, status: int
) -> None:
    small.set_faults([{"status": status, "path": path} | ALWAYS])
    result = check(tap, settings(small, vendor), tmp_path)

    (found,) = [each for name, each in result.sources(vendor).items() if name.endswith(path)]
    assert result.run.exit == 1
    assert (found["answer"], found["permission"]) == (f"refused: {status}", "")
    assert "It needs the permission" not in result.run.stdout
    assert "A sync waits longer" not in result.run.stdout


def test_a_second_page_that_is_refused_is_a_failure(tap: TapRunner, tmp_path: Path) -> None:
    refused = {"status": 403, "path": "meters?after="}
    with Sandbox(
        billing_summaries=30, meters=0, cache_seconds=0, utilityapi_page_limit=5, faults=[refused]
    ) as box:
        result = check(tap, settings(box, "UtilityAPI"), tmp_path)

    assert result.run.exit == 1
    assert [line.split(":")[0] for line in result.run.errors] == ["utilityapi_meters"]


def test_a_wrong_credential_ends_the_requests(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    wrong = {"utilityapi_token": "wrong-token", "energycap_api_key": "wrong-key"}
    result = check(tap, settings(small) | wrong, tmp_path)

    assert result.run.exit == 1
    assert len(small.requests()) == 4
    assert "Check utilityapi_token" in result.run.errors[0]
    assert "check energycap_api_key" in result.run.errors[1]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 202, "headers": {"Retry-After": "1"}}, f"answered with 202 {MOST_TRIES} times"),
        ({"status": 200, "body": "<html>hello</html>"}, "does not match its documentation"),
        ({"status": 503}, "is down for maintenance|answered with 503"),
        ({"reset": True}, "broke off its answer"),
        ({"garbage": "\0\x80[[["}, "does not match its documentation"),
    ],
)
def test_a_vendor_that_never_answers_well(
    tap: TapRunner, small: Sandbox, tmp_path: Path, fault: dict[str, Any], said: str
) -> None:
    small.set_faults([fault | ALWAYS])
    result = check(tap, settings(small), tmp_path)

    assert result.run.exit == 1
    assert len(small.requests()) <= 2 * 3 * MOST_TRIES
    assert len(result.run.errors) == 2
    assert all(re.search(f"{said}|failed {MOST_TRIES} times", line) for line in result.run.errors)
    assert "hello" not in result.run.stderr


def test_a_host_that_is_down(tap: TapRunner, tmp_path: Path) -> None:
    config = {"utilityapi_token": "token-of-a-test", "utilityapi_base_url": "http://127.0.0.1:9"}
    result = check(tap, config, tmp_path)

    assert result.run.exit == 1
    assert "127.0.0.1" not in result.text
    assert [line.split(":")[0] for line in result.run.errors] == ["utilityapi_authorizations"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "set at least one of them"),
        ({"energycap_api_key": "key", "nosuch": 1}, "nosuch: there is no such setting"),
        ({"energycap_api_key": "key", "stream_maps": {"nosuch": {}}}, "no such stream"),
    ],
)
def test_a_wrong_setting_is_told_before_any_request(
    tap: TapRunner, tmp_path: Path, config: dict[str, Any], said: str
) -> None:
    result = check(tap, config, tmp_path)

    assert result.run.exit == 1
    assert said in result.run.errors[0]
    assert result.report == {}
    assert list(tmp_path.glob(".check-*")) == []


@pytest.mark.parametrize("arguments", [("--nosuch",), ("more",), ("--report",)])
def test_a_wrong_command_line(tap: TapRunner, arguments: tuple[str, ...]) -> None:
    assert tap(None, "check", *arguments).exit == 2


def test_the_singer_command_line_is_as_it_was(tap: TapRunner) -> None:
    assert tap({"energycap_api_key": "key"}, "check").exit == 2
    assert tap(None, "--version").exit == 0


def test_stream_maps_do_not_matter(tap: TapRunner, small: Sandbox, tmp_path: Path) -> None:
    maps = {"utilityapi_meters": {"uid": "md5(uid)"}, "utilityapi_bills": None}
    result = check(tap, settings(small, stream_maps=maps), tmp_path)

    assert result.run.exit == 0


@pytest.mark.parametrize("path", ["folder", "nowhere/report.json", "/dev/full", "", "x" * 300])
def test_a_report_that_cannot_be_written_is_told_before_any_request(
    tap: TapRunner, small: Sandbox, tmp_path: Path, path: str
) -> None:
    (tmp_path / "folder").mkdir()
    file = tap.file("config.json", settings(small))
    run = tap(None, "check", "--config", file, "--report", path)

    assert run.exit == 1
    assert run.errors[0].startswith(f"--report {path or ''}")
    assert small.requests() == []


def test_an_earlier_report_is_kept_until_the_new_one_is_whole(
    tap: TapRunner, small: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "earlier.json"
    report.write_text("earlier", "utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    file = tap.file("config.json", settings(small, "EnergyCAP"))
    run = tap(None, "check", "--config", file, "--report", str(report))

    assert run.exit == 1
    assert run.errors == [f"--report {report}: No space left on device"]
    assert report.read_text("utf-8") == "earlier"
    assert list(tmp_path.glob(".check-*")) == []
    assert "as assumed" in run.stdout


def test_a_report_keeps_the_link_and_the_permissions_of_an_earlier_one(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    earlier, link = tmp_path / "kept" / "earlier.json", tmp_path / "report.json"
    earlier.write_text("earlier", "utf-8")
    earlier.chmod(0o640)
    link.symlink_to(earlier)
    file = tap.file("config.json", settings(small, "EnergyCAP"))
    run = tap(None, "check", "--config", file, "--report", str(link))

    assert run.exit == 0
    assert link.is_symlink()
    assert '"facts"' in earlier.read_text("utf-8")
    assert stat.S_IMODE(earlier.stat().st_mode) == 0o640


def test_an_empty_list_says_why(tap: TapRunner, tmp_path: Path) -> None:
    with Sandbox(meters=0, billing_summaries=0, cache_seconds=0) as box:
        result = check(tap, settings(box), tmp_path)

    words = " ".join(result.run.stdout.split())
    assert result.run.exit == 0
    assert "No bills in these years, or none that the owner of the key can see." in words
    assert "Only some utilities have billing summaries." in words


def test_a_setting_that_leaves_nothing_is_named(
    tap: TapRunner, small: Sandbox, tmp_path: Path
) -> None:
    narrow = {
        "utilityapi_authorizations": ["nosuch"],
        "energycap_filters": {"energycap_meters": "meterCode equals 'nosuch'"},
    }
    result = check(tap, settings(small, **narrow), tmp_path)

    assert result.run.exit == 0
    assert "utilityapi_authorizations may leave nothing." in result.run.stdout
    assert "energycap_filters leaves nothing." in result.run.stdout


def test_the_table_is_narrow_and_plain(tap: TapRunner, small: Sandbox, tmp_path: Path) -> None:
    result = check(tap, settings(small), tmp_path)

    lines = result.run.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in result.run.stdout
    assert any("the streams selected by default: about" in line for line in lines)


def test_marks_are_ascii_where_the_output_is(small: Sandbox, tap: TapRunner) -> None:
    file = tap.file("config.json", settings(small, "EnergyCAP"))
    environment = clean_environment(PYTHONIOENCODING="ascii")
    command = [*COMMAND, "check", "--config", file]
    run = subprocess.run(command, capture_output=True, check=False, env=environment)

    assert run.returncode == 0
    assert run.stdout.isascii()
    assert b" + paging_headers" in run.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_without_a_report(
    tap: TapRunner, small: Sandbox, tmp_path: Path, number: int, code: int
) -> None:
    small.set_faults([{"hang": 60} | ALWAYS])
    file = tap.file("config.json", settings(small, "EnergyCAP"))
    command = [*COMMAND, "check", "--config", file, "--report", str(tmp_path / "report.json")]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=clean_environment())
    while not small.requests():
        assert run.poll() is None
    run.send_signal(number)
    _, stderr = run.communicate()

    assert run.returncode == code, stderr
    assert "stopped by" in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
