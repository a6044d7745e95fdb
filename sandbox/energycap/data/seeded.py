"""Random numbers that depend on names only, so that objects can be made in any order."""

from __future__ import annotations

import zlib
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class SeededRandom:
    """About thirty random numbers for one name; faster to create than `random.Random`."""

    __slots__ = ("_left",)

    def __init__(self, *name: object) -> None:
        """Seed the numbers with a name."""
        digest = blake2b(repr(name).encode(), digest_size=48).digest()
        self._left = int.from_bytes(digest, "big")

    def take(self, sides: int) -> int:
        """Return a random number from 0 to `sides` - 1."""
        self._left, face = divmod(self._left, sides)
        return face

    def between(self, low: int, high: int) -> int:
        """Return a random number from `low` to `high`, both included."""
        return low + self.take(high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """Choose one."""
        return choices[self.take(len(choices))]


def fraction(sides: int, *name: object) -> int:
    """Return a random number from 0 to `sides` - 1 for a name."""
    return zlib.crc32(repr(name).encode()) % sides
