from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.shared_rate import run_side_by_side, vendor
from sandbox import Sandbox
from tap_utility_energy.http import shared_rate
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.http.rate_limit import RateLimit
from tap_utility_energy.http.shared_rate import SharedStateStore
from tap_utility_energy.stats import StreamStats
from tests.support import FakeClock, TapRunner, start

SETTING = "utilityapi_rate_limit_file"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "rate.sqlite")


def limit(clock: FakeClock, file: str, name: str = "token", per_minute: int = 60) -> RateLimit:
    """A limit, by default of a request per second, as another process has it."""
    return RateLimit(per_minute, clock, SharedStateStore(file, name, SETTING))


def taken(clock: FakeClock, *limits: RateLimit) -> list[float]:
    """The seconds at which each limit gave way to a request, in turn."""
    seconds = []
    for each in limits:
        each.wait(StreamStats("stream"))
        seconds.append(round(sum(clock.slept), 3))
    return seconds


def test_processes_with_one_file_take_turns(file: str) -> None:
    clock = FakeClock()
    first, second = limit(clock, file), limit(clock, file)

    assert taken(clock, first, second, second, first) == [0, 1, 2, 3]


def test_each_token_has_its_own_rate(file: str) -> None:
    clock = FakeClock()

    assert taken(clock, limit(clock, file, "one"), limit(clock, file, "other")) == [0, 0]


def test_a_process_with_a_higher_rate_cuts_no_turn_short(file: str) -> None:
    clock = FakeClock()
    slow, quick = limit(clock, file), limit(clock, file, per_minute=600)

    assert taken(clock, slow, quick, quick, slow, quick) == [0, 1, 1.1, 1.2, 2.2]


def test_a_rate_outlives_its_process(file: str) -> None:
    clock = FakeClock()
    assert taken(clock, limit(clock, file)) == [0]

    assert taken(clock, limit(clock, file)) == [1]


def test_a_time_in_the_future_holds_nobody_up(file: str) -> None:
    class Ahead(FakeClock):
        def local_now(self) -> datetime:
            return super().local_now() + timedelta(days=365)

    taken(Ahead(), limit(Ahead(), file))
    clock = FakeClock()

    assert taken(clock, limit(clock, file)) == [1]


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0 and no more"])
def test_a_file_that_is_no_rate_limit_is_named(file: str, content: bytes) -> None:
    Path(file).write_bytes(content)

    with pytest.raises(FatalError, match=f"^{SETTING}: the file {file} cannot be used: .*"):
        taken(FakeClock(), limit(FakeClock(), file))
    assert Path(file).read_bytes() == content


def test_a_state_that_is_no_number_is_named(file: str) -> None:
    taken(FakeClock(), limit(FakeClock(), file))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE rate_limits SET state = 'soon'")

    with pytest.raises(FatalError, match=SETTING):
        taken(FakeClock(), limit(FakeClock(), file))


@contextmanager
def locked(file: str) -> Iterator[sqlite3.Connection]:
    """The file with another process's turn, which takes long."""
    taken(FakeClock(), limit(FakeClock(), file))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_locked_file_is_waited_for(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rate, "BUSY_SECONDS", 0)
    with locked(file) as other:

        class Unlocking(FakeClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                if sum(self.slept) == 5:
                    other.rollback()

        clock = Unlocking()
        assert taken(clock, limit(clock, file)) == [5]


def test_a_file_that_stays_locked_is_an_error(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rate, "BUSY_SECONDS", 0)
    clock = FakeClock()

    with locked(file), pytest.raises(FatalError, match="database is locked"):
        taken(clock, limit(clock, file))
    assert sum(clock.slept) == 60


def test_a_signal_ends_the_wait_for_a_locked_file(
    file: str, tmp_path: Path, warm_tap: tuple[str, ...]
) -> None:
    config = tmp_path / "config.json"
    with Sandbox(billing_summaries=10, meters=0) as box, locked(file):
        config.write_text(json.dumps(box.tap_config() | {SETTING: file}), "utf-8")
        with start(config, command=warm_tap, TAP_UTILITY_ENERGY_LOGLEVEL="DEBUG") as process:
            assert process.stderr
            assert any(SETTING in line for line in process.stderr)
            process.send_signal(signal.SIGTERM)
            err = process.stderr.read()

    assert process.returncode == 143
    assert err.splitlines()[-1].endswith("stopped by SIGTERM")


def test_runs_share_the_rate_of_their_token(tap: TapRunner, file: str) -> None:
    with Sandbox(billing_summaries=10, meters=0) as box:
        settings = box.tap_config() | {SETTING: file, "utilityapi_requests_per_minute": 60}
        first = tap(settings, streams=["billing_summaries"])
        requests = len(box.requests())
        second = tap(settings, streams=["billing_summaries"])

    assert (first.exit, second.exit) == (0, 0)
    assert requests > 0
    with closing(sqlite3.connect(file)) as database, database:
        ((name, state),) = database.execute("SELECT name, state FROM rate_limits").fetchall()
    assert settings["utilityapi_token"] not in name
    assert all(int(part) > 0 for part in state.split())


def test_eight_runs_at_once_share_a_rate(warm_tap: tuple[str, ...], tmp_path: Path) -> None:
    """The vendor refuses more than 50 requests within a second.

    Of these runs 41 requests get a turn within a second. However slow the machine is, at most 8 are
    late, because each run waits for an answer.
    """
    with vendor(pages=15) as box:
        file = tmp_path / "rate.sqlite"
        traffic = run_side_by_side(box, tmp_path, file=file, per_minute=2400, command=warm_tap)

    assert traffic.refused == 0
    assert traffic.answered == {f"run {number}": 15 for number in range(8)}


def test_a_file_that_cannot_be_written_is_one_line(tap: TapRunner, tmp_path: Path) -> None:
    with Sandbox(billing_summaries=10, meters=0) as box:
        settings = box.tap_config() | {SETTING: str(tmp_path / "absent" / "rate.sqlite")}
        run = tap(settings, streams=["billing_summaries"])
        requests = box.requests()

    assert run.exit == 1
    assert not requests
    (line,) = run.errors
    assert SETTING in line
    assert "Name a file that this user may write" in line
