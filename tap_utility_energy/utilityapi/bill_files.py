"""The files of bills in a directory: each is whole or not there, and named by its bill's uid."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from tap_utility_energy.http.errors import FatalError

SETTING = "utilityapi_bill_files_directory"
#: Characters of a uid that stay as they are in a file name. Capitals do not: some file systems do
#: not tell them from small letters.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
#: The longest uid in a file name, and what is kept of a longer one. A name can have 255 bytes.
LONGEST_UID, KEPT_OF_LONGER = 120, 80
#: Seconds after which a partial file is removed: a run that was killed has left it.
ABANDONED = 86_400
PARTIAL = ".part"
#: Content types by the suffix of a file's name.
CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".tif": "image/tiff",
    ".zip": "application/zip",
    ".html": "text/html",
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".json": "application/json",
}
UNKNOWN_SUFFIX, UNKNOWN_TYPE = ".bin", "application/octet-stream"
SUFFIXES = {kind: suffix for suffix, kind in CONTENT_TYPES.items()} | {"text/xml": ".xml"}
SIGNATURES = {
    b"\x89PNG\r\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"PK\x03\x04": ".zip",
}
#: Bytes in which readers of PDF look for its signature.
HEAD = 1024


class NotWrittenError(FatalError):
    """A file cannot be written, and neither could others."""


class StoredFile(NamedTuple):
    """A file that is there."""

    path: Path
    size: int
    sha256: str

    @property
    def content_type(self) -> str:
        """What the suffix of its name stands for."""
        return CONTENT_TYPES.get(self.path.suffix, UNKNOWN_TYPE)


class BillFiles:
    """The directory with the files of bills.

    A file is written under another name first, so that one with its own name is whole.

    Args:
        directory: Its path.
    """

    def __init__(self, directory: str) -> None:
        self._given = directory

    @cached_property
    def directory(self) -> Path:
        """The directory's absolute path."""
        path = Path(self._given)
        with suppress(RuntimeError):  # the user has no home directory
            path = path.expanduser()
        return Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are named

    def prepare(self) -> str:
        """Make the directory if it is missing, and remove what killed runs have left in it.

        Returns:
            What keeps files from being written, or ''.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            probe = self.directory / f".{uuid4().hex}{PARTIAL}"
            probe.touch(exist_ok=False)
            probe.unlink()
        except (FileExistsError, NotADirectoryError):
            return f"{SETTING}: {self.directory} is no directory"
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", "") or error
            return f"{SETTING}: no file can be written to {self.directory}: {why}"
        self._remove_abandoned()
        return ""

    def _remove_abandoned(self) -> None:
        with suppress(OSError):
            for path in self.directory.glob(f".*{PARTIAL}"):
                if time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink(missing_ok=True)

    @cached_property
    def _names(self) -> dict[str, str]:
        """The names of the files by their part before the suffix."""
        with os.scandir(self.directory) as entries:
            return {
                entry.name.partition(".")[0]: entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_file()
            }

    def find(self, stem: str) -> StoredFile | None:
        """A file that was written before, in this run or an earlier one.

        Args:
            stem: Its name without suffix; see `stem_of`.

        Raises:
            FatalError: It cannot be read.
        """
        path = self.directory
        try:
            if stem not in self._names:
                return None
            path /= self._names[stem]
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FatalError(f"{path} cannot be read: {error.strerror or error}.") from error
        return StoredFile(path, len(content), sha256(content).hexdigest()) if content else None

    def write(self, stem: str, suffix: str, content: bytes) -> StoredFile:
        """Write a file.

        Args:
            stem: Its name without suffix; see `stem_of`.
            suffix: The suffix; see `suffix_of`.
            content: What it holds.

        Raises:
            NotWrittenError: It cannot be written. Nothing of it is left.
        """
        path = self.directory / f"{stem}{suffix}"
        partial = self.directory / f".{uuid4().hex}{PARTIAL}"
        try:
            try:
                with partial.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(path)
                _sync_names(self.directory)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise NotWrittenError(
                f"{path} cannot be written: {error.strerror or error}. Make room, or name another "
                f"directory in {SETTING}."
            ) from error
        self._names[stem] = path.name
        return StoredFile(path, len(content), sha256(content).hexdigest())


def _sync_names(directory: Path) -> None:
    """Flush the directory to the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def stem_of(uid: str, position: int, url: str) -> str:
    """The name of a bill's file without suffix, which nothing but this file has.

    The query of the URL is ignored: it can hold a signature that differs in every answer.

    >>> stem_of("123", 0, "https://host/files/pdf_bill/123/2026-01.pdf")
    '123_0_fedec44a'
    >>> stem_of("../A", 1, "https://host/files/pdf_bill").partition("_")[0]
    '%2e%2e%2f%41'

    Args:
        uid: The bill's.
        position: The source's place among the bill's sources.
        url: Where the file is.
    """
    path = sha256(urlsplit(url).path.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_safe(uid)}_{position}_{path[:8]}"


def _safe(uid: str) -> str:
    """A uid as part of a name, which no other uid has, on any disk."""
    name = "".join(
        character
        if character in PLAIN
        else "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in uid
    )
    if name.startswith("-"):
        name = f"%2d{name[1:]}"  # commands would take it for an option
    if len(name) <= LONGEST_UID:
        return name
    whole = sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[:KEPT_OF_LONGER]}~{whole[:32]}"


def is_pdf(content: bytes) -> bool:
    """Whether a file is a PDF, as its beginning tells."""
    return b"%PDF-" in content[:HEAD]


def suffix_of(content: bytes, content_type: str) -> str:
    """The suffix for a file's name, by its first bytes or else its declared content type.

    >>> suffix_of(b"%PDF-1.4 ...", "application/octet-stream")
    '.pdf'
    >>> suffix_of(b"<html>", "text/html; charset=utf-8")
    '.html'
    """
    if is_pdf(content):
        return ".pdf"
    for signature, suffix in SIGNATURES.items():
        if content.startswith(signature):
            return suffix
    kind = content_type.partition(";")[0].strip().lower()
    suffix = SUFFIXES.get(kind, UNKNOWN_SUFFIX)
    return UNKNOWN_SUFFIX if suffix == ".pdf" else suffix
