"""The tenant's data, from which all lists and digests are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.energycap.data.bills import Billing
from sandbox.energycap.data.changes import Changes
from sandbox.energycap.data.figures import MeterFigures
from sandbox.energycap.data.lines import Lines
from sandbox.energycap.data.portfolio import Portfolio
from sandbox.energycap.data.windows import Windows

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions


@dataclass(frozen=True)
class Model:
    """What the tenant has, what was billed for it, the sums of that, and the changes since."""

    options: SandboxOptions
    changes: Changes
    windows: Windows
    portfolio: Portfolio
    billing: Billing
    lines: Lines
    figures: MeterFigures

    @classmethod
    def build(cls, options: SandboxOptions) -> Model:
        """Make the data that the options describe; only the meters are drawn at once."""
        changes = Changes.none_yet(options.today)
        windows = Windows(options, changes)
        calendar = windows.calendar
        portfolio = Portfolio(options, calendar.index(options.today.year - 1))
        billing = Billing(options.seed, portfolio, calendar, changes, options.today)
        lines = Lines(options.seed, calendar, hard_numbers=options.hard_numbers)
        figures = MeterFigures(portfolio, billing, lines, windows)
        return cls(options, changes, windows, portfolio, billing, lines, figures)
