"""One read of an endpoint's pages for several streams."""

from __future__ import annotations

import weakref
from contextlib import suppress
from itertools import count
from tempfile import SpooledTemporaryFile, gettempdir
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tap_utility_energy.http.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_utility_energy.http.client import Client
    from tap_utility_energy.http.page import Decoder, Page, PageFormat

IN_MEMORY = 8 << 20  # bytes of pages; a temporary file holds more than that


class Reader(Protocol):
    """A stream that reads an endpoint together with others."""

    name: str

    @property
    def selected(self) -> bool:
        """Whether the stream is selected."""


ReaderT = TypeVar("ReaderT", bound=Reader)


class SharedPages(Generic[ReaderT]):
    """Fetches each page once, when the first of its streams needs it.

    The bodies are kept until the last selected stream has read them. A read that stopped early,
    as in a dry run, is resumed where it stopped; a read that failed fails for every reader
    with the same exception. If the bodies cannot be kept, as on a full disk, the first stream reads
    on and the others fail.

    Args:
        client: The vendor's client, which decodes the kept pages.
        page_format: How the vendor sends the list.
    """

    def __init__(self, client: Client, page_format: PageFormat) -> None:
        self._client = client
        self._page_format = page_format
        self._readers: list[ReaderT] = []
        #: The stream that began the latest read.
        self.begun_by = ""
        self._restart()

    def _restart(self) -> None:
        self._pages: Iterator[Page] | None = None
        self._failure: Exception | None = None
        self._not_kept: FatalError | None = None
        self._bodies = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)
        weakref.finalize(self, _close, self._bodies)
        self._spans: list[tuple[int, int]] = []
        self._read_by: set[str] = set()
        self._dropped = False

    @property
    def readers(self) -> list[ReaderT]:
        """The selected streams that read it."""
        return [reader for reader in self._readers if reader.selected]

    def join(self, stream: ReaderT) -> None:
        """Add a stream that reads the pages."""
        self._readers.append(stream)

    def read(
        self, reader: str, fetch: Callable[[], Iterator[Page]], decoder: Decoder
    ) -> Iterator[Page]:
        """Each page, from the first on.

        Args:
            reader: The name of the stream that reads.
            fetch: Fetches the pages, if no other reader has begun to.
            decoder: What decodes the pages that were kept.

        Raises:
            FatalError: The pages that another stream has read could not be kept.
        """
        if reader in self._read_by or self._dropped:
            self._restart()
        self._read_by.add(reader)
        if self._pages is None:
            self.begun_by = reader
        yield from self.read_ahead(fetch, decoder)
        if not self._is_wanted():
            _close(self._bodies)

    def read_ahead(self, fetch: Callable[[], Iterator[Page]], decoder: Decoder) -> Iterator[Page]:
        """Each page, for a caller that is not one of the streams; see `read`."""
        self._pages = self._pages or fetch()
        if self._not_kept:
            raise self._not_kept
        for number in count():
            if number < len(self._spans):
                yield self._client.kept_page(self._kept(number), self._page_format, decoder)
            elif page := self._next_page(self._pages):
                self._keep(page)
                is_decoded = page.decoder == decoder or not page.body
                yield (
                    page
                    if is_decoded
                    else self._client.kept_page(page.body, self._page_format, decoder)
                )
            else:
                return

    def _next_page(self, pages: Iterator[Page]) -> Page | None:
        if self._failure:
            raise self._failure
        try:
            return next(pages, None)
        except Exception as failure:
            self._failure = failure
            raise

    def _is_wanted(self) -> bool:
        return any(reader.name not in self._read_by for reader in self.readers)

    def _keep(self, page: Page) -> None:
        self._dropped = self._dropped or not self._is_wanted()
        if self._dropped or self._not_kept or not page.body:
            return
        try:
            end = self._bodies.seek(0, 2)
            self._spans.append((end, self._bodies.write(page.body)))
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
    with suppress(OSError):  # closing writes once more what a full disk refused
        bodies.close()
