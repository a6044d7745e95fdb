"""UtilityAPI: utility bills collected with a customer's consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_utility_energy.utilityapi.base import UtilityAPIStream
from tap_utility_energy.utilityapi.client import UtilityAPI
from tap_utility_energy.utilityapi.meter_changes import MeterChanges
from tap_utility_energy.utilityapi.meter_data import MeterDataStream
from tap_utility_energy.utilityapi.streams import (
    BILLS,
    INTERVALS,
    STREAMS,
    AuthorizationsStream,
    MetersStream,
)

if TYPE_CHECKING:
    from singer_sdk import Tap

    from tap_utility_energy.clock import Clock
    from tap_utility_energy.core.stream import VendorStream

__all__ = ["STREAMS", "make_streams"]


def make_streams(tap: Tap, clock: Clock) -> list[VendorStream]:
    """Every stream of the vendor, with the client and the reads that they share."""
    client = UtilityAPI(tap.config, clock)
    authorizations = AuthorizationsStream(tap, client)
    consents = authorizations.list
    meters = MetersStream(tap, client, consents)
    shared: list[UtilityAPIStream] = [authorizations, meters]
    made = {type(stream): stream for stream in shared}
    changes = {
        endpoint.path: MeterChanges(client, meters.list, endpoint)
        for endpoint in (BILLS, INTERVALS)
    }

    def make(stream: type[VendorStream]) -> VendorStream:
        if issubclass(stream, MeterDataStream):
            return stream(tap, client, meters.list, changes[stream.path])
        if issubclass(stream, UtilityAPIStream):
            return made.get(stream) or stream(tap, client, consents)
        return stream(tap, client)

    return [make(stream) for stream in STREAMS]
