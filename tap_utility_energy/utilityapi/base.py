"""The base of the streams that need no list of meters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.http.page import with_some_records
from tap_utility_energy.logs import number

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from tap_utility_energy.http.filters import Plan
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
        return any(len(urls) > 1 for urls in self._plan.reads)

    @property
    def _plan(self) -> Plan:
        return self.client.plan(self.path, self.chosen_filters(), self.filters)

    @override
    def pages(self) -> Iterator[Page]:
        return self.fetch(self.decoder)

    def fetch(self, decoder: Decoder) -> Iterator[Page]:
        """Every page of the list; see `pages`.

        Args:
            decoder: What decodes an answer.
        """
        plan = self._plan
        if plan.requests > 1:
            self.stats.log.info(
                "too long for one request: %s; the list takes %s, and one for each further page",
                ", ".join(plan.split),
                number(plan.requests, "request"),
            )
        *others, last = plan.reads
        wanted: set[str | None] | None = None
        for urls in others:
            found = set(
                self._uids(self.client.pages_from(urls, self.page_format, self.stats, decoder))
            )
            wanted = found if wanted is None else wanted & found
            if not wanted:
                return
        for page in self.client.pages_from(last, self.page_format, self.stats, decoder):
            yield page if wanted is None else self._only(wanted, page)

    def _uids(self, pages: Iterable[Page]) -> Iterator[str | None]:
        for page in pages:
            yield from map(uid_of, page.records)

    def _only(self, wanted: Container[object], page: Page) -> Page:
        """The page without the records that another filter leaves out."""
        uids = map(uid_of, page.records)
        keep = [uid is None or uid in wanted for uid in uids]
        body = with_some_records(page.body, self.records_key or "", keep)
        return self.client.kept_page(body, self.page_format, page.decoder)


def uid_of(record: object) -> str | None:
    """The uid of a record as text, if it has any."""
    uid = record.get("uid") if isinstance(record, dict) else None
    return None if uid is None else str(uid)
