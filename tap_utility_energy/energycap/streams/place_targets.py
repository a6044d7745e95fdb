"""Monthly targets of places: rows of their own, from the pages of the digests."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, NUMBER_OF_YEARS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import place_digests as digests


class PlaceDigestTargetsStream(EnergyCAPStream):
    """Monthly target cost by place, to compare `place_digest_actual_monthly_results` with.

    A place without a target has no rows.
    """

    name = "place_digest_targets"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.TARGETS
    selected_by_default = False


class PlaceDigestCommodityTargetsStream(EnergyCAPStream):
    """Monthly target cost by place and commodity.

    To compare `place_digest_actual_monthly_commodity_results` with. A commodity without a target of
    its own has no rows, even where its place has one.
    """

    name = "place_digest_commodity_targets"
    path = "/api/v3/place/digest/actual/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.COMMODITY_TARGETS
    selected_by_default = False


class PlaceDigestCalendarizedTargetsStream(EnergyCAPStream):
    """Monthly target cost by place, of the prorated view; see `place_digest_targets`."""

    name = "place_digest_calendarized_targets"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.TARGETS
    selected_by_default = False


class PlaceDigestCalendarizedCommodityTargetsStream(EnergyCAPStream):
    """Monthly target cost by place and commodity, of the prorated view."""

    name = "place_digest_calendarized_commodity_targets"
    path = "/api/v3/place/digest/calendarized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.COMMODITY_TARGETS
    selected_by_default = False


class PlaceDigestNormalizedTargetsStream(EnergyCAPStream):
    """Monthly target energy by place, of the view normalized for weather."""

    name = "place_digest_normalized_targets"
    path = "/api/v3/place/digest/normalized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.NORMALIZED_TARGETS
    selected_by_default = False


class PlaceDigestNormalizedCommodityTargetsStream(EnergyCAPStream):
    """Monthly target use by place and commodity, of the view normalized for weather."""

    name = "place_digest_normalized_commodity_targets"
    path = "/api/v3/place/digest/normalized/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.NORMALIZED_COMMODITY_TARGETS
    selected_by_default = False


class PlaceDigestGHGTargetsStream(EnergyCAPStream):
    """Monthly target emissions by place and gas."""

    name = "place_digest_ghg_targets"
    path = "/api/v3/place/digest/ghg/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_TARGETS
    selected_by_default = False


class PlaceDigestGHGScopeTargetsStream(EnergyCAPStream):
    """Monthly target emissions by place and scope."""

    name = "place_digest_ghg_scope_targets"
    path = "/api/v3/place/digest/ghg/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_SCOPE_TARGETS
    selected_by_default = False


class PlaceDigestGHGCommodityTargetsStream(EnergyCAPStream):
    """Monthly target emissions by place and commodity."""

    name = "place_digest_ghg_commodity_targets"
    path = "/api/v3/place/digest/ghg/monthly"
    docs_url = f"{DOCS}/placedigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.PLACES
    rows = digests.GHG_COMMODITY_TARGETS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    PlaceDigestTargetsStream,
    PlaceDigestCommodityTargetsStream,
    PlaceDigestCalendarizedTargetsStream,
    PlaceDigestCalendarizedCommodityTargetsStream,
    PlaceDigestNormalizedTargetsStream,
    PlaceDigestNormalizedCommodityTargetsStream,
    PlaceDigestGHGTargetsStream,
    PlaceDigestGHGScopeTargetsStream,
    PlaceDigestGHGCommodityTargetsStream,
)
