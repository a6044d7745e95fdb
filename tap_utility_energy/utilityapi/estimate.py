"""An estimate of requests and time for a first sync of UtilityAPI."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_utility_energy.http.errors import FatalError
from tap_utility_energy.logs import ROOT, duration, number
from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tap_utility_energy.utilityapi.meter_data import MeterDataStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.utilityapi.meter_list import MeterList

logger = logging.getLogger(ROOT)


def log_estimate(
    streams: Iterable[VendorStream], meters: MeterList, state: Mapping[str, Any]
) -> None:
    """Log the number of requests of a first sync, and their time at the rate limit.

    The list of meters is read ahead for it. If that fails, so do the streams that need the list,
    and tell of it.

    Args:
        streams: The streams that are read.
        meters: Lists the meters.
        state: The state of the tap. If it knows meters that were read, this is no first sync.
    """
    ours = [stream for stream in streams if stream.client is meters.stream.client]
    by_path = {stream.path: stream for stream in reversed(ours)}  # the meters' before others'
    data = [stream for stream in by_path.values() if isinstance(stream, MeterDataStream)]
    lists = [stream for stream in by_path.values() if isinstance(stream, UtilityAPIStream)]
    bookmarks = state.get("bookmarks", {})
    if not data or any(bookmarks.get(stream.name, {}).get("meters") for stream in ours):
        return
    with suppress(FatalError):
        listed = {meter["uid"]: meter for meter in meters.listed_ahead()}
        requests = sum(stream.first_requests for stream in lists)
        requests += sum(stream.changes.estimated_requests(listed) for stream in data)
        requests += sum(
            stream.more_requests(listed.values())
            for stream in ours
            if isinstance(stream, MeterDataStream)
        )
        per_minute = meters.stream.config["utilityapi_requests_per_minute"]
        logger.info(
            "first sync of %s: about %s to UtilityAPI, which take %s at %s per minute",
            number(len(listed), "meter"),
            number(requests, "request"),
            duration(requests * 60 / per_minute),
            per_minute,
        )
