"""The bases of the entity lists of EnergyCAP: what digests and bills join to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_utility_energy.energycap.client import EnergyCAPStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Context, Record

#: Two readings of a time without an offset can lie 26 hours apart. The rest is for clocks, and
#: for what a long transaction stamps before anybody can see it.
LOOKBACK = timedelta(days=2)


class EntityStream(EnergyCAPStream):
    """A list of entities: a stream names its ``path``, ``primary_keys``, ``schema`` and right."""

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Tell records apart by the stream's key."""
        super().__init_subclass__(**kwargs)
        if "primary_keys" in vars(cls):
            (cls.record_key,) = vars(cls)["primary_keys"]

    @property
    def filter(self) -> str:
        """The expression that narrows the list, in the vendor's own language, or ''.

        Source: https://developer.energycap.com/api-getting-started/filters/
        """
        filters: Mapping[str, str] = self.config.get("energycap_filters") or {}
        return filters.get(self.name) or ""

    @override
    def narrowed_by(self) -> str:
        return "energycap_filters" if self.filter else ""

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: int | None
    ) -> dict[str, Any]:
        return super().get_url_params(context, next_page_token) | {"filter": self.filter or None}


class ChangingEntityStream(EntityStream):
    """A list of entities that tell when they were last changed.

    The vendor documents no filter by that date, so the whole list is read on every run, and only
    what may have been made or changed since the last one is emitted. A record that has no
    readable ``modifiedDate`` always is.

    The bookmark is the latest ``modifiedDate`` that was seen, yet no later than the start of the
    run: what changes while pages are read may have been read before it changed. It stays where it
    was if another number of records came than EnergyCAP counts, as others may have moved past the
    walk. When two runs in a row see the same, the second moves it to where the first would have, so
    that every record gets a second chance. The dates come with, without or with another offset, and
    without one mean nobody knows which, so they are compared as if in UTC, and what lies up to
    `LOOKBACK` before the bookmark is emitted again. The bookmark holds for one filter and
    ``start_date``: after a change of these all is emitted, as it is if the bookmark is in the
    future.
    """

    replication_key = "modifiedDate"

    @property
    def scope(self) -> str:
        """What narrows the records, as text."""
        return self.filter

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        started = self._clock.today().astimezone(UTC)
        latest = bookmark = self._bookmark(started)
        for record in super().get_records(context):
            changed, made = moment(record.get("modifiedDate")), moment(record.get("createdDate"))
            newest = max(changed, made or changed) if changed else None
            if newest is None or bookmark is None or bookmark - newest <= LOOKBACK:
                yield record
            if changed is not None:
                latest = max(changed, latest or changed)
        if latest is not None:
            self._advance(min(latest, started))

    def _advance(self, bookmark: datetime) -> None:
        """Keep a bookmark, or that of the run before if this one may have missed records."""
        discrepancy = self.discrepancy
        if not discrepancy:
            self._keep(bookmark)
            return
        if discrepancy["runs"] > 1 and (before := moment(discrepancy.get("bookmark"))):
            self._keep(before)
        discrepancy["bookmark"] = bookmark.isoformat()

    def _bookmark(self, started: datetime) -> datetime | None:
        """Up to when changes were emitted before; None if all is to be emitted."""
        state = self.stream_state
        is_usable = (
            self.replication_method == "INCREMENTAL"
            and state.get("replication_key") == self.replication_key
            and state.get("scope", "") == self.scope
        )
        found = moment(state.get("replication_key_value")) if is_usable else None
        # From the future comes a hand, or a clock that was wrong.
        return found if found and found <= started else None

    def _keep(self, bookmark: datetime) -> None:
        self.stream_state.update(
            replication_key=self.replication_key,
            replication_key_value=bookmark.isoformat(),
            scope=self.scope,
        )

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        # The SDK's own, private, compares dates as text and stops at a record without one.
        pass


def moment(text: object) -> datetime | None:
    """The time that one of the vendor's dates tells, taken as UTC without an offset.

    >>> moment("2024-06-10 14:22:00.1234567-04:00").isoformat()
    '2024-06-10T18:22:00.123456+00:00'
    >>> moment("yesterday")
    """
    try:
        found = datetime.fromisoformat(str(text))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None
