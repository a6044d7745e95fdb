"""The base of the streams that need no list of meters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.http.decoding import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.utilityapi.client import UtilityAPI


class UtilityAPIStream(VendorStream):
    """A list of UtilityAPI: an object with the records under a key and ``next`` beside it."""

    client: UtilityAPI
    required = (*VendorStream.required, "records_key")
    primary_keys: Sequence[str] = ("uid",)
    record_key = "uid"
    #: Query parameters of the endpoint and the settings that hold the uids to filter by.
    filters: ClassVar[Mapping[str, str]] = {}

    def chosen_filters(self) -> Mapping[str, Sequence[str]]:
        """The values to filter by for each query parameter."""
        return {name: self.config.get(setting, []) for name, setting in self.filters.items()}

    @override
    def narrowed_by(self) -> str:
        return ", ".join(setting for setting in self.filters.values() if self.config.get(setting))

    @property
    @override
    def can_repeat(self) -> bool:
        # A record can match the filters of several URLs.
        return len(self.client.urls(self.path, self.chosen_filters())) > 1

    @override
    def pages(self, decoder: Decoder = parse) -> Iterator[Page]:
        filters = self.chosen_filters()
        return self.client.pages(self.path, filters, self.page_format, self.stats, decoder)
