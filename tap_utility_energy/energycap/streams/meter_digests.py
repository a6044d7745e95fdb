"""Digests of meters: bills rolled up by meter and period."""

from __future__ import annotations

from tap_utility_energy.energycap import permissions
from tap_utility_energy.energycap.base import DOCS, NUMBER_OF_YEARS, EnergyCAPStream
from tap_utility_energy.energycap.schemas import meter_digests as digests


class MeterDigestMonthlyStream(EnergyCAPStream):
    """Monthly cost, use and demand by meter, as billed: one record per meter, periods nested."""

    name = "meter_digest_monthly"
    path = "/api/v3/meter/digest/actual/monthly"
    docs_url = f"{DOCS}/meterdigest/getmeteractualmonthlylistv3"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    primary_keys = ("meterId",)
    schema = digests.NESTED_MONTHS


class MeterDigestMonthlyResultsStream(EnergyCAPStream):
    """Monthly cost, use and demand by meter, as billed: one record per meter and period."""

    name = "meter_digest_monthly_results"
    path = "/api/v3/meter/digest/actual/monthly"
    docs_url = f"{DOCS}/meterdigest/getmeteractualmonthlylistv3"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.MONTHS
    bad_records_hint = "; meter_digest_monthly has the periods"


class MeterDigestCalendarizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly figures by meter, with bills prorated onto months or the tenant's own periods."""

    name = "meter_digest_calendarized_monthly_results"
    path = "/api/v3/meter/digest/calendarized/monthly"
    docs_url = f"{DOCS}/meterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.MONTHS
    selected_by_default = False


class MeterDigestNormalizedMonthlyResultsStream(EnergyCAPStream):
    """Monthly use and demand by meter, normalized for weather; without cost."""

    name = "meter_digest_normalized_monthly_results"
    path = "/api/v3/meter/digest/normalized/monthly"
    docs_url = f"{DOCS}/meterdigest/getmeternormalizedmonthlyv3"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.NORMALIZED_MONTHS
    selected_by_default = False


class MeterDigestSavingsMonthlyResultsStream(EnergyCAPStream):
    """Monthly use and cost avoided by meter, against the baseline (BATCC)."""

    name = "meter_digest_savings_monthly_results"
    path = "/api/v3/meter/digest/savings/monthly"
    docs_url = f"{DOCS}/meterdigest/getmetersavingsmonthlylistv3"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.SAVINGS_MONTHS
    selected_by_default = False


class MeterDigestActualYearlyResultsStream(EnergyCAPStream):
    """Yearly cost, use and demand by meter, as billed."""

    name = "meter_digest_actual_yearly_results"
    path = "/api/v3/meter/digest/actual/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.YEARS
    selected_by_default = False


class MeterDigestCalendarizedYearlyResultsStream(EnergyCAPStream):
    """Yearly figures by meter, with bills prorated onto calendar years."""

    name = "meter_digest_calendarized_yearly_results"
    path = "/api/v3/meter/digest/calendarized/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.YEARS
    selected_by_default = False


class MeterDigestNormalizedYearlyResultsStream(EnergyCAPStream):
    """Yearly use and demand by meter, normalized for weather; without cost."""

    name = "meter_digest_normalized_yearly_results"
    path = "/api/v3/meter/digest/normalized/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.NORMALIZED_YEARS
    selected_by_default = False


class MeterDigestSavingsYearlyResultsStream(EnergyCAPStream):
    """Yearly use and cost avoided by meter, with the totals since the start of savings."""

    name = "meter_digest_savings_yearly_results"
    path = "/api/v3/meter/digest/savings/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.SAVINGS_YEARS
    selected_by_default = False


class MeterDigestGHGYearlyResultsStream(EnergyCAPStream):
    """Yearly greenhouse gas emissions by meter and gas."""

    name = "meter_digest_ghg_yearly_results"
    path = "/api/v3/meter/digest/ghg/yearly"
    docs_url = f"{DOCS}/meterdigest/"
    params = NUMBER_OF_YEARS
    permission = permissions.METERS
    rows = digests.GHG_YEARS
    selected_by_default = False


#: The streams of this module.
STREAMS: tuple[type[EnergyCAPStream], ...] = (
    MeterDigestMonthlyStream,
    MeterDigestMonthlyResultsStream,
    MeterDigestCalendarizedMonthlyResultsStream,
    MeterDigestNormalizedMonthlyResultsStream,
    MeterDigestSavingsMonthlyResultsStream,
    MeterDigestActualYearlyResultsStream,
    MeterDigestCalendarizedYearlyResultsStream,
    MeterDigestNormalizedYearlyResultsStream,
    MeterDigestSavingsYearlyResultsStream,
    MeterDigestGHGYearlyResultsStream,
)
