"""The vendor's filter language (api-getting-started/filters), and nothing beyond it.

Statements ``<field> <operator> '<value>'`` joined by ``and``; every value in single quotes,
several of them with a pipe between. No page shows a quote inside a value: it is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.energycap.data import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.energycap.api.fields import Field
    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.listings import Facts

_COMPARISONS = ("equals", "not equals")
_ORDER = ("less than", "less than equal", "greater than", "greater than equal")
_RANGES = ("between", "not between")
_LISTS = ("one of", "not one of")
_DAYS = {"today": 0, **{f"last {days} days": days for days in (7, 14, 30, 60, 90)}}
_SHORTCUTS = ("yesterday", *_DAYS)
# The operators that the pages of the lists name for a field of a type. "not between" is only in
# the guide to filters, for `totalCost`.
_OPERATORS = {
    "text": (*_COMPARISONS, *_LISTS, "like", "not like"),
    "integer": (*_COMPARISONS, *_ORDER, "between", *_LISTS),
    "number": (*_COMPARISONS, *_ORDER, *_RANGES),
    "period": (*_COMPARISONS, *_ORDER, "between"),
    "boolean": ("equals",),
    "date": (*_COMPARISONS, *_ORDER, "between", *_SHORTCUTS),
}
_ALL = sorted({name for names in _OPERATORS.values() for name in names}, key=len, reverse=True)
_STATEMENT = re.compile(
    rf"(?P<field>\w+) (?P<operator>{'|'.join(_ALL)})"
    r"(?: (?P<values>'[^']*'(?:\|'[^']*')*))?(?= and |\Z)"
)
_BOOLEANS = {"0": False, "1": True, "false": False, "true": True}


class BadFilterError(ValueError):
    """The expression is not one that the pages describe."""


@dataclass(frozen=True)
class _Statement:
    field: Field
    operator: str
    values: tuple[Any, ...]

    def is_match(self, record: Record, facts: Facts, today: dt.date) -> bool:
        """Tell whether one of the field's values matches, or for a ``not`` none of them."""
        found = self.field.read(record, facts)
        if self.field.type == "date":
            found = [timestamps.read(str(value)) for value in found]
        positive = self.operator.removeprefix("not ")
        hit = any(_holds(positive, value, self.values, today) for value in found)
        # What has no value matches nothing, as in SQL.
        return hit if positive == self.operator else bool(found) and not hit


@dataclass(frozen=True)
class Filter:
    """Statements that all have to hold."""

    statements: tuple[_Statement, ...]

    def is_match(self, record: Record, facts: Facts, today: dt.date) -> bool:
        """Tell whether a record is wanted; `today` is the vendor's."""
        return all(statement.is_match(record, facts, today) for statement in self.statements)


def parse(text: str, fields: Mapping[str, Field]) -> Filter:
    """Read an expression about the fields that a list can be filtered by."""
    statements: list[_Statement] = []
    position = 0
    while True:
        found = _STATEMENT.match(text, position)
        if found is None:
            raise BadFilterError(f"not a statement: {text[position:]!r}")
        statements.append(_statement(found, fields))
        position = found.end()
        if position == len(text):
            break
        position += len(" and ")
    names = {statement.field.name for statement in statements}
    if len(names) > 1 and any(statement.field.is_alone for statement in statements):
        raise BadFilterError("a field that does not go together with others")
    return Filter(tuple(statements))


def _statement(found: re.Match[str], fields: Mapping[str, Field]) -> _Statement:
    field, operator = fields.get(found["field"]), found["operator"]
    if field is None:
        raise BadFilterError(f"no such field: {found['field']}")
    if operator not in (field.operators or _OPERATORS[field.type]):
        raise BadFilterError(f"{field.name} does not take {operator}")
    quoted = re.findall("'([^']*)'", found["values"] or "")
    wanted = {"between": 2, "not between": 2} | dict.fromkeys(_SHORTCUTS, 0)
    if operator in _LISTS and not quoted:
        raise BadFilterError(f"{operator} takes values")
    if operator not in _LISTS and len(quoted) != wanted.get(operator, 1):
        raise BadFilterError(f"{operator} does not take {len(quoted)} values")
    try:
        values = tuple(_READERS[field.type](text) for text in quoted)
    except (ArithmeticError, KeyError, ValueError) as error:
        raise BadFilterError(f"{field.name}: not a {field.type}: {quoted}") from error
    return _Statement(field, operator, values)


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,10}", text):
        raise BadFilterError(text)
    return int(text)


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise BadFilterError(text)
    return Decimal(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": _integer,
    "number": _number,
    "period": _integer,
    "boolean": _BOOLEANS.__getitem__,
    "date": timestamps.read,
}


def _holds(operator: str, value: Any, wanted: tuple[Any, ...], today: dt.date) -> bool:
    match operator:
        case "equals" | "one of":
            return value in wanted
        case "like":
            return wanted[0] in value
        case "between":
            return bool(wanted[0] <= value <= wanted[1])
        case "less than" | "less than equal":
            return bool(value < wanted[0]) or (operator.endswith("equal") and value == wanted[0])
        case "greater than" | "greater than equal":
            return bool(value > wanted[0]) or (operator.endswith("equal") and value == wanted[0])
    first, last = _shortcut(operator, today)
    return bool(first <= value.date() <= last)


def _shortcut(operator: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that a date operator without a value is about."""
    if operator == "yesterday":
        return today - dt.timedelta(days=1), today - dt.timedelta(days=1)
    return today - dt.timedelta(days=_DAYS[operator]), today
