"""Which meters are requested together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tap_utility_energy.utilityapi.answer_sizes import AnswerSizes

#: Seconds between the starts of meters that are requested together. They are requested from the
#: earliest one, and more requests would cost more than a few days of readings.
MOST_APART = 7 * 86_400


@dataclass
class Chunk:
    """Meters that one request, and those for its following pages, read.

    Args:
        meters: The meters.
        start: The moment from which on they are read, in seconds since 1970; None for all data.
        records: How many bills or readings are expected.
        size: The expected size of its answers, in bytes, and then the size that they have.
    """

    meters: list[str]
    start: int | None = None
    records: int = 0
    size: int = 0


class ChunkPlan:
    """Divides meters into chunks: first those with a start, in its order.

    >>> from tap_utility_energy.utilityapi.answer_sizes import AnswerSizes
    >>> starts = {"a": 5, "b": None, "c": 3, "d": None, "e": None}
    >>> plan = ChunkPlan(AnswerSizes(300, first_meters=2), lambda uid: 1, starts.get)
    >>> plan.add("abcde")
    >>> while chunk := plan.next():
    ...     print(chunk.meters, chunk.start)
    ['c', 'a'] 3
    ['b', 'd'] None
    ['e'] None

    Args:
        sizes: Tells how much to request at once.
        expected: How many bills or readings of a meter a request brings.
        start_of: The moment from which on a meter is read; None for all data.
    """

    def __init__(
        self,
        sizes: AnswerSizes,
        expected: Callable[[str], int],
        start_of: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        self._sizes = sizes
        self._expected = expected
        self._start_of = start_of
        self._from_start: list[str] = []
        self._whole: list[str] = []

    def add(self, meters: Iterable[str]) -> None:
        """Add meters that have to be read."""
        for meter in meters:
            (self._whole if self._start_of(meter) is None else self._from_start).append(meter)
        self._from_start.sort(key=lambda meter: self._start_of(meter) or 0)

    def next(self, left_out: Collection[str] = ()) -> Chunk | None:
        """The next chunk; None at the end.

        Args:
            left_out: Meters that need not be read any more.
        """
        for waiting in (self._from_start, self._whole):
            waiting[:] = [meter for meter in waiting if meter not in left_out]
        waiting = self._from_start or self._whole
        if not waiting:
            return None
        size = self._size(waiting)
        counts = [self._expected(meter) for meter in waiting[:size]]
        expected = sum(map(self._sizes.expected, counts))
        chunk = Chunk(waiting[:size], self._start_of(waiting[0]), sum(counts), expected)
        del waiting[:size]
        return chunk

    @property
    def left(self) -> int:
        """How many meters are still to be read."""
        return len(self._from_start) + len(self._whole)

    def _size(self, waiting: list[str]) -> int:
        first, total = self._start_of(waiting[0]), 0
        most = self._sizes.meters_at_once
        for size, meter in enumerate(waiting[:most]):
            total += self._sizes.expected(self._expected(meter))
            is_apart = (self._start_of(meter) or 0) - (first or 0) > MOST_APART
            if size and (total > self._sizes.most_bytes or is_apart):
                return size
        return min(len(waiting), most)
