"""What has happened to the tenant since the sandbox started."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import months_back

if TYPE_CHECKING:
    from sandbox.energycap.data.bills import Bill


@dataclasses.dataclass
class Changes:
    """The tenant's own clock, and bills and names that are not as they were drawn.

    `now` is the vendor's local time; bills that came in by `billed_until` are there.
    """

    now: dt.datetime
    billed_until: dt.date
    # A deleted bill is None.
    bills: dict[int, Bill | None] = dataclasses.field(default_factory=dict)
    # Code and name of a meter, and when they were given, by the meter's id.
    meters: dict[int, tuple[str, str, dt.datetime]] = dataclasses.field(default_factory=dict)
    # Days that went by without bills: theirs came in at the end, and are stamped so.
    quiet: list[tuple[dt.datetime, dt.datetime]] = dataclasses.field(default_factory=list)

    @classmethod
    def none_yet(cls, today: dt.date) -> Changes:
        """Begin at noon of a day."""
        return cls(dt.datetime.combine(today, dt.time(12)), today)

    def pass_a_day(self) -> dt.datetime:
        """Let a day go by, which is more than any difference between time zones."""
        self.now += dt.timedelta(days=1)
        return self.now

    def pass_months(self, months: int) -> None:
        """Let months go by, with the bills that come in meanwhile."""
        self.quiet.append((dt.datetime.combine(self.billed_until, dt.time.max), self.now))
        day = months_back(self.now.date(), -months)
        self.now = dt.datetime.combine(day, self.now.time())
        self.billed_until = day

    def arrival(self, drawn: dt.datetime) -> dt.datetime:
        """Return when a bill came in that was drawn for a moment."""
        return next((end for begin, end in self.quiet if begin < drawn < end), drawn)
