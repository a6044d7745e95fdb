"""Records that stay raw JSON until they are used, because a decoded page takes much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tap_utility_energy.http.decoding import parse, raw_fields, raw_items
from tap_utility_energy.http.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Record


class LazyRecord(dict[str, Any]):
    """A few decoded fields of a record, and the whole record as raw JSON."""

    __slots__ = ("raw",)

    raw: msgspec.Raw


def fully_decoded(record: Record) -> Record:
    """The record with all of its fields, decoded.

    Raises:
        FatalError: A value cannot be decoded.
    """
    if not isinstance(record, LazyRecord):
        return record
    try:
        found: Record = parse(bytes(record.raw))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise FatalError(
            f"a record does not match the vendor's documentation: {error}. Report it to the vendor."
        ) from error
    return found


class LazyRecordsDecoder:
    """Decodes an answer into records of which only a few text fields are decoded.

    A record in which one of these fields is missing or not text is decoded in full.

    Args:
        records_key: The key of the answer that holds the records.
        fields: The names of the fields.
    """

    def __init__(self, records_key: str, fields: Sequence[str]) -> None:
        self._records_key = records_key
        self._fields = fields
        struct: Any = msgspec.defstruct("Fields", [(name, str) for name in fields], gc=False)
        self._decode_fields = msgspec.json.Decoder(struct).decode

    def __call__(self, sent: bytes) -> Any:
        """Decode an answer as `parse` does.

        Raises:
            ValueError: It is not JSON.
        """
        try:
            answer = raw_fields(sent)
            records = [self._record(text) for text in raw_items(answer.pop(self._records_key))]
        except (KeyError, RecursionError, msgspec.MsgspecError):
            return parse(sent)
        others = {name: parse(bytes(raw)) for name, raw in answer.items()}
        return {**others, self._records_key: records}

    def _record(self, text: msgspec.Raw) -> Any:
        try:
            decoded = self._decode_fields(text)
        except msgspec.ValidationError:
            return parse(bytes(text))
        record = LazyRecord({name: getattr(decoded, name) for name in self._fields})
        record.raw = text
        return record
