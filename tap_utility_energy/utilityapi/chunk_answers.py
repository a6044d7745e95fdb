"""The answers to chunks of meters, of which several are requested at the same time."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from tap_utility_energy.http.threads import InOrder
from tap_utility_energy.utilityapi.answer_sizes import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_utility_energy.http.page import Page
    from tap_utility_energy.stats import StreamStats
    from tap_utility_energy.utilityapi.answer_sizes import AnswerSizes
    from tap_utility_energy.utilityapi.meter_chunks import Chunk, ChunkPlan
    from tap_utility_energy.utilityapi.meter_requests import MeterRequests

Answer = tuple["Chunk", "Iterable[Page]"]


class ChunkAnswers:
    """Requests the chunks of a plan; their answers come in its order.

    Args:
        requests: Sends the requests.
        parameters: Query parameters for data from a moment on.
        width: The maximum number of requests in flight. With 1, the pages of a chunk are requested
            one by one as they are used.
    """

    def __init__(
        self,
        requests: MeterRequests,
        parameters: Callable[[int | None], Mapping[str, Sequence[str]]],
        width: int,
    ) -> None:
        self._requests = requests
        self._parameters = parameters
        self._width = width

    def read(self, plan: ChunkPlan, sizes: AnswerSizes, stats: StreamStats) -> Iterator[Answer]:
        """Every chunk with its pages. Meters may be added to the plan meanwhile.

        Args:
            plan: Tells the chunks.
            sizes: Tells how much to request at once.
            stats: The stream that asks.
        """
        if self._width == 1:
            while chunk := plan.next(self._requests.left_out):
                yield chunk, self._pages(chunk, stats)
            return
        waiting: deque[Chunk] = deque()
        with closing(InOrder["list[Page]"](self._width)) as in_flight:
            while True:
                while self._may_start(waiting, sizes) and (
                    chunk := plan.next(self._requests.left_out)
                ):
                    in_flight.start(partial(self._whole, chunk, stats, in_flight.is_open))
                    waiting.append(chunk)
                if not waiting:
                    return
                yield waiting[0], in_flight.take()
                waiting.popleft()

    def _may_start(self, waiting: Sequence[Chunk], sizes: AnswerSizes) -> bool:
        """Whether one more chunk may be requested beside those that wait for their answer or use.

        It may while those that wait hold less than one chunk may be large, so that all together are
        less than two. The first one goes alone, because the meters' counts may be wrong.
        """
        if not waiting:
            return True
        size = sum(chunk.size for chunk in waiting)
        return len(waiting) < self._width and size < MOST_BYTES and not sizes.are_guessed

    def _pages(
        self, chunk: Chunk, stats: StreamStats, is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[Page]:
        parameters = self._parameters(chunk.start)
        return self._requests.pages_of(chunk.meters, parameters, stats, is_wanted=is_wanted)

    def _whole(self, chunk: Chunk, stats: StreamStats, is_wanted: Callable[[], bool]) -> list[Page]:
        pages = list(self._pages(chunk, stats, is_wanted))
        chunk.size = sum(len(page.body) for page in pages)
        return pages
