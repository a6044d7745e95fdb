"""What a historical collection knows: the meters as they are, and the requests made for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Meter:
    """What a meter's record says of collections."""

    uid: str
    status: str | None
    status_message: str | None
    status_ts: str | None
    is_activated: bool
    bill_count: int
    interval_count: int

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Read a meter as the vendor sends it."""
        return cls(
            uid=str(record["uid"]),
            status=record.get("status"),
            status_message=record.get("status_message"),
            status_ts=record.get("status_ts"),
            is_activated=bool(record.get("is_activated")),
            bill_count=record.get("bill_count") or 0,
            interval_count=record.get("interval_count") or 0,
        )

    @property
    def has_failed(self) -> bool:
        """Whether its collection failed and it has nothing from an earlier one."""
        return self.status == "errored" and not (self.bill_count or self.interval_count)

    @property
    def was_collected(self) -> bool:
        """Whether the vendor's record shows a collection that was not a failure."""
        return self.is_activated and not self.has_failed


@dataclass
class Request:
    """One request for one meter, and what became of it: a row of `historical_collections`.

    ``accepted`` is None while nobody knows. ``before`` is the meter as it was when it was asked
    for; any difference from it shows that a job has run or is running.
    """

    meter_uid: str
    requested_at: str
    collection_duration: int | None
    before: Meter | None
    accepted: bool | None = None
    status: str | None = None
    status_message: str | None = None
    status_ts: str | None = None

    @property
    def row(self) -> dict[str, Any]:
        """The record of the stream."""
        return {name: value for name, value in asdict(self).items() if name != "before"}

    @classmethod
    def restored(cls, remembered: Mapping[str, Any]) -> Self:
        """Read a request from the state."""
        before = remembered.get("before")
        return cls(**{**remembered, "before": Meter(**before) if before else None})

    @property
    def is_open(self) -> bool:
        """Whether it was accepted, or may have been, and its end was not seen."""
        return self.accepted is not False and self.status not in {"updated", "errored"}

    @property
    def has_failed(self) -> bool:
        """Whether it was refused, not accepted, or came to nothing."""
        return self.accepted is False or self.status == "errored"

    def shows_on(self, meter: Meter) -> bool:
        """Whether the meter tells that a job was begun for this request."""
        return meter.status == "pending" or meter != self.before

    def follow(self, meter: Meter) -> None:
        """Take down how far the job is. A status that was there before proves nothing."""
        if self.status == "pending" or self.shows_on(meter):
            self.accepted = True
            self.status, self.status_message = meter.status, meter.status_message
            self.status_ts = meter.status_ts
