"""EnergyCAP: energy management, with bills rolled up by meter, place, account and period."""

from tap_utility_energy.energycap.digest_streams import DIGEST_STREAMS
from tap_utility_energy.energycap.entity_streams import ENTITY_STREAMS

#: Every stream of this vendor.
STREAMS = (*DIGEST_STREAMS, *ENTITY_STREAMS)

__all__ = ["ENTITY_STREAMS", "STREAMS"]
