"""UtilityAPI: utility bills collected with a customer's consent."""

from tap_utility_energy.utilityapi.client import UtilityAPIStream
from tap_utility_energy.utilityapi.collector import HistoricalCollectionsStream
from tap_utility_energy.utilityapi.streams import BillingSummariesStream

__all__ = ["STREAMS", "HistoricalCollectionsStream", "UtilityAPIStream"]

#: Every stream of this vendor. A new one is added here and nowhere else.
STREAMS = (BillingSummariesStream, HistoricalCollectionsStream)
