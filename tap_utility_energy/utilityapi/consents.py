"""The authorizations that the settings choose, for lists that do not take these settings.

Only the list of authorizations takes all filters. The vendor documents no filter by form or
referral for meters, and none but uids for accounts and summaries. So these are filtered by the uids
of the authorizations that match, which are read once a run.

Sources: https://utilityapi.com/docs/api/authorizations/list,
https://utilityapi.com/docs/api/meters/list
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_utility_energy.core.keys import BadRecords
from tap_utility_energy.core.shared_pages import Reader, SharedPages
from tap_utility_energy.http.decoding import parse
from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.logs import ROOT, number
from tap_utility_energy.utilityapi import shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.page import Decoder, Page

AUTHORIZATIONS = "utilityapi_authorizations"
ARCHIVED = "utilityapi_include_archived"
UTILITIES, USERS = "utilityapi_utilities", "utilityapi_users"
FORMS, REFERRALS = "utilityapi_forms", "utilityapi_referrals"
SHARD = shards.SETTING
#: Settings that are filters, besides uids.
FILTERS = (UTILITIES, FORMS, USERS, REFERRALS, ARCHIVED, SHARD)
#: The fields of an authorization that show whether it matches a setting.
FIELDS = {
    AUTHORIZATIONS: "uid",
    UTILITIES: "utility",
    FORMS: "form_uid",
    USERS: "user_uid",
    REFERRALS: "referrals",
    ARCHIVED: "is_archived",
    SHARD: "uid",
}

logger = logging.getLogger(ROOT)


def filter_values(config: Mapping[str, Any], setting: str) -> Sequence[str]:
    """What a setting filters by, as values of a query parameter; none if it does not.

    >>> filter_values({"utilityapi_include_archived": False}, "utilityapi_include_archived")
    ['false']
    >>> filter_values({"utilityapi_include_archived": True}, "utilityapi_include_archived")
    []
    """
    if setting == ARCHIVED:
        return [] if config.get(setting, True) else ["false"]
    values: str | Sequence[str] = config.get(setting) or []
    return [values] if isinstance(values, str) else values


def chosen(config: Mapping[str, Any], settings: Sequence[str]) -> list[str]:
    """Those of the settings that filter."""
    return [setting for setting in settings if filter_values(config, setting)]


class ConsentList:
    """The list of authorizations, for their stream and for lists that are filtered by them.

    Args:
        stream: The stream of authorizations.
        fetch: Fetches its pages.
    """

    #: Its name as a reader of the pages.
    name = "filters"

    def __init__(self, stream: VendorStream, fetch: Callable[[Decoder], Iterator[Page]]) -> None:
        self._stream = stream
        self._fetch = fetch
        self._pages = SharedPages[Reader](stream.client, stream.page_format)
        self._pages.join(stream)
        self._pages.join(self)
        self._records: list[Record] | None = None
        self._failure: FatalError | None = None

    @property
    def filters(self) -> list[str]:
        """The settings, besides uids, that choose authorizations."""
        return chosen(self._stream.config, FILTERS)

    @property
    def selected(self) -> bool:
        """Whether other lists may be filtered by it."""
        return bool(self.filters)

    def pages(self) -> Iterator[Page]:
        """Every page, for the stream of authorizations."""
        decoder = self._stream.decoder
        return self._pages.read(self._stream.name, lambda: self._fetch(decoder), decoder)

    def uids(self) -> list[str]:
        """The authorizations that match the settings."""
        return [record["uid"] for record in self._matching()]

    def certain_uids(self) -> frozenset[str]:
        """Those whose own fields show that they match, in case the vendor ignored a filter."""
        config = self._stream.config
        settings = chosen(config, [*FIELDS])
        found = self._matching()
        certain = [
            record["uid"]
            for record in found
            if all(_matches(record, setting, config) for setting in settings)
        ]
        if doubtful := len(found) - len(certain):
            logger.warning(
                "%s not show in its own fields that it matches %s: nothing is collected under it",
                "1 authorization does" if doubtful == 1 else f"{doubtful:,} authorizations do",
                ", ".join(settings),
            )
        return frozenset(certain)

    def _matching(self) -> list[Record]:
        if self._failure:
            raise self._failure
        if self._records is None:
            try:
                self._records = self._read()
            except FatalError as failure:
                self._failure = failure  # so that the other lists do not ask again
                raise
            self._log_matching(len(self._records))
        return self._records

    def _read(self) -> list[Record]:
        pages = self._pages.read(self.name, lambda: self._fetch(parse), parse)
        return [
            {name: record.get(name) for name in FIELDS.values()}
            for position, page in enumerate(pages, 1)
            for record in self._stream.drop_bad_records(page.records, position, BadRecords())
        ]

    def _log_matching(self, matching: int) -> None:
        settings = ", ".join(chosen(self._stream.config, [*FIELDS]))
        if matching:
            logger.info("%s: %s", settings, number(matching, "authorization"))
        else:
            logger.warning("%s: no authorization matches, so there is nothing to read", settings)


def _matches(record: Record, setting: str, config: Mapping[str, Any]) -> bool:
    """Whether a field of an authorization shows that it matches a setting."""
    value = record.get(FIELDS[setting])
    if setting == ARCHIVED:
        return value is False
    if setting == SHARD:
        return shards.Shard.parse(config[SHARD]).holds(value)
    values = value if isinstance(value, list) else [value]
    return not {str(each) for each in values}.isdisjoint(filter_values(config, setting))
