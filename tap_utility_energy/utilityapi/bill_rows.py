"""Rows of what is nested in bills: charges, tiers, times of use, demand charges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, TypedDict, cast

import msgspec

from tap_utility_energy.core.raw_rows import RawFitter, Rows
from tap_utility_energy.http.errors import shown
from tap_utility_energy.http.lazy_records import LazyRecord, decoded, fully_decoded
from tap_utility_energy.utilityapi import schemas
from tap_utility_energy.utilityapi.json_values import items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from singer_sdk.helpers.types import Record

    from tap_utility_energy.core.raw_rows import RawRows
    from tap_utility_energy.core.record import RecordFitter
    from tap_utility_energy.core.stream import VendorStream

#: Lists of items, and the fields that the rows of each list share.
Lists = Iterator[tuple[list[object], dict[str, Any]]]


@dataclass(frozen=True)
class BillItems:
    """What is nested in a bill and becomes rows.

    Args:
        block: The bill's field that documents the items.
        noun: What they are called, for messages.
        lists: Finds the lists that hold them, if that is not the block alone.
    """

    block: str
    noun: str
    lists: Callable[[Record], Lists] | None = None

    def rows(self, stream: VendorStream) -> BillRows:
        """What makes the rows of a stream."""
        return BillRows(stream, self)

    def lists_in(self, bill: Record) -> Lists:
        """The lists of a bill that hold the items, of any JSON type, and what their rows share."""
        if self.lists:
            return self.lists(bill)
        return iter([(items(bill.get(self.block) or []), {})])

    @property
    def documented(self) -> Iterable[str]:
        """The names of an item's documented fields."""
        block: dict[str, Any] = schemas.BILL["properties"][self.block]
        return cast("dict[str, Any]", block["items"]["properties"])


def fields_of_bill(bill: Record) -> Record:
    """What each row of a bill has of the bill."""
    own = {name: bill.get(name) for name in ("meter_uid", "authorization_uid", "updated")}
    return own | {"bill_uid": bill["uid"]}


def count_bad_items(stream: VendorStream, bill: Record, number: int, noun: str) -> None:
    """Count items of a bill that are not objects as bad records.

    Args:
        stream: The stream that has no rows of them.
        bill: The bill.
        number: How many there are.
        noun: What they are called.
    """
    what = f"{number} {noun} that are not objects"
    stream.bad_records.add_rows(number, f"bill {shown(bill['uid'], 40)} has {what}")


class BillRows:
    """Makes the rows of a bill: one per item that is nested in it.

    Args:
        stream: The stream that emits the rows.
        kind: What the items are.
    """

    def __init__(self, stream: VendorStream, kind: BillItems) -> None:
        self._stream = stream
        self._kind = kind

    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        """The rows of a bill. An item that is not an object is counted as a bad record."""
        bill = _with_raw_items(record)
        own = fields_of_bill(bill)
        rows, positions, others = Rows(), count(), 0
        for listed, where in self._kind.lists_in(bill):
            if not listed:
                continue
            shared = self._stream.fitter.fit(own | where)
            for each in listed:
                if text := self._with_position(each, positions):
                    rows.add_raw(text, shared)
                    continue
                item = decoded(each) if isinstance(each, msgspec.Raw) else each
                if isinstance(item, dict):
                    fields, unknown = self._fitter.split(item)
                    row = {**fields, **own, **where, "position": next(positions)}
                    rows.append(self._stream.fitter.fit(row, unknown))
                elif item is not None:
                    others += 1
        if others:
            count_bad_items(self._stream, bill, others, self._kind.noun)
        return rows

    def _with_position(self, item: object, positions: Iterator[int]) -> bytes | None:
        """The fields of an item and its position as JSON; None if it does not fit as it is."""
        if not isinstance(item, msgspec.Raw):
            return None
        try:
            fields = bytes(self._raw_fitter.fit(item))[1:].lstrip()
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
        return self._stream.fitter_of(self._kind.documented)

    @cached_property
    def _raw_fitter(self) -> RawFitter:
        return RawFitter(self._fitter)


class _Supplier(TypedDict, total=False):
    supplier_name: str | None
    supplier_line_items: list[msgspec.Raw] | None


class _Bill(TypedDict, total=False):
    """A bill as nearly all are, what is nested in it as raw JSON."""

    uid: str
    meter_uid: str | int | None
    authorization_uid: str | int | None
    updated: str | None
    line_items: list[msgspec.Raw] | None
    suppliers: list[_Supplier] | None
    tiers: list[msgspec.Raw] | None
    tou: list[msgspec.Raw] | None
    demand: list[msgspec.Raw] | None


_decode = msgspec.json.Decoder(_Bill).decode


def _with_raw_items(bill: Record) -> Record:
    """What the rows need of a bill, with each item as raw JSON if possible."""
    if isinstance(bill, LazyRecord):
        with suppress(msgspec.ValidationError):
            return cast("Record", _decode(bill.raw))
    return fully_decoded(bill)


def charge_lists(bill: Record) -> Lists:
    """The charges of a bill, by their source and supplier.

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


CHARGES = BillItems("line_items", "charge(s)", charge_lists)
TIERS = BillItems("tiers", "tier(s)")
TIMES_OF_USE = BillItems("tou", "time(s) of use")
DEMAND = BillItems("demand", "demand charge(s)")
