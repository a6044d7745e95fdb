"""The quick way out: a record with nothing odd about it leaves in the bytes that it came in.

Taking records apart and putting them together again is nearly all of a tap's work. Here a record
is only checked, against a type made from its stream's schema, and its text stands in the RECORD
line as it was sent, digits and all. Whatever else comes or is asked for goes the SDK's own way.

Two things go through inside of objects that the SDK's way would change or refuse: a key that is
repeated, of which a reader takes the last, and a number that is too large for a float.
"""

from __future__ import annotations

import codecs
import json
import sys
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform

from tap_utility_energy import signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record
    from singer_sdk.metrics import Counter
    from typing_extensions import Buffer

    from tap_utility_energy.stream import VendorStream

#: What a field's type asks of its value, null apart. Objects and lists are the vendor's affair.
TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,  # a check only: the digits stay in the text
    "boolean": bool,
    "object": msgspec.Raw,
    "array": msgspec.Raw,
}
#: How to encode what is not ASCII, as JSON can write it; it stands in strings only.
ESCAPED = "tap-utility-energy-json"
#: Records that are written at once. In between, the tap looks whether a signal has come.
AT_ONCE = 25

_list_of = msgspec.json.Decoder(list[msgspec.Raw]).decode
_object_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class CheckedRecord(dict[str, Any]):
    """A record that can be written as it is: its key alone as a dict, and the whole as text."""

    __slots__ = ("text",)
    text: bytes


class PassThrough:
    """Checks a stream's records while their page is decoded, and writes those that pass.

    Args:
        stream: Whose records they are.
        counter: Counts those that are written here.

    Raises:
        LookupError, ValueError: The schema has a field of no type or of several.
    """

    def __init__(self, stream: VendorStream, counter: Counter) -> None:
        self._stream = stream
        self._counter = counter
        properties = stream.effective_schema["properties"].items()
        fields = [
            _field("key" if name == stream.record_key else f"field{number}", name, schema)
            for number, (name, schema) in enumerate(properties)
            if name != "extra"
        ]
        record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, kw_only=True)
        self._check: Callable[[bytes], Any] = msgspec.json.Decoder(record).decode

    @classmethod
    def of(cls, stream: VendorStream, counter: Counter) -> PassThrough | None:
        """The quick way out of a stream, if neither it nor the user wants more done.

        Deselected fields, stream maps, flattening, batches, bookmarks, versions, child streams and
        dry runs are the SDK's business.
        """
        maps = stream.stream_maps
        is_plain = (
            stream.selected
            and all(stream.mask.values())
            and [type(each) for each in maps] == [SameRecordTransform]
            and not maps[0].flattening_enabled
            and not stream.get_batch_config(stream.config)
            and stream.replication_method == "FULL_TABLE"
            and not stream.emit_activate_version_messages
            and stream.ABORT_AT_RECORD_COUNT is None
            and not stream.child_streams
            and stream.TYPE_CONFORMANCE_LEVEL is TypeConformanceLevel.ROOT_ONLY
        )
        try:
            return cls(stream, counter) if is_plain else None
        except (LookupError, ValueError):
            return None

    def decode(self, text: str, parse: Callable[[str], Any]) -> Any:
        """What ``parse`` makes of an answer, yet with a `CheckedRecord` for each that passes.

        Raises:
            ValueError: As ``parse`` does.
        """
        body = text.encode("ascii", ESCAPED)
        name = self._stream.records_key
        try:
            if name is None:
                return list(self._records(body, parse))
            answer = _object_of(body)
            records = list(self._records(answer.pop(name), parse))
        except (KeyError, RecursionError, msgspec.MsgspecError):
            return parse(text)
        return {key: parse(bytes(raw).decode()) for key, raw in answer.items()} | {name: records}

    def _records(self, rows: Buffer, parse: Callable[[str], Any]) -> Iterator[Record]:
        check, key = self._check, self._stream.record_key
        for row in _list_of(rows):
            text = bytes(row)
            try:
                record = CheckedRecord({key: check(text).key})
                record.text = text
            except msgspec.ValidationError:
                yield self._with_extra(text, parse)
            else:
                yield record

    def _with_extra(self, text: bytes, parse: Callable[[str], Any]) -> Record:
        """The record with unknown fields under ``extra``, checked if they were all it had."""
        known, unknown = self._stream.extra_fields.split(_object_of(text))
        whole = {**known, "extra": unknown} if unknown else known
        try:
            key = self._check(msgspec.json.encode(known)).key
        except msgspec.ValidationError:
            row: Record = parse(text.decode())
            return row
        record = CheckedRecord({self._stream.record_key: key})
        record.text = msgspec.json.encode(whole)
        return record

    def write(self, records: Iterable[Record]) -> Iterator[Record]:
        """Write the checked records, and hand over the others in between, all in order."""
        for kind, run in groupby(records, type):
            if kind is CheckedRecord:
                texts = [_in_one_line(record.text) for record in run]  # type: ignore[attr-defined]
                for start in range(0, len(texts), AT_ONCE):
                    self._write(texts[start : start + AT_ONCE])
            else:
                yield from run

    def _write(self, texts: Sequence[bytes]) -> None:
        signals.check()
        stream, now = json.dumps(self._stream.name), datetime.now(UTC).isoformat()
        head = f'{{"type": "RECORD", "stream": {stream}, "record": '.encode()
        tail = f', "time_extracted": "{now}"}}\n'.encode()
        sys.stdout.flush()
        sys.stdout.buffer.write(head + (tail + head).join(texts) + tail)
        sys.stdout.flush()
        self._counter.increment(len(texts))


def _in_one_line(text: bytes) -> bytes:
    return text.replace(b"\n", b" ").replace(b"\r", b" ")  # they stand between tokens only


def _escaped(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - ASCII is only written
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _field(attribute: str, name: str, schema: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """A field of the type that checks a record. What may be null may be missing."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    (kind,) = [TYPES[each] for each in kinds if each != "null"]
    if "null" not in kinds:
        return attribute, kind, msgspec.field(name=name)
    optional = kind if kind is msgspec.Raw else kind | None
    return attribute, optional, msgspec.field(name=name, default=None)


codecs.register_error(ESCAPED, _escaped)
