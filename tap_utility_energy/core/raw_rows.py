"""Rows that stay raw JSON, because they fit the emitted schema as they were sent.

Decoding rows into Python objects and encoding them takes nearly all of a tap's time. So msgspec
checks the raw JSON of each object against the schema. If it fits, the row is that text, with every
digit, and a few fields that it shares with others. If not, that row alone is decoded and made to
fit by `RecordFitter`.
"""

from __future__ import annotations

from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_utility_energy.core.json_types import is_too_deep, struct_of
from tap_utility_energy.core.record import EXTRA
from tap_utility_energy.http.decoding import parse, raw_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record
    from typing_extensions import Buffer

    from tap_utility_energy.core.record import RecordFitter

_decode = msgspec.json.Decoder().decode


class RawRows(NamedTuple):
    """Rows that fit the emitted schema and have some fields in common.

    >>> rows = RawRows([b'{"start": 1, "kwh": 2.50}'], {"meter_uid": "a"})
    >>> list(decoded_rows([rows]))
    [{'meter_uid': 'a', 'start': 1, 'kwh': Decimal('2.50')}]

    Args:
        texts: The fields that each row has of its own, as a JSON object.
        shared: Fields that all of them have besides.
    """

    texts: list[Buffer]
    shared: Mapping[str, Any] = {}


def decoded_rows(rows: Iterable[Record | RawRows]) -> Iterator[Record]:
    """Each row, decoded."""
    for each in rows:
        if isinstance(each, RawRows):
            for text in each.texts:
                yield {**each.shared, **parse(bytes(text))}
        else:
            yield each


class Rows(list["Record | RawRows"]):
    """Rows in their order, decoded or raw."""

    def add_raw(self, text: Buffer, shared: Mapping[str, Any]) -> None:
        """Add a row to those before that share the same fields."""
        last = self[-1] if self else None
        if isinstance(last, RawRows) and last.shared is shared:
            last.texts.append(text)
        else:
            self.append(RawRows([text], shared))


class RawFitter:
    """Checks whether objects of one kind fit the emitted schema, as raw JSON.

    Args:
        fitter: What makes decoded objects of this kind fit.
        key: Fields that are part of a key. Each is in the schema.
    """

    def __init__(self, fitter: RecordFitter, key: Sequence[str] = ()) -> None:
        fields = {name: fitter.properties[name] for name in key} | fitter.properties
        self._fitter = fitter
        self._deselected = {name for name in fitter.deselected if "." not in name}
        closed = {**fields, **{name: {} for name in self._deselected - fields.keys()}}
        self._decode_closed = msgspec.json.Decoder(struct_of(closed, closed=True)).decode
        self._decode_open = msgspec.json.Decoder(
            struct_of({**fields, "extra": EXTRA}, closed=False)
        ).decode
        self._decode_selected = msgspec.json.Decoder(_raw_struct_of(fields)).decode
        self._key = [f"field{number}" for number in range(len(key))]

    def fit(self, sent: Buffer) -> Buffer:
        """The JSON of a documented object that fits, without deselected fields.

        Args:
            sent: The object as it was sent.

        Raises:
            msgspec.ValidationError: It has unknown fields, or does not fit.
        """
        self._decode_closed(sent)
        return self._selected(sent)

    def fit_with_key(self, sent: Buffer) -> tuple[Buffer, tuple[Any, ...]]:
        """The same as `fit`, and the parts of the key, None for what is missing."""
        fields = self._decode_closed(sent)
        return self._selected(sent), tuple(getattr(fields, name) for name in self._key)

    def _selected(self, sent: Buffer) -> Buffer:
        return msgspec.json.encode(self._decode_selected(sent)) if self._deselected else sent

    def fit_all_with_key(
        self, sent: Sequence[Buffer]
    ) -> tuple[list[Buffer], list[tuple[Any, ...]]]:
        """The JSON of objects of which each fits, and of each the parts of the key; see `fit`.

        Raises:
            msgspec.ValidationError: One of them does not.
        """
        key_of = attrgetter(*self._key)
        keys = [key_of(self._decode_closed(each)) for each in sent]
        return list(map(self._selected, sent) if self._deselected else sent), keys

    def fit_record(self, sent: Buffer) -> Buffer:
        """The JSON of an object that fits, with its unknown fields under ``extra``.

        Raises:
            msgspec.ValidationError: It does not fit.
        """
        with suppress(msgspec.ValidationError):
            return self.fit(sent)
        fields, unknown = self._fitter.split_names(raw_fields(sent))
        text = msgspec.json.encode(self._fitter.with_extra(fields, unknown))
        self._decode_open(text)
        if is_too_deep(_decode(text)):  # which refuses numbers that are too large
            raise msgspec.ValidationError
        return text


def _raw_struct_of(names: Mapping[str, Any]) -> Any:
    """The msgspec type of an object of which fields other than these are dropped."""
    fields: list[Any] = [
        (
            f"field{number}",
            msgspec.Raw | msgspec.UnsetType,
            msgspec.field(name=name, default=msgspec.UNSET),
        )
        for number, name in enumerate(names)
    ]
    return msgspec.defstruct("Selected", fields, gc=False)
