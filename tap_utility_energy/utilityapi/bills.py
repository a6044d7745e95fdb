"""Bills and their charges."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_utility_energy.http.errors import shown
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.json_values import items
from tap_utility_energy.utilityapi.meter_changes import MeterEndpoint
from tap_utility_energy.utilityapi.meter_data import MeterDataStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.extra_fields import ExtraFields


#: The list of bills, which requires a filter by meter.
BILLS = MeterEndpoint(
    path="/bills",
    records_key="bills",
    count_field="bill_count",
    fingerprint_fields=("authorization_uid", "status_ts", "bill_count", "bill_coverage"),
    counts_records=True,
)


class BillsStream(MeterDataStream):
    """Bills: the period, the use and the charges of one meter.

    All bills of a meter come again when the meter's status, number or coverage of bills has
    changed; that is how a correction of an old bill is caught.
    """

    name = "utilityapi_bills"
    docs_url = "https://utilityapi.com/docs/api/bills"
    endpoint = BILLS
    schema = schemas.BILL


class BillLineItemsStream(MeterDataStream):
    """Charges: a row for each of a bill's line items, those of its suppliers included.

    ``source`` tells the utility's own charges from the suppliers', which are not among them. A
    corrected bill may have fewer charges than before: rows whose ``updated`` is not that of their
    bill are left over. A charge that is no object is left out and named; its bill still has it.
    """

    name = "utilityapi_bill_line_items"
    docs_url = "https://utilityapi.com/docs/api/bills/blocks"
    endpoint = BILLS
    primary_keys = ("bill_uid", "position")
    bad_records_hint = "; utilityapi_bills has the charges"
    schema = schemas.BILL_LINE_ITEM

    @property
    @override
    def rows_of(self) -> Callable[[Record], Iterable[Record]]:
        return self._charges

    def _charges(self, record: Record) -> Iterable[Record]:
        shared = {name: record.get(name) for name in ("meter_uid", "authorization_uid")}
        shared |= {"bill_uid": record["uid"], "updated": record.get("updated")}
        positions, others = count(), 0
        for item, where in charges(record):
            if not isinstance(item, dict):
                others += 1
                continue
            fields, unknown = self._item_fields.split(item)
            row = {**fields, **shared, **where, "position": next(positions)}
            yield self.extra_fields.keep(row, unknown)
        if others:
            named = f"bill {shown(record['uid'], 40)} has {others} charge(s) that are no objects"
            self.bad_records.add_rows(others, named)

    @cached_property
    def _item_fields(self) -> ExtraFields:
        own = schemas.BILL["properties"]["line_items"]["items"]
        return self.extra_fields_of(own["properties"])


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
