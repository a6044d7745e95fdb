"""A file that records requests in addition to the state, locked by one run at a time."""

from __future__ import annotations

import errno
import json
import os
import socket
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import filelock

from tap_utility_energy.utilityapi.historical_collection.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

SETTING = "historical_collection_journal"
#: How the first line of each journal begins.
FIRST_WORDS = b'{"locked_by": '


class JournalError(Exception):
    """The journal cannot be used. Its text is one line for a person."""


class Journal:
    """JSON Lines: one line per request and per change of it, and one per run that took the lock.

    A request is on the disk when `write` returns. The lock is a file of its own beside the
    journal, which the operating system releases however the process ends.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._file: IO[bytes] | None = None
        self._written: dict[tuple[str, str], Mapping[str, Any]] = {}

    @contextmanager
    def locked(self, now: datetime) -> Iterator[list[dict[str, Any]]]:
        """Lock the journal; the requests in it.

        Args:
            now: The time that other runs are told.

        Raises:
            JournalError: Another run holds it, or it cannot be read or written.
        """
        with ExitStack() as stack:
            with self._errors_named():
                self._check_access()
                stack.enter_context(self._lock())
                requests, whole = self._read()
                # Unbuffered: what a full disk refused must not be written later.
                self._file = stack.enter_context(self._path.open("ab", buffering=0))
                self._file.truncate(len(whole))
                if whole and not whole.endswith(b"\n"):
                    self._file.write(b"\n")
                me = f"process {os.getpid()} on {socket.gethostname()}"
                self._append({"locked_by": me, "since": now.isoformat(timespec="seconds")})
            try:
                yield requests
            finally:
                self._file = None

    def read(self) -> list[dict[str, Any]]:
        """The requests in it, without a change to the file and without creating it.

        Raises:
            JournalError: Another run holds it, or it cannot be read or written.
        """
        with self._errors_named():
            self._check_access()
            if not self._path.exists():
                return []
            with self._lock():
                return self._read()[0]

    def write(self, requests: Iterable[Mapping[str, Any]]) -> None:
        """Append the requests that are new or have changed, and wait until they are on the disk.

        Raises:
            JournalError: The file cannot be written.
        """
        keyed = {(request["meter_uid"], request["requested_at"]): request for request in requests}
        changed = {key: new for key, new in keyed.items() if self._written.get(key) != new}
        if changed:
            with self._errors_named():
                self._append(*changed.values())
            self._written |= changed

    def _lock(self) -> filelock.BaseFileLock:
        # Two names of one file have the same lock.
        return filelock.FileLock(f"{self._path.resolve()}.lock", timeout=0)

    def _check_access(self) -> None:
        # filelock would make a missing folder, and a misspelt path, or a link to a disk that is not
        # there, would pass for a new journal.
        folder = self._path.resolve().parent
        if not folder.is_dir():
            raise FileNotFoundError(None, f"there is no folder {folder}")
        if self._path.exists() and not self._path.is_file():
            raise IsADirectoryError(None, "it is not a file")
        if not os.access(self._path if self._path.exists() else folder, os.W_OK):
            raise PermissionError(None, "it cannot be written")

    def _append(self, *entries: Mapping[str, Any]) -> None:
        if self._file is None:
            raise AssertionError("the journal is not locked")
        lines = b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
        length = os.fstat(self._file.fileno()).st_size
        try:
            written = self._file.write(lines)
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(length)
            raise
        if written != len(lines):
            self._file.truncate(length)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _read(self) -> tuple[list[dict[str, Any]], bytes]:
        """The requests, and the content up to the end of the last entry.

        A last line that is not whole was cut by a crash: `write` had not returned, so nothing had
        been sent.
        """
        content = self._path.read_bytes() if self._path.exists() else b""
        lines = content.splitlines(keepends=True)
        entries = [_entry(line) for line in lines]
        is_ours = len(lines) > 1 or FIRST_WORDS.startswith(content[: len(FIRST_WORDS)])
        if lines and entries[-1] is None and not lines[-1].endswith(b"\n") and is_ours:
            content = content.removesuffix(lines[-1])
            entries.pop()
        if None in entries:
            raise JournalError(
                f"{SETTING}: line {entries.index(None) + 1} of {self._path} was not written by "
                "this tap. Repair the file, or name another one",
            )
        requests = [entry for entry in entries if entry and "meter_uid" in entry]
        self._written = {(each["meter_uid"], each["requested_at"]): each for each in requests}
        return requests, content

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except filelock.Timeout:
            raise JournalError(
                f"{SETTING}: {self._path} is in use by another run ({self._holder()})",
            ) from None
        except (OSError, RuntimeError) as error:  # of a loop of links, or a disk without locks
            why = getattr(error, "strerror", "") or error
            raise JournalError(f"{SETTING}: {self._path}: {why}") from error

    def _holder(self) -> str:
        """Who holds the lock, as far as the file tells."""
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            lines = []
        for entry in map(_entry, reversed(lines)):
            if entry and "locked_by" in entry:
                return f"{entry['locked_by']} since {entry.get('since')}"
        return "it has just begun"


def _entry(line: bytes) -> dict[str, Any] | None:
    """The request, or the note of a lock, in a line; None if it is neither."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_lock = isinstance(entry, dict) and "locked_by" in entry
    return entry if is_lock or Request.restored(entry) else None
