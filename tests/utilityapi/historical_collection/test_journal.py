"""The journal of historical collections: what survives a crash, and who may write."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tap_utility_energy.utilityapi.historical_collection.journal import Journal, JournalError
from tap_utility_energy.utilityapi.historical_collection.vendor import CollectionRefusedError
from tests.utilityapi.historical_collection.world import NEW, World

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOLD = """
import sys
from datetime import UTC, datetime
from tap_utility_energy.utilityapi.historical_collection.journal import Journal

with Journal(sys.argv[1]).locked(datetime(2026, 7, 1, 12, tzinfo=UTC)):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_a_lost_state_changes_nothing(path: Path) -> None:
    world = World(NEW, outcome="nothing")
    world.run(journal=Journal(str(path)))
    world.state = {}

    assert not world.run(journal=Journal(str(path)))

    assert len(world.vendor.posts) == 1
    assert world.state["requests"][0]["accepted"] is True, "the state has it again"


def test_a_request_is_on_the_disk_before_it_is_sent(path: Path) -> None:
    world = World(NEW)
    seen = []
    world.vendor.on_request = lambda: seen.extend(path.read_text("utf-8").splitlines())

    world.run(journal=Journal(str(path)))

    lock, request = map(json.loads, seen)
    assert lock["locked_by"].startswith(f"process {os.getpid()} on ")
    assert (request["meter_uid"], request["accepted"]) == ("1", None)


def test_two_runs_at_the_same_moment_never_ask_twice(path: Path) -> None:
    world = World(NEW)
    other = world.collection(journal=Journal(str(path)))
    refused = []

    def run_the_other() -> None:
        world.vendor.on_request = lambda: None
        try:
            other.run()
        except CollectionRefusedError as error:
            refused.append(str(error))

    world.vendor.on_request = run_the_other
    world.run(journal=Journal(str(path)))

    assert len(world.vendor.posts) == 1
    (words,) = refused
    assert words.startswith(
        f"historical_collection_journal: {path} is in use by another run (process {os.getpid()} on "
    )
    assert words.endswith("Nothing is requested.")


def test_another_process_holds_it_until_it_ends_in_whatever_way(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        for attempt in (lambda: Journal(str(path)).read(), lambda: enter(Journal(str(path)))):
            with pytest.raises(JournalError, match=f"process {holder.pid} on .* since 2026-07-01"):
                attempt()
        holder.kill()

    assert enter(Journal(str(path))) == []


def enter(journal: Journal) -> list:
    with journal.locked(NOW) as requests:
        return requests


@pytest.mark.parametrize("rest", ['{"meter_uid": "1", "req', "{", "{}"])
def test_a_line_that_a_crash_cut_is_left_out(path: Path, rest: str) -> None:
    world = World(NEW)
    world.run(journal=Journal(str(path)))
    whole = path.read_text("utf-8")
    path.write_text(whole + rest, "utf-8")
    world.state = {}

    assert not world.run(journal=Journal(str(path)))

    assert len(world.vendor.posts) == 1
    assert path.read_text("utf-8").startswith(whole + '{"locked_by"')


def test_a_last_line_that_an_editor_left_without_an_end_counts(path: Path) -> None:
    world = World(NEW, mishaps=["lost before"])
    with pytest.raises(CollectionRefusedError):
        world.run(journal=Journal(str(path)))
    path.write_text(path.read_text("utf-8").rstrip("\n"), "utf-8")
    world.state = {}

    assert not world.run(journal=Journal(str(path)))

    assert len(world.vendor.posts) == 1
    assert all(json.loads(line) for line in path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("content", ['{"bookmarks": {}}', "{}", "hello", "{\n", "\0" * 9])
def test_a_file_of_another_kind_is_never_changed(path: Path, content: str) -> None:
    path.write_text(content, "utf-8")

    with pytest.raises(JournalError, match=r"line 1 of .* was not written by this tap"):
        enter(Journal(str(path)))

    assert path.read_text("utf-8") == content


def test_a_journal_whose_first_line_was_cut_is_begun_anew(path: Path) -> None:
    path.write_text('{"locked', "utf-8")

    assert enter(Journal(str(path))) == []


def test_two_names_of_one_file_have_one_lock(path: Path) -> None:
    other = path.with_name("other.jsonl")
    other.symlink_to(path)

    with (
        Journal(str(path)).locked(NOW),
        pytest.raises(JournalError, match="in use by another run"),
    ):
        enter(Journal(str(other)))


@pytest.mark.parametrize("rest", [b'{"locked_by": "pro', b'{"locked_by": 7}\n'])
def test_a_holder_that_cannot_be_read_is_no_obstacle(path: Path, rest: bytes) -> None:
    with Journal(str(path)).locked(NOW):
        path.write_bytes(rest)
        with pytest.raises(JournalError, match="in use by another run"):
            enter(Journal(str(path)))


@pytest.mark.parametrize("line", ["hello", "{}", "[]", '{"meter_uid": "1"}', "[" * 100_000])
def test_a_line_of_another_hand_is_refused(path: Path, line: str) -> None:
    path.write_text(f'{{"locked_by": "x", "since": "y"}}\n{line}\n', "utf-8")
    world = World(NEW)

    with pytest.raises(CollectionRefusedError, match=r"line 2 of .* was not written by this tap"):
        world.run(journal=Journal(str(path)))
    with pytest.raises(CollectionRefusedError, match="line 2 of"):
        world.collection(journal=Journal(str(path))).preview()

    assert not world.vendor.posts


def test_a_journal_that_cannot_be_written_stops_the_asking(tmp_path: Path) -> None:
    world = World(NEW)
    elsewhere, circle = tmp_path / "link", tmp_path / "circle"
    elsewhere.symlink_to(tmp_path / "no disk" / "journal")
    circle.symlink_to(circle)

    for path in (tmp_path / "no folder" / "journal", tmp_path, elsewhere, circle):
        with pytest.raises(CollectionRefusedError, match="historical_collection_journal: "):
            world.run(journal=Journal(str(path)))

    assert not world.vendor.posts
    assert not world.clock.slept


def test_a_full_disk_stops_the_asking(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(NEW)
    real = os.fsync

    def fail(number: int) -> None:
        if b"meter_uid" in path.read_bytes():
            raise OSError(28, "No space left on device")
        real(number)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(
        CollectionRefusedError, match=r"No space left on device\. Nothing is requested"
    ):
        world.run(journal=Journal(str(path)))
    assert not world.vendor.posts
    assert [request["accepted"] for request in world.state["requests"]] == [False]
    monkeypatch.setattr(os, "fsync", real)
    world.run()

    assert len(world.vendor.posts) == 1


def test_a_disk_that_takes_half_a_line_leaves_whole_ones(path: Path) -> None:
    world = World(NEW)
    enter(Journal(str(path)))
    path.write_bytes(path.read_bytes() * 10_000)  # larger than what the tests themselves write
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    sleep = world.clock.sleep

    def fill(seconds: float) -> None:
        sleep(seconds)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))

    world.clock.sleep = fill  # type: ignore[method-assign]
    try:
        with pytest.raises(CollectionRefusedError, match=r"\. Nothing is requested"):
            world.run(journal=Journal(str(path)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert path.read_bytes().endswith(b'"}\n')
    assert not world.vendor.posts


def test_a_preview_leaves_no_file(path: Path) -> None:
    World(NEW).collection(journal=Journal(str(path))).preview()

    assert not path.exists()


def test_state_and_journal_together_bound_the_cost(path: Path) -> None:
    world = World(NEW, replace(NEW, uid="2"))
    world.run(journal=Journal(str(path)))
    world.state = {}

    with suppress(CollectionRefusedError):
        world.run(meters=("1", "2"), max_cost=20, journal=Journal(str(path)))

    assert len(world.vendor.posts) == 1
