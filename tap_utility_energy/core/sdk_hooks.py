"""Every private hook of the SDK that the tap and its streams use, under a public name.

`tests/core/test_sdk_hooks.py` pins what each does: it fails when the SDK changes one of them.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.helpers.conform import TypeConformanceLevel
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import PluginMapper
    from singer_sdk.metrics import Counter

#: The capability of versions. It is one of taps until 0.54, and one of all plugins since 0.55.
ACTIVATE_VERSION = next(
    capability
    for kind in (TapCapabilities, PluginCapabilities)
    for capability in kind
    if capability.value == "activate-version"
)


class SDKStream(Stream):
    """A stream of the SDK that can write records its own way, and activate a version last."""

    # The STATE of thousands of meters takes as long to write as many rows.
    STATE_MSG_FREQUENCY = 50_000
    # Vendors' values pass through as they are. The SDK would make null of a number that is too
    # large for a double, and true of a "false".
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    @property
    def mapper(self) -> PluginMapper:
        """The tap's mapper. The SDK gives a stream no public way to its tap."""
        return self._tap.mapper

    @property
    def is_dry_run(self) -> bool:
        """Whether one record is wanted, as for ``--test``."""
        return self.ABORT_AT_RECORD_COUNT is not None

    @property
    def uses_fast_path(self) -> bool:
        """Whether `write_raw_rows` writes the records."""
        return False

    @abstractmethod
    def write_raw_rows(self, counter: Counter) -> Iterable[Record]:
        """Write the rows of the stream, as far as it can.

        Args:
            counter: Counts the rows that were written.

        Returns:
            The rows that remain, for the SDK to write.
        """

    def rows_for_batches(self, context: Context | None) -> Generator[Record, Any, Any]:
        """The rows of a sync that writes no RECORD messages."""
        return self._sync_records(context, write_messages=False)

    @abstractmethod
    def activate_version_problem(self, *, is_empty: bool, in_batches: bool) -> str:
        """Why no version may be activated, or '' if the stream has sent all of its records."""

    def on_version_withheld(self, reason: str) -> None:
        """Called when no version was activated, with the reason."""

    def advance_bookmark(self, record: Mapping[str, Any]) -> None:
        """Move the stream's bookmark after a record that was written."""
        super()._increment_stream_state(dict(record))

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        # The SDK's own compares dates as text, and stops at a record without one.
        self.advance_bookmark(latest_record)

    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        # The SDK calls this before the first record, and a loader then drops all that it has: a
        # stream that failed would leave it with nothing. So `_sync_records` writes it last.
        pass

    @override
    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        # No other method of the SDK runs exactly once per stream, around all of its records.
        if write_messages and self.uses_fast_path:
            records = self._sync_fast()
        else:
            records = super()._sync_records(context, write_messages=write_messages)
        is_empty = True
        for record in records:
            is_empty = False
            yield record
        if self._stream_version is None:
            return
        if reason := self.activate_version_problem(
            is_empty=is_empty, in_batches=not write_messages
        ):
            self.on_version_withheld(reason)
        else:
            super()._write_activate_version_message(self._stream_version)

    def write_state(self) -> None:
        """Write STATE, if it has changed."""
        self.state_manager.is_flushed = False
        self._write_state_message()

    def _sync_fast(self) -> Generator[dict[str, Any], Any, Any]:
        with self.get_record_counter() as counter, self.get_sync_timer():
            self._write_starting_replication_value(None)
            for record in self.write_raw_rows(counter):
                self._write_record_message(record)
                self.advance_bookmark(record)
                counter.increment()
                yield record
        self._finalize_state(self.stream_state)
        self.write_state()


class SDKTap(Tap):
    """A tap of the SDK that has its own handlers of signals."""

    def reset_progress_markers(self) -> None:
        """Drop what an interrupted run left in the state, as the SDK's own loop does first."""
        self._reset_state_progress_markers()

    def handle_signals(self) -> None:
        """Install the handlers of signals."""
        super()._setup_signal_handlers()

    @override
    def _setup_signal_handlers(self) -> None:
        # The SDK's handlers write STATE inside the handler and exit with 0.
        self.handle_signals()
