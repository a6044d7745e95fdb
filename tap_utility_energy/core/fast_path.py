"""Fast path: write rows that need no change as the raw JSON that the API sent.

A stream's rows come as `RawRows` where they fit the emitted schema. Where nothing else is asked for
(stream maps, flattening, batches, versions), their text goes into the RECORD lines, in blocks. The
other rows are written by the SDK, in their place.

The fast path differs from the SDK in two ways. It keeps a duplicate name in an object, of which a
reader takes the last. And it writes STATE between pages only, because it changes only there.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_utility_energy import signals
from tap_utility_energy.core.messages import as_ascii, to_json
from tap_utility_energy.core.raw_rows import RawRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record
    from singer_sdk.metrics import Counter

#: Bytes that are put together at a time, about.
BLOCK = 64 << 10
#: Bytes per write, about. Signals are checked in between: a slow target takes few in a second.
PIECE = 8 << 10
#: Rows that are put together at a time, so that a block does not become much larger.
ROWS_AT_ONCE = 200
#: Stands before each row until the block is written. JSON never has this byte.
MARK = b"\x01"


class BlockWriter:
    """Writes a stream's rows as RECORD lines, a block at a time.

    Args:
        stream: The stream's name.
        counter: Counts the rows that were written.
    """

    def __init__(self, stream: str, counter: Counter) -> None:
        self._head = f'{{"type": "RECORD", "stream": {json.dumps(stream)}, "record": '.encode()
        self._counter = counter
        self._block: list[bytes] = []
        self._size = 0

    def write(self, rows: Iterable[Record | RawRows]) -> Iterator[Record]:
        """Write raw rows. The others remain, and are to be written in their place.

        Args:
            rows: The rows of a page.
        """
        try:
            for each in rows:
                if isinstance(each, RawRows):
                    self._add(each)
                else:
                    self._flush()
                    signals.check()
                    yield each
        finally:
            self._flush()

    def _add(self, rows: RawRows) -> None:
        shared = to_json(rows.shared)[1:-1].encode() if rows.shared else b""
        for start in range(0, len(rows.texts), ROWS_AT_ONCE):
            texts = rows.texts[start : start + ROWS_AT_ONCE]
            block = MARK + MARK.join(texts)
            if shared:
                block = block.replace(MARK + b"{", MARK + b"{" + shared + b",")
            self._block.append(block)
            self._size += len(block)
            if self._size >= BLOCK:
                self._flush()

    def _flush(self) -> None:
        block = b"".join(self._block)
        if not block:
            return
        self._block.clear()
        self._size = 0
        tail = f', "time_extracted": "{datetime.now(UTC).isoformat()}"}}\n'.encode()
        block = block.replace(b"\n", b" ").replace(b"\r", b" ")  # only between tokens
        lines = block.replace(MARK, tail + self._head)[len(tail) :] + tail
        for piece in _pieces(lines):
            sys.stdout.write(as_ascii(piece))
            sys.stdout.flush()
            self._counter.increment(piece.count(b"\n"))
            signals.check()


def _pieces(lines: bytes) -> Iterator[bytes]:
    """Whole lines, those of about `PIECE` bytes at a time."""
    start = 0
    while start < len(lines):
        end = lines.find(b"\n", start + PIECE) + 1 or len(lines)
        yield lines[start:end]
        start = end
