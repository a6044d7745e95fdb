"""Bills as UtilityAPI would print them (docs/api/bills, docs/api/bills/blocks)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import local_midnight, utc_stamp
from sandbox.utilityapi.data.ledger import CENT
from sandbox.utilityapi.data.meters import FILES, base_block, programs_block, suppliers_block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.utilityapi.data.ledger import ChargeLine
    from sandbox.utilityapi.data.services import Bill

_HUGE = Decimal("123456789012345678.90")
_TINY = Decimal("1E-8")
_BUCKETS = (("On-Peak", "peak", 22), ("Part-Peak", "part-peak", 31), ("Off-Peak", "off-peak", 47))


def bill_record(bill: Bill, *, hard_numbers: bool) -> dict[str, object]:
    """Print a bill; the statement's ordinal and the meter's decide its oddities.

    `line_items` and the `supplier_line_items` together add up to `bill_total_cost`, in dollars,
    and `bill_total_volume` is in the unit named, but for the flagged bills.
    """
    service = bill.service
    blocks = {name: block for name, block in _blocks(bill).items() if block is not None}
    if hard_numbers:
        _plant(bill, blocks)
    record: dict[str, object] = {
        "uid": bill.uid,
        "meter_uid": service.uid,
        "authorization_uid": service.consent.uid,
        "created": utc_stamp(bill.created),
        "updated": utc_stamp(bill.updated),
        "notes": _notes(bill),
        "utility": service.consent.authorization.utility.id,
        "blocks": list(blocks),
        **blocks,
    }
    if statement_number(bill, 9) == 4:
        record["confidence_score"] = Decimal("0.9870")
    return record


def statement_number(bill: Bill, sides: int) -> int:
    """Return a number below ``sides``, by the ordinals of the statement and the meter."""
    return (bill.statement.ordinal + bill.service.ordinal) % sides


def _blocks(bill: Bill) -> dict[str, object]:
    utility, n = bill.service.consent.authorization.utility.id, statement_number(bill, 60)
    is_electric = bill.service.meter.service == "electric"
    return {
        "base": _base(bill),
        "sources": None if n % 10 == 3 else [{"type": "pdf", "raw_url": _file(bill)}],
        "line_items": _line_items(bill),
        "suppliers": _suppliers(bill) or None,
        "tiers": _tiers(bill) if bill.service.consent.is_test else None,
        "tou": _tou(bill) if is_electric and n % 2 else None,
        "demand": _demand(bill) if is_electric and n % 3 else None,
        "power": _power(bill) if is_electric and n % 4 == 1 else None,
        "programs": programs_block(bill.service) or None,
        "pge_details": {"serial": f"00{n}"} if utility == "PG&E" else None,
        "sce_details": {"voltage": "16.0"} if utility == "SCE" else None,
        "rate_change": {"effective": None, "share": Decimal("0.500")} if n % 12 == 7 else None,
    }


def file_path(bill: Bill) -> str:
    """Return where a bill's PDF is, below the files."""
    return f"pdf_bill/{bill.uid}/{bill.statement.end:%Y-%m}.pdf"


def _file(bill: Bill) -> str:
    return f"{FILES}/{file_path(bill)}"


def _base(bill: Bill) -> dict[str, object]:
    zone, statement, month = bill.service.zone, bill.statement, bill.month
    base = {
        **base_block(bill.service),
        "bill_start_date": local_midnight(zone, statement.start),
        "bill_end_date": local_midnight(zone, statement.end),
        "bill_statement_date": local_midnight(zone, statement.end + dt.timedelta(days=2)),
        "bill_total_kwh": month.volume if month.unit == "kwh" else None,
        "bill_total_unit": month.unit,
        "bill_total_volume": month.volume,
        "bill_total_cost": _total(bill.lines),
    }
    if statement_number(bill, 7) == 2:
        del base["bill_statement_date"]
    if not _is_priced(bill):
        base["bill_total_cost"] = base["bill_total_volume"] = None
    return base


def _is_priced(bill: Bill) -> bool:
    """Amounts are missing only where no billing summary has them either."""
    has_summary = bill.service.consent.authorization.utility.has_accounting
    return has_summary or bill.statement.ordinal % 10 != 4


def _total(lines: Iterable[ChargeLine]) -> Decimal:
    return sum((line.cost for line in lines), Decimal("0.00"))


def _line_items(bill: Bill) -> list[dict[str, object]]:
    own = [line for line in bill.lines if line.kind != "supply"]
    items = [_line_item(bill, line) for line in own[: -1 if bill.is_flagged else None]]
    for item in items if not _is_priced(bill) else ():
        item["cost"] = item["volume"] = None
    return items


def _line_item(bill: Bill, line: ChargeLine) -> dict[str, object]:
    item: dict[str, object] = {
        "name": line.name,
        # In UTC, unlike the bill's own dates, as in the vendor's example.
        "start": utc_stamp(bill.start),
        "end": utc_stamp(bill.end),
        "cost": line.cost,
        "volume": line.volume,
        "rate": line.rate,
        "unit": line.unit,
        "kind": line.kind,
    }
    if statement_number(bill, 8) == 5:
        del item["kind"]
    return item


def _suppliers(bill: Bill) -> list[dict[str, object]]:
    lines = [line for line in bill.lines if line.kind == "supply"]
    return [
        {
            **supplier,
            "supplier_total_cost": _total(lines),
            "supplier_total_volume": bill.month.volume,
            "supplier_total_unit": bill.month.unit,
            "supplier_line_items": [_line_item(bill, line) for line in lines],
        }
        for supplier in suppliers_block(bill.service)
    ]


def _tiers(bill: Bill) -> list[dict[str, object]]:
    """Split the volume and the first charge into two tiers that add up to them."""
    month = bill.month
    volume = (month.volume * 40 / 100).quantize(Decimal(1))
    cost = (month.lines[0].cost * 35 / 100).quantize(CENT)
    parts = ((1, volume, cost), (2, month.volume - volume, month.lines[0].cost - cost))
    return [
        {"name": f"Tier {n} Usage", "level": n, "cost": c, "volume": v, "unit": month.unit}
        for n, v, c in parts
    ]


def _tou(bill: Bill) -> list[dict[str, object]]:
    """Split the volume into times of use that add up to it."""
    month, left = bill.month, bill.month.volume
    found: list[dict[str, object]] = []
    for name, bucket, share in _BUCKETS:
        volume = left if bucket == "off-peak" else (month.volume * share / 100).quantize(Decimal(1))
        left -= volume
        found.append({
            "name": name,
            "bucket": bucket,
            "cost": None,
            "volume": volume,
            "unit": month.unit,
        })
    return found


def _demand(bill: Bill) -> list[dict[str, object]]:
    return [{"name": "Max Demand", "cost": None, "demand": bill.month.demand}]


def _power(bill: Bill) -> list[dict[str, object]]:
    rows = (
        ("reactive_demand", None, bill.month.demand, "kvar"),
        ("power_factor", "Power Factor", Decimal("96.40"), "percent"),
    )
    names = ("type", "name", "volume", "unit")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _notes(bill: Bill) -> list[dict[str, object]]:
    stamp = utc_stamp(bill.updated)
    notes: list[dict[str, object]] = []
    if bill.is_flagged:
        text = "The line items on this bill do not add up to the bill total."
        notes.append({"type": "audit_failed_on_line_items", "msg": text, "ts": stamp})
    if statement_number(bill, 50) == 20:
        text = "The dates of this bill look strange."
        notes.append({"type": "bill_dates_strange", "msg": text, "ts": stamp})
    return notes


def _plant(bill: Bill, blocks: dict[str, object]) -> None:
    """Add numbers that no double holds, in pairs that leave every sum as it was."""
    items = blocks["line_items"]
    if isinstance(items, list) and items and statement_number(bill, 4) == 1:
        for name, cost in (("Rebilling", _HUGE), ("Rounding", _TINY)):
            items.append({**items[0], "name": name, "cost": cost, "rate": None})
            items.append({**items[0], "name": f"{name} reversed", "cost": -cost, "rate": _TINY})
