"""A file that remembers requests beside the state, locked by one run at a time."""

from __future__ import annotations

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
                stack.enter_context(filelock.FileLock(f"{self._path}.lock", timeout=0))
                requests, length = self._read()
                self._file = stack.enter_context(self._path.open("ab"))
                self._file.truncate(length)
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
            with filelock.FileLock(f"{self._path}.lock", timeout=0):
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

    def _check_access(self) -> None:
        # filelock would make a missing folder, and a misspelt path would pass for a new journal.
        if not self._path.parent.is_dir():
            raise FileNotFoundError(None, f"there is no folder {self._path.parent}")
        if not os.access(self._path if self._path.exists() else self._path.parent, os.W_OK):
            raise PermissionError(None, "it cannot be written")

    def _append(self, *entries: Mapping[str, Any]) -> None:
        if self._file is None:
            raise AssertionError("the journal is not locked")
        self._file.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> tuple[list[dict[str, Any]], int]:
        """The requests, and the length of the whole lines.

        A last line without an end was cut by a crash: `write` had not returned, so nothing had
        been sent.
        """
        content = self._path.read_bytes() if self._path.exists() else b""
        length = content.rfind(b"\n") + 1
        requests = []
        for number, line in enumerate(content[:length].splitlines(), start=1):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                entry = None
            if Request.restored(entry):
                requests.append(entry)
            elif not (isinstance(entry, dict) and "locked_by" in entry):
                raise JournalError(
                    f"{SETTING}: line {number} of {self._path} was not written by this tap. "
                    "Repair the file, or name another one",
                )
        self._written = {(each["meter_uid"], each["requested_at"]): each for each in requests}
        return requests, length

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except filelock.Timeout:
            raise JournalError(
                f"{SETTING}: {self._path} is in use by another run ({self._holder()})",
            ) from None
        except OSError as error:
            raise JournalError(f"{SETTING}: {self._path}: {error.strerror or error}") from error

    def _holder(self) -> str:
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        for line in reversed(lines):
            if line.startswith(b'{"locked_by": '):
                entry = json.loads(line)
                return f"{entry['locked_by']} since {entry['since']}"
        return "it has just begun"
