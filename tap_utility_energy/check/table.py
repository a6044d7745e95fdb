"""The result of a check for a person, at 80 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tap_utility_energy.check import costs
from tap_utility_energy.check.facts import Outcome
from tap_utility_energy.logs import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_utility_energy.check.asking import Source
    from tap_utility_energy.check.facts import Finding
    from tap_utility_energy.check.vendors import Checked

WIDTH = 80
MARKS = {Outcome.AS_ASSUMED: "\u2713", Outcome.DIFFERS: "\u2717", Outcome.NOT_SEEN: "\u2013"}
#: The same in ASCII.
PLAIN_MARKS = {Outcome.AS_ASSUMED: "+", Outcome.DIFFERS: "x", Outcome.NOT_SEEN: "-"}
#: Width of the names of facts and of streams.
FACT_NAME, STREAM_NAME = 25, 41


def marks_for(encoding: str | None) -> dict[Outcome, str]:
    """The marks that an encoding has.

    >>> marks_for("ascii")[Outcome.AS_ASSUMED]
    '+'
    """
    try:
        "".join(MARKS.values()).encode(encoding or "ascii")
    except (LookupError, UnicodeError):
        return PLAIN_MARKS
    return MARKS


def table(checked: Sequence[Checked], marks: dict[Outcome, str]) -> Iterator[str]:
    """The lines of the table.

    Args:
        checked: What came of the check of each vendor.
        marks: The mark of each outcome.
    """
    yield "   ".join(f"{mark} {outcome}" for outcome, mark in marks.items())
    for each in checked:
        yield ""
        yield (
            f"{each.vendor}: {number(each.watch.own.sent, 'request')} of {each.watch.own.most} "
            f"in {time(each.seconds)}; {each.count(Outcome.DIFFERS)} of "
            f"{number(len(each.findings), 'fact')} differ"
        )
        for finding in each.findings:
            yield from _fact(finding, marks)
        yield ""
        yield from _streams(each)


def _fact(finding: Finding, marks: dict[Outcome, str]) -> Iterator[str]:
    fact, (outcome, seen) = finding
    said = f"not seen: {seen}" if outcome is Outcome.NOT_SEEN else seen
    yield from wrapped(said, f" {marks[outcome]} {fact.name:<{FACT_NAME}}", FACT_NAME + 3)
    if outcome is Outcome.DIFFERS:
        yield from wrapped(fact.assumed, f"{'':5}Assumed: ", 14)
        yield from wrapped(fact.otherwise, f"{'':5}For you: ", 14)


def _streams(checked: Checked) -> Iterator[str]:
    yield _row("First sync at these settings", "answer", "records", "calls", "time")
    said = ""
    for source in checked.sources:
        yield from _source(source)
        note = " ".join(filter(None, (source.note, *source.left_out)))
        if note and note != said:
            yield from wrapped(note, f"{'':5}", 5)
        said = note
    for what, default_only in (("the streams selected by default", True), ("all streams", False)):
        requests, seconds, is_at_least = costs.total(checked.sources, default_only=default_only)
        about = "at least" if is_at_least else "about"
        yield f" {what}: {about} {number(requests, 'request')}, {time(seconds)}"


def _source(source: Source) -> Iterator[str]:
    first, *others = source.names
    yield _row(
        first,
        source.outcome,
        _figure(source.total, is_at_least=source.is_at_least),
        _figure(source.requests, is_at_least=source.is_at_least),
        "" if source.sync_seconds is None else time(source.sync_seconds),
    )
    for name in others:
        yield f"   and {name}"


def _figure(value: int | None, *, is_at_least: bool) -> str:
    return "" if value is None else f"{value:,}{'+' if is_at_least else ''}"


def _row(name: str, answer: str, records: str, requests: str, seconds: str) -> str:
    figures = f"{answer:<12} {records:>10} {requests:>5} {seconds:>6}"
    return f" {name:<{STREAM_NAME}} {figures}".rstrip()


def wrapped(text: str, begin: str, indent: int) -> list[str]:
    """A text in lines that fit, of which the first begins with something."""
    lines = textwrap.wrap(
        text, WIDTH, initial_indent=begin, subsequent_indent=" " * indent, break_on_hyphens=False
    )
    return [line.rstrip() for line in lines] or [begin.rstrip()]


def time(seconds: float) -> str:
    """A time in six characters at most.

    >>> [time(each) for each in (0.24, 3, 95, 4000, 20_000)]
    ['0.2 s', '3.0 s', '95 s', '67 min', '5.6 h']
    """
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"  # noqa: PLR2004
