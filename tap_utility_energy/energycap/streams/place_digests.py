"""Digests of places: bills rolled up by place and period. A place includes all places below it."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, YEARS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import digests


class PlaceDigestActualMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by place, as billed. A place includes all places below it."""

    name = "place_digest_actual_monthly_results"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_MONTHS
    selected_by_default = False


class PlaceDigestActualMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by place and commodity, as billed.

    A place includes all places below it.
    """

    name = "place_digest_actual_monthly_commodity_results"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_COMMODITY_MONTHS
    selected_by_default = False


class PlaceDigestCalendarizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost and energy by place, prorated. A place includes all places below it.

    Bills are prorated onto calendar months or the tenant's periods.
    """

    name = "place_digest_calendarized_monthly_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_MONTHS
    selected_by_default = False


class PlaceDigestCalendarizedMonthlyCommodityResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by place and commodity, prorated.

    Bills are prorated onto calendar months or the tenant's periods. A place includes all places
    below it.
    """

    name = "place_digest_calendarized_monthly_commodity_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = YEARS
    permission = permissions.PLACES
    rows = digests.PLACE_COMMODITY_MONTHS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    PlaceDigestActualMonthlyResultsStream,
    PlaceDigestActualMonthlyCommodityResultsStream,
    PlaceDigestCalendarizedMonthlyResultsStream,
    PlaceDigestCalendarizedMonthlyCommodityResultsStream,
)
