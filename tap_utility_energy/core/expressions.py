"""Expressions of stream maps: checks before the run, exact arithmetic, and what failed."""

from __future__ import annotations

import ast
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from simpleeval import (  # type: ignore[import-untyped]
    FeatureNotAvailable,
    InvalidExpression,
    IterableTooLong,
    NumberTooHigh,
)

from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from singer_sdk.mapper import CustomStreamMap

#: Names that every expression can use; ``self`` only in place of a field that the record has.
NAMES = frozenset({"_", "record", "config", "__stream_name__", "__original_stream_name__"})
LANGUAGE = "https://sdk.meltano.com/en/latest/stream_maps.html"


class Scope(NamedTuple):
    """What expressions can use besides the fields of a record."""

    functions: Collection[str]
    names: Collection[str]
    config: Mapping[str, Any]


def scope_of(stream_map: CustomStreamMap) -> Scope:
    """What all expressions can use, as one of the SDK's maps has it."""
    names = {*NAMES, "fake"} if stream_map.fake else NAMES
    return Scope(stream_map.expr_evaluator.functions, names, stream_map.map_config)


def problem(value: object) -> str:
    """Why a value is no expression, or ''."""
    if not isinstance(value, str):
        return "it must be an expression, as text"
    try:
        statements = ast.parse(value.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        return f"{shown(value, 200)} is not an expression: {reason}"
    is_one = len(statements) == 1 and isinstance(statements[0], ast.Expr)
    return "" if is_one else f"{shown(value, 200)} is not an expression"


def unknown_names(
    expression: str, field: str, fields: Collection[str], scope: Scope
) -> Iterator[str]:
    """A line for each name in an expression that is not defined.

    Args:
        expression: A valid one.
        field: What it is computed for.
        fields: The fields of the records.
        scope: What it can use besides.
    """
    nodes = list(ast.walk(ast.parse(expression.strip())))
    called = {id(node.func): node.func for node in nodes if isinstance(node, ast.Call)}
    for function in called.values():
        if isinstance(function, ast.Name) and function.id not in scope.functions:
            yield f"there is no function {function.id}{_near(function.id, scope.functions)}"
    names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in called]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}  # of a comprehension
    known = {*own, *fields, *scope.names, *scope.functions}
    if field in fields:
        known.add("self")
    for name in dict.fromkeys(node.id for node in names if node.id not in known):
        yield _unknown_name(name, field, fields)
    yield from _unknown_config(nodes, scope.config)


def _unknown_name(name: str, field: str, fields: Collection[str]) -> str:
    if name == "self":
        return f"there is no self, as the records have no field {field}"
    if name == "fake":
        return "for fake, install the package faker where the tap is installed"
    return f"there is no field {name}{_near(name, fields)}"


def _unknown_config(nodes: Collection[ast.AST], config: Mapping[str, Any]) -> Iterator[str]:
    if any(isinstance(node, ast.In | ast.NotIn) for node in nodes):
        return  # it may look whether it is there
    for node in nodes:
        match node:
            case ast.Subscript(value=ast.Name(id="config"), slice=ast.Constant(value=str(name))):
                if name not in config:
                    yield f"the setting stream_map_config has no {name}{_near(name, config)}"


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def prepare(stream_map: CustomStreamMap) -> None:
    """Let expressions mix decimals and floats, and name the expression that fails."""
    evaluator = stream_map.expr_evaluator
    evaluator.operators = {kind: _exact(run) for kind, run in evaluator.operators.items()}
    evaluator.eval = partial(_computed, evaluator.eval)


def _exact(operator: Callable[..., Any]) -> Callable[..., Any]:
    """The operator, which treats a float as the decimal that it was written as.

    Fractions come as `Decimal`, with all their digits, and ``1.1`` in an expression is a float:
    Python does not compute with both.
    """

    def run(*operands: Any) -> Any:
        if any(isinstance(each, Decimal) for each in operands):
            operands = tuple(
                Decimal(repr(each)) if isinstance(each, float) else each for each in operands
            )
        return operator(*operands)

    return run


def _computed(evaluate: Callable[..., Any], expr: str, **kwargs: Any) -> Any:
    try:
        return evaluate(expr, **kwargs)
    except Exception as error:
        words = f": {error}".rstrip(".") if _quotes_no_value(error, expr) else ""
        raise UserInputError(
            f"stream_maps: {shown(expr, 200)} cannot be computed for each record "
            f"({type(error).__name__}{words}). {_advice(error)}"
        ) from error


def _advice(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "Handle zero, as in: a / b if b else None."
    if isinstance(error, FeatureNotAvailable):
        return f"Expressions know a part of Python only: see {LANGUAGE}."
    if isinstance(error, NumberTooHigh | IterableTooLong):
        return "Its result would be too large."
    return (
        "For a field that may be missing write _.get('name'), handle null, and write str(…) where "
        "text is needed."
    )


def _quotes_no_value(error: Exception, expr: str) -> bool:
    """Whether an error's message quotes no value of a record or of stream_map_config.

    Such a value may be the one that a map is to remove. A name that the expression holds is
    no secret.
    """
    if isinstance(error, KeyError):
        literals = [node.value for node in ast.walk(ast.parse(expr)) if type(node) is ast.Constant]
        return error.args[0] in literals
    is_safe = isinstance(error, TypeError | AttributeError | ArithmeticError | InvalidExpression)
    return is_safe and not isinstance(error, NumberTooHigh)
