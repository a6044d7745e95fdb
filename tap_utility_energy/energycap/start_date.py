"""Records whose period ended before ``start_date``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_utility_energy.energycap.incremental import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Record


def since_start_date(config: Mapping[str, Any], records: Iterable[Record]) -> Iterable[Record]:
    """The records that ended at ``start_date`` or later, or whose end is not known."""
    start = config.get("start_date")
    if not start:
        return records
    first = datetime.fromisoformat(start).date()
    # The date of service as printed on the bill, which has no time zone.
    ends = ((record, parse_date(str(record.get("endDate"))[:10])) for record in records)
    return [record for record, end in ends if not end or end.date() >= first]
