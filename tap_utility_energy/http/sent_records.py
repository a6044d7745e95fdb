"""Records that are decoded one at a time: as Python objects, all of a large answer fill memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tap_utility_energy.http.decoding import parse
from tap_utility_energy.http.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.helpers.types import Record

_object_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_texts_in = msgspec.json.Decoder(list[msgspec.Raw]).decode


class SentRecord(dict[str, Any]):
    """A few fields of a record, and all of it as it was sent."""

    __slots__ = ("sent",)

    sent: msgspec.Raw


def whole(record: Record) -> Record:
    """The record with all of its fields, decoded.

    Raises:
        FatalError: A value cannot be decoded.
    """
    if not isinstance(record, SentRecord):
        return record
    try:
        found: Record = parse(bytes(record.sent))
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise FatalError(
            f"a record does not match the vendor's documentation: {error}. Report it."
        ) from error
    return found


class RecordsDecoder:
    """Decodes an answer, and of its records a few fields, which have to be texts.

    A record without these texts is decoded whole.

    Args:
        records_key: The key of the answer that holds the records.
        fields: The names of the fields.
    """

    def __init__(self, records_key: str, fields: Sequence[str]) -> None:
        self._records_key = records_key
        self._fields = fields
        head: Any = msgspec.defstruct("Head", [(name, str) for name in fields], gc=False)
        self._head_of = msgspec.json.Decoder(head).decode

    def __call__(self, sent: bytes) -> Any:
        """Decode an answer as `parse` does.

        Raises:
            ValueError: It is not JSON.
        """
        try:
            answer = _object_of(sent)
            records = [self._record(text) for text in _texts_in(answer.pop(self._records_key))]
        except (KeyError, RecursionError, msgspec.MsgspecError):
            return parse(sent)
        others = {name: parse(bytes(raw)) for name, raw in answer.items()}
        return {**others, self._records_key: records}

    def _record(self, text: msgspec.Raw) -> Any:
        try:
            head = self._head_of(text)
        except msgspec.ValidationError:
            return parse(bytes(text))
        record = SentRecord({name: getattr(head, name) for name in self._fields})
        record.sent = text
        return record
