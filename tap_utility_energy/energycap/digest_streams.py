"""The digests of EnergyCAP, one declaration per stream.

Fields and figures of the views are told in `schemas.digests`.
"""

from __future__ import annotations

from tap_utility_energy.energycap.digests import (
    AccountRowsStream,
    DigestStream,
    MeterRowsStream,
    PlaceRowsStream,
)
from tap_utility_energy.energycap.permissions import METERS
from tap_utility_energy.energycap.schemas import digests


class MeterDigestMonthlyStream(DigestStream):
    """Monthly cost, use and demand by meter, as billed: one record per meter, its periods nested.

    Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
    """

    name = "meter_digest_monthly"
    path = "/api/v3/meter/digest/actual/monthly"
    primary_keys = ("meterId",)
    record_key = "meterId"
    permission = METERS
    schema = digests.METER_DIGEST_MONTHLY


class MeterDigestMonthlyResultsStream(MeterRowsStream):
    """Monthly cost, use and demand by meter, as billed: one record per meter and period.

    Source: https://developer.energycap.com/api-reference/meterdigest/getmeteractualmonthlylistv3
    """

    name = "meter_digest_monthly_results"
    path = "/api/v3/meter/digest/actual/monthly"
    rows = digests.METER_MONTHS
    primary_keys, schema = rows.key, rows.schema
    where_bad_records_are = "; meter_digest_monthly has the periods"
    selected_by_default = True


class MeterDigestCalendarizedMonthlyResultsStream(MeterRowsStream):
    """Monthly figures by meter, with bills prorated onto calendar months or the tenant's periods.

    Source: https://developer.energycap.com/api-reference/meterdigest/
    """

    name = "meter_digest_calendarized_monthly_results"
    path = "/api/v3/meter/digest/calendarized/monthly"
    rows = digests.METER_MONTHS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestNormalizedMonthlyResultsStream(MeterRowsStream):
    """Monthly use and demand by meter, normalized for weather; without cost.

    Source: https://developer.energycap.com/api-reference/meterdigest/getmeternormalizedmonthlyv3
    """

    name = "meter_digest_normalized_monthly_results"
    path = "/api/v3/meter/digest/normalized/monthly"
    rows = digests.METER_NORMALIZED_MONTHS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestSavingsMonthlyResultsStream(MeterRowsStream):
    """Monthly use and cost avoided by meter, against the baseline (BATCC).

    Source: https://developer.energycap.com/api-reference/meterdigest/getmetersavingsmonthlylistv3
    """

    name = "meter_digest_savings_monthly_results"
    path = "/api/v3/meter/digest/savings/monthly"
    rows = digests.METER_SAVINGS_MONTHS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestActualYearlyResultsStream(MeterRowsStream):
    """Yearly cost, use and demand by meter, as billed.

    Source: https://developer.energycap.com/api-reference/meterdigest/
    """

    name = "meter_digest_actual_yearly_results"
    path = "/api/v3/meter/digest/actual/yearly"
    rows = digests.METER_YEARS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestCalendarizedYearlyResultsStream(MeterRowsStream):
    """Yearly figures by meter, with bills prorated onto calendar years.

    Source: https://developer.energycap.com/api-reference/meterdigest/
    """

    name = "meter_digest_calendarized_yearly_results"
    path = "/api/v3/meter/digest/calendarized/yearly"
    rows = digests.METER_YEARS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestNormalizedYearlyResultsStream(MeterRowsStream):
    """Yearly use and demand by meter, normalized for weather; without cost.

    Source: https://developer.energycap.com/api-reference/meterdigest/
    """

    name = "meter_digest_normalized_yearly_results"
    path = "/api/v3/meter/digest/normalized/yearly"
    rows = digests.METER_NORMALIZED_YEARS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestSavingsYearlyResultsStream(MeterRowsStream):
    """Yearly use and cost avoided by meter, with the totals since the start of savings.

    Source: https://developer.energycap.com/api-reference/meterdigest/
    """

    name = "meter_digest_savings_yearly_results"
    path = "/api/v3/meter/digest/savings/yearly"
    rows = digests.METER_SAVINGS_YEARS
    primary_keys, schema = rows.key, rows.schema


class MeterDigestGHGYearlyResultsStream(MeterRowsStream):
    """Yearly greenhouse gas emissions by meter and gas.

    Source: https://developer.energycap.com/api-reference/meterdigest/
    """

    name = "meter_digest_ghg_yearly_results"
    path = "/api/v3/meter/digest/ghg/yearly"
    rows = digests.METER_GHG_YEARS
    primary_keys, schema = rows.key, rows.schema


class PlaceDigestActualMonthlyResultsStream(PlaceRowsStream):
    """Monthly cost and energy by place, as billed. A place includes all places below it.

    Source: https://developer.energycap.com/api-reference/placedigest/
    """

    name = "place_digest_actual_monthly_results"
    path = "/api/v3/place/digest/actual/monthly"
    rows = digests.PLACE_MONTHS
    primary_keys, schema = rows.key, rows.schema


class PlaceDigestActualMonthlyCommodityResultsStream(PlaceRowsStream):
    """Monthly cost, use and demand by place and commodity, as billed.

    A place includes all places below it.

    Source: https://developer.energycap.com/api-reference/placedigest/
    """

    name = "place_digest_actual_monthly_commodity_results"
    path = "/api/v3/place/digest/actual/monthly"
    rows = digests.PLACE_COMMODITY_MONTHS
    primary_keys, schema = rows.key, rows.schema


class PlaceDigestCalendarizedMonthlyResultsStream(PlaceRowsStream):
    """Monthly cost and energy by place, prorated. A place includes all places below it.

    Bills are prorated onto calendar months or the tenant's periods.

    Source: https://developer.energycap.com/api-reference/placedigest/
    """

    name = "place_digest_calendarized_monthly_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    rows = digests.PLACE_MONTHS
    primary_keys, schema = rows.key, rows.schema


class PlaceDigestCalendarizedMonthlyCommodityResultsStream(PlaceRowsStream):
    """Monthly cost, use and demand by place and commodity, prorated.

    Bills are prorated onto calendar months or the tenant's periods. A place includes all places
    below it.

    Source: https://developer.energycap.com/api-reference/placedigest/
    """

    name = "place_digest_calendarized_monthly_commodity_results"
    path = "/api/v3/place/digest/calendarized/monthly"
    rows = digests.PLACE_COMMODITY_MONTHS
    primary_keys, schema = rows.key, rows.schema


class AccountDigestActualMonthlyResultsStream(AccountRowsStream):
    """Monthly cost and energy by account, as billed.

    Source: https://developer.energycap.com/api-reference/accountdigest/
    """

    name = "account_digest_actual_monthly_results"
    path = "/api/v3/account/digest/actual/monthly"
    rows = digests.ACCOUNT_MONTHS
    primary_keys, schema = rows.key, rows.schema


class AccountDigestActualMonthlyCommodityResultsStream(AccountRowsStream):
    """Monthly cost and use by account and commodity, as billed.

    Source: https://developer.energycap.com/api-reference/accountdigest/
    """

    name = "account_digest_actual_monthly_commodity_results"
    path = "/api/v3/account/digest/actual/monthly"
    rows = digests.ACCOUNT_COMMODITY_MONTHS
    primary_keys, schema = rows.key, rows.schema


DIGEST_STREAMS = (
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
    PlaceDigestActualMonthlyResultsStream,
    PlaceDigestActualMonthlyCommodityResultsStream,
    PlaceDigestCalendarizedMonthlyResultsStream,
    PlaceDigestCalendarizedMonthlyCommodityResultsStream,
    AccountDigestActualMonthlyResultsStream,
    AccountDigestActualMonthlyCommodityResultsStream,
)
