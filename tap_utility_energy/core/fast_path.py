"""Fast path: write unmodified records as the raw JSON that the API sent.

Decoding records into Python objects and encoding them takes nearly all of a tap's time. The fast
path has msgspec check that each record fits the emitted schema, and writes the record's text into
the RECORD line as it was sent, with every digit. Unknown fields are moved under ``extra`` as text,
too. If one of its values has another type than declared, that record alone is decoded, and the SDK
writes it.

The fast path differs from the SDK in two ways. It keeps a duplicate name in an object, of which a
reader takes the last. And it writes STATE at the end of the stream only, not every 10,000 records:
its streams have no bookmark.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tap_utility_energy import signals
from tap_utility_energy.core.json_types import is_too_deep, struct_of
from tap_utility_energy.core.messages import as_ascii
from tap_utility_energy.core.record import EXTRA
from tap_utility_energy.http.decoding import MOST_DIGITS, parse, raw_fields, raw_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record
    from singer_sdk.metrics import Counter
    from typing_extensions import Buffer

    from tap_utility_energy.core.record import RecordFitter

#: Ends of numbers that may be beyond databases, though msgspec takes them for 0: `parse` decides.
#: Each pattern begins with rare characters, because `re` finds literal first ones fast.
TINY_NUMBER = re.compile(rb"-(?<=[0-9][eE]-)0*[1-9][0-9]{2,}\s*[,\]}]")
ZERO = re.compile(rb"0e\+?0*[1-9][0-9]{2,}\s*[,\]}]")
CAPITAL_ZERO = re.compile(rb"E(?<=0E)\+?0*[1-9][0-9]{2,}\s*[,\]}]")
#: So few bytes that one such part of a number longer than `MOST_DIGITS` is all digits, on one side
#: of its point.
PART = MOST_DIGITS // 4
#: Records per write. Signals are checked in between.
RECORDS_PER_WRITE = 50

_decode = msgspec.json.Decoder().decode


class RawRecord(dict[str, Any]):
    """A record to be written as it was sent: its key as a dict, and its raw JSON."""

    __slots__ = ("text",)

    text: msgspec.Raw


class FastPathWriter:
    """Keeps the text of a stream's records when their page is decoded, and writes it.

    Args:
        stream: The stream's name.
        records_key: The key of an answer that holds the records; None if it is their list.
        key: The field that identifies a record.
        fitter: What makes records fit the emitted schema.
    """

    def __init__(
        self, stream: str, records_key: str | None, key: str, fitter: RecordFitter
    ) -> None:
        self._stream = json.dumps(stream)
        self._records_key = records_key
        self._key = key
        self._fitter = fitter
        fields = {key: fitter.properties[key], **fitter.properties}
        self._decode_documented = msgspec.json.Decoder(struct_of(fields, closed=True)).decode
        fields["extra"] = EXTRA
        self._decode_with_extra = msgspec.json.Decoder(struct_of(fields, closed=False)).decode

    def decode(self, sent: bytes) -> Any:
        """Decode an answer as `parse` does, but with a `RawRecord` per record that fits.

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
        return {key: parse(bytes(raw).decode()) for key, raw in answer.items()} | {name: records}

    def _records(self, rows: Buffer) -> list[Any]:
        records: list[Any] = raw_items(rows)
        for position, text in enumerate(records):
            records[position] = self._record(text)  # in place, to save memory
        return records

    def _record(self, sent: msgspec.Raw) -> Any:
        """The record as text if it fits, and decoded if it does not."""
        text = sent
        try:
            key = self._decode_documented(sent).field0
        except msgspec.ValidationError:
            try:
                text, key = self._with_unknown_fields(sent)
            except msgspec.ValidationError:
                key = None
        if key in {None, ""}:
            return parse(bytes(sent))
        record = RawRecord({self._key: key})
        record.text = text
        return record

    def _with_unknown_fields(self, text: msgspec.Raw) -> tuple[msgspec.Raw, Any]:
        """Move a record's unknown fields under ``extra``; its text and key.

        Raises:
            msgspec.ValidationError: It does not fit for other reasons.
        """
        fields, unknown = self._fitter.split_names(raw_fields(text))
        if unknown:
            text = msgspec.Raw(msgspec.json.encode(fields | {"extra": unknown}))
        if is_too_deep(_decode(text)):  # which refuses numbers that are too large
            raise msgspec.ValidationError
        return text, self._decode_with_extra(text).field0

    def write(self, records: Iterable[Record], counter: Counter) -> Iterator[Record]:
        """Write the raw records of a page, and yield the others, in their order.

        Args:
            records: The records of a page.
            counter: Counts those that are written.
        """
        texts: list[msgspec.Raw] = []
        for record in records:
            if isinstance(record, RawRecord):
                texts.append(record.text)
            else:
                self._write_all(texts, counter)
                texts.clear()
                yield record
        self._write_all(texts, counter)

    def _write_all(self, texts: Sequence[msgspec.Raw], counter: Counter) -> None:
        for start in range(0, len(texts), RECORDS_PER_WRITE):
            self._write(texts[start : start + RECORDS_PER_WRITE])
            counter.increment(len(texts[start : start + RECORDS_PER_WRITE]))

    def _write(self, texts: Sequence[msgspec.Raw]) -> None:
        signals.check()
        now = datetime.now(UTC).isoformat()
        head = f'{{"type": "RECORD", "stream": {self._stream}, "record": '.encode()
        tail = f', "time_extracted": "{now}"}}\n'.encode()
        lines = head + (tail + head).join(map(_in_one_line, texts)) + tail
        sys.stdout.write(as_ascii(lines))
        sys.stdout.flush()


def _may_have_odd_numbers(text: bytes) -> bool:
    """Whether there may be a number, other than those that msgspec refuses, that becomes text."""
    if any(pattern.search(text) for pattern in (TINY_NUMBER, ZERO, CAPITAL_ZERO)):
        return True
    starts = range(0, len(text), PART) if len(text) > MOST_DIGITS else ()
    return any(text[start : start + PART].isdigit() for start in starts)


def _in_one_line(text: Buffer) -> bytes:
    return bytes(text).replace(b"\n", b" ").replace(b"\r", b" ")  # only between tokens
