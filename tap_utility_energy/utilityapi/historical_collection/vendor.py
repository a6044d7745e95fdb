"""The interface of the vendor for the state machine, and the vendor's possible answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from tap_utility_energy.utilityapi.historical_collection.requests import Meter


class OutcomeUnknownError(Exception):
    """A request was sent, and it is unknown whether it was carried out."""


class CollectionRefusedError(Exception):
    """Nothing was requested, or not everything. Its text is one line for a person."""


@dataclass(frozen=True)
class Listing:
    """Meters as the vendor lists them, by uid, and its date; None if the answer told none."""

    meters: Mapping[str, Meter]
    date: datetime | None


@dataclass(frozen=True)
class Answer:
    """The meters that the vendor has accepted, and the months that it named, if any."""

    accepted: Collection[str]
    duration: int | None


class Vendor(Protocol):
    """The vendor, as the state machine needs it."""

    def get_meters(self, uids: Collection[str]) -> Listing:
        """Read these meters. A meter that is not listed is missing; others may be there."""

    def get_new_meters(self) -> Listing:
        """Read the meters that were never activated. Others may be there."""

    def request_collection(self, uids: Sequence[str], duration: int | None) -> Answer:
        """Request a collection.

        Raises:
            OutcomeUnknownError: It is unknown whether it was carried out.
            CollectionRefusedError: It was certainly not carried out.
        """
