"""What the object of an event says besides its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def only(given: dict[str, Any], *names: str) -> dict[str, Any]:
    if unknown := set(given) - set(names):
        raise ValueError(f"{', '.join(sorted(unknown))}: takes {', '.join(names)} only")
    return given


def first(things: Iterable[Any], uid: str | None, key: Callable[[Any], str]) -> Any:
    """Return the thing of a uid, or the first."""
    for thing in things:
        if uid in {None, key(thing)}:
            return thing
    raise LookupError(f"{uid!r}: there is none")
