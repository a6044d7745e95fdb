"""The streams of UtilityAPI."""

from __future__ import annotations

from typing import ClassVar

from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.client import UtilityAPIStream


class BillingSummariesStream(UtilityAPIStream):
    """Accounting billing summaries: the balance and the new charges of each statement.

    One record a statement of a billing account, which can span several meters. Read whole on
    every run: the vendor gives neither a date of change nor a filter by one. Only some utilities
    have them; for others the list is empty.

    Source: https://utilityapi.com/docs/api/accounting/billing-summaries
    """

    name = "billing_summaries"
    path = "/accounting/billing-summaries"
    records_key = "billing_summaries"
    schema = schemas.BILLING_SUMMARY
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_summaries",
        "authorizations": "utilityapi_authorizations",
        "billing_accounts": "utilityapi_billing_accounts",
        "meters": "utilityapi_meters",
    }
