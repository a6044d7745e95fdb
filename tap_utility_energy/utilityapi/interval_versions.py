"""Finding intervals that were replaced by others, from their uids.

The vendor makes an interval's ``uid`` of its meter, the end of its last reading and the start of
its first one, in seconds since 1970: ``1234-1767225600-1764547200``. So an interval that grows,
shrinks or is split has another uid than before, and its old version would stay in a warehouse.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UID = re.compile(r"(.+)-([0-9]{1,12})-([0-9]{1,12})")


class IntervalUid(NamedTuple):
    """The parts of an interval's uid; times are in seconds since 1970."""

    uid: str
    meter: str
    end: int
    start: int

    @classmethod
    def parse(cls, uid: str) -> Self | None:
        """Parse a uid; None if it has another format."""
        found = UID.fullmatch(uid)
        return cls(uid, found[1], int(found[2]), int(found[3])) if found else None

    @property
    def period(self) -> str:
        """The uid without its meter."""
        return self.uid.removeprefix(f"{self.meter}-")

    def shared_seconds(self, other: IntervalUid) -> int:
        """The time that is in both periods."""
        return min(self.end, other.end) - max(self.start, other.start)


class Versions(NamedTuple):
    """The result of comparing a list of intervals with those that were read before."""

    #: The interval that shares most of its time with each old version.
    replaced: dict[IntervalUid, IntervalUid]
    #: The periods of the current intervals, by meter.
    periods: dict[str, list[str]]


def compare(known: Mapping[str, Iterable[str]], listed: Iterable[str]) -> Versions:
    """Find known intervals that are no longer listed, but others of their time are.

    >>> versions = compare({"12": ["300-100"]}, ["12-400-100"])
    >>> [(old.uid, new.uid) for old, new in versions.replaced.items()]
    [('12-300-100', '12-400-100')]
    >>> versions.periods
    {'12': ['400-100']}

    Args:
        known: The periods of the intervals that were read before, by meter.
        listed: The uids of all intervals of some of these meters, and of others.
    """
    by_meter = defaultdict[str, list[IntervalUid]](list)
    for uid in map(IntervalUid.parse, listed):
        if uid:
            by_meter[uid.meter].append(uid)
    versions = Versions({}, {})
    for meter, now in by_meter.items():
        before = (IntervalUid.parse(f"{meter}-{period}") for period in known.get(meter, ()))
        gone = {old for old in before if old and old.meter == meter} - set(now)
        for old in gone:
            nearest = max(now, key=old.shared_seconds)
            if old.shared_seconds(nearest) > 0:
                versions.replaced[old] = nearest
        kept = gone - versions.replaced.keys()
        versions.periods[meter] = sorted({uid.period for uid in (*now, *kept)})
    return versions
