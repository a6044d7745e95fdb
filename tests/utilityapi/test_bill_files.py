"""Files of bills: fetched once, whole or not at all, and with the token from the vendor alone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import stat
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.utilityapi.api.files import pdf
from tap_utility_energy.utilityapi import bill_files
from tap_utility_energy.utilityapi.bill_file_rows import MOST_FAILURES
from tap_utility_energy.utilityapi.bill_files import BillFiles
from tests.support import Run, TapRunner, catalog, start
from tests.utilityapi.bill_sources import DIRECTORY, FILES
from tests.utilityapi.meter_data import BILLS, FAST, INTERVALS, instead, paths, sync, truth, vendor

serving = partial(vendor, billing_summaries=25, local_files=True)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with serving() as box:
        yield box


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bills" / "pdf"


def fetched(box: Sandbox) -> list[str]:
    return [path for path in paths(box) if path.startswith("/files/")]


def with_files(box: Sandbox) -> dict[str, dict[str, Any]]:
    """The bills with a link to a file."""
    return {uid: bill for (uid,), bill in truth(box).items() if bill.get("sources")}


def assert_whole(folder: Path, run: Run) -> None:
    """Every row tells of a file that is as the vendor sent it, and there is no other."""
    rows = run.records(FILES)
    for row in rows:
        content = Path(row["path"]).read_bytes()
        assert content == pdf(f"Bill {row['bill_uid']}")
        assert row["size"] == len(content)
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["content_type"] == "application/pdf"
        assert Path(row["path"]) == folder / row["file_name"]
        assert row["file_name"].startswith(f"{row['bill_uid']}_0_")
        assert row["file_name"].endswith(".pdf")
    assert {path.name for path in folder.iterdir()} == {row["file_name"] for row in rows}


def test_each_file_is_fetched_once_and_its_row_tells_of_it(
    tap: TapRunner, box: Sandbox, folder: Path
) -> None:
    first = sync(tap, box, None, FILES, BILLS, **{DIRECTORY: str(folder)})
    files = fetched(box)
    again = sync(tap, box, first, FILES, BILLS, **{DIRECTORY: str(folder)})
    repeated = paths(box)
    lost = sync(tap, box, None, FILES, BILLS, **{DIRECTORY: str(folder)})

    assert first.exit == again.exit == lost.exit == 0, first.stderr
    bills = with_files(box)
    assert len(bills) > 20
    assert Counter(files) == {
        bill["sources"][0]["raw_url"].partition("/v2")[2]: 1 for bill in bills.values()
    }
    for run in (first, lost):
        rows = {row["bill_uid"]: row for row in run.records(FILES)}
        assert rows.keys() == bills.keys()
        for uid, row in rows.items():
            shared = ("meter_uid", "authorization_uid", "updated")
            assert {name: row[name] for name in shared} == {
                name: bills[uid][name] for name in shared
            }
            assert (row["position"], row["type"], row.get("problem")) == (0, "pdf", None)
            assert row["raw_url"] == bills[uid]["sources"][0]["raw_url"]
        assert_whole(folder, run)
    assert not again.records(FILES)
    assert repeated == ["/meters"]
    assert not fetched(box), "the state was lost, and the files are there"
    meters = box.truth(only="meters")["meters"]
    counted = sum(meter["bill_count"] for meter in meters)
    assert f"about {counted + 1} requests" in first.stderr


def test_a_file_of_a_new_bill_is_fetched_alone(tap: TapRunner, box: Sandbox, folder: Path) -> None:
    first = sync(tap, box, None, FILES, **{DIRECTORY: str(folder)})
    box.advance("correct_bill")
    corrected = sync(tap, box, first, FILES, **{DIRECTORY: str(folder)})

    assert corrected.records(FILES)
    assert not fetched(box)
    gone = folder / corrected.records(FILES)[0]["file_name"]
    gone.unlink()
    sync(tap, box, corrected, FILES, **{DIRECTORY: str(folder)})
    assert not fetched(box), "its bill is not read again"
    assert sync(tap, box, None, FILES, **{DIRECTORY: str(folder)}).exit == 0
    assert len(fetched(box)) == 1
    assert gone.exists()


def test_a_file_that_is_built_or_slowed_down_is_waited_for(tap: TapRunner, folder: Path) -> None:
    with serving(cache_seconds=0.05) as box:
        box.set_faults([
            {"status": 429, "headers": {"Retry-After": "2"}, "path": "/files", "at": 3}
        ])
        run = sync(tap, box, None, FILES, **{DIRECTORY: str(folder)})
        statuses = Counter(
            request["status"] for request in box.requests() if "/files/" in request["target"]
        )

    assert run.exit == 0, run.stderr
    assert statuses[202] > 0
    assert statuses[429] == 1
    assert len(run.records(FILES)) == statuses[200]
    assert_whole(folder, run)


@pytest.mark.parametrize("settings", [{}, {DIRECTORY: ""}])
def test_without_a_directory_nothing_is_fetched_written_or_said(
    tap: TapRunner, box: Sandbox, settings: dict[str, Any]
) -> None:
    first = sync(tap, box, None, FILES, BILLS, **settings)
    second = sync(tap, box, first, FILES, BILLS, **settings)

    assert first.exit == second.exit == 0
    assert first.records(BILLS)
    assert FILES not in first.stdout + first.stderr
    assert paths(box) == ["/meters"], "its meters are not read for it"


def test_a_directory_without_the_stream_has_no_effect(
    tap: TapRunner, box: Sandbox, folder: Path
) -> None:
    run = sync(tap, box, None, BILLS, **{DIRECTORY: str(folder)})

    assert f"{DIRECTORY}: no effect, because {FILES} is not selected" in run.stderr
    assert not fetched(box)
    assert not folder.exists()


def test_a_dry_run_fetches_one_file_at_most(tap: TapRunner, box: Sandbox, folder: Path) -> None:
    box.clear_requests()
    run = tap(box.tap_config(**FAST, **{DIRECTORY: str(folder)}), "--test")
    without = tap(box.tap_config(**FAST), "--test")

    assert run.exit == without.exit == 0, run.stderr
    assert len(fetched(box)) == 1
    assert len(list(folder.iterdir())) == 1

    box.set_faults(refuse(1))
    box.clear_requests()
    failed = tap(box.tap_config(**FAST, **{DIRECTORY: str(folder / "other")}), "--test")
    assert failed.exit == 1
    assert f"{FILES}: UtilityAPI answered 404" in failed.last_line
    assert len(fetched(box)) == 1


# Bad directories.


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("file", "is no directory"),
        ("file/below", "is no directory"),
        ("/proc/none", "no file can be written to /proc/none: "),
        ("long", "File name too long"),
    ],
)
def test_a_directory_that_cannot_be_is_refused_before_any_request(
    tap: TapRunner, box: Sandbox, tmp_path: Path, place: str, words: str
) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / place) if place != "long" else str(tmp_path / ("x" * 300))
    for arguments in [(), ("--test",)]:
        box.clear_requests()
        settings = box.tap_config(**FAST, **{DIRECTORY: path})
        run = tap(settings, *arguments, streams=[FILES, BILLS])
        assert run.exit == 1
        assert not box.requests()
        assert len(run.errors) == 1
        assert run.last_line.startswith(f"{DIRECTORY}: ")
        assert words in run.last_line
        assert "Traceback" not in run.stderr


def test_a_full_disk_leaves_no_half_file(
    tap: TapRunner, box: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third file does not fit."""
    written = []

    def fsync(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            written.append(handle)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(bill_files.os, "fsync", fsync)
    run = sync(tap, box, None, FILES, BILLS, **{DIRECTORY: str(folder)})
    monkeypatch.undo()
    files = list(folder.iterdir())

    assert run.exit == 1
    assert run.last_line.startswith(f"{FILES}: {folder}")
    assert "No space left on device. Make room, or name another directory" in run.last_line
    assert len(files) == 2
    assert all(path.read_bytes().startswith(b"%PDF") for path in files)
    assert len(run.records(BILLS)) == len(truth(box))

    second = sync(tap, box, run, FILES, **{DIRECTORY: str(folder)})
    assert second.exit == 0, second.stderr
    assert len(fetched(box)) == len(with_files(box)) - 2
    assert_whole(folder, second)


def test_a_run_that_is_killed_leaves_no_half_file(box: Sandbox, tmp_path: Path) -> None:
    """Wherever it is killed, a file under its own name is whole."""
    folder = tmp_path / "bills"
    settings = box.tap_config(**FAST, **{DIRECTORY: str(folder)})
    (tmp_path / "config.json").write_text(json.dumps(settings), "utf-8")
    (tmp_path / "catalog.json").write_text(json.dumps(catalog([FILES])), "utf-8")
    seen = set[str]()
    for _ in range(3):
        run = start(tmp_path / "config.json", "--catalog", str(tmp_path / "catalog.json"))
        assert run.stdout
        while f'"stream":"{FILES}"' not in (line := run.stdout.readline()) or "RECORD" not in line:
            assert line, run.stderr and run.stderr.read()
        run.send_signal(signal.SIGKILL)
        run.communicate()
        for path in folder.iterdir():
            if not path.name.startswith("."):
                uid = path.name.partition("_0_")[0]
                assert path.read_bytes() == pdf(f"Bill {uid}")
                seen.add(path.name)
    assert seen


def test_what_a_killed_run_left_is_removed_in_time(folder: Path) -> None:
    folder.mkdir(parents=True)
    old, new = folder / ".old.part", folder / ".new.part"
    for path in (old, new):
        path.write_bytes(b"%PDF half")
    os.utime(old, (1, 1))

    assert not BillFiles(str(folder)).prepare()
    assert [path.name for path in folder.iterdir()] == [new.name]


# Files that fail.


def refuse(number: int) -> list[dict[str, Any]]:
    """Rules that fail the first files."""
    return [
        instead("/files/", {"error": "not_found"}, status=404, at=each)
        for each in range(1, number + 1)
    ]


def test_a_file_that_fails_stops_no_other_and_comes_with_the_next_run(
    tap: TapRunner, box: Sandbox, folder: Path
) -> None:
    box.set_faults(refuse(2))
    first = sync(tap, box, None, FILES, BILLS, **{DIRECTORY: str(folder)})
    bills = with_files(box)
    missing = bills.keys() - {row["bill_uid"] for row in first.records(FILES)}
    second = sync(tap, box, first, FILES, BILLS, **{DIRECTORY: str(folder)})
    asked = fetched(box)
    third = sync(tap, box, second, FILES, BILLS, **{DIRECTORY: str(folder)})

    assert first.exit == 1
    assert len(missing) == 2
    assert first.last_line.startswith(
        f"{FILES}: 2 files could not be fetched; the next run tries again"
    )
    for uid in missing:
        assert f"bill '{uid}': UtilityAPI answered 404: not_found" in first.last_line
    assert len(first.records(BILLS)) == len(truth(box))
    assert second.exit == 0, second.stderr
    assert len(asked) == 2
    meters = {bills[uid]["meter_uid"] for uid in missing}
    assert {row["meter_uid"] for row in second.records(FILES)} == meters, "the others were done"
    assert {row["bill_uid"] for row in second.records(FILES)} >= missing
    assert third.exit == 0
    assert paths(box) == ["/meters"]


def test_a_file_that_is_lost_and_fails_is_fetched_later_though_nothing_changes(
    tap: TapRunner, box: Sandbox, folder: Path
) -> None:
    first = sync(tap, box, None, FILES, **{DIRECTORY: str(folder)})
    lost = first.records(FILES)[0]
    Path(lost["path"]).unlink()
    box.set_faults(refuse(1))
    second = sync(tap, box, first, FILES, BILLS, **{DIRECTORY: str(folder)})
    third = sync(tap, box, second, FILES, BILLS, **{DIRECTORY: str(folder)})

    assert second.exit == 1
    assert third.exit == 0
    assert lost in third.records(FILES)
    assert len(fetched(box)) == 1


def test_after_some_failures_in_a_row_no_more_files_are_asked_for(
    tap: TapRunner, box: Sandbox, folder: Path
) -> None:
    box.set_faults([instead("/files/", {"error": "not_found"}, status=404, times=None)])
    run = sync(tap, box, None, FILES, BILLS, **{DIRECTORY: str(folder)})

    assert run.exit == 1
    assert len(fetched(box)) == MOST_FAILURES
    assert f"{FILES}: {MOST_FAILURES} files in a row could not be fetched" in run.last_line
    assert len(run.records(BILLS)) == len(truth(box))
    box.set_faults([])
    assert sync(tap, box, run, FILES, **{DIRECTORY: str(folder)}).exit == 0
    assert len(fetched(box)) == len(with_files(box))


@pytest.mark.parametrize("status", [503, 429, 401])
def test_files_that_are_down_leave_the_other_streams_alone(
    tap: TapRunner, box: Sandbox, folder: Path, status: int
) -> None:
    box.set_faults([{"path": "/files/", "status": status, "times": None}])
    more = {DIRECTORY: str(folder), "max_wait_seconds": 60}
    run = sync(tap, box, None, FILES, BILLS, INTERVALS, **more)

    assert run.exit == 1
    assert run.last_line.startswith(f"{FILES}: UtilityAPI ")
    assert f"({status})" in run.last_line or f" {status}" in run.last_line
    assert len(run.records(BILLS)) == len(truth(box))
    assert run.records(INTERVALS)
    assert "2 of 3 streams done" in run.stderr


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"status": 302, "headers": {"Location": "https://files.example/x"}}, "with a redirect"),
        ({"status": 200, "body": ""}, "sent an empty file"),
        ({"status": 200, "body": "<html>", "content_type": "text/html"}, "something other than"),
        (
            {"status": 200, "body": '{"error": "gone"}', "content_type": "a/b"},
            "something other than",
        ),
        ({"status": 204}, "answered 204"),
        ({"status": 500, "times": None}, "internal error (500)"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_file_is_not_stored(
    tap: TapRunner, box: Sandbox, folder: Path, rule: dict[str, Any], words: str
) -> None:
    meter = next(iter(with_files(box).values()))["meter_uid"]
    more = {DIRECTORY: str(folder), "utilityapi_meters": [meter], "max_wait_seconds": 5}
    box.set_faults([{"path": "/files/", "times": 1, **rule}])
    run = sync(tap, box, None, FILES, **more)

    assert run.exit == 1
    assert words in run.last_line
    assert all(path.read_bytes().startswith(b"%PDF") for path in folder.iterdir())
    box.set_faults([])
    assert sync(tap, box, run, FILES, **more).exit == 0


def test_stream_maps_and_deselected_fields_work(tap: TapRunner, box: Sandbox, folder: Path) -> None:
    entries = catalog([FILES])
    for entry in entries["streams"]:
        for part in entry["metadata"]:
            if part["breadcrumb"] == ["properties", "path"] and entry["tap_stream_id"] == FILES:
                part["metadata"]["selected"] = False
    maps = {FILES: {"raw_url": "__NULL__", "kilobytes": "size / 1000"}}
    settings = box.tap_config(**FAST, **{DIRECTORY: str(folder)}, stream_maps=maps)
    run = tap(settings, "--catalog", tap.file("own.json", entries))

    assert run.exit == 0, run.stderr
    rows = run.records(FILES)
    assert len(rows) == len(with_files(box)) == len(list(folder.iterdir()))
    assert all(not row.keys() & {"path", "raw_url", "extra"} for row in rows)
    assert all(float(row["kilobytes"]) == row["size"] / 1000 for row in rows)


def test_the_sandbox_serves_files_to_those_who_have_the_token(box: Sandbox) -> None:
    bill = next(iter(with_files(box).values()))
    url = bill["sources"][0]["raw_url"]
    token = {"Authorization": f"Bearer {box.utilityapi_token}"}

    assert requests.get(url, timeout=9).status_code == 401
    assert requests.get(url.replace(bill["uid"], "0"), headers=token, timeout=9).status_code == 404
    assert requests.get(f"{url}?x=1", headers=token, timeout=9).status_code == 400
    answer = requests.get(url, headers=token, timeout=9)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content == pdf(f"Bill {bill['uid']}")
