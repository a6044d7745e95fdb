"""Billing Summaries as UtilityAPI would print them (docs/api/accounting/billing-summaries)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import local_midnight, utc_stamp
from sandbox.utilityapi.data.meters import FILES

if TYPE_CHECKING:
    from sandbox.utilityapi.data.customers import BillingAccount
    from sandbox.utilityapi.data.ledger import Statement

_HUGE = Decimal("123456789012345678.90")
_TINY = Decimal("1E-8")


def billing_summary(statement: Statement, *, hard_numbers: bool) -> dict[str, object]:
    """Print a statement; the ordinal decides its oddities, so that a small world has them too."""
    uid_part = f"{statement.account.uid}-{statement.end:%Y%m%d}"
    blocks = _blocks(statement, uid_part)
    if hard_numbers:
        _plant(statement.ordinal, blocks)
    record: dict[str, object] = {
        "billing_account_uid": statement.account.uid,
        "authorization_uid": statement.account.authorization.uid,
        "meter_uids": meter_uids(statement.account, statement.ordinal),
        "notes": _notes(statement),
        "blocks": list(blocks),
        **blocks,
    }
    if not has_notes(statement):
        del record["notes"]
    _add_oddities(statement.ordinal, record)
    return record


def meter_uids(account: BillingAccount, ordinal: int) -> list[str]:
    """Uids of the meters of a statement; now and then the vendor could not tell."""
    if ordinal % 14 == 8 or _leaves_out_meters(ordinal):
        return []
    return [meter.uid for meter in account.meters]


def _leaves_out_meters(ordinal: int) -> bool:
    return ordinal % 20 == 16


def fails_audit(statement: Statement) -> bool:
    """Whether the vendor missed a charge, which it says in a note, if it has any notes."""
    return statement.ordinal % 22 == 12


def has_notes(statement: Statement) -> bool:
    """Whether the vendor sends a list of notes at all."""
    return statement.ordinal % 8 != 5


def _blocks(statement: Statement, uid_part: str) -> dict[str, object]:
    n = statement.ordinal
    blocks: dict[str, object] = {}
    if n % 17 != 9:
        blocks["base"] = _base(statement)
    if n % 19 != 11:
        blocks["new_charges"] = _new_charges(statement)
    if n % 12 == 7:
        blocks["shut_off_info"] = _shut_off(statement)
    if n % 13 != 6:
        blocks["sources"] = [{"type": "pdf", "raw_url": f"{FILES}/billing_summary/{uid_part}.pdf"}]
    if statement.account.authorization.utility.id == "PG&E" and n % 5 != 3:
        blocks["pge_electric_charge_breakdown"] = _breakdown(statement)
    if n % 18 == 4:
        blocks["emissions_estimate"] = {
            "co2_lbs": Decimal(n * 37 + 12).scaleb(-1),
            "method": "average grid mix",
            "by_meter": [{"meter_uid": m.uid} for m in statement.account.meters],
        }
    return blocks


def _base(statement: Statement) -> dict[str, object]:
    n, zone = statement.ordinal, statement.account.authorization.utility.zone
    due = statement.end + dt.timedelta(days=21)
    base: dict[str, object] = {
        "statement_date": local_midnight(zone, statement.end, micros=n % 10 != 6),
        "previous_balance_amount": _amount(statement.previous, n),
        "previous_balance_unpaid": _amount(statement.unpaid, n),
        "previous_payment_amount": _amount(statement.payment, n),
        "new_charges_amount": _amount(statement.new_charges, n),
        "new_balance_amount": _amount(statement.balance, n),
        "amount_due": _amount(max(statement.balance, Decimal("0.00")), n),
        "amount_due_date": local_midnight(zone, due, micros=n % 11 != 3),
    }
    if n % 9 == 2:
        base["amount_due_date"] = f"{due.isoformat()}T:00:00.000000+00:00"
    if n % 15 == 10:
        base["amount_due_date"] = None
    if n % 21 == 14:
        base["amount_due"] = None
    if n % 20 == 1:
        base["budget_billing"] = {"enrolled": False, "monthly_amount": None}
    return base


def _amount(value: Decimal | None, ordinal: int) -> Decimal | None:
    """A zero is printed in several ways, any other amount with its cents."""
    if value is not None and not value:
        return (Decimal(0), Decimal("0.0"), Decimal("0.00"))[ordinal % 3]
    return value


def _new_charges(statement: Statement) -> list[dict[str, object]]:
    charges: list[dict[str, object]] = [
        {"name": line.name, "cost": line.cost} for line in statement.lines
    ]
    if statement.ordinal % 24 == 2:
        charges[0]["bill_line_codes"] = ["EL-1", None]
    return charges[1:] if fails_audit(statement) else charges


def _shut_off(statement: Statement) -> dict[str, object]:
    if statement.ordinal % 24 == 19:
        return {}
    zone = statement.account.authorization.utility.zone
    day = statement.end + dt.timedelta(days=35)
    return {
        "shut_off_date": local_midnight(zone, day),
        "shut_off_amount": _amount(statement.unpaid, statement.ordinal),
    }


def _breakdown(statement: Statement) -> list[dict[str, object]]:
    """Split each electric delivery charge into parts of four decimals that add up to it."""
    zone = statement.account.authorization.utility.zone
    period = (local_midnight(zone, statement.start), local_midnight(zone, statement.end))
    items: list[dict[str, object]] = []
    for meter, month in zip(statement.account.meters, statement.months, strict=True):
        if meter.service != "electric":
            continue
        line = month.lines[0]
        transmission = (line.cost * 31 / 100).quantize(Decimal("0.0001"))
        for name, cost, rate in (
            ("Transmission", transmission, None),
            ("Distribution", line.cost - transmission, line.rate),
        ):
            items.append({
                "name": name,
                "start": period[0],
                "end": period[1],
                "cost": cost,
                "volume": line.volume,
                "rate": rate,
                "unit": line.unit,
                "kind": line.kind,
            })
    return items


def _notes(statement: Statement) -> list[dict[str, object]]:
    collected = statement.created + dt.timedelta(seconds=40)
    notes: list[dict[str, object]] = []
    if fails_audit(statement):
        notes.append({
            "type": "audit_failed_on_new_charges",
            "msg": "The charges of this summary do not add up. Please check the source.",
            "ts": utc_stamp(collected),
        })
    if statement.ordinal % 25 == 15:
        notes.append({
            "type": "previous_balances_strange",
            "msg": "The earlier balance looks strange.",
            "ts": utc_stamp(collected),
            # Malformed as in the vendor's own examples of notes.
            "statement_date": f"{collected:%Y-%m-%d}:17:00:00.000000+00:00",
        })
    return notes


def _add_oddities(ordinal: int, record: dict[str, object]) -> None:
    """Leave out what the vendor's own example leaves out; add what no page names."""
    if _leaves_out_meters(ordinal):
        del record["meter_uids"]
    if ordinal % 6 == 1:
        record["confidence_score"] = Decimal("0.9870")
    if ordinal % 23 == 17:
        record["is_final"] = None
    if ordinal == 3:
        record["extra"] = {"reason": "a field of the vendor's that is called extra"}


def _plant(ordinal: int, blocks: dict[str, object]) -> None:
    """Add numbers that no double holds, in pairs that leave every sum as it was."""
    charges = blocks.get("new_charges")
    if isinstance(charges, list) and ordinal % 4 == 1:
        for name, cost in (("Rebilling", _HUGE), ("Rounding", _TINY)):
            charges.append({"name": name, "cost": cost})
            charges.append({"name": f"{name} reversed", "cost": -cost})
    if ordinal % 4 == 2:
        blocks["conversion_factors"] = {
            "small": Decimal("1.0E-10"),
            "large": Decimal("12345678901234567890.123456789"),
            "count": 123456789012345678901234567890,
        }
