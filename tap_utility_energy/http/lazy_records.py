"""Records that stay raw JSON: decoding takes most of a tap's time and memory."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Required, TypedDict

import msgspec

from tap_utility_energy.http.decoding import MOST_DIGITS, parse, raw_fields, raw_items
from tap_utility_energy.http.errors import FatalError

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Record
    from typing_extensions import Buffer

#: Ends of numbers that may be beyond databases, though msgspec takes them for 0: `parse` decides.
#: Each pattern begins with rare characters, because `re` finds literal first ones fast.
TINY_NUMBER = re.compile(rb"-(?<=[0-9][eE]-)0*[1-9][0-9]{2,}\s*[,\]}]")
ZERO = re.compile(rb"0e\+?0*[1-9][0-9]{2,}\s*[,\]}]")
CAPITAL_ZERO = re.compile(rb"E(?<=0E)\+?0*[1-9][0-9]{2,}\s*[,\]}]")
#: Size of the blocks that are searched for long numbers: one of more than `MOST_DIGITS` digits
#: fills at least one of them.
DIGIT_BLOCK = MOST_DIGITS // 4


class LazyRecord(dict[str, Any]):
    """A few decoded fields of a record, and the whole record as raw JSON."""

    __slots__ = ("raw",)

    raw: msgspec.Raw


def fully_decoded(record: Record) -> Record:
    """The record with all of its fields, decoded.

    Raises:
        FatalError: A value cannot be decoded.
    """
    return decoded(record.raw) if isinstance(record, LazyRecord) else record


def content_of(record: object) -> bytes | str:
    """A record as text, to tell it from others: as it was sent, if it is lazy."""
    return bytes(record.raw) if isinstance(record, LazyRecord) else repr(record)


def decoded(sent: Buffer) -> Any:
    """A part of an answer, decoded; see `parse`.

    Raises:
        FatalError: A value cannot be decoded.
    """
    try:
        return parse(bytes(sent))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise FatalError(
            f"a record does not match the vendor's documentation: {error}. Report it to the vendor."
        ) from error


class LazyRecordsDecoder:
    """Decodes an answer into records of which only a few fields are decoded.

    A record is decoded in full if its key is not of the documented type. So are all records of an
    answer that may have numbers that become text; see `fraction`.

    Args:
        records_key: The key of an answer that holds the records; None if it is their list.
        key: The field that identifies a record.
        key_type: Its type.
        others: More fields to decode.
    """

    def __init__(
        self, records_key: str | None, key: str, key_type: type, others: tuple[str, ...] = ()
    ) -> None:
        self._records_key = records_key
        text = Annotated[str, msgspec.Meta(min_length=1)]
        fields: dict[str, Any] = dict.fromkeys(others, Any)
        fields[key] = Required[text if key_type is str else key_type]
        head = TypedDict("head", fields, total=False)  # type: ignore[misc]
        self._decode_head = msgspec.json.Decoder(head).decode

    def __call__(self, sent: bytes) -> Any:
        """Decode an answer as `parse` does.

        Raises:
            ValueError: It is not JSON.
        """
        if _may_have_odd_numbers(sent):
            return parse(sent)
        name = self._records_key
        try:
            if name is None:
                return self._records(sent)
            answer = raw_fields(sent)
            records = self._records(answer.pop(name))
        except (KeyError, RecursionError, msgspec.MsgspecError):
            return parse(sent)
        return {key: parse(bytes(raw)) for key, raw in answer.items()} | {name: records}

    def _records(self, rows: bytes | msgspec.Raw) -> list[Any]:
        records: list[Any] = raw_items(rows)
        for position, raw in enumerate(records):
            records[position] = self._record(raw)  # in place, to save memory
        return records

    def _record(self, raw: msgspec.Raw) -> Any:
        try:
            record = LazyRecord(self._decode_head(raw))
        except msgspec.ValidationError:
            return parse(bytes(raw))
        record.raw = raw
        return record


#: The same decoder for the same arguments, so that streams of one list can share decoded pages.
lazy_records = cache(LazyRecordsDecoder)


def _may_have_odd_numbers(text: bytes) -> bool:
    """Whether there may be a number, other than those that msgspec refuses, that becomes text."""
    if any(pattern.search(text) for pattern in (TINY_NUMBER, ZERO, CAPITAL_ZERO)):
        return True
    starts = range(0, len(text), DIGIT_BLOCK) if len(text) > MOST_DIGITS else ()
    return any(text[start : start + DIGIT_BLOCK].isdigit() for start in starts)
