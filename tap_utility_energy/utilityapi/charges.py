"""One row per charge of a bill."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from tap_utility_energy.http.errors import shown
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.json_values import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.stream import VendorStream


class ChargeRows:
    """Makes the rows of a bill: one per charge.

    Args:
        stream: The stream that emits the rows.
    """

    def __init__(self, stream: VendorStream) -> None:
        self._stream = stream

    def rows_of(self, record: Record) -> Iterable[Record]:
        """The rows of a bill. A charge that is not an object is counted as a bad record."""
        shared = {name: record.get(name) for name in ("meter_uid", "authorization_uid")}
        shared |= {"bill_uid": record["uid"], "updated": record.get("updated")}
        positions, others = count(), 0
        for item, where in charges(record):
            if not isinstance(item, dict):
                others += 1
                continue
            fields, unknown = self._item_fitter.split(item)
            row = {**fields, **shared, **where, "position": next(positions)}
            yield self._stream.fitter.fit(row, unknown)
        if others:
            named = f"bill {shown(record['uid'], 40)} has {others} charge(s) that are not objects"
            self._stream.bad_records.add_rows(others, named)

    @cached_property
    def _item_fitter(self) -> RecordFitter:
        own = schemas.BILL["properties"]["line_items"]["items"]
        return self._stream.fitter_of(own["properties"])


def charges(bill: Record) -> Iterator[tuple[object, Record]]:
    """The charges of a bill, of any JSON type, with their source and supplier.

    A supplier that is no object stands for a charge.
    """
    for item in items(bill.get("line_items") or []):
        yield item, {"source": "line_items"}
    for supplier in items(bill.get("suppliers") or []):
        where: Record = {"source": "suppliers"}
        if not isinstance(supplier, dict):
            yield supplier, where
            continue
        where["supplier_name"] = supplier.get("supplier_name")
        for item in items(supplier.get("supplier_line_items") or []):
            yield item, where
