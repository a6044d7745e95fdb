"""Historical collections: ask UtilityAPI to collect data for meters. This costs the user money.

- ``state_machine``: looks, asks, waits; no HTTP and no SDK
- ``rules``: what to do about each meter, and what forbids all requests
- ``vendor``: what the state machine needs of the vendor
- ``requests``: meters as the vendor shows them, and the requests that were made for them
- ``prices``: the vendor's price list
- ``journal``: requests in a file, beside the state
- ``stream``: the stream `historical_collections`, and the requests over HTTP
"""

from tap_utility_energy.utilityapi.historical_collection.stream import HistoricalCollectionsStream

__all__ = ["HistoricalCollectionsStream"]
