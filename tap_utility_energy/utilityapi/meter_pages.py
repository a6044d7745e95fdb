"""The walk over bills or intervals that several streams read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_utility_energy.core.shared_pages import SharedPages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_utility_energy.utilityapi.meter_data import MeterDataStream


class MeterDataPages(SharedPages):
    """One walk over the changed meters' data, chunk by chunk of meters.

    It knows which page is the last of a chunk, and so which meters were read to their end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fingerprints: dict[str, str] = {}
        #: Whether meters have more data than came.
        self.is_short = False
        self._known: list[dict[str, str]] = []
        self._chunks: dict[int, set[str]] = {}

    def begin(self, fingerprints: dict[str, str]) -> list[str]:
        """Take the listed meters' fingerprints; the meters that a reader knows by another one."""
        self.fingerprints = fingerprints
        self._chunks = {}
        # Asked for the full table, a stream may make the loader delete all that it does not bring.
        self._known = [
            reader.completed if reader.replication_method == REPLICATION_INCREMENTAL else {}
            for reader in cast("list[MeterDataStream]", self.readers)
        ]
        return [
            uid
            for uid, fingerprint in fingerprints.items()
            if any(known.get(uid) != fingerprint for known in self._known)
        ]

    def recheck(self, counts: Mapping[str, int]) -> set[str]:
        """Let the next run read meters again, by the number of records that came of each.

        Returns:
            Those of them that are not read again: this run read them for the same number.
        """
        settled = set[str]()
        for uid, count in counts.items():
            rechecked = f"{self.fingerprints[uid]}?{count}"
            if self._known and all(known.get(uid) == rechecked for known in self._known):
                settled.add(uid)
            else:
                self.fingerprints[uid] = rechecked
                self.is_short = True
        return settled

    def end_chunk(self, pages: int, meters: Iterable[str]) -> None:
        """Note that a chunk ends after so many pages in all, and which meters it completes."""
        self._chunks.setdefault(pages, set()).update(meters)

    def ends_chunk(self, pages: int) -> bool:
        """Whether the last of so many pages is the last of its chunk."""
        return pages in self._chunks

    def completed(self, pages: int) -> dict[str, str]:
        """The fingerprints of the meters that the last of so many pages completes."""
        return {uid: self.fingerprints[uid] for uid in self._chunks.get(pages, ())}
