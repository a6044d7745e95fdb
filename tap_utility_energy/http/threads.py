"""Daemon threads for parallel requests, and their results in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from tap_utility_energy import signals

T = TypeVar("T")
Job = tuple[Callable[[], T], "Future[T]"]


class DaemonPool(Generic[T]):
    """Up to so many threads that run calls; one is started when no other is free.

    A `ThreadPoolExecutor` waits for its threads when the process ends, and one that hangs in a
    request would keep a stopped tap alive.
    """

    def __init__(self, threads: int) -> None:
        self._jobs = SimpleQueue[Job[T] | None]()
        self._closed = threading.Event()
        self._threads = threads
        self._started = 0
        self._free = threading.Semaphore(0)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Run the call on the next free thread."""
        future = Future[T]()
        self._jobs.put((call, future))
        if not self._free.acquire(blocking=False) and self._started < self._threads:
            self._started += 1
            threading.Thread(target=self._work, name="pages", daemon=True).start()
        return future

    def is_open(self) -> bool:
        """Whether the results are still wanted."""
        return not self._closed.is_set()

    def close(self) -> None:
        """Start no further call, and let the threads end. Does not wait for them."""
        self._closed.set()
        for _ in range(self._started):
            self._jobs.put(None)

    def _work(self) -> None:
        while self._did(self._jobs.get()):
            self._free.release()

    def _did(self, job: Job[T] | None) -> bool:
        # A function of its own, so that an idle thread does not keep its last result.
        if job and self.is_open():
            call, future = job
            _settle(future, call)
        return job is not None


class InOrder(Generic[T]):
    """Calls on threads, and their results in the order of the calls.

    >>> calls = InOrder[int](2)
    >>> calls.start(lambda: 1)
    >>> calls.start(lambda: 2)
    >>> calls.take(), calls.take(), len(calls)
    (1, 2, 0)
    >>> calls.close()

    Args:
        width: The number of threads.
    """

    def __init__(self, width: int) -> None:
        self._pool = DaemonPool[T](width)
        self._started: deque[Future[T]] = deque()
        #: Whether the results are still wanted.
        self.is_open = self._pool.is_open

    def __len__(self) -> int:
        """How many results have not been taken."""
        return len(self._started)

    def start(self, call: Callable[[], T]) -> None:
        """Run a call on the next free thread."""
        self._started.append(self._pool.submit(call))

    def take(self) -> T:
        """The result of the earliest call whose result was not taken. A signal ends the wait.

        Raises:
            Exception: The call raised it.
        """
        with signals.interruptible():
            return self._started.popleft().result()

    def close(self) -> None:
        """Start no further call. Does not wait for those that run."""
        self._pool.close()


def _settle(future: Future[Any], call: Callable[[], Any]) -> None:
    try:
        future.set_result(call())
    except BaseException as failure:  # noqa: BLE001 - it is raised where the result is read
        future.set_exception(failure)
