"""What a database must hold after a run, worked out from what the sandbox says it served.

Written from the vendors' pages and the tap's documentation, without a look at the tap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")
Record = dict[str, Any]
Key = tuple[Any, ...]
Table = dict[Key, Record]

SUMMARIES, DIGESTS, RESULTS = (
    "billing_summaries",
    "meter_digest_monthly",
    "meter_digest_monthly_results",
)
KEYS = {
    SUMMARIES: ("uid",),
    DIGESTS: ("meterId",),
    RESULTS: ("meterId", "calendarYear", "calendarPeriod"),
}
#: The tables whose rows are the objects that the vendor lists, and the truth's names of them.
LISTED = {
    "utilityapi_authorizations": "authorizations",
    "utilityapi_meters": "meters",
    "utilityapi_billing_accounts": "billing_accounts",
    "billing_summaries": "billing_summaries",
    "utilityapi_bills": "bills",
    "meter_digest_monthly": "meter_digest_monthly",
    **{
        name: name
        for name in (
            "energycap_account_periods",
            "energycap_accounts",
            "energycap_batches",
            "energycap_bill_lines",
            "energycap_bill_meters",
            "energycap_bill_meters_calendarized",
            "energycap_bill_meters_normalized",
            "energycap_bills",
            "energycap_commodities",
            "energycap_cost_centers",
            "energycap_emission_records",
            "energycap_emission_sources",
            "energycap_general_ledgers",
            "energycap_ghg_factors",
            "energycap_gl_subcodes",
            "energycap_meter_groups",
            "energycap_meters",
            "energycap_place_groups",
            "energycap_places",
            "energycap_units",
            "energycap_vendors",
        )
    },
}
#: Those of them that are not selected by default.
OPT_IN = {
    "energycap_account_periods",
    "energycap_batches",
    "energycap_bill_lines",
    "energycap_bill_meters_calendarized",
    "energycap_bill_meters_normalized",
    "energycap_bills",
    "energycap_emission_records",
    "energycap_emission_sources",
    "energycap_general_ledgers",
    "energycap_ghg_factors",
    "energycap_gl_subcodes",
    "energycap_meter_groups",
    "energycap_place_groups",
}
SUMMARY_FIELDS = (
    "uid",
    "billing_account_uid",
    "authorization_uid",
    "meter_uids",
    "notes",
    "blocks",
    "base",
    "new_charges",
    "shut_off_info",
    "sources",
    "pge_electric_charge_breakdown",
)
METER_FIELDS = (
    "meterId",
    "meterCode",
    "meterInfo",
    "updated",
    "nativeUseUnit",
    "nativeDemandUnit",
    "commonUseUnit",
    "costUnit",
)
PERIOD_FIELDS = (
    "calendarYear",
    "calendarPeriod",
    "fiscalYear",
    "fiscalPeriod",
    "periodName",
    "days",
    "totalCost",
    "nativeUse",
    "nativeUseUnitCost",
    "commonUse",
    "commonUseUnitCost",
    "nativeActualDemand",
    "nativeActualDemandUnitCost",
    "nativeBilledDemand",
    "nativeBilledDemandUnitCost",
    "loadFactor",
)
FIELDS = {
    SUMMARIES: SUMMARY_FIELDS,
    DIGESTS: (*METER_FIELDS, "results"),
    RESULTS: (*METER_FIELDS, *PERIOD_FIELDS),
}
COLUMNS = {stream: {*fields, "extra"} for stream, fields in FIELDS.items()}


def expected_tables(truth: Mapping[str, list[Record]]) -> dict[str, Table]:
    """Every record of every stream, as documented, from the vendors' own records."""
    meters = truth[DIGESTS]
    return {
        SUMMARIES: by_key(SUMMARIES, (_record(SUMMARIES, row) for row in truth[SUMMARIES])),
        DIGESTS: by_key(DIGESTS, (_record(DIGESTS, row) for row in meters)),
        RESULTS: by_key(
            RESULTS,
            (
                result_row(meter, period)
                for meter in meters
                for period in meter.get("results") or []
            ),
        ),
    }


def result_row(meter: Record, sent: Record) -> Record:
    """The row of a meter's period."""
    of_meter, unknown = _split(meter, FIELDS[DIGESTS])
    of_meter.pop("results")
    period, extra = _split(sent, PERIOD_FIELDS)
    if unknown:
        extra["meter"] = unknown
    return of_meter | period | ({"extra": extra} if extra else {})


def by_key(stream: str, rows: Iterable[Record]) -> Table:
    """The rows by their key, of which each must be the only one."""
    table: Table = {}
    for row in rows:
        key = tuple(row[name] for name in KEYS[stream])
        assert key not in table, f"{stream}: {key} is there twice"
        table[key] = row
    return table


def assert_same(found: Mapping[str, Table], expected: Mapping[str, Table]) -> None:
    """Each expected record once and nothing else, field for field; the first difference is told."""
    assert found.keys() == expected.keys()
    for stream, rows in expected.items():
        assert rows, f"{stream}: the sandbox served nothing, which shows nothing"
        missing, surplus = rows.keys() - found[stream].keys(), found[stream].keys() - rows.keys()
        assert not missing, f"{stream}: {len(missing)} records are missing: {_some(missing)}"
        assert not surplus, f"{stream}: {len(surplus)} records too many: {_some(surplus)}"
        for key, row in rows.items():
            differing = _differences(found[stream][key], row)
            assert not differing, f"{stream} {key}: found and expected {differing}"


def with_all_columns(tables: Mapping[str, Table]) -> dict[str, Table]:
    """The records as rows of a table, which has a null where a record has no such field."""
    return {
        stream: {key: dict.fromkeys(COLUMNS[stream]) | row for key, row in rows.items()}
        for stream, rows in tables.items()
    }


def as_doubles(value: Any) -> Any:
    """The value with its fractions as the nearest doubles, however deep."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {name: as_doubles(inner) for name, inner in value.items()}
        case list():
            return [as_doubles(inner) for inner in value]
    return value


def charges_of(bill: Record) -> list[Any]:
    """The line items of a bill of UtilityAPI, those of its suppliers included."""
    of_suppliers = (s.get("supplier_line_items") or [] for s in bill.get("suppliers") or [])
    return [*(bill.get("line_items") or []), *chain.from_iterable(of_suppliers)]


def monthly_cost(tables: Mapping[str, Table]) -> list[tuple[int, int, Decimal]]:
    """Year, period and the sum of its costs, in order."""
    rows = tables[RESULTS].values()
    sums = _sums(((row["calendarYear"], row["calendarPeriod"]), row["totalCost"]) for row in rows)
    return [(*month, cost) for month, cost in sorted(sums.items())]


def cost_by_charge(tables: Mapping[str, Table]) -> dict[str, Decimal]:
    """The names of all charges on all bills, and the sum of each."""
    bills = tables[SUMMARIES].values()
    charges = (charge for bill in bills for charge in bill.get("new_charges") or [])
    return _sums((charge["name"], charge["cost"]) for charge in charges)


def _some(keys: Iterable[Key]) -> str:
    return ", ".join(sorted(map(repr, keys))[:5])


def _differences(found: Record, expected: Record) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, with what was found and expected; ... for no such field."""
    pairs = {name: (found.get(name, ...), expected.get(name, ...)) for name in found | expected}
    return {name: (left, right) for name, (left, right) in pairs.items() if left != right}


def _sums(amounts: Iterable[tuple[T, Decimal]]) -> dict[T, Decimal]:
    """The sum of each name's amounts, exactly."""
    sums: dict[T, Decimal] = {}
    with localcontext(prec=60):
        for name, amount in amounts:
            sums[name] = sums.get(name, Decimal(0)) + amount
    return sums


def _record(stream: str, sent: Record) -> Record:
    known, unknown = _split(sent, FIELDS[stream])
    return known | ({"extra": unknown} if unknown else {})


def _split(sent: Record, fields: Iterable[str]) -> tuple[Record, Record]:
    known = {name: sent[name] for name in fields if name in sent}
    return known, {name: value for name, value in sent.items() if name not in known}
