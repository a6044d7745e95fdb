"""Checks both vendors: which requests each gets, and what comes of a check."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_utility_energy.check import costs, energycap, energycap_facts, utilityapi, utilityapi_facts
from tap_utility_energy.check.asking import Asker, patient_for_a_check
from tap_utility_energy.check.budget import MOST_REQUESTS, Budget, Watch
from tap_utility_energy.check.facts import Outcome, findings
from tap_utility_energy.energycap.client import EnergyCAP
from tap_utility_energy.logs import ROOT
from tap_utility_energy.stats import Failure
from tap_utility_energy.utilityapi.client import UtilityAPI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_utility_energy.check.asking import Source
    from tap_utility_energy.check.evidence import Evidence
    from tap_utility_energy.check.facts import Finding
    from tap_utility_energy.core.stream import VendorStream
    from tap_utility_energy.http.client import Client
    from tap_utility_energy.tap import TapUtilityEnergy

logger = logging.getLogger(ROOT)

#: The vendors, in the order that they are checked in.
VENDORS = (UtilityAPI, EnergyCAP)
#: How many of `MOST_REQUESTS` are kept for EnergyCAP, which has more lists.
KEPT = 34
NO_REQUEST_LEFT = "No request of the check was left for it."
SKIPPED = "The vendor was not asked any further: see the failure."
IMPATIENT = "A check waits for a minute at most. A sync waits longer: max_wait_seconds."
NO_METERS = "It takes the list of meters, which has none."
#: Hosts that a report names.
HOSTS = (
    "https://utilityapi.com/api/v2",
    "https://app.energycap.com",
    "https://wce.energycap.com",
    "https://app-eu.energycap.com",
    "https://app.fed-energycap.com",
    "https://implement.energycap.com",
)


@dataclass
class Checked:
    """What came of the check of one vendor."""

    client: Client
    watch: Watch
    evidence: Evidence
    findings: list[Finding]
    seconds: float

    @property
    def vendor(self) -> str:
        """The vendor's name."""
        return self.client.vendor

    @property
    def host(self) -> str:
        """The base URL, if it is one of the vendor's own."""
        return self.client.base_url if self.client.base_url in HOSTS else "another host"

    @property
    def sources(self) -> list[Source]:
        """The vendor's lists."""
        return list(self.evidence.sources.values())

    def count(self, outcome: Outcome) -> int:
        """How many facts have an outcome."""
        return sum(finding.verdict.outcome is outcome for finding in self.findings)

    @property
    def failures(self) -> list[str]:
        """A line for each cause of failure, with the streams that failed for it."""
        causes: dict[str, Failure] = {}
        for source in self.sources:
            if error := source.failure:
                failure = causes.setdefault(error.cause, Failure(str(error)))
                failure.streams += source.names
                if error.permission and error.permission not in failure.permissions:
                    failure.permissions.append(error.permission)
        if (error := self.evidence.asker.failure) and error.cause not in causes:
            causes[error.cause] = Failure(str(error), ["check"])
        return list(map(str, causes.values()))


def check(tap: TapUtilityEnergy, most: int = MOST_REQUESTS) -> list[Checked]:
    """Check every vendor that has a credential.

    Args:
        tap: The tap, with its settings.
        most: The maximum number of requests in all.
    """
    budget = Budget(most)
    config = patient_for_a_check(tap.config)
    streams: dict[str, VendorStream] = dict(tap.streams)  # type: ignore[arg-type]
    is_default = {name: stream.selected_by_default for name, stream in streams.items()}
    checked = []
    clients = [kind(config, tap.clock) for kind in VENDORS]
    for client in clients:
        if client.credential:
            share = budget.left - _kept_for_others(client, clients, most)
            watch = Watch(budget, share)
            logger.info("checking %s, with %s requests at most", client.vendor, share)
            begun = tap.clock.now()
            evidence, found = _collected(Asker(client, watch), config, is_default, streams)
            _add_notes(evidence)
            checked.append(Checked(client, watch, evidence, found, tap.clock.now() - begun))
        else:
            logger.warning(
                "%s is not checked: %s is not set", client.vendor, client.credential_setting
            )
    return checked


def _kept_for_others(client: Client, clients: Sequence[Client], most: int) -> int:
    """How many requests a vendor leaves to the one that is checked after it."""
    others = clients[clients.index(client) + 1 :]
    return most * KEPT // MOST_REQUESTS if any(each.credential for each in others) else 0


def _collected(
    asker: Asker,
    config: Mapping[str, Any],
    is_default: Mapping[str, bool],
    streams: Mapping[str, VendorStream],
) -> tuple[Evidence, list[Finding]]:
    if isinstance(asker.client, UtilityAPI):
        ours = utilityapi.collect(asker, config, utilityapi.sources_of(is_default))
        costs.estimate_utilityapi(ours, costs.changes_of(streams))
        return ours, findings(utilityapi_facts.FACTS, ours)
    theirs = energycap.collect(asker, config, energycap.sources_of(is_default))
    costs.estimate_energycap(theirs)
    return theirs, findings(energycap_facts.FACTS, theirs)


def _add_notes(evidence: Evidence) -> None:
    """Say of each list that has no records why that may be."""
    for source in evidence.sources.values():
        if source.outcome == "empty":
            source.note = _why_empty(source, evidence)
        elif source.outcome == "not asked":
            source.note = source.note or _why_not_asked(source, evidence)
        elif source.answer and source.answer.lacks_permission and source.permission:
            source.note = f"It needs the permission {source.permission}."
        elif any(answer.failure and answer.is_out_of_time for answer in source.answers):
            source.note = IMPATIENT


def _why_empty(source: Source, evidence: Evidence) -> str:
    if isinstance(evidence.asker.client, EnergyCAP):
        return energycap.empty_note(source, evidence.config)
    return utilityapi.empty_note(source, evidence.config)


def _why_not_asked(source: Source, evidence: Evidence) -> str:
    watch = evidence.asker.watch
    if source.failure:
        return ""  # the last lines tell it
    if watch.is_spent:
        return NO_REQUEST_LEFT
    if evidence.asker.is_down:
        return SKIPPED
    meters = evidence.sources["/meters"]
    return utilityapi.EMPTY[source.path] if meters.records else NO_METERS


def lines_of(checked: Sequence[Checked]) -> Iterator[str]:
    """A line for each failure of all vendors."""
    for each in checked:
        yield from each.failures
