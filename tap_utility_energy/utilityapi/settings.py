"""The settings of UtilityAPI."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_utility_energy.core.setting_types import Settings, seconds, uids
from tap_utility_energy.utilityapi.bill_files import SETTING as BILL_FILES_DIRECTORY
from tap_utility_energy.utilityapi.client import RATE_LIMIT_FILE, UtilityAPI
from tap_utility_energy.utilityapi.shards import SETTING as SHARD

SETTINGS: Settings = (
    th.Property(
        UtilityAPI.credential_setting,
        th.StringType,
        secret=True,
        title="UtilityAPI token",
        description="UtilityAPI API token. Without it, no UtilityAPI stream is extracted.",
    ),
    th.Property(
        UtilityAPI.base_url_setting,
        th.StringType,
        default="https://utilityapi.com/api/v2",
        title="UtilityAPI base URL",
        description="UtilityAPI base URL. It must use https, except for a loopback address.",
    ),
    uids("utilityapi_authorizations", "UtilityAPI authorizations", "Authorization"),
    uids("utilityapi_billing_accounts", "UtilityAPI billing accounts", "Billing Account"),
    uids("utilityapi_meters", "UtilityAPI meters", "Meter"),
    uids("utilityapi_billing_summaries", "UtilityAPI billing summaries", "Billing Summary"),
    th.Property(
        "utilityapi_utilities",
        th.ArrayType(th.StringType),
        title="UtilityAPI utilities",
        description="Limit to these utilities, by their ids, such as PG&E. Unset or empty: all.",
    ),
    uids("utilityapi_forms", "UtilityAPI forms", "Authorization Form"),
    uids("utilityapi_users", "UtilityAPI users", "User", ", who own the forms"),
    th.Property(
        "utilityapi_referrals",
        th.ArrayType(th.StringType),
        title="UtilityAPI referrals",
        description="Limit to authorizations with one of these referral codes. Unset or empty: "
        "all.",
    ),
    th.Property(
        "utilityapi_include_archived",
        th.BooleanType,
        default=True,
        title="UtilityAPI archived data",
        description="Include archived authorizations and meters. Otherwise these are left out, "
        "and all data under them.",
    ),
    th.Property(
        SHARD,
        th.StringType,
        title="UtilityAPI shard",
        description="Limit to one part of the authorizations, such as 2/8 for the second of eight, "
        "so that several runs read an account at the same time. Give each run its own state.",
    ),
    th.Property(
        BILL_FILES_DIRECTORY,
        th.StringType,
        title="UtilityAPI bill files",
        description="Path of a directory for the files that bills were read from, usually PDFs. "
        "Each is fetched once, for utilityapi_bill_files, which has to be selected too. Unset: "
        "none is fetched.",
    ),
    th.Property(
        "utilityapi_requests_per_minute",
        th.IntegerType(minimum=1),
        default=60,
        title="UtilityAPI requests per minute",
        description="Rate limit for UtilityAPI; requests are spaced evenly. UtilityAPI allows "
        "3000 and recommends no more than 60.",
    ),
    th.Property(
        RATE_LIMIT_FILE,
        th.StringType,
        title="UtilityAPI rate limit file",
        description="Path of an SQLite file. Processes with the same file and the same token "
        "share one rate limit. Give them the same utilityapi_requests_per_minute: a lower one "
        "slows all of them down. Unset: each process has its own limit.",
    ),
    th.Property(
        "utilityapi_max_parallel_requests",
        th.IntegerType(minimum=1, maximum=16),
        default=1,
        title="UtilityAPI parallel requests",
        description="Maximum number of requests in flight at the same time, within the rate "
        "limit. It applies to bills and intervals.",
    ),
    th.Property(
        "utilityapi_mixed_intervals",
        th.BooleanType,
        default=False,
        title="UtilityAPI mixed intervals",
        description="Include intervals of all durations. Otherwise UtilityAPI returns only each "
        "meter's primary duration, such as 15 minutes.",
    ),
    th.Property(
        "utilityapi_interval_lookback_days",
        th.IntegerType(minimum=0),
        default=35,
        title="UtilityAPI interval lookback",
        description="For utilityapi_interval_readings: a meter with new readings is read again "
        "from this many days before its latest known reading. Older readings are read only if the "
        "meter's coverage or counts show that they changed. Without effect while "
        "utilityapi_intervals is selected, which needs whole answers.",
    ),
)

COLLECTION_SETTINGS: Settings = (
    th.Property(
        "historical_collection_enabled",
        th.BooleanType,
        default=False,
        title="Historical collection",
        description="Request historical collections from UtilityAPI before extraction. This costs "
        "money.",
    ),
    th.Property(
        "historical_collection_meters",
        th.ArrayType(th.StringType),
        title="Meters to collect",
        description="Uids of the meters to collect.",
    ),
    th.Property(
        "historical_collection_new_meters",
        th.BooleanType,
        default=False,
        title="Collect new meters",
        description="Also collect every visible meter that was never activated and is not "
        "archived, within utilityapi_authorizations and the other filters on authorizations.",
    ),
    th.Property(
        "historical_collection_max_meters",
        th.IntegerType(minimum=1),
        default=10,
        title="Maximum number of meters",
        description="Maximum number of meters per run. If more would be collected, nothing is "
        "requested and the run fails.",
    ),
    th.Property(
        "historical_collection_max_cost",
        th.NumberType(exclusive_minimum=0),
        title="Maximum cost",
        description="Maximum cost in dollars within 30 days, by the vendor's price list and the "
        "requests recorded in the state and the journal. If a run could exceed it, nothing is "
        "requested and the run fails. Unset: no limit.",
    ),
    th.Property(
        "historical_collection_duration",
        th.IntegerType(minimum=1, maximum=36),
        title="Months to collect",
        description="Months of history to request. Unset: UtilityAPI's default is charged, which "
        "can be 36.",
    ),
    th.Property(
        "historical_collection_repeat_days",
        th.IntegerType(minimum=1),
        title="Days between collections",
        description="Collect a meter again this many days after both its last request and its "
        "last status change. Unset: never.",
    ),
    th.Property(
        "historical_collection_repeat_before",
        th.DateTimeType,
        title="Collect again before",
        description="Collect each meter again, once, if its last request and its last status "
        "change are older than this time, such as 2026-07-01T00:00:00Z. It needs an offset and "
        "must not be in the future. Put it in quotes in meltano.yml.",
    ),
    th.Property(
        "historical_collection_journal",
        th.StringType,
        title="Journal",
        description="Path of a file that records requests in addition to the state, so that a lost "
        "state or a concurrent run cannot cause a second charge.",
    ),
    seconds(
        "historical_collection_wait_seconds",
        600,
        "Maximum wait for a collection",
        "How long to wait for collections to finish before extraction, in seconds.",
    ),
    seconds(
        "historical_collection_poll_seconds",
        15,
        "Polling interval",
        "Time between status checks while meters are collected, in seconds.",
        minimum=1,
    ),
)
