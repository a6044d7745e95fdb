"""The state of a rate limit in an SQLite file, which several processes share."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from math import ceil
from typing import TYPE_CHECKING

from pyrate_limiter import Decision, StateStore
from typing_extensions import override

from tap_utility_energy.http.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrate_limiter import Rate, StateAlgorithm

#: How long SQLite waits for another process's turn with the file, in seconds. A turn takes
#: milliseconds. No signal is answered meanwhile.
BUSY_SECONDS = 1
#: How often a locked file is looked at again, and when it is an error, in milliseconds.
LOCKED_INTERVAL = 1000
LONGEST_LOCK = 60_000
_TABLE = "CREATE TABLE IF NOT EXISTS rate_limits (name TEXT PRIMARY KEY, state TEXT NOT NULL)"
_READ = "SELECT state FROM rate_limits WHERE name = ?"
_WRITE = "INSERT OR REPLACE INTO rate_limits VALUES (?, ?)"


class SharedStateStore(StateStore):
    """The state of one rate limit, in a file that is locked while it is read and written.

    Args:
        path: The file. It is created if it is not there.
        name: Which of the file's limits this is.
        setting: The setting that names the file, for messages.
    """

    def __init__(self, path: str, name: str, setting: str) -> None:
        self._path, self._name, self._setting = path, name, setting
        self._locked_since: int | None = None

    @override
    def check(
        self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int
    ) -> Decision:
        """Take a turn, or tell how long until there is one.

        Raises:
            FatalError: The file cannot be used.
        """
        try:
            decision = self._check(algorithm, rates, now, weight)
        except (sqlite3.Error, OSError, ValueError) as error:
            if _is_locked(error):
                self._locked_since = self._locked_since or now
                if now - self._locked_since < LONGEST_LOCK:
                    return Decision(rates[0], LOCKED_INTERVAL)
            raise FatalError(
                f"{self._setting}: the file {self._path} cannot be used: {error}. Name a file that "
                "this user may write, or delete this one if the tap did not write it.",
                whole_vendor=True,
            ) from error
        self._locked_since = None
        return decision

    def _check(
        self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int
    ) -> Decision:
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            times, turn = self._stored(file, algorithm, rates)
            # A state more than a turn ahead was stored when a clock was wrong.
            state = tuple(min(time, now * 1000 + turn) for time in times)
            after, decision = algorithm.step(rates, state, now, weight)
            if decision.allowed:
                turn = max(ceil(rate.interval * 1000 / rate.limit) for rate in rates)
            file.execute(_WRITE, (self._name, " ".join(map(str, (*after, turn)))))
            file.commit()
        return decision

    @override
    def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> tuple[int, ...]:
        with self._open() as file:
            times, _ = self._stored(file, algorithm, rates)
        return tuple(times)

    @override
    def reset(self) -> None:
        with self._open() as file:
            file.execute("DELETE FROM rate_limits WHERE name = ?", (self._name,))
            file.commit()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # One connection per turn, because SQLite's cannot be shared by threads or forks.
        with closing(
            sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        ) as file:
            # After a power failure the last turns may be forgotten, which does no harm.
            file.execute("PRAGMA synchronous = OFF")
            file.execute(_TABLE)
            yield file

    def _stored(
        self, file: sqlite3.Connection, algorithm: StateAlgorithm, rates: list[Rate]
    ) -> tuple[list[int], int]:
        """The stored state and the length of the last turn, both in microseconds.

        The turn may be another process's, with a lower rate and so longer than those of this one.
        """
        row = file.execute(_READ, (self._name,)).fetchone()
        if row is None:
            return [*map(int, algorithm.initial(rates))], 0
        try:
            *times, turn = map(int, row[0].split())
            if len(times) != len(rates):
                raise ValueError  # noqa: TRY301 - one message for both
        except ValueError:
            raise ValueError(f"{row[0]!r} is not the state of a rate limit") from None
        return times, turn


def _is_locked(error: Exception) -> bool:
    """Whether another process has the file locked."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
