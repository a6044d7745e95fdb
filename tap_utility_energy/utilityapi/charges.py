"""One row per charge of a bill."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, TypedDict, cast

import msgspec

from tap_utility_energy.core.raw_rows import RawFitter, Rows
from tap_utility_energy.http.errors import shown
from tap_utility_energy.http.lazy_records import LazyRecord, decoded, fully_decoded
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.json_values import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.raw_rows import RawRows
    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.stream import VendorStream


class ChargeRows:
    """Makes the rows of a bill: one per charge.

    Args:
        stream: The stream that emits the rows.
    """

    def __init__(self, stream: VendorStream) -> None:
        self._stream = stream

    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        """The rows of a bill. A charge that is not an object is counted as a bad record."""
        bill = _with_raw_charges(record)
        own = {name: bill.get(name) for name in ("meter_uid", "authorization_uid", "updated")}
        own["bill_uid"] = bill["uid"]
        rows, positions, others = Rows(), count(), 0
        for listed, where in charge_lists(bill):
            if not listed:
                continue
            shared = self._stream.fitter.fit(own | where)
            for charge in listed:
                if text := self._with_position(charge, positions):
                    rows.add_raw(text, shared)
                    continue
                item = decoded(charge) if isinstance(charge, msgspec.Raw) else charge
                if isinstance(item, dict):
                    fields, unknown = self._fitter.split(item)
                    row = {**fields, **own, **where, "position": next(positions)}
                    rows.append(self._stream.fitter.fit(row, unknown))
                elif item is not None:
                    others += 1
        if others:
            named = f"bill {shown(bill['uid'], 40)} has {others} charge(s) that are not objects"
            self._stream.bad_records.add_rows(others, named)
        return rows

    def _with_position(self, charge: object, positions: Iterator[int]) -> bytes | None:
        """The fields of a charge and its position as JSON; None if it does not fit as it is."""
        if not isinstance(charge, msgspec.Raw):
            return None
        try:
            fields = bytes(self._raw_fitter.fit(charge))[1:].lstrip()
        except msgspec.ValidationError:
            return None
        comma = b"" if fields.startswith(b"}") else b","
        return b'{"position":%b%b%b' % (self._position(next(positions)), comma, fields)

    def _position(self, number: int) -> bytes:
        """A position as JSON, of the type that the catalog declares."""
        return b'"%d"' % number if self._has_text_positions else b"%d" % number

    @cached_property
    def _has_text_positions(self) -> bool:
        return isinstance(self._stream.fitter.fit({"position": 0})["position"], str)

    @cached_property
    def _fitter(self) -> RecordFitter:
        own = schemas.BILL["properties"]["line_items"]["items"]
        return self._stream.fitter_of(own["properties"])

    @cached_property
    def _raw_fitter(self) -> RawFitter:
        return RawFitter(self._fitter)


class _Supplier(TypedDict, total=False):
    supplier_name: str | None
    supplier_line_items: list[msgspec.Raw] | None


class _Bill(TypedDict, total=False):
    """A bill as nearly all are, its charges as raw JSON."""

    uid: str
    meter_uid: str | int | None
    authorization_uid: str | int | None
    updated: str | None
    line_items: list[msgspec.Raw] | None
    suppliers: list[_Supplier] | None


_decode = msgspec.json.Decoder(_Bill).decode


def _with_raw_charges(bill: Record) -> Record:
    """What the rows need of a bill, with each charge as raw JSON if possible."""
    if isinstance(bill, LazyRecord):
        with suppress(msgspec.ValidationError):
            return cast("Record", _decode(bill.raw))
    return fully_decoded(bill)


def charge_lists(bill: Record) -> Iterator[tuple[list[object], Record]]:
    """The charges of a bill, of any JSON type, by their source and supplier.

    A supplier that is no object stands for a charge.
    """
    yield items(bill.get("line_items") or []), {"source": "line_items"}
    for supplier in items(bill.get("suppliers") or []):
        where: Record = {"source": "suppliers"}
        if not isinstance(supplier, dict):
            yield [supplier], where
            continue
        where["supplier_name"] = supplier.get("supplier_name")
        yield items(supplier.get("supplier_line_items") or []), where
