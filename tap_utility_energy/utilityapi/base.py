"""The base of the streams that need no list of meters."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.http.filters import Plan
from tap_utility_energy.http.page import with_some_records
from tap_utility_energy.logs import number
from tap_utility_energy.utilityapi.consents import chosen, filter_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from singer_sdk import Tap

    from tap_utility_energy.http.page import Decoder, Page
    from tap_utility_energy.utilityapi.client import UtilityAPI
    from tap_utility_energy.utilityapi.consents import ConsentList

#: How to read a list of which nothing can match.
NOTHING = Plan((), ())


class UtilityAPIStream(VendorStream):
    """A list of UtilityAPI: an object with the records under a key and ``next`` beside it."""

    client: UtilityAPI
    required = (*VendorStream.required, "records_key")
    primary_keys: Sequence[str] = ("uid",)
    record_key = "uid"
    #: Query parameters of the endpoint and the settings that hold the values to filter by.
    filters: ClassVar[Mapping[str, str]] = {}
    #: Settings that it is filtered by through the authorizations that match them.
    filters_of_consents: ClassVar[Sequence[str]] = ()

    def __init__(self, tap: Tap, client: UtilityAPI, consents: ConsentList | None = None) -> None:
        super().__init__(tap, client)
        self._consents = consents

    @cached_property
    def _chosen_consents(self) -> list[str] | None:
        """The authorizations to filter by, if settings choose some through their list."""
        if self._consents is None or not chosen(self.config, self.filters_of_consents):
            return None
        return self._consents.uids()

    def chosen_filters(self) -> Mapping[str, Sequence[str]]:
        """The values to filter by for each query parameter."""
        filters = {
            name: filter_values(self.config, setting) for name, setting in self.filters.items()
        }
        if self._chosen_consents is None:
            return filters
        return {**filters, "authorizations": self._chosen_consents}

    @override
    def narrowed_by(self) -> str:
        return ", ".join(self.settings_that_narrow(self.config))

    @classmethod
    def settings_that_narrow(cls, config: Mapping[str, Any]) -> list[str]:
        """The settings that narrow the list."""
        return chosen(config, [*dict.fromkeys((*cls.filters.values(), *cls.filters_of_consents))])

    @property
    def first_requests(self) -> int:
        """How many requests the list takes, not counting pages after the first."""
        return self._plan.requests

    @property
    @override
    def can_repeat(self) -> bool:
        # A record can match the filters of several URLs.
        return any(len(urls) > 1 for urls in self._plan.reads)

    @property
    def _plan(self) -> Plan:
        if self._chosen_consents == []:
            return NOTHING
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
        if not plan.reads:
            return
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
            yield page if wanted is None else self._only(wanted.__contains__, page)

    def _uids(self, pages: Iterable[Page]) -> Iterator[str | None]:
        for page in pages:
            yield from map(uid_of, page.records)

    def _only(self, is_wanted: Callable[[str], bool], page: Page) -> Page:
        """The page without the records that another filter leaves out, by their uids."""
        keep = [uid is None or is_wanted(uid) for uid in map(uid_of, page.records)]
        body = with_some_records(page.body, self.records_key or "", keep)
        return self.client.kept_page(body, self.page_format, page.decoder)


def uid_of(record: object) -> str | None:
    """The uid of a record as text, if it has any."""
    uid = record.get("uid") if isinstance(record, dict) else None
    return None if uid is None else str(uid)
