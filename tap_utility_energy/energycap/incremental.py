"""Incremental replication by ``modifiedDate``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record

MODIFIED = "modifiedDate"
#: The dates by which records are chosen.
DATES: tuple[str, ...] = (MODIFIED, "createdDate")
#: A time without an offset is ambiguous by up to 26 hours. The rest is a margin for clocks, and
#: for transactions that set the date long before their changes are visible.
LOOKBACK = timedelta(days=2)


class ModifiedDates:
    """The bookmark of a list whose records have a ``modifiedDate``.

    The vendor documents no filter by that date, so the whole list is read on every run, but only
    records that may have been created or changed since the last run are emitted. A record without a
    valid ``modifiedDate`` is always emitted.

    The bookmark is the latest ``modifiedDate`` of the run, but not later than its start: a record
    that changes while pages are read may have been read before the change. The bookmark does not
    move if the number of records differs from EnergyCAP's total, because records may have moved
    between pages. If two runs in a row see the same difference, the second sets the bookmark of the
    first, so that each record has two runs to appear in. Dates without an offset are ambiguous, so
    all are compared as UTC, and records up to `LOOKBACK` before the bookmark are emitted again. The
    bookmark is valid for one scope: after a change of the filter or ``start_date`` all records are
    emitted. A bookmark in the future was edited by hand or written by a wrong clock: it is ignored.

    Args:
        state: The stream's state, which is changed in place.
        scope: The filter and ``start_date``, as text.
        started: When the run began.
        is_incremental: Whether the bookmark is used. It is written in any case.
        created_counts: Whether ``createdDate`` stands for a ``modifiedDate`` that is missing.
    """

    def __init__(
        self,
        state: dict[str, Any],
        scope: str,
        started: datetime,
        *,
        is_incremental: bool,
        created_counts: bool = False,
    ) -> None:
        self._state = state
        self._created_counts = created_counts
        self._scope = scope
        self._started = started.astimezone(UTC)
        is_usable = (
            is_incremental
            and state.get("replication_key") == MODIFIED
            and state.get("scope", "") == scope
        )
        found = parse_date(state.get("replication_key_value")) if is_usable else None
        self._bookmark = found if found and found <= self._started else None
        self._latest = self._bookmark

    @property
    def bookmark(self) -> datetime | None:
        """The bookmark of the last run, if it is used."""
        return self._bookmark

    def is_due(self, record: Record) -> bool:
        """Whether to emit the record."""
        changed, made = parse_date(record.get(MODIFIED)), parse_date(record.get("createdDate"))
        if self._created_counts:
            changed = changed or made
        if changed is None:
            return True
        self._latest = max(changed, self._latest or changed)
        newest = max(changed, made or changed)
        return self._bookmark is None or self._bookmark - newest <= LOOKBACK

    def finish(self, discrepancy: dict[str, Any]) -> None:
        """Move the bookmark, after the last record.

        Args:
            discrepancy: The difference from EnergyCAP's total; empty if there is none. The bookmark
                of this run is stored in it, for the next run.
        """
        if self._latest is None:
            return
        bookmark = min(self._latest, self._started)
        if not discrepancy:
            self._set_bookmark(bookmark)
            return
        if discrepancy["runs"] > 1 and (before := parse_date(discrepancy.get("bookmark"))):
            self._set_bookmark(before)
        discrepancy["bookmark"] = bookmark.isoformat()

    def _set_bookmark(self, bookmark: datetime) -> None:
        self._state.update(
            replication_key=MODIFIED,
            replication_key_value=bookmark.isoformat(),
            scope=self._scope,
        )


def parse_date(text: object) -> datetime | None:
    """Parse a date of the vendor; without an offset it counts as UTC.

    >>> parse_date("2024-06-10 14:22:00.1234567-04:00").isoformat()
    '2024-06-10T18:22:00.123456+00:00'
    >>> parse_date("yesterday")
    """
    try:
        found = datetime.fromisoformat(str(text))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None
