"""Query parameters: an endpoint takes those that its page documents, each at most once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sandbox.energycap.data import timestamps
from sandbox.wire import Answer, BadQueryError, parse_query

if TYPE_CHECKING:
    import datetime as dt

_LARGEST_INT32 = 2**31 - 1


class RefusedError(Exception):
    """The request is refused; no page shows an error body, so it is opaque."""

    def __init__(self, status: int, body: str, content_type: str = "text/html") -> None:
        """Keep the answer."""
        super().__init__(status)
        self.answer = Answer(status, body.encode(), content_type)


class Params(NamedTuple):
    """The parameters of a request; None where the query has none."""

    years: int | None = None
    page_size: int = 250
    page_number: int = 1
    filter: str | None = None
    date: dt.datetime | None = None
    fields: tuple[str, ...] = ()


def bad_request() -> RefusedError:
    """Refuse what cannot be understood."""
    return RefusedError(400, "<html><body>The request is invalid.</body></html>")


def read(query: str, known: tuple[str, ...]) -> Params:
    """Read the parameters that a page names, and `field`, which every GET takes."""
    try:
        given = parse_query(query)
    except BadQueryError as error:
        raise bad_request() from error
    values = {param.name: param.value for param in given}
    if len(values) < len(given) or not set(values) <= {*known, "field"}:
        raise bad_request()
    fields = tuple(values["field"].split(",")) if "field" in values else ()
    if not all(re.fullmatch(r"\w+", name) for name in fields):
        raise bad_request()
    return Params(
        years=_number(values["numberOfYears"]) if "numberOfYears" in values else None,
        page_size=_number(values.get("pageSize", "250")),
        page_number=_number(values.get("pageNumber", "1")),
        filter=values.get("filter"),
        date=_moment(values.get("date")),
        fields=fields,
    )


def _number(text: str) -> int:
    """Read an int32 of at least 1."""
    if not re.fullmatch("[1-9][0-9]{0,9}", text) or int(text) > _LARGEST_INT32:
        raise bad_request()
    return int(text)


def _moment(text: str | None) -> dt.datetime | None:
    try:
        return None if text is None else timestamps.read(text)
    except (OverflowError, ValueError) as error:
        raise bad_request() from error
