"""All options of the sandbox, for the command line and for tests."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

TODAY = dt.date(2026, 6, 30)
#: The first month of the EnergyCAP tenant's fiscal year.
FISCAL_START_MONTH = 7
NEXT_STYLES = ("after-only", "full", "relative", "relative-query", "opaque")
HEADER_CASES = ("pascal", "lower", "upper")
PAGING_HEADERS = ("PageNumber", "PageSize", "TotalNumberOfRecords", "TotalPages")
# As EnergyCAP's reference pages print them.
PERMISSIONS = (
    "Accounts (View)",
    "BillsAndBatches (View)",
    "BuildingsAndOrganizations (View)",
    "CostCenters (View)",
    "EmissionsSources (View)",
    "GroupsAndBenchmarksModule (View)",
    "Meters (View)",
    "Records (View)",
    "VendorsAndRatesModule (View)",
)


def _option(default: Any, text: str, parse: Callable[[str], Any] = str, **more: Any) -> Any:
    """Declare a field together with what argparse needs to offer it."""
    return dataclasses.field(default=default, metadata={"help": text, "parse": parse, **more})


def _parse_change(name: str, text: str | None) -> tuple[int, int]:
    """Read ``N@P``: N meters, from page P on."""
    count, at, page = (text or "0@1").partition("@")
    if not (at and count.isdecimal() and page.isdecimal() and int(page) > 0):
        raise ValueError(f"{name}: {text!r} is not N@P, such as 3@2")
    return int(count), int(page)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """What the sandbox serves and how badly it behaves; the defaults are a strict, sane vendor."""

    host: str = _option("127.0.0.1", "loopback address to listen on")
    port: int = _option(0, "port; 0 takes a free one", int)
    seed: int = _option(1, "same seed, same data", int)
    billing_summaries: int = _option(2400, "UtilityAPI billing summaries to serve", int)
    meters: int = _option(
        120, "EnergyCAP meters to serve; 0 answers 204, bills of 100000 take a minute and 3 GB", int
    )
    hard_numbers: bool = _option(
        default=False, text="plant numbers of 20 and more digits and exponents such as 1E-8"
    )
    accounting_periods: int = _option(
        12, "accounting periods a year of the EnergyCAP tenant", int, choices=(12, 13)
    )
    latency_ms: int = _option(0, "delay before every answer of a vendor, milliseconds", int)

    utilityapi_token: str = _option("sandbox-utilityapi-token", "the only token accepted")
    utilityapi_page_limit: int = _option(1000, "billing summaries a page", int)
    utilityapi_rate_limit: int = _option(50, "requests a second before 429; 0 is no limit", int)
    cache_seconds: float = _option(
        1.0, "how long a listing of several pages answers 202 at first; 0 is never", float
    )
    next_style: str = _option("after-only", "shape of the next link", choices=NEXT_STYLES)
    empty_page_every: int = _option(0, "an empty page after every N pages; 0 is never", int)
    next_cycle: bool = _option(default=False, text="the last page leads back to an earlier one")
    next_foreign: str | None = _option(None, "origin that the next link points to instead")
    data_page_limit: int = _option(500, "UtilityAPI bills or intervals a page", int)
    interval_meters: int = _option(2, "UtilityAPI meters with readings, besides demo ones", int)
    interval_days: int = _option(
        0, "only so many days of readings at the end of each bill's period; 0 is all", int
    )
    local_files: bool = _option(
        default=False, text="the links of UtilityAPI's bills lead to files of the sandbox"
    )
    start_cuts: bool = _option(
        default=False,
        text="start and end cut readings off UtilityAPI's intervals, instead of leaving out whole "
        "intervals that begin before or end after them",
    )
    balance: float = _option(1_000_000.0, "prepaid balance, dollars; at 0 a POST gets 402", float)
    job_start_delay: float = _option(0.0, "seconds until a collection shows at all", float)
    job_seconds: float = _option(2.0, "seconds that a collection is pending", float)
    job_fail_uids: str | None = _option(None, "meters whose collections fail, uids,... or *")
    job_stuck_uids: str | None = _option(None, "meters that stay pending, uids,... or *")
    job_silent_uids: str | None = _option(None, "meters that are never pending, uids,... or *")
    job_nothing_uids: str | None = _option(
        None, "meters with nothing to collect, on which nothing is ever seen, uids,... or *"
    )
    utilityapi_date: str | None = _option(
        None, "what UtilityAPI sends as Date, instead of the time"
    )
    ignore_filters: bool = _option(
        default=False, text="UtilityAPI's lists of meters and consents ignore all filters"
    )
    time_scale: float = _option(1.0, "sandbox seconds that pass in a real one", float)

    energycap_api_key: str = _option("sandbox.energycap-key==", "the only API key accepted")
    strict_content_type: bool = _option(
        default=False, text="EnergyCAP answers 415 to a GET without a JSON content type"
    )
    energycap_deny: str | None = _option(
        None, "permissions that the key's owner has not, such as Meters (View),..."
    )
    header_case: str = _option("pascal", "case of the paging headers", choices=HEADER_CASES)
    drop_header: str | None = _option(None, "paging header to leave out", choices=PAGING_HEADERS)
    loose_ends: bool = _option(
        default=False,
        text="some meters have no place or no commodity, or a place that is not on the list",
    )
    grow_meters: str | None = _option(None, "N@P: from page P on there are N meters more")
    shrink_meters: str | None = _option(None, "N@P: from page P on there are N meters fewer")
    repeat_meter_across_pages: bool = _option(
        default=False, text="the last meter of page 1 is the first of page 2 as well"
    )
    null_digests: bool = _option(
        default=False, text="200 and null, not 204, where there are no digests"
    )
    date_oddities: bool = _option(
        default=False,
        text="some digests have an update date that is no RFC 3339, such as 2026-06-19 14:22:00",
    )
    duplicate_period: bool = _option(default=False, text="a meter has the same period twice")
    missing_period_key: bool = _option(
        default=False, text="a result of a meter has calendarPeriod null"
    )

    def __post_init__(self) -> None:
        """Refuse what cannot be served, naming the option."""
        for field in dataclasses.fields(self):
            self._check(field.name, getattr(self, field.name), field.metadata.get("choices"))
        if not is_loopback(self.host):
            raise ValueError(f"host: {self.host!r} is not a loopback address")
        for name in ("utilityapi_page_limit", "data_page_limit"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: must be 1 or more")
        if not self.time_scale:
            raise ValueError("time_scale: must be above 0")
        if unknown := self.denied_permissions - set(PERMISSIONS):
            raise ValueError(f"energycap_deny: {unknown} are none of {', '.join(PERMISSIONS)}")
        for name in ("grow_meters", "shrink_meters"):
            _parse_change(name, getattr(self, name))

    @staticmethod
    def _check(name: str, value: Any, choices: tuple[Any, ...] | None) -> None:
        if choices and value is not None and value not in choices:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(map(str, choices))}")
        if isinstance(value, int | float) and name != "seed" and value < 0:
            raise ValueError(f"{name}: must not be negative")

    @property
    def today(self) -> dt.date:
        """The current day in the data."""
        return TODAY

    @property
    def denied_permissions(self) -> frozenset[str]:
        """Permissions that the owner of the EnergyCAP key has not."""
        return frozenset((self.energycap_deny or "").split(",")) - {""}

    @property
    def growth(self) -> tuple[int, int]:
        """Meters more, and the page from which on."""
        return _parse_change("grow_meters", self.grow_meters)

    @property
    def shrinkage(self) -> tuple[int, int]:
        """Meters fewer, and the page from which on."""
        return _parse_change("shrink_meters", self.shrink_meters)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer every option of `SandboxOptions` on a command line."""
    for field in dataclasses.fields(SandboxOptions):
        flag = "--" + field.name.replace("_", "-")
        text = field.metadata["help"].replace("%", "%%")
        if isinstance(field.default, bool):
            parser.add_argument(flag, action="store_true", help=text)
            continue
        parser.add_argument(
            flag,
            type=field.metadata["parse"],
            default=field.default,
            choices=field.metadata.get("choices"),
            help=f"{text} (default: {field.default})",
        )


def from_arguments(arguments: argparse.Namespace) -> SandboxOptions:
    """Take the options out of parsed arguments that may hold others too."""
    names = {field.name for field in dataclasses.fields(SandboxOptions)}
    return SandboxOptions(**{k: v for k, v in vars(arguments).items() if k in names})
