"""Changes to loaded rows as if the vendors no longer had some of them, without more runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.end_to_end.transform.energy_truth import Period, Truth, periods

EARLIER = "SET _sdc_extracted_at = _sdc_extracted_at - INTERVAL '72 hours'"


@dataclass(frozen=True)
class Vanishing:
    """SQL statements, and the bills as they are after them."""

    statements: Sequence[str]
    periods: Sequence[Period]


def vanishing(truth: Truth) -> Vanishing:
    """A consent, a meter, a bill of another meter, a row of a bill; and a period is there twice."""
    statements: list[str] = []
    bills = periods(truth)
    for change in (_revoke_consent, _unlist_meter, _remove_bill, _remove_row, _move_onto_another):
        more, bills = change(truth, bills)
        statements += more
    return Vanishing(statements, bills)


Changed = tuple[list[str], list[Period]]


def _revoke_consent(truth: Truth, bills: list[Period]) -> Changed:
    """The consent with the fewest bills is revoked."""
    consents = Counter(bill["authorization_uid"] for bill in truth["bills"])
    consent = min(consents, key=lambda uid: (consents[uid], uid))
    gone = {bill["uid"] for bill in truth["bills"] if bill["authorization_uid"] == consent}
    statement = f"UPDATE utilityapi_authorizations SET is_revoked = true WHERE uid = '{consent}'"
    return [statement], [*_with_status(bills, gone, "consent revoked")]


def _unlist_meter(_: Truth, bills: list[Period]) -> Changed:
    """A meter was not in the list when it was last read."""
    meter = min(_meters(bills))
    gone = {each.bill_id for each in bills if each.meter_key == meter}
    uid = meter.removeprefix("utilityapi:")
    return [f"UPDATE utilityapi_meters {EARLIER} WHERE uid = '{uid}'"], [
        *_with_status(bills, gone, "no longer listed")
    ]


def _remove_bill(_: Truth, bills: list[Period]) -> Changed:
    """A meter was read again without its last bill; the first one may just not have been asked."""
    meters = _meters(bills)
    meter = max(meters, key=lambda key: (meters[key], key))
    ordered = sorted((each for each in bills if each.meter_key == meter), key=lambda bill: bill.end)
    first, last = ordered[0].bill_id, ordered[-1].bill_id
    return [f"UPDATE utilityapi_bills {EARLIER} WHERE uid IN ('{first}', '{last}')"], [
        *_with_status(bills, {last}, "no longer listed")
    ]


def _remove_row(_: Truth, bills: list[Period]) -> Changed:
    """A bill of EnergyCAP was read again with one row less."""
    rows = Counter((each.bill_id, each.meter_key) for each in bills if each.status == "counted")
    bill, meter = min(key for key, count in rows.items() if count == 2)
    both = sorted(
        (each for each in bills if (each.bill_id, each.meter_key) == (bill, meter)),
        key=lambda row: row.start,
    )
    lost = both[1]
    statement = (
        f'UPDATE energycap_bill_meters {EARLIER} WHERE "billId" = {bill} '
        f"AND \"beginDate\" LIKE '{lost.start}%' "
        f'AND "meterId" = {meter.removeprefix("energycap:")}'
    )
    return [statement], [
        replace(each, status="no longer listed") if each is lost else each for each in bills
    ]


def _move_onto_another(_: Truth, bills: list[Period]) -> Changed:
    """A bill of EnergyCAP has the period of another bill of the meter."""
    rows = Counter(each.bill_id for each in bills)
    meters: dict[str, list[Period]] = {}
    for each in bills:
        if (each.vendor, each.status, rows[each.bill_id]) == ("energycap", "counted", 1):
            meters.setdefault(each.meter_key, []).append(each)
    one, other, *_ = sorted(
        meters[max(meters, key=lambda key: (len(meters[key]), key))], key=_start
    )
    statement = (
        f"UPDATE energycap_bill_meters SET \"beginDate\" = '{one.start}T00:00:00', "
        f'"endDate" = \'{one.end}T00:00:00\' WHERE "billId" = {other.bill_id}'
    )
    moved = replace(other, start=one.start, end=one.end)
    return [statement], [moved if each is other else each for each in bills]


def _start(bill: Period) -> str:
    return f"{bill.start} {bill.bill_id}"


def _meters(bills: list[Period]) -> Counter[str]:
    """UtilityAPI's meters and how many bills of them count."""
    return Counter(
        each.meter_key for each in bills if (each.vendor, each.status) == ("utilityapi", "counted")
    )


def _with_status(bills: list[Period], gone: set[str], status: str) -> Iterator[Period]:
    for each in bills:
        is_gone = each.vendor == "utilityapi" and each.bill_id in gone
        yield replace(each, status=status) if is_gone else each
