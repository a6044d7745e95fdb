"""A cache of the objects that were made last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps what was made last, so that a large world does not fill the memory."""

    def __init__(self, most: int = 20_000) -> None:
        """Begin empty, with a maximum size."""
        self._most = most
        self._kept: dict[Hashable, tuple[object, T]] = {}

    def get(self, key: Hashable, thing: object, make: Callable[[], T]) -> T:
        """Return what `make` made for a key; it makes it anew once the thing is another one."""
        kept = self._kept.get(key)
        if kept and kept[0] is thing:
            return kept[1]
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        made = make()
        self._kept[key] = thing, made
        return made

    def clear(self) -> None:
        """Forget it all."""
        self._kept.clear()
