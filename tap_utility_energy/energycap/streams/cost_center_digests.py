"""Digests of cost centers: bills rolled up by cost center and period."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, NUMBER_OF_YEARS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import account_digests as digests


class CostCenterDigestActualMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by cost center, as billed."""

    name = "cost_center_digest_actual_monthly_results"
    path = "/api/v3/costCenter/digest/actual/monthly"
    docs_url = f"{DOCS}/costcenterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.COST_CENTERS
    rows = digests.COST_CENTER_MONTHS
    selected_by_default = False


class CostCenterDigestActualMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost and use by cost center and commodity, as billed."""

    name = "cost_center_digest_actual_monthly_commodity_results"
    path = "/api/v3/costCenter/digest/actual/monthly"
    docs_url = f"{DOCS}/costcenterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.COST_CENTERS
    rows = digests.COST_CENTER_COMMODITY_MONTHS
    selected_by_default = False


class CostCenterDigestActualYearlyResultsStream(EnergyCAPStream):
    """Yearly cost and energy by cost center, as billed."""

    name = "cost_center_digest_actual_yearly_results"
    path = "/api/v3/costCenter/digest/actual/yearly"
    docs_url = f"{DOCS}/costcenterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.COST_CENTERS
    rows = digests.COST_CENTER_YEARS
    selected_by_default = False


class CostCenterDigestActualYearlyCommodityResultsStream(EnergyCAPStream):
    """Yearly cost and use by cost center and commodity, as billed."""

    name = "cost_center_digest_actual_yearly_commodity_results"
    path = "/api/v3/costCenter/digest/actual/yearly"
    docs_url = f"{DOCS}/costcenterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.COST_CENTERS
    rows = digests.COST_CENTER_COMMODITY_YEARS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    CostCenterDigestActualMonthlyResultsStream,
    CostCenterDigestActualMonthlyCommodityResultsStream,
    CostCenterDigestActualYearlyResultsStream,
    CostCenterDigestActualYearlyCommodityResultsStream,
)
