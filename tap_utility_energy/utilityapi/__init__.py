"""UtilityAPI: utility bills collected with a customer's consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.utilityapi.client import UtilityAPI
from tap_utility_energy.utilityapi.meter_changes import MeterChanges
from tap_utility_energy.utilityapi.meter_data import MeterDataStream
from tap_utility_energy.utilityapi.streams import BILLS, INTERVALS, STREAMS, MetersStream

if TYPE_CHECKING:
    from singer_sdk import Tap

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.core.stream import VendorStream

__all__ = ["STREAMS", "make_streams"]


def make_streams(tap: Tap, clock: Clock) -> list[VendorStream]:
    """Every stream of the vendor, with the client and the reads that they share."""
    client = UtilityAPI(tap.config, clock)
    meters = MetersStream(tap, client)
    changes = {
        endpoint.path: MeterChanges(client, meters.list, endpoint)
        for endpoint in (BILLS, INTERVALS)
    }

    def make(stream: type[VendorStream]) -> VendorStream:
        if issubclass(stream, MeterDataStream):
            return stream(tap, client, meters.list, changes[stream.path])
        return meters if stream is MetersStream else stream(tap, client)

    return [make(stream) for stream in STREAMS]
