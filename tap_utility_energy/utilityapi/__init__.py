"""UtilityAPI: utility bills collected with a customer's consent."""

from tap_utility_energy.utilityapi.bills import BillLineItemsStream, BillsStream
from tap_utility_energy.utilityapi.client import UtilityAPIStream
from tap_utility_energy.utilityapi.historical_collection import HistoricalCollectionsStream
from tap_utility_energy.utilityapi.intervals import IntervalReadingsStream, IntervalsStream
from tap_utility_energy.utilityapi.streams import (
    AuthorizationsStream,
    BillingAccountsStream,
    BillingSummariesStream,
    MetersStream,
)

__all__ = ["STREAMS", "HistoricalCollectionsStream", "UtilityAPIStream"]

#: Every stream of this vendor. A new one is added here and nowhere else.
STREAMS = (
    AuthorizationsStream,
    MetersStream,
    BillingAccountsStream,
    BillingSummariesStream,
    BillsStream,
    BillLineItemsStream,
    IntervalsStream,
    IntervalReadingsStream,
    HistoricalCollectionsStream,
)
