"""A thread pool of daemon threads, for parallel requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Job = tuple[Callable[[], T], "Future[T]"]


class DaemonPool(Generic[T]):
    """A fixed number of threads that run calls.

    A `ThreadPoolExecutor` waits for its threads when the process ends, and one that hangs in a
    request would keep a stopped tap alive.
    """

    def __init__(self, threads: int) -> None:
        self._jobs = SimpleQueue[Job[T] | None]()
        self._closed = threading.Event()
        self._threads = threads
        for _ in range(threads):
            threading.Thread(target=self._work, name="pages", daemon=True).start()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Run the call on the next free thread."""
        future = Future[T]()
        self._jobs.put((call, future))
        return future

    def is_open(self) -> bool:
        """Whether the results are still wanted."""
        return not self._closed.is_set()

    def close(self) -> None:
        """Start no further call, and let the threads end. Does not wait for them."""
        self._closed.set()
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while self._did(self._jobs.get()):
            pass

    def _did(self, job: Job[T] | None) -> bool:
        # A function of its own, so that an idle thread does not keep its last result.
        if job and self.is_open():
            call, future = job
            _settle(future, call)
        return job is not None


def _settle(future: Future[Any], call: Callable[[], Any]) -> None:
    try:
        future.set_result(call())
    except BaseException as failure:  # noqa: BLE001 - it is raised where the result is read
        future.set_exception(failure)
