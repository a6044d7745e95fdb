"""One walk over an endpoint's pages, read by several streams."""

from __future__ import annotations

import weakref
from itertools import count
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.stream import VendorStream

IN_MEMORY = 8 << 20  # bytes of pages; beyond that they lie in a temporary file


class SharedWalk:
    """Fetches each page once, for whichever of its streams asks first.

    The bodies are kept until the last selected stream has read them. A walk that stopped half
    way, as in a dry run, is taken up where it stopped; one that failed fails for every reader
    with the same exception.
    """

    def __init__(self) -> None:
        self._readers: list[VendorStream] = []
        self._restart()

    def _restart(self) -> None:
        self._pages: Iterator[requests.Response] | None = None
        self._failure: Exception | None = None
        self._bodies = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)
        weakref.finalize(self, self._bodies.close)
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
        """
        source = source or stream
        if stream.name in self._read_by or self._dropped:
            self._restart()
        self._read_by.add(stream.name)
        self._pages = self._pages or source.pages(None)
        for number in count():
            if number < len(self._spans):
                yield source.records_in(source.decode(self._kept(number)))
            elif response := self._fetch(self._pages):
                self._keep(response)
                yield source.parse_response(response)
            else:
                break
        if not self._is_wanted():
            self._bodies.close()

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
        if not self._dropped and response.content:
            end = self._bodies.seek(0, 2)
            self._spans.append((end, self._bodies.write(response.content)))

    def _kept(self, number: int) -> bytes:
        start, length = self._spans[number]
        self._bodies.seek(start)
        return self._bodies.read(length)
