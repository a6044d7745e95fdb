"""The tenant's books, opened once and handed to all that print from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.energycap.data.bills import Billing
from sandbox.energycap.data.changes import Changes
from sandbox.energycap.data.estate import Estate
from sandbox.energycap.data.figures import MeterFigures
from sandbox.energycap.data.lines import Lines
from sandbox.energycap.data.windows import Windows

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions


@dataclass(frozen=True)
class Books:
    """What there is, what was billed, what it adds up to, and what has changed."""

    options: SandboxOptions
    changes: Changes
    windows: Windows
    estate: Estate
    billing: Billing
    lines: Lines
    figures: MeterFigures

    @classmethod
    def open(cls, options: SandboxOptions) -> Books:
        """Open the books that the options describe; nothing but meters is drawn yet."""
        changes = Changes.none_yet(options.today)
        windows = Windows(options, changes)
        calendar = windows.calendar
        estate = Estate(options, calendar.index(options.today.year - 1))
        billing = Billing(options.seed, estate, calendar, changes, options.today)
        lines = Lines(options.seed, calendar, hard_numbers=options.hard_numbers)
        figures = MeterFigures(estate, billing, lines, windows)
        return cls(options, changes, windows, estate, billing, lines, figures)
