"""The settings of EnergyCAP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th

from tap_utility_energy.energycap.client import EnergyCAP
from tap_utility_energy.energycap.streams import STREAMS

if TYPE_CHECKING:
    from tap_utility_energy.core.setting_types import Settings

SETTINGS: Settings = (
    th.Property(
        EnergyCAP.credential_setting,
        th.StringType,
        secret=True,
        title="EnergyCAP API key",
        description="EnergyCAP API key. Without it, no EnergyCAP stream is extracted.",
    ),
    th.Property(
        EnergyCAP.base_url_setting,
        th.StringType,
        default="https://app.energycap.com",
        title="EnergyCAP base URL",
        description="Host of the EnergyCAP environment that the key was created in, without a "
        "path. It must use https, except for a loopback address.",
    ),
    th.Property(
        "energycap_number_of_years",
        th.IntegerType(minimum=1),
        title="EnergyCAP number of years",
        description="Years of digests to read, including the current one. Unset: EnergyCAP "
        "returns 24 months, and four years for yearly digests.",
    ),
    th.Property(
        "energycap_page_size",
        th.IntegerType(minimum=1, maximum=1000),
        default=250,
        title="EnergyCAP page size",
        description="Records per page.",
    ),
    th.Property(
        "energycap_max_parallel_requests",
        th.IntegerType(minimum=1, maximum=16),
        default=2,
        title="EnergyCAP parallel requests",
        description="Maximum number of pages requested at the same time. 1: one after the other.",
    ),
    th.Property(
        "energycap_filters",
        th.ObjectType(
            *(
                th.Property(
                    stream.name,
                    th.StringType,
                    title=f"Filter of {stream.name}",
                    description=f"Filter for {stream.path}.",
                )
                for stream in STREAMS
                if stream.is_filterable
            ),
            additional_properties=False,
        ),
        title="EnergyCAP filters",
        description="Filter expressions by stream, in EnergyCAP's filter language, such as "
        '{"energycap_bills": "endDate last 90 days"}.',
    ),
)
