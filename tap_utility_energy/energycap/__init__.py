"""EnergyCAP: energy management, with bills rolled up by meter, place, account and period."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tap_utility_energy.energycap.base import LIST
from tap_utility_energy.energycap.bill_rows import BillRowsStream
from tap_utility_energy.energycap.client import EnergyCAP
from tap_utility_energy.energycap.paging import PagedList
from tap_utility_energy.energycap.streams import STREAMS
from tap_utility_energy.energycap.streams.bills import BillsStream

if TYPE_CHECKING:
    from singer_sdk import Tap

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.core.stream import VendorStream

__all__ = ["STREAMS", "make_streams"]


def make_streams(tap: Tap, clock: Clock) -> list[VendorStream]:
    """Every stream of the vendor, with the client and the lists that they share."""
    client = EnergyCAP(tap.config, clock)
    lists = defaultdict[str, PagedList](lambda: PagedList(client, LIST))
    bills = BillsStream(tap, client, lists[BillsStream.path])
    return [
        bills
        if stream is BillsStream
        else stream(tap, client, bills)
        if issubclass(stream, BillRowsStream)
        else stream(tap, client, lists[stream.path])
        for stream in STREAMS
    ]
