"""Historical collections: request UtilityAPI to collect data of meters. This costs money.

- ``state_machine``: reads meters, requests collections, waits; no HTTP and no SDK
- ``rules``: what to do about each meter, and what forbids all requests
- ``vendor``: the interface of the vendor for the state machine
- ``requests``: meters as the vendor lists them, and the requests for them
- ``prices``: the vendor's price list
- ``journal``: requests in a file, beside the state
- ``stream``: the stream `historical_collections`, and the requests over HTTP
"""

from tap_utility_energy.utilityapi.historical_collection.stream import HistoricalCollectionsStream

__all__ = ["HistoricalCollectionsStream"]
