"""The walk over bills or intervals that several streams read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_utility_energy.walk import SharedWalk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_utility_energy.utilityapi.meter_data import MeterDataStream


class MeterDataWalk(SharedWalk):
    """One walk over the changed meters' data, which knows after which page a meter is through."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, str] = {}
        self._known: list[dict[str, str]] = []
        self._ends: list[tuple[int, list[str]]] = []

    def begin(self, marks: dict[str, str]) -> list[str]:
        """Take the listed meters' marks; the meters that a reader remembers otherwise."""
        self.marks = marks
        self._ends = []
        # Asked for the full table, a stream may make the loader delete all that it does not bring.
        self._known = [
            reader.remembered if reader.replication_method == REPLICATION_INCREMENTAL else {}
            for reader in cast("list[MeterDataStream]", self.readers)
        ]
        return [uid for uid, mark in marks.items() if any(m.get(uid) != mark for m in self._known)]

    def doubt(self, meters: Iterable[str]) -> None:
        """Let the next run read these again, unless this one read them for the same doubt."""
        for uid in meters:
            doubted = f"{self.marks[uid]}?"
            if all(known.get(uid) != doubted for known in self._known):
                self.marks[uid] = doubted

    def end(self, pages: int, meters: Iterable[str]) -> None:
        """Note that these meters are through after so many pages."""
        self._ends.append((pages, list(meters)))

    def through(self, pages: int) -> dict[str, str]:
        """The marks of the meters that are through after so many pages."""
        ended = (meters for end, meters in self._ends if end <= pages)
        return {uid: self.marks[uid] for meters in ended for uid in meters}
