"""Digests of places: bills rolled up by place and period. A place includes all places below it."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, NUMBER_OF_YEARS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import place_digests as digests


class PlaceDigestActualMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by place, as billed."""

    name = "place_digest_actual_monthly_results"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.MONTHS
    selected_by_default = False


class PlaceDigestActualMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by place and commodity, as billed."""

    name = "place_digest_actual_monthly_commodity_results"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestCalendarizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by place, prorated.

    Bills are prorated onto calendar months or the tenant's periods.
    """

    name = "place_digest_calendarized_monthly_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.MONTHS
    selected_by_default = False


class PlaceDigestCalendarizedMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by place and commodity, prorated.

    Bills are prorated onto calendar months or the tenant's periods.
    """

    name = "place_digest_calendarized_monthly_commodity_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestNormalizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly energy by place, normalized for weather; without cost."""

    name = "place_digest_normalized_monthly_results"
    path = "/api/v3/place/digest/normalized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.NORMALIZED_MONTHS
    selected_by_default = False


class PlaceDigestNormalizedMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly use and demand by place and commodity, normalized for weather; without cost."""

    name = "place_digest_normalized_monthly_commodity_results"
    path = "/api/v3/place/digest/normalized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.NORMALIZED_COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestSavingsMonthlyResultsStream(EnergyCAPStream):
    """Monthly energy and cost avoided by place, against the baseline (BATCC)."""

    name = "place_digest_savings_monthly_results"
    path = "/api/v3/place/digest/savings/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.SAVINGS_MONTHS
    selected_by_default = False


class PlaceDigestSavingsMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly use and cost avoided by place and commodity, against the baseline (BATCC)."""

    name = "place_digest_savings_monthly_commodity_results"
    path = "/api/v3/place/digest/savings/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.SAVINGS_COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestGHGMonthlyResultsStream(EnergyCAPStream):
    """Monthly greenhouse gas emissions by place and gas."""

    name = "place_digest_ghg_monthly_results"
    path = "/api/v3/place/digest/ghg/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_MONTHS
    selected_by_default = False


class PlaceDigestGHGMonthlyScopeResultsStream(EnergyCAPStream):
    """Monthly greenhouse gas emissions by place and scope."""

    name = "place_digest_ghg_monthly_scope_results"
    path = "/api/v3/place/digest/ghg/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_SCOPE_MONTHS
    selected_by_default = False


class PlaceDigestGHGMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly greenhouse gas emissions by place and commodity."""

    name = "place_digest_ghg_monthly_commodity_results"
    path = "/api/v3/place/digest/ghg/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestActualYearlyResultsStream(EnergyCAPStream):
    """Yearly cost and energy by place, as billed, with the target of a year."""

    name = "place_digest_actual_yearly_results"
    path = "/api/v3/place/digest/actual/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.YEARS
    selected_by_default = False


class PlaceDigestActualYearlyCommodityResultsStream(EnergyCAPStream):
    """Yearly cost, use and demand by place and commodity, as billed, with the target of a year."""

    name = "place_digest_actual_yearly_commodity_results"
    path = "/api/v3/place/digest/actual/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.COMMODITY_YEARS
    selected_by_default = False


class PlaceDigestCalendarizedYearlyResultsStream(EnergyCAPStream):
    """Yearly cost and energy by place, prorated, with the target of a year."""

    name = "place_digest_calendarized_yearly_results"
    path = "/api/v3/place/digest/calendarized/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.YEARS
    selected_by_default = False


class PlaceDigestCalendarizedYearlyCommodityResultsStream(EnergyCAPStream):
    """Yearly cost, use and demand by place and commodity, prorated, with the target of a year."""

    name = "place_digest_calendarized_yearly_commodity_results"
    path = "/api/v3/place/digest/calendarized/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.COMMODITY_YEARS
    selected_by_default = False


class PlaceDigestNormalizedYearlyResultsStream(EnergyCAPStream):
    """Yearly energy by place, normalized for weather, with the target of a year; without cost."""

    name = "place_digest_normalized_yearly_results"
    path = "/api/v3/place/digest/normalized/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.NORMALIZED_YEARS
    selected_by_default = False


class PlaceDigestNormalizedYearlyCommodityResultsStream(EnergyCAPStream):
    """Yearly use by place and commodity, normalized for weather, with the target of a year."""

    name = "place_digest_normalized_yearly_commodity_results"
    path = "/api/v3/place/digest/normalized/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.NORMALIZED_COMMODITY_YEARS
    selected_by_default = False


class PlaceDigestSavingsYearlyResultsStream(EnergyCAPStream):
    """Yearly energy and cost avoided by place, with the totals since the start of savings."""

    name = "place_digest_savings_yearly_results"
    path = "/api/v3/place/digest/savings/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.SAVINGS_YEARS
    selected_by_default = False


class PlaceDigestSavingsYearlyCommodityResultsStream(EnergyCAPStream):
    """Yearly use and cost avoided by place and commodity, with the totals since the start."""

    name = "place_digest_savings_yearly_commodity_results"
    path = "/api/v3/place/digest/savings/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.SAVINGS_COMMODITY_YEARS
    selected_by_default = False


class PlaceDigestGHGYearlyResultsStream(EnergyCAPStream):
    """Yearly greenhouse gas emissions by place and gas, with the target of a year."""

    name = "place_digest_ghg_yearly_results"
    path = "/api/v3/place/digest/ghg/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_YEARS
    selected_by_default = False


class PlaceDigestGHGYearlyScopeResultsStream(EnergyCAPStream):
    """Yearly greenhouse gas emissions by place, scope and gas, with the target of a year."""

    name = "place_digest_ghg_yearly_scope_results"
    path = "/api/v3/place/digest/ghg/yearly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_SCOPE_YEARS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    PlaceDigestActualMonthlyResultsStream,
    PlaceDigestActualMonthlyCommodityResultsStream,
    PlaceDigestCalendarizedMonthlyResultsStream,
    PlaceDigestCalendarizedMonthlyCommodityResultsStream,
    PlaceDigestNormalizedMonthlyResultsStream,
    PlaceDigestNormalizedMonthlyCommodityResultsStream,
    PlaceDigestSavingsMonthlyResultsStream,
    PlaceDigestSavingsMonthlyCommodityResultsStream,
    PlaceDigestGHGMonthlyResultsStream,
    PlaceDigestGHGMonthlyScopeResultsStream,
    PlaceDigestGHGMonthlyCommodityResultsStream,
    PlaceDigestActualYearlyResultsStream,
    PlaceDigestActualYearlyCommodityResultsStream,
    PlaceDigestCalendarizedYearlyResultsStream,
    PlaceDigestCalendarizedYearlyCommodityResultsStream,
    PlaceDigestNormalizedYearlyResultsStream,
    PlaceDigestNormalizedYearlyCommodityResultsStream,
    PlaceDigestSavingsYearlyResultsStream,
    PlaceDigestSavingsYearlyCommodityResultsStream,
    PlaceDigestGHGYearlyResultsStream,
    PlaceDigestGHGYearlyScopeResultsStream,
)
