"""Counts and outcomes of a run and its streams, for the log and for machines."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from singer_sdk.metrics import Counter
from typing_extensions import override

from tap_utility_energy.logs import StreamLog, number

if TYPE_CHECKING:
    from collections.abc import Callable


class StreamOutcome(StrEnum):
    """How a stream ended."""

    NOT_SELECTED = "not selected"
    NOT_READ = "not read"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"


def kept(is_selected: bool) -> str:  # noqa: FBT001 - the name of the function says what it is
    """Where unknown fields go, which depends on whether ``extra`` is selected."""
    return 'kept under "extra"' if is_selected else 'left out, because "extra" is not selected'


class FieldNotices(NamedTuple):
    """Takes the names of fields for a stream's warnings."""

    #: Fields that the schema does not name.
    unknown: set[str]
    #: Fields with a value of another type than declared.
    off_type: set[str]
    #: Such fields whose value is dropped.
    dropped: set[str]


class StreamStats:
    """Counts and the outcome of one stream, filled in by everything that works for the stream.

    Args:
        name: The stream's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        #: The stream's own lines.
        self.log = StreamLog(name)
        self.outcome = StreamOutcome.NOT_SELECTED
        self.records = 0
        self.seconds = 0.0
        #: The progress, such as "page 3 of 8", where that is known.
        self.position = ""
        #: Why the stream is incomplete, or '' if it is complete.
        self.incomplete = ""
        #: Warnings that are logged at the end of the stream: each message, with the names that
        #: it lists.
        self.notices = defaultdict[str, set[str]](set)
        self._requests = 0
        self._lock = threading.Lock()

    def field_notices(self, *, are_kept: bool) -> FieldNotices:
        """Takes fields that the schema does not name, or whose values do not fit it, by paths.

        Args:
            are_kept: Whether ``extra``, where they go, is selected.
        """
        off_type = "values of another type than declared"
        dropped = "left out, because a part is deselected or a stream map changes the field"
        return FieldNotices(
            self.notices[f"unknown fields, {kept(are_kept)}"],
            self.notices[f"{off_type}, null in their place and {kept(are_kept)}"],
            self.notices[f"{off_type}, {dropped}"],
        )

    @property
    def requests(self) -> int:
        """Requests sent, repeated ones included."""
        return self._requests

    def count_request(self) -> None:
        """Count a request, from any thread."""
        with self._lock:
            self._requests += 1

    @property
    def progress(self) -> str:
        """The progress in words, or '' at the very beginning."""
        if not self.records and not self.position:
            return ""
        return ", ".join(filter(None, (self.position, number(self.records, "record"))))

    def as_dict(self) -> dict[str, Any]:
        """The figures, for machines."""
        return {
            "stream": self.name,
            "outcome": str(self.outcome),
            "records": self.records,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
        }


class RecordCounter(Counter):
    """The SDK's record counter, with a callback for each count."""

    def __init__(self, counter: Counter, counted: Callable[[int], None]) -> None:
        super().__init__(counter.metric, counter.tags, counter.log_interval)
        self._counted = counted

    @override
    def increment(self, value: int = 1) -> None:
        super().increment(value)
        self._counted(value)


@dataclass
class Failure:
    """One cause, and the streams that failed for it.

    Args:
        error: The first stream's failure, in one line for a person.
        streams: The streams that failed.
        permissions: What the vendor calls the rights that they may lack.
        skipped: Streams that were not tried for the same cause.
        status: The HTTP status with which the vendor refused, so that another run would fail the
            same way. None for any other failure.
    """

    error: str
    streams: list[str] = field(default_factory=list)
    permissions: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    status: int | None = None

    @override
    def __str__(self) -> str:
        error = self.error
        if len(self.permissions) > 1:
            *some, last = self.permissions
            error = error.replace(self.permissions[0], f"{', '.join(some)} or {last}")
        line = f"{', '.join(self.streams)}: {error}"
        if self.skipped:
            line += f" Skipped for the same reason: {', '.join(self.skipped)}."
        return line


@dataclass
class RunStats:
    """Counts and failures of a run.

    Args:
        streams: Every stream of the tap. One that is not selected may have sent requests too.
        failures: What failed, one for each cause.
        seconds: How long the run took.
    """

    streams: list[StreamStats]
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    def named(self, *outcomes: StreamOutcome) -> list[str]:
        """The names of the streams with these outcomes."""
        return [stream.name for stream in self.streams if stream.outcome in outcomes]

    @property
    def records(self) -> int:
        """Records read."""
        return sum(stream.records for stream in self.streams)

    def as_dict(self) -> dict[str, Any]:
        """The figures, for machines."""
        return {
            "records": self.records,
            "requests": sum(stream.requests for stream in self.streams),
            "seconds": round(self.seconds, 3),
            "streams": [
                stream.as_dict()
                for stream in self.streams
                if stream.requests or stream.outcome is not StreamOutcome.NOT_SELECTED
            ],
            "failures": [asdict(failure) for failure in self.failures],
        }
