"""Query parameters, read as strictly as the vendor might."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.utilityapi.api.refusals import invalid
from sandbox.wire import BadQueryError, Call, Param, parse_query

if TYPE_CHECKING:
    from collections.abc import Iterable

Params = dict[str, Param]
Filters = tuple[tuple[str, frozenset[str]], ...]


def read_params(call: Call, known: Iterable[str], docs: str) -> Params:
    """Return the parameters by name; none twice, none empty, none unknown."""
    try:
        params = parse_query(call.query)
    except BadQueryError as error:
        raise invalid(str(error), docs) from error
    found: Params = {}
    for param in params:
        if param.name not in {*known, "access_token"}:
            raise invalid(f"Unknown parameter: {param.name}", docs)
        if param.name in found:
            raise invalid(f"Parameter given twice: {param.name}", docs)
        if not all([param.value] if param.name == "after" else param.value.split(",")):
            raise invalid(f"Parameter must not be empty: {param.name}", docs)
        found[param.name] = param
    found.pop("access_token", None)
    return found


def read_filters(params: Params, lists: Iterable[str], flags: Iterable[str], docs: str) -> Filters:
    """Return what each filter lets through: uids, or "true" or "false"."""
    for name in flags:
        read_flag(params, name, docs)
    return tuple(
        (name, frozenset(params[name].value.split(",")))
        for name in (*lists, *flags)
        if name in params
    )


def read_flag(params: Params, name: str, docs: str) -> bool:
    """Read a boolean, spelled as in JSON; false if it is not given."""
    value = params[name].value if name in params else "false"
    if value not in {"true", "false"}:
        raise invalid(f"Not true or false: {name}", docs)
    return value == "true"
