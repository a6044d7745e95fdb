"""Bills and their charges."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_utility_energy.http.errors import shown
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.meter_data import MeterDataStream, items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record


class BillDataStream(MeterDataStream):
    """A stream of what bills hold."""

    path = "/bills"
    records_key = "bills"
    count_field = "bill_count"
    is_counted = True
    fingerprint_fields = ("authorization_uid", "status_ts", "bill_count", "bill_coverage")


class BillsStream(BillDataStream):
    """Bills: the period, the use and the charges of one meter.

    All bills of a meter come again when the meter's status, number or coverage of bills has
    changed; that is how a correction of an old bill is caught.

    Source: https://utilityapi.com/docs/api/bills
    """

    name = "utilityapi_bills"
    schema = schemas.BILL


class BillLineItemsStream(BillDataStream):
    """Charges: a row for each of a bill's line items, those of its suppliers included.

    ``source`` tells the utility's own charges from the suppliers', which are not among them. A
    corrected bill may have fewer charges than before: rows whose ``updated`` is not that of their
    bill are left over. A charge that is no object is left out and named; its bill still has it.

    Source: https://utilityapi.com/docs/api/bills/blocks
    """

    name = "utilityapi_bill_line_items"
    primary_keys = ("bill_uid", "position")
    where_bad_records_are = "; utilityapi_bills has the charges"
    schema = schemas.BILL_LINE_ITEM

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        own = schemas.BILL["properties"]["line_items"]["items"]
        item_fields = self.extra_fields_of(own["properties"])
        for bill in self.request_records(context):
            positions = count()
            shared = {name: bill.get(name) for name in ("meter_uid", "authorization_uid")}
            shared |= {"bill_uid": bill["uid"], "updated": bill.get("updated")}
            others = 0
            for item, where in charges(bill):
                if not isinstance(item, dict):
                    others += 1
                    continue
                fields, unknown = item_fields.split(item)
                row = {**fields, **shared, **where, "position": next(positions)}
                yield self.extra_fields.keep(row, unknown)
            if others:
                named = f"bill {shown(bill['uid'], 40)} has {others} charge(s) that are no objects"
                self.bad_records.add_rows(others, named)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        return row  # unknown fields were seen to


def charges(bill: Record) -> Iterator[tuple[object, Record]]:
    """What stands for charges in a bill, and where it stands.

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
