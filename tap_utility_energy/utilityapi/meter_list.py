"""The list of meters, read once for all streams that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.core.keys import BadRecords
from tap_utility_energy.core.shared_pages import Reader, SharedPages
from tap_utility_energy.http.decoding import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.utilityapi.base import UtilityAPIStream


class MeterList:
    """The list of meters, for the stream of meters and for those whose requests name meters.

    Args:
        stream: The stream of meters.
        fetch: Fetches its pages.
    """

    def __init__(
        self, stream: UtilityAPIStream, fetch: Callable[[Decoder], Iterator[Page]]
    ) -> None:
        #: The stream of meters.
        self.stream = stream
        self._fetch = fetch
        self._pages = SharedPages[Reader](stream.client, stream.page_format)
        self.join(stream)
        #: Meters on the list that the vendor has deleted meanwhile.
        self.unlisted = set[str]()

    def join(self, reader: Reader) -> None:
        """Keep the list until this stream has read it as well."""
        self._pages.join(reader)

    def pages(self) -> Iterator[Page]:
        """Every page, for the stream of meters."""
        decoder = self.stream.decoder
        return self._pages.read(self.stream.name, lambda: self._fetch(decoder), decoder)

    def listed(self, reader: VendorStream) -> Iterator[Record]:
        """Every meter, for a stream of another endpoint."""
        pages = self._pages.read(reader.name, lambda: self._fetch(parse), parse)
        # Bad records are reported once: by the stream of meters if selected, else by a reader.
        bad = BadRecords() if self.stream.selected else reader.bad_records
        for number, page in enumerate(pages, 1):
            yield from self.stream.drop_bad_records(page.records, number, bad)

    def listed_ahead(self) -> Iterator[Record]:
        """Every meter, before any stream reads them."""
        pages = self._pages.read_ahead(lambda: self._fetch(parse), parse)
        for number, page in enumerate(pages, 1):
            yield from self.stream.drop_bad_records(page.records, number, BadRecords())

    def still_listed(self, uids: Collection[str]) -> set[str]:
        """Those of the meters that the vendor lists now."""
        stream, filters = self.stream, {"uids": sorted(uids)}
        pages = stream.client.pages(stream.path, filters, stream.page_format, stream.stats)
        meters = (stream.drop_bad_records(page.records, 1, BadRecords()) for page in pages)
        return {meter["uid"] for page in meters for meter in page}
