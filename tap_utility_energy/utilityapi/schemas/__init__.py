"""Schemas of UtilityAPI's objects, by its documentation.

Amounts are in the currency of the bill. Timestamps that the platform sets are UTC; dates read
from a bill carry the utility's local offset and stay text, because some arrive malformed.
"""

from tap_utility_energy.utilityapi.schemas.accounting import BILLING_ACCOUNT, BILLING_SUMMARY
from tap_utility_energy.utilityapi.schemas.bills import (
    BILL,
    BILL_DEMAND,
    BILL_FILE,
    BILL_LINE_ITEM,
    BILL_TIER,
    BILL_TIME_OF_USE,
)
from tap_utility_energy.utilityapi.schemas.intervals import INTERVAL, INTERVAL_READING
from tap_utility_energy.utilityapi.schemas.meters import (
    AUTHORIZATION,
    HISTORICAL_COLLECTION,
    METER,
)

__all__ = [
    "AUTHORIZATION",
    "BILL",
    "BILLING_ACCOUNT",
    "BILLING_SUMMARY",
    "BILL_DEMAND",
    "BILL_FILE",
    "BILL_LINE_ITEM",
    "BILL_TIER",
    "BILL_TIME_OF_USE",
    "HISTORICAL_COLLECTION",
    "INTERVAL",
    "INTERVAL_READING",
    "METER",
]
