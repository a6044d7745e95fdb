"""Facts: what this tap assumes of a vendor, and what was seen of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from tap_utility_energy.logs import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EvidenceT = TypeVar("EvidenceT")
#: A fact about some evidence is one about evidence that has more.
Seen_contra = TypeVar("Seen_contra", contravariant=True)


class Outcome(StrEnum):
    """Whether a vendor does what is assumed."""

    AS_ASSUMED = "as assumed"
    DIFFERS = "differs"
    NOT_SEEN = "not seen"


class Verdict(NamedTuple):
    """The outcome, and what was seen, without any value of the vendor's data."""

    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class Fact(Generic[Seen_contra]):
    """Something that the tap assumes of a vendor.

    Args:
        name: What it is called.
        assumed: What is assumed.
        source: Why: the vendor's page that says it, or that it is inferred.
        observed_by: The requests that show it.
        otherwise: What it means for a user if it is otherwise.
        observe: Compares it with what the requests have brought.
    """

    name: str
    assumed: str
    source: str
    observed_by: str
    otherwise: str
    observe: Callable[[Seen_contra], Verdict]


class Finding(NamedTuple):
    """A fact, and what came of it."""

    fact: Fact[Any]
    verdict: Verdict


def holds(seen: str = "") -> Verdict:
    """The vendor does what is assumed."""
    return Verdict(Outcome.AS_ASSUMED, seen)


def differs(seen: str) -> Verdict:
    """The vendor does something else."""
    return Verdict(Outcome.DIFFERS, seen)


def not_seen(why: str) -> Verdict:
    """The requests did not show it."""
    return Verdict(Outcome.NOT_SEEN, why)


def verdict(seen: str, *, is_as_assumed: bool) -> Verdict:
    """The one or the other."""
    return holds(seen) if is_as_assumed else differs(seen)


def findings(facts: Iterable[Fact[EvidenceT]], evidence: EvidenceT) -> list[Finding]:
    """What came of each fact; an error in one does not keep the others from being told."""
    return [Finding(fact, _observed(fact, evidence)) for fact in facts]


def _observed(fact: Fact[EvidenceT], evidence: EvidenceT) -> Verdict:
    try:
        return fact.observe(evidence)
    except Exception as error:
        logging.getLogger(ROOT).debug("%s failed", fact.name, exc_info=True)
        return not_seen(f"the check failed here with {type(error).__name__}: please report it")


def counted(forms: Iterable[tuple[str, int]], most: int = 6) -> str:
    """Kinds with their counts, the most frequent ones first.

    >>> counted([("null", 1), ("text", 20)])
    '20 text, 1 null'
    """
    listed = sorted(forms, key=lambda form: (-form[1], form[0]))
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(f"{count:,} {kind}" for kind, count in listed[:most]) + more
