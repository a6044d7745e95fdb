"""One walk over an endpoint's pages, read by several streams."""

from __future__ import annotations

import weakref
from contextlib import suppress
from itertools import count
from tempfile import SpooledTemporaryFile, gettempdir
from typing import TYPE_CHECKING

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.keys import BadRecords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.stream import VendorStream

IN_MEMORY = 8 << 20  # bytes of pages; beyond that they lie in a temporary file


class SharedPages:
    """Fetches each page once, for whichever of its streams asks first.

    The bodies are kept until the last selected stream has read them. A walk that stopped half
    way, as in a dry run, is taken up where it stopped; one that failed fails for every reader
    with the same exception. If the bodies cannot be kept, as on a full disk, the first stream reads
    on and the others fail.
    """

    def __init__(self) -> None:
        self._readers: list[VendorStream] = []
        self._restart()

    def _restart(self) -> None:
        self._pages: Iterator[requests.Response] | None = None
        self._failure: Exception | None = None
        self._not_kept: FatalError | None = None
        self._bodies = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)
        weakref.finalize(self, _close, self._bodies)
        self._spans: list[tuple[int, int]] = []
        self._read_by: set[str] = set()
        self._dropped = False

    @property
    def readers(self) -> list[VendorStream]:
        """The selected streams that read it."""
        return [reader for reader in self._readers if reader.selected]

    def join(self, stream: VendorStream) -> None:
        """Let the walk know of a stream that reads it."""
        self._readers.append(stream)

    def read(
        self, stream: VendorStream, source: VendorStream | None = None
    ) -> Iterator[Iterable[Record]]:
        """The records of each page, from the first on.

        Args:
            stream: Who reads.
            source: The stream whose pages they are, if the reader is of another endpoint.

        Raises:
            FatalError: The pages that another stream has read could not be kept.
        """
        source = source or stream
        if stream.name in self._read_by or self._dropped:
            self._restart()
        self._read_by.add(stream.name)
        # What a stream leaves out is told once: by itself, or by a reader if it is not selected.
        is_told = source is not stream and source.selected
        yield from self.read_ahead(source, BadRecords() if is_told else stream.bad_records)
        if not self._is_wanted():
            _close(self._bodies)

    def read_ahead(self, source: VendorStream, bad: BadRecords) -> Iterator[Iterable[Record]]:
        """The records of each page, for somebody who is none of the streams that read them.

        Args:
            source: The stream whose pages they are.
            bad: Takes the records that are left out.

        Raises:
            FatalError: The pages that another stream has read could not be kept.
        """
        self._pages = self._pages or source.pages(None)
        if self._not_kept:
            raise self._not_kept
        for number in count():
            if number < len(self._spans):
                records = source.records_in(source.decode(self._kept(number)))
            elif response := self._fetch(self._pages):
                self._keep(response)
                records = source.items_of(response)
            else:
                break
            yield source.keyed(records, number + 1, bad)

    def _fetch(self, pages: Iterator[requests.Response]) -> requests.Response | None:
        if self._failure:
            raise self._failure
        try:
            return next(pages, None)
        except Exception as failure:
            self._failure = failure
            raise

    def _is_wanted(self) -> bool:
        return any(reader.name not in self._read_by for reader in self.readers)

    def _keep(self, response: requests.Response) -> None:
        self._dropped = self._dropped or not self._is_wanted()
        if self._dropped or self._not_kept or not response.content:
            return
        try:
            end = self._bodies.seek(0, 2)
            self._spans.append((end, self._bodies.write(response.content)))
            self._bodies.flush()
        except OSError as error:
            self._not_kept = _no_room(error)
            _close(self._bodies)

    def _kept(self, number: int) -> bytes:
        start, length = self._spans[number]
        try:
            self._bodies.seek(start)
            return self._bodies.read(length)
        except OSError as error:
            raise _no_room(error) from error


def _no_room(error: OSError) -> FatalError:
    try:
        folder = gettempdir()
    except FileNotFoundError:
        folder = "any folder for temporary files"
    return FatalError(
        f"pages that another stream has read could not be kept in {folder}: "
        f"{error.strerror or error}. Make room there, or set TMPDIR to a folder that has it.",
    )


def _close(bodies: SpooledTemporaryFile[bytes]) -> None:
    with suppress(OSError):  # what a full disk did not take is written once more
        bodies.close()
