"""Digests of accounts: bills rolled up by account and period."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, NUMBER_OF_YEARS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import account_digests as digests


class AccountDigestActualMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by account, as billed."""

    name = "account_digest_actual_monthly_results"
    path = "/api/v3/account/digest/actual/monthly"
    docs_url = f"{DOCS}/accountdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.ACCOUNTS
    rows = digests.MONTHS
    selected_by_default = False


class AccountDigestActualMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost and use by account and commodity, as billed."""

    name = "account_digest_actual_monthly_commodity_results"
    path = "/api/v3/account/digest/actual/monthly"
    docs_url = f"{DOCS}/accountdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.ACCOUNTS
    rows = digests.COMMODITY_MONTHS
    selected_by_default = False


class AccountDigestActualYearlyResultsStream(EnergyCAPStream):
    """Yearly cost and energy by account, as billed."""

    name = "account_digest_actual_yearly_results"
    path = "/api/v3/account/digest/actual/yearly"
    docs_url = f"{DOCS}/accountdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.ACCOUNTS
    rows = digests.YEARS
    selected_by_default = False


class AccountDigestActualYearlyCommodityResultsStream(EnergyCAPStream):
    """Yearly cost and use by account and commodity, as billed."""

    name = "account_digest_actual_yearly_commodity_results"
    path = "/api/v3/account/digest/actual/yearly"
    docs_url = f"{DOCS}/accountdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.ACCOUNTS
    rows = digests.COMMODITY_YEARS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    AccountDigestActualMonthlyResultsStream,
    AccountDigestActualMonthlyCommodityResultsStream,
    AccountDigestActualYearlyResultsStream,
    AccountDigestActualYearlyCommodityResultsStream,
)
