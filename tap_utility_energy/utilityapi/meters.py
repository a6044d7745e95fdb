"""The list of meters, shared with the streams that are read meter by meter."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from tap_utility_energy.core.keys import BadRecords
from tap_utility_energy.core.shared_pages import Reader, SharedPages
from tap_utility_energy.http.decoding import parse
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.base import UtilityAPIStream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.utilityapi.client import UtilityAPI


class MetersStream(UtilityAPIStream):
    """Meters: the service, its status, and how many bills and readings there are of it.

    Read once a run, for this stream and for those whose requests have to name meters.
    """

    name = "utilityapi_meters"
    docs_url = "https://utilityapi.com/docs/api/meters"
    path = "/meters"
    records_key = "meters"
    schema = schemas.METER
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_meters",
        "authorizations": "utilityapi_authorizations",
    }

    def __init__(self, tap: Tap, client: UtilityAPI) -> None:
        super().__init__(tap, client)
        self._list = SharedPages[Reader](client, self.form)
        self._list.join(self)
        #: Meters on the list that the vendor has deleted since.
        self.unlisted = set[str]()

    @override
    def chosen_filters(self) -> Mapping[str, Sequence[str]]:
        # Some utilities' meters come without their blocks unless these are asked for, and the
        # vendor may have to ask the utility for them. So they are for this stream's records alone.
        expand = {"expand_meter_blocks": ["true"]} if self.selected else {}
        return {**super().chosen_filters(), **expand}

    @override
    def pages(self, decoder: Decoder = parse) -> Iterator[Page]:
        return self._list.read(self.name, partial(super().pages, decoder), decoder)

    def join(self, reader: Reader) -> None:
        """Keep the list until this stream, too, has read it."""
        self._list.join(reader)

    def listed(self, reader: VendorStream) -> Iterator[Record]:
        """Every meter, for a stream of another endpoint."""
        pages = self._list.read(reader.name, super().pages, parse)
        # What is left out is told once: by this stream, or by a reader if it is not selected.
        bad = BadRecords() if self.selected else reader.bad_records
        for number, page in enumerate(pages, 1):
            yield from self.keyed(page.records, number, bad)

    def listed_ahead(self) -> Iterator[Record]:
        """Every meter, before any stream reads them."""
        pages = self._list.read_ahead(super().pages, parse)
        for number, page in enumerate(pages, 1):
            yield from self.keyed(page.records, number, BadRecords())

    def still_listed(self, uids: Collection[str]) -> set[str]:
        """Those of the meters that the vendor lists now."""
        filters = {"uids": sorted(uids)}
        pages = self.client.pages(self.path, filters, self.form, self.stats)
        meters = (self.keyed(page.records, 1, BadRecords()) for page in pages)
        return {meter["uid"] for page in meters for meter in page}
