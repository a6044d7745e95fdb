"""Entity lists: what is on them, and each record as served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from sandbox.recent import Recent
from sandbox.wire import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.energycap.data.catalogue import Record

# What a record can be filtered by and does not show.
Facts = Mapping[str, Sequence[object]]


class HasId(Protocol):
    """A thing with the vendor's id."""

    @property
    def id(self) -> int:
        """The id."""


T = TypeVar("T", bound=HasId)


def _no_facts(_: object) -> Facts:
    return {}


class Listing(Generic[T]):
    """A list whose records are printed when they are asked for, and the latest kept as bytes."""

    def __init__(
        self,
        things: Callable[[], Sequence[T]],
        printer: Callable[[T], Record],
        facts: Callable[[T], Facts] = _no_facts,
        filtered: Callable[[T], Record] | None = None,
    ) -> None:
        """List things, each printed by `printer`; filters are about `filtered`, if given."""
        self._things, self._printer, self._facts = things, printer, facts
        self._filtered = filtered or printer
        self._kept: Sequence[T] | None = None
        self._bodies: Recent[bytes] = Recent()
        self._matches: dict[str, frozenset[int]] = {}

    def of_same(self, printer: Callable[[T], Record]) -> Listing[T]:
        """List the same things, printed in another way and filtered in the same."""
        return Listing(self._things, printer, self._facts, self._printer)

    def forget(self) -> None:
        """Forget what was printed, as something has changed."""
        self._kept = None
        self._bodies.clear()
        self._matches.clear()

    def things(self) -> Sequence[T]:
        """Return what is on the list, in its order."""
        if self._kept is None:
            self._kept = self._things()
        return self._kept

    def matching(self, name: str, wanted: Callable[[Record, Facts], bool]) -> frozenset[int]:
        """Return the ids of what a filter wants; `name` stands for the filter."""
        if name not in self._matches:
            self._matches[name] = frozenset(
                thing.id
                for thing in self.candidates(name)
                if wanted(self._filtered(thing), self._facts(thing))
            )
        return self._matches[name]

    def candidates(self, name: str) -> Sequence[T]:  # noqa: ARG002 - of use to subclasses
        """Return what may be wanted by a filter."""
        return self.things()

    def body(self, thing: T) -> bytes:
        """Return a record as served."""
        return self._bodies.get(thing.id, thing, lambda: to_json(self._printer(thing)))
