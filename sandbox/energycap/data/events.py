"""Events between two runs of a client: bills are changed, added and deleted."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.energycap.data.names import meter_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.energycap.data.bills import Bill
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.model import Model

Details = dict[str, Any]


class Events:
    """Events by name; each lets time pass, so that what it changes is stamped later.

    Where no bill is named, one is taken whose period has no other, so that the period vanishes
    when the bill is deleted or moved.
    """

    def __init__(self, model: Model, forget: Callable[[], None]) -> None:
        """Change the data; `forget` drops all records that were made from it."""
        self._model, self._changes, self._forget = model, model.changes, forget

    def events(self) -> dict[str, Callable[[Details], object]]:
        """Return the events by name."""
        return {
            "modify_bill": self._modify_bill,
            "delete_bill": self._delete_bill,
            "move_bill": self._move_bill,
            "rename_meter": self._rename_meter,
            "new_bills": self._new_bills,
        }

    def _modify_bill(self, details: Details) -> Record:
        """Add ``cost`` dollars (by default 10) and a unit of use to each line of ``bill_id``."""
        bill = self._bill(details, "cost")
        more = details.get("cost", 10)
        if isinstance(more, bool) or not isinstance(more, int | Decimal):
            raise TypeError(f"cost: {more!r} is no amount")
        changed = dataclasses.replace(bill, more=bill.more + more)
        return self._put(bill, changed)

    def _delete_bill(self, details: Details) -> Record:
        """Delete ``bill_id`` without a trace."""
        bill = self._bill(details)
        return self._put(bill, None)

    def _move_bill(self, details: Details) -> Record:
        """Report ``bill_id`` in ``billing_period`` (YYYYMM), by default the one before."""
        bill = self._bill(details, "billing_period")
        calendar = self._model.windows.calendar
        code = details.get("billing_period", calendar.period(bill.period - 1).code)
        target = calendar.from_code(code)
        known = range(self._model.billing.first_slot, self._model.billing.last_slot + 1)
        if target == bill.period or target not in known:
            raise ValueError(f"billing_period: a bill cannot be moved to {code}")
        return self._put(bill, dataclasses.replace(bill, period=target)) | {"movedTo": code}

    def _rename_meter(self, details: Details) -> Record:
        """Give ``meter_id`` (by default the first on the list) a ``meter_code``, ``meter_info``."""
        _check(details, "meter_id", "meter_code", "meter_info")
        meters = self._model.portfolio.meters
        wanted = details.get("meter_id", meters[0].id if meters else None)
        meter = next((meter for meter in meters if meter.id == wanted), None)
        if meter is None:
            raise LookupError(f"meter_id: there is no meter {wanted}")
        code, info = meter_names(meter, self._changes)
        names = details.get("meter_code", f"{code}-R"), details.get("meter_info", f"{info} (neu)")
        self._changes.meters[meter.id] = (str(names[0]), str(names[1]), self._changes.pass_a_day())
        self._forget()
        return {"meterId": meter.id, "meterCode": names[0], "meterInfo": names[1]}

    def _new_bills(self, details: Details) -> Record:
        """Let ``months`` (by default 1) go by, with the bills that come in meanwhile."""
        _check(details, "months")
        months = details.get("months", 1)
        if not isinstance(months, int) or not 1 <= months <= 24:
            raise ValueError(f"months: {months!r} is not 1 to 24")
        first = self._model.billing.last_slot - 1
        before = set(self._ids_since(first))
        self._changes.pass_months(months)
        self._forget()
        return {"billIds": [n for n in self._ids_since(first) if n not in before]}

    def _ids_since(self, slot: int) -> Iterator[int]:
        billing = self._model.billing
        for account in self._model.portfolio.accounts:
            for bill in billing.in_slots(account, slot, billing.last_slot):
                yield bill.id

    def _bill(self, details: Details, *others: str) -> Bill:
        _check(details, "bill_id", *others)
        if "bill_id" not in details:
            return self._any_bill()
        wanted = details["bill_id"]
        found = self._model.billing.find(wanted) if isinstance(wanted, int) else None
        if found is None:
            raise LookupError(f"bill_id: there is no bill {wanted!r}")
        return found

    def _any_bill(self) -> Bill:
        """Return an unchanged bill from the year before that is alone in its period."""
        billing, calendar = self._model.billing, self._model.windows.calendar
        first = calendar.index(self._changes.billed_until.year - 1, 2)
        for meter in self._model.portfolio.meters:
            for account in self._model.portfolio.accounts_of[meter.id]:
                for slot in range(first, first + calendar.count - 1):
                    bills = list(billing.in_periods(account, slot, slot))
                    alone = len(bills) == 1 and meter in billing.meters_on(bills[0])
                    if alone and bills[0].id not in self._changes.bills:
                        return bills[0]
        raise LookupError("bill_id: there is no bill to take")

    def _put(self, bill: Bill, changed: Bill | None) -> Record:
        """Put a changed bill, or none, in the place of a bill."""
        now = self._changes.pass_a_day()
        self._changes.bills[bill.id] = changed and dataclasses.replace(changed, modified=now)
        self._forget()
        return {
            "billId": bill.id,
            "accountId": bill.account.id,
            "meterIds": [meter.id for meter in self._model.billing.meters_on(bill)],
            "billingPeriod": self._model.windows.calendar.period(bill.period).code,
        }


def _check(details: Details, *known: str) -> None:
    if unknown := set(details) - set(known):
        raise ValueError(f"{', '.join(sorted(unknown))}: takes {', '.join(known)}")
