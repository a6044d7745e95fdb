"""What all contenders ask for."""

from __future__ import annotations

from dataclasses import dataclass

TOKEN = "a-token-of-the-usual-length-0123"


@dataclass(frozen=True)
class Endpoint:
    """A list of a vendor.

    Args:
        path: Its path.
        key: The field that identifies a record.
        records_key: The key of an answer that holds the records; '' for an array of EnergyCAP.
        meters: How many meters a request names, of a list that has to be asked for by meter; each
            has so many records as `A_METER` says.
        cycle: How many records differ; after them they come again with other keys.
    """

    path: str
    key: str
    records_key: str = ""
    meters: int = 0
    cycle: int = 190


SUMMARIES = Endpoint("/api/v2/accounting/billing-summaries", "uid", "billing_summaries")
METERS = Endpoint("/api/v2/meters", "uid", "meters")
BILLS = Endpoint("/api/v2/bills", "uid", "bills", meters=100, cycle=12 * 19)
#: One of 12 parts of a year, which is 35,040 quarters of an hour.
INTERVALS = Endpoint("/api/v2/intervals", "uid", "intervals", meters=1, cycle=1)
#: How many readings an interval has, and how many bills or intervals a meter.
READINGS, A_METER = 2920, 12
METER_DIGESTS = Endpoint("/api/v3/meter/digest/actual/monthly", "meterId")
PLACE_DIGESTS = Endpoint("/api/v3/place/digest/actual/monthly", "placeId", cycle=57)
ENERGYCAP_METERS = Endpoint("/api/v3/meter", "meterId")
ENERGYCAP_BILLS = Endpoint("/api/v3/bill", "billId")
