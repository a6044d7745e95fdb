"""One page of a list: its records, headers and raw text."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec

from tap_utility_energy.http.decoding import (
    may_name,
    parse,
    parse_without,
    raw_fields,
    raw_items,
    with_usual_characters,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_utility_energy.http.redaction import CredentialRedactor

#: Logged with the pages that have them.
UNFIT_CHARACTERS = "NUL and lone surrogates in text, which databases refuse, became U+FFFD"
#: Decodes JSON in UTF-8; raises the errors of `parse`.
Decoder = Callable[[bytes], Any]


@dataclass(frozen=True)
class PageFormat:
    """How a vendor sends a list.

    Args:
        records_key: The key of the answer that holds the records; None if the answer is their list.
        never_emitted: A property that is dropped at any depth; '' for none.
        null_is_empty: Whether null stands for a list without records.
    """

    records_key: str | None = None
    never_emitted: str = ""
    null_is_empty: bool = False

    def records_in(self, document: Any) -> list[Any]:
        """The records of a decoded answer, bad ones included.

        Raises:
            ValueError: There is no list of objects where it should be.
        """
        records = document
        if self.records_key is not None:
            records = document.get(self.records_key) if isinstance(document, dict) else None
        elif document is None and self.null_is_empty:
            records = []
        is_list = isinstance(records, list)
        if not is_list or (records and not any(isinstance(row, dict | None) for row in records)):
            where = f'under "{self.records_key}"' if self.records_key else "in it"
            raise ValueError(f"no list of objects {where}")
        return cast("list[Any]", records)


@dataclass(frozen=True)
class Page:
    """One answer of a list.

    Args:
        records: The records, bad ones included.
        fields: What stands beside the list in the answer; empty if the answer is the list.
        headers: The headers of the answer.
        body: The answer as it was sent.
        decoder: What decoded it.
        has_unfit_characters: Whether characters were replaced; see `with_usual_characters`.
    """

    records: list[Any]
    fields: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes
    decoder: Decoder = parse
    has_unfit_characters: bool = False


def read_page(
    body: bytes,
    headers: Mapping[str, str],
    page_format: PageFormat,
    credential: CredentialRedactor,
    decoder: Decoder = parse,
) -> Page:
    """Decode an answer, without the vendor's credential and the property that is never emitted.

    Raises:
        ValueError: It is not JSON in UTF-8, or not of this format.
        RecursionError: Its values are nested too deeply.
    """
    sent = body.decode("utf-8-sig")
    redacted = credential.redact_json(sent)
    text = with_usual_characters(redacted)
    is_unchanged = text is sent and not body.startswith(codecs.BOM_UTF8)
    has_unfit_characters = text is not redacted
    if page_format.never_emitted and may_name(page_format.never_emitted, text):
        document = parse_without(page_format.never_emitted, text)
    else:
        plain = body if is_unchanged else text.encode()
        del sent, redacted, text  # copies of the answer, which may be large
        document = decoder(plain)
    records = page_format.records_in(document)
    fields = document if isinstance(document, dict) else {}
    return Page(records, fields, headers, body, decoder, has_unfit_characters)


def with_some_records(body: bytes, records_key: str, are_kept: Sequence[bool]) -> bytes:
    """An answer as it was sent, with some of its records alone.

    >>> with_some_records(b'{"meters": [{"uid":"1"}, {"uid":"2"}]}', "meters", [False, True])
    b'{"meters":[{"uid":"2"}]}'
    """
    answer = raw_fields(body.decode("utf-8-sig"))
    records = zip(raw_items(answer[records_key]), are_kept, strict=True)
    return msgspec.json.encode({
        **answer,
        records_key: [raw for raw, is_kept in records if is_kept],
    })
