"""Historical collections: ask UtilityAPI to collect data for meters. This costs the user money.

- ``state_machine``: decides, asks, waits; no HTTP and no SDK
- ``requests``: meters as the vendor shows them, and the requests that were made for them
- ``prices``: the vendor's price list
- ``journal``: requests in a file, beside the state
- ``stream``: the stream `historical_collections`, and the requests over HTTP
"""

from tap_utility_energy.utilityapi.historical_collection.stream import HistoricalCollectionsStream

__all__ = ["HistoricalCollectionsStream"]
