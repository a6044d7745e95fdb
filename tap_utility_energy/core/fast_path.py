"""Fast path: write unmodified records as the raw JSON that the API sent.

Decoding and encoding records takes nearly all of a tap's time. The fast path decodes only the
names of a record's fields and its key, and writes the record's text into the RECORD line as it
was sent, with every digit. The SDK writes the records in all other cases.

The fast path passes three things that the SDK would change or refuse: a duplicate name in an
object, of which a reader takes the last; a number that is too large for Python; and objects nested
hundreds of levels deep. It writes one STATE, at the end of the stream, and none per 10,000
records: a stream on the fast path has no bookmark.
"""

from __future__ import annotations

import codecs
import json
import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_utility_energy import signals
from tap_utility_energy.http.decoding import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record
    from singer_sdk.metrics import Counter
    from typing_extensions import Buffer

    from tap_utility_energy.core.extra_fields import ExtraFields

#: How to encode what is not ASCII, as JSON can write it; it stands in strings only.
ESCAPED = "tap-utility-energy-json"
#: Valid keys. If a page has a key that is not valid, the SDK writes the page.
KEYS: dict[type, Any] = {str: Annotated[str, msgspec.Meta(min_length=1)], int: int}
#: Records per write. Signals are checked in between.
AT_ONCE = 50

_texts_in = msgspec.json.Decoder(list[msgspec.Raw]).decode
_object_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class RawRecord(dict[str, Any]):
    """A record to be written as it was sent: its key alone as a dict, and the whole as text."""

    __slots__ = ("text",)

    text: msgspec.Raw


class FastPathWriter:
    """Keeps the text of a stream's records when their page is decoded, and writes it.

    Args:
        stream: The stream's name.
        records_key: The key of an answer that holds the records; None if it is their list.
        key: The field that tells one record from another.
        kind: The type of that field.
        extra_fields: What finds the fields that the schema does not name.
    """

    def __init__(
        self,
        stream: str,
        records_key: str | None,
        key: str,
        kind: type,
        extra_fields: ExtraFields,
    ) -> None:
        self._stream = json.dumps(stream)
        self._records_key = records_key
        self._key = key
        self._extra_fields = extra_fields
        known = sorted(extra_fields.known - {key})
        self._documented = _decoder(key, kind, known)
        self._with_extra = _decoder(key, kind, [*known, "extra"])

    def decode(self, sent: bytes) -> Any:
        """Decode an answer as `parse` does, but with a `RawRecord` per record.

        Raises:
            ValueError: It is not JSON.
        """
        name = self._records_key
        try:
            if name is None:
                return self._records(sent)
            answer = _object_of(sent)
            records = self._records(answer.pop(name))
        except (KeyError, RecursionError, msgspec.MsgspecError):
            return parse(sent)
        return {key: parse(bytes(raw).decode()) for key, raw in answer.items()} | {name: records}

    def _records(self, rows: Buffer) -> list[RawRecord]:
        records: list[Any] = _texts_in(rows)
        for position, text in enumerate(records):
            records[position] = self._record(text)  # in place, so that memory holds one of both
        return records

    def _record(self, text: msgspec.Raw) -> RawRecord:
        """The record, without a copy of its text if that can be written as it is."""
        copy = bytes(text)
        if not copy.isascii():
            text = msgspec.Raw(copy.decode().encode("ascii", ESCAPED))
        try:
            key = self._documented(text).key
        except msgspec.ValidationError:
            kept = msgspec.json.encode(self._extra_fields.keep(_object_of(text)))
            text = msgspec.Raw(kept.decode().encode("ascii", ESCAPED))  # names are decoded
            key = self._with_extra(text).key
        record = RawRecord({self._key: key})
        record.text = text
        return record

    def write(self, records: Iterable[Record], counter: Counter) -> Iterator[Record]:
        """Write the sent records of a page, and hand over the others; never are both in one.

        Args:
            records: The records of a page.
            counter: Counts those that are written.
        """
        texts = []
        for record in records:
            if isinstance(record, RawRecord):
                texts.append(record.text)
            else:
                yield record
        for start in range(0, len(texts), AT_ONCE):
            self._write(texts[start : start + AT_ONCE])
            counter.increment(len(texts[start : start + AT_ONCE]))

    def _write(self, texts: Sequence[msgspec.Raw]) -> None:
        signals.check()
        now = datetime.now(UTC).isoformat()
        head = f'{{"type": "RECORD", "stream": {self._stream}, "record": '.encode()
        tail = f', "time_extracted": "{now}"}}\n'.encode()
        lines = (tail + head).join(map(_in_one_line, texts))
        sys.stdout.write((head + lines + tail).decode("ascii"))
        sys.stdout.flush()


def _decoder(key: str, kind: type, names: Sequence[str]) -> Callable[[Buffer], Any]:
    """What reads the key of an object, and refuses it if it has any other field."""
    raw = [
        (f"field{number}", msgspec.Raw, msgspec.field(name=name, default=None))
        for number, name in enumerate(names)
    ]
    fields = [("key", KEYS[kind], msgspec.field(name=key)), *raw]
    known: Any = msgspec.defstruct("Known", fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(known).decode


def _in_one_line(text: Buffer) -> bytes:
    return bytes(text).replace(b"\n", b" ").replace(b"\r", b" ")  # they stand between tokens only


@lru_cache
def _escape(text: str) -> str:
    return json.dumps(text)[1:-1]


def _escaped(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - ASCII is only written
    return _escape(error.object[error.start : error.end]), error.end


codecs.register_error(ESCAPED, _escaped)
