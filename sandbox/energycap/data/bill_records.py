"""Bills as the vendor prints them, and the feed of their changes (api-reference/bill, activity)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data import children, timestamps
from sandbox.energycap.data.batches import batch_child

if TYPE_CHECKING:
    from sandbox.energycap.data.bills import Bill
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.listings import Facts
    from sandbox.energycap.data.model import Model

_NEVER = (
    "accrualReversed",
    "accrualReversedDate",
    "assignedDate",
    "assignedTo",
    "billNote",
    "clearedDate",
    "controlCode",
    "glExportDate",
    "glExportedBy",
    "nextReading",
    "paySource",
    "payTo",
    "paymentType",
    "reversalDetails",
    "transRefNum",
    "wasSplitDate",
)
_FLAGS = ("accrual", "dirty", "excludedFromAccruals", "exportHold", "glExported", "hasBeenSplit")


class BillRecords:
    """Prints bills; `totalCost` is the sum of a bill's lines."""

    def __init__(self, model: Model) -> None:
        """Make records from the tenant's data."""
        self._model = model

    def bill(self, bill: Bill) -> Record:
        """BillResponse; dates without a time of day are at midnight."""
        n, account = bill.id, bill.account
        period = self._model.windows.calendar.period(bill.period)
        cost = self.cost(bill)
        record: Record = {
            "billId": bill.id,
            "batch": batch_child(bill),
            "account": {**children.account(account), "vendor": account.vendor.child},
            "beginDate": timestamps.midnight(bill.begin),
            "endDate": timestamps.midnight(bill.end),
            "billingPeriod": period.code,
            "accountPeriod": period.fiscal_year * 100 + period.fiscal_number,
            "totalCost": cost,
            "estimated": bill.is_estimated,
            **self._workflow(bill),
            "statementDate": timestamps.midnight(bill.end),
            "dueDate": timestamps.midnight(bill.end + dt.timedelta(days=21)) if n % 4 else None,
            "invoiceNumber": f"INV-{n:08d}" if n % 3 else None,
            "invoicePages": n % 4 + 1,
            **children.made(n, bill.created, bill.modified),
            "void": bill.is_void,
            "importVerified": True,
            "fromVendor": n % 2 == 0,
            "actualAmountPaid": cost if n % 3 == 0 else None,
            "previousBalance": Decimal(n % 900).scaleb(-2) if n % 7 == 0 else None,
            "balanceForward": Decimal(0) if n % 2 else None,
            "currentCharges": cost,
            # Its digests are said to be rebuilt; here they always are.
            "analyzing": False,
            **dict.fromkeys(_FLAGS, False),
            **dict.fromkeys(_NEVER),
        }
        return _with_oddities(bill, record)

    def cost(self, bill: Bill) -> Decimal:
        """Add up a bill's lines, in dollars."""
        lines, billing = self._model.lines, self._model.billing
        costs = (lines.line(meter, bill).cost for meter in billing.meters_on(bill))
        return sum(costs, Decimal(0))

    def facts(self, bill: Bill) -> Facts:
        """Return what a bill can be filtered by and does not show: the places of its meters."""
        portfolio = self._model.portfolio
        places = [portfolio.place_of(meter) for meter in self._model.billing.meters_on(bill)]
        codes = {above.code for place in places for above in portfolio.path(place)}
        return {"topmostPlaceCode": sorted(codes)}

    def activity(self, since: dt.datetime | None) -> list[Record]:
        """List bills made or changed since a moment, by default a day ago; deletions do not show.

        A bill that was both is there twice.
        """
        since = since or self._model.changes.now - dt.timedelta(days=1)
        found: list[Record] = []
        for bill in self._model.billing.all():
            if bill.created >= since:
                found.append({"id": bill.id, "reason": "Created"})
            if bill.modified and bill.modified >= since and bill.modified != bill.created:
                found.append({"id": bill.id, "reason": "Modified"})
        return found

    @staticmethod
    def _workflow(bill: Bill) -> Record:
        n = bill.id
        approved, exported = n % 6 != 0, n % 6 > 1
        approved_on = bill.created + dt.timedelta(hours=3)
        return {
            "approved": approved,
            "approveDate": timestamps.shaped(n, approved_on) if approved else None,
            "approvedBy": children.user(n) if approved else None,
            "exported": exported,
            "exportDate": timestamps.shaped(n, approved_on) if exported else None,
            "exportedBy": children.user(1) if exported else None,
            "observationMethod": {
                "observationMethodId": 2 if bill.is_estimated else 1,
                "observationMethodCode": "ESTIMATED" if bill.is_estimated else "ACTUAL",
                "observationMethodInfo": "Estimated" if bill.is_estimated else "Actual",
            },
            "checkNumber": f"{n * 3:06d}" if n % 3 == 0 else None,
            "checkDate": timestamps.midnight(bill.end) if n % 3 == 0 else None,
            "payStatus": "Paid" if n % 3 == 0 else None,
        }


def _with_oddities(bill: Bill, record: Record) -> Record:
    if bill.id % 9 == 4:
        del record["billNote"], record["reversalDetails"]
    if bill.id % 8 == 5:
        record["billSource"] = {"code": "EDI", "confidence": Decimal("0.9870")}
    return record
