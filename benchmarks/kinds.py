"""The kinds of records that are timed, and the rows that a plain program makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from benchmarks import endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.endpoints import Endpoint

Record = dict[str, Any]


def itself(record: Record) -> Iterator[Record]:
    yield record


def readings(interval: Record) -> Iterator[Record]:
    shared = {name: interval[name] for name in ("meter_uid", "authorization_uid", "updated")}
    shared["interval_uid"] = interval["uid"]
    for reading in interval["readings"]:
        yield {**reading, **shared}


def charges(bill: Record) -> Iterator[Record]:
    shared = {name: bill[name] for name in ("meter_uid", "authorization_uid", "updated")}
    shared["bill_uid"] = bill["uid"]
    position = count()
    for item in bill.get("line_items") or []:
        yield {**item, **shared, "source": "line_items", "position": next(position)}
    for supplier in bill.get("suppliers") or []:
        shared["supplier_name"] = supplier.get("supplier_name")
        for item in supplier.get("supplier_line_items") or []:
            yield {**item, **shared, "source": "suppliers", "position": next(position)}


def periods(digest: Record) -> Iterator[Record]:
    above = {name: digest[name] for name in digest if name not in {"results", "commodities"}}
    for period in digest.get("results") or []:
        yield {**above, **period}


def commodity_periods(digest: Record) -> Iterator[Record]:
    hidden = {"results", "commodities", "targetComparison"}
    above = {name: digest[name] for name in digest if name not in hidden}
    for commodity in digest.get("commodities") or []:
        yield from periods({**above, **commodity})


@dataclass(frozen=True, eq=False)
class Kind:
    """A stream, with settings, whose cost per row is measured.

    Args:
        stream: The stream.
        endpoint: What it is read from.
        rows: Makes the rows of a record.
        variant: What is asked of the tap besides.
        config: Settings for that, of this tap and of one of the SDK.
        deselected: A field that is deselected.
        nested: The list of a row whose items are counted instead of the row.
    """

    stream: str
    endpoint: Endpoint
    rows: Callable[[Record], Iterator[Record]] = itself
    variant: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    deselected: str = ""
    nested: str = ""

    @property
    def name(self) -> str:
        """What `--only` takes."""
        return f"{self.stream}:{self.variant}" if self.variant else self.stream

    def counted(self, row: Record) -> int:
        """How many a row counts for."""
        return len(row[self.nested]) if self.nested else 1


def without(kind: Kind, name: str) -> Kind:
    return Kind(kind.stream, kind.endpoint, kind.rows, "deselected", deselected=name)


def hashed(kind: Kind, name: str) -> Kind:
    maps = {"stream_maps": {kind.stream: {name: f"md5({name})"}}}
    return Kind(kind.stream, kind.endpoint, kind.rows, "hashed", maps)


def flattened(kind: Kind) -> Kind:
    settings = {"flattening_enabled": True, "flattening_max_depth": 3}
    return Kind(kind.stream, kind.endpoint, kind.rows, "flattened", settings)


READINGS = Kind("utilityapi_interval_readings", endpoints.INTERVALS, readings)
SUMMARIES = Kind("billing_summaries", endpoints.SUMMARIES)
DIGESTS = Kind("meter_digest_monthly", endpoints.METER_DIGESTS)
DIGEST_ROWS = Kind("meter_digest_monthly_results", endpoints.METER_DIGESTS, periods)
KINDS = (
    READINGS,
    Kind("utilityapi_intervals", endpoints.INTERVALS, nested="readings"),
    DIGEST_ROWS,
    Kind(
        "place_digest_actual_monthly_commodity_results",
        endpoints.PLACE_DIGESTS,
        commodity_periods,
    ),
    Kind("place_digest_actual_monthly_results", endpoints.PLACE_DIGESTS, periods),
    Kind("utilityapi_bills", endpoints.BILLS),
    Kind("utilityapi_bill_line_items", endpoints.BILLS, charges),
    Kind("energycap_meters", endpoints.ENERGYCAP_METERS),
    Kind("energycap_bills", endpoints.ENERGYCAP_BILLS),
    SUMMARIES,
    DIGESTS,
    without(SUMMARIES, "notes"),
    without(DIGESTS, "meterInfo"),
    hashed(SUMMARIES, "billing_account_uid"),
    hashed(DIGEST_ROWS, "meterCode"),
    flattened(SUMMARIES),
)
BY_NAME = {kind.name: kind for kind in KINDS}
