"""Streams that need no list of meters."""

from __future__ import annotations

from typing import ClassVar

from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.base import UtilityAPIStream


class BillingSummariesStream(UtilityAPIStream):
    """Accounting billing summaries: the balance and the new charges of each statement.

    One record per statement of a billing account, which can span several meters. Read whole on
    every run: the vendor gives neither a date of change nor a filter by one. Only some utilities
    have them; for others the list is empty.
    """

    name = "billing_summaries"
    docs_url = "https://utilityapi.com/docs/api/accounting/billing-summaries"
    path = "/accounting/billing-summaries"
    records_key = "billing_summaries"
    schema = schemas.BILLING_SUMMARY
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_summaries",
        "authorizations": "utilityapi_authorizations",
        "billing_accounts": "utilityapi_billing_accounts",
        "meters": "utilityapi_meters",
    }


class BillingAccountsStream(UtilityAPIStream):
    """Billing accounts: the customer's account at the utility, and the meters billed to it."""

    name = "utilityapi_billing_accounts"
    docs_url = "https://utilityapi.com/docs/api/accounting/billing-accounts"
    path = "/accounting/billing-accounts"
    records_key = "billing_accounts"
    schema = schemas.BILLING_ACCOUNT
    filters: ClassVar[dict[str, str]] = {
        "uids": "utilityapi_billing_accounts",
        "authorizations": "utilityapi_authorizations",
        "meters": "utilityapi_meters",
    }


class AuthorizationsStream(UtilityAPIStream):
    """Customers' consents in all states, declined, expired, revoked and archived ones included."""

    name = "utilityapi_authorizations"
    docs_url = "https://utilityapi.com/docs/api/authorizations"
    path = "/authorizations"
    records_key = "authorizations"
    schema = schemas.AUTHORIZATION
    filters: ClassVar[dict[str, str]] = {"uids": "utilityapi_authorizations"}
