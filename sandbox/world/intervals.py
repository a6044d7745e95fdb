"""Intervals as UtilityAPI would print them (docs/api/intervals): a bill period's readings each."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate, pairwise
from random import Random
from typing import TYPE_CHECKING

from sandbox.world.clock import local_stamps, utc_stamp
from sandbox.world.meters import FILES, base_block

if TYPE_CHECKING:
    from sandbox.world.services import Bill

_HOUR = 3_600
_TINY = Decimal("1E-20")


def interval_uid(bill: Bill) -> str:
    """Return the uid of the readings of a bill's period."""
    return f"{bill.service.uid}-{bill.statement.end:%y%m%d}"


def interval_record(bill: Bill, *, hard_numbers: bool) -> dict[str, object]:
    """Print the readings of a bill's period, newest first, in the utility's own offset.

    The values, kWh, add up to the bill's volume. Of hours there is a `max` besides, in kW.
    """
    service, base = bill.service, base_block(bill.service)
    names = ("service_identifier", "service_tariff", "service_address", "meter_numbers")
    return {
        "uid": interval_uid(bill),
        "meter_uid": service.uid,
        "authorization_uid": service.consent.uid,
        "created": utc_stamp(bill.created),
        # Readings do not change when the amount of the bill does.
        "updated": utc_stamp(bill.created),
        "notes": [],
        "utility": service.consent.authorization.utility.id,
        "blocks": ["base", "sources", "readings"],
        "base": {**{name: base[name] for name in names}, "qualities": ["revenue"]},
        "sources": [{"type": "greenbutton_cmd", "raw_url": _file(bill)}],
        "readings": _readings(bill, hard_numbers=hard_numbers),
    }


def _file(bill: Bill) -> str:
    return "" if bill.is_mixed else f"{FILES}/{interval_uid(bill)}"


def _readings(bill: Bill, *, hard_numbers: bool) -> list[dict[str, object]]:
    seconds, is_demo = bill.reading_seconds, bill.service.consent.is_test
    stamps = local_stamps(bill.service.zone, bill.start, bill.end, seconds)
    values = _split(bill, len(stamps) - 1)
    if hard_numbers:
        # No double holds these, and their sum is as it was.
        values[:2] = values[0] + _TINY, values[1] - _TINY
    found: list[dict[str, object]] = []
    for (start, end), value in zip(pairwise(stamps), values, strict=True):
        points: list[dict[str, object]] = [{"type": "net", "unit": "kwh", "value": value}]
        if seconds == _HOUR:
            points.append({"type": "max", "unit": "kw", "value": value * 2})
        found.append({
            "start": start,
            "end": end,
            "kwh": None if is_demo else value,
            "datapoints": points,
        })
    return found[::-1]


def _split(bill: Bill, count: int) -> list[Decimal]:
    """Split the bill's volume, kWh, into so many values of whole Wh that add up to it."""
    rng = Random(f"intervals:{bill.service.uid}:{bill.statement.end}")
    total = int(bill.month.volume * 1_000)
    sums = list(accumulate((rng.randint(20, 100) for _ in range(count)), initial=0))
    ends = [total * part // sums[-1] for part in sums]
    return [Decimal(later - earlier).scaleb(-3) for earlier, later in pairwise(ends)]
