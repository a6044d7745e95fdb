"""Batches in which bills came in (api-reference/batch)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.energycap.data import children, timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.energycap.data.bills import Bill
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.model import Model

_EMPTY_ID = 7


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch: the bills drawn for a period, apart from those that were entered without one."""

    id: int
    bills: tuple[Bill, ...]


def batch_child(bill: Bill) -> Record | None:
    """BatchChild: in which batch a bill is, if any."""
    return {"batchId": bill.slot, "batchCode": _code(bill.slot)} if bill.id % 5 else None


def _code(number: int) -> str:
    return f"BATCH {number}"


class Batches:
    """Lists batches; `cost` is what a bill comes to."""

    def __init__(self, model: Model, cost: Callable[[Bill], Decimal]) -> None:
        """Make batches of the tenant's bills."""
        self._model, self._cost = model, cost

    def all(self) -> Sequence[Batch]:
        """Return the batches, one of which is empty; without bills there are none."""
        found: dict[int, list[Bill]] = {}
        for bill in self._model.billing.all():
            if batch_child(bill):
                found.setdefault(bill.slot, []).append(bill)
        batches = [Batch(slot, tuple(bills)) for slot, bills in found.items()]
        return [Batch(_EMPTY_ID, ()), *batches] if batches else ()

    def batch(self, batch: Batch) -> Record:
        """BatchResponse; the total is of all bills, void ones too ("all bills in this batch")."""
        n, bills = batch.id, batch.bills
        is_open = n == self._model.billing.last_slot
        status = "open" if is_open else "closed" if bills else "pending"
        opened = min((bill.created for bill in bills), default=self._model.changes.now)
        closed = max((bill.created for bill in bills), default=opened) + dt.timedelta(hours=1)
        return {
            "batchId": n,
            "batchCode": _code(n),
            "isOpen": is_open,
            "batchStatus": status,
            "startDate": timestamps.shaped(n, opened),
            "endDate": timestamps.shaped(n + 1, closed) if status == "closed" else None,
            "billCount": len(bills),
            "runningTotal": sum(map(self._cost, bills), Decimal(0)),
            "statementDate": None,
            "dueDate": None,
            "nextReading": None,
            "controlCode": f"C{n}" if n % 3 == 0 else None,
            "invoiceNumber": None,
            **self._account_period(batch),
            "note": "Übertrag" if n % 6 == 1 else None,
            "createdBy": children.user(n),
            "flagCount": n % 4,
            "analyzingCount": 0,
            "hasImportedBills": n % 2 == 0,
        }

    def _account_period(self, batch: Batch) -> Record:
        """Tell which accounting period a batch sets, if it sets one."""
        period = None
        if batch.bills and batch.id % 2:
            period = self._model.windows.calendar.period(batch.id)
        return {
            "accountPeriodName": period and period.name,
            "accountPeriodNumber": period and period.fiscal_number,
            "accountPeriodYear": period and period.fiscal_year,
        }
