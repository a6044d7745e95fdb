"""The base of all streams: pages → records → rows → out."""

from __future__ import annotations

import logging
from abc import abstractmethod
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import Catalog, CatalogEntry, Schema
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_utility_energy import signals
from tap_utility_energy.core import batches, stream_maps
from tap_utility_energy.core.catalog import complete_entry, entry_notes, entry_problems
from tap_utility_energy.core.fast_path import BlockWriter
from tap_utility_energy.core.keys import BadRecords, all_have_keys, describe_bad_record, with_key
from tap_utility_energy.core.raw_rows import RawFitter, RawRows, decoded_rows
from tap_utility_energy.core.record import RecordFitter
from tap_utility_energy.core.schema import flattenable
from tap_utility_energy.core.sdk_hooks import SDKStream
from tap_utility_energy.http.errors import FatalError, shown
from tap_utility_energy.http.lazy_records import LazyRecord, fully_decoded, lazy_records
from tap_utility_energy.http.page import UNFIT_CHARACTERS, PageFormat
from tap_utility_energy.stats import RecordCounter, StreamStats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import StreamMap
    from singer_sdk.metrics import Counter

    from tap_utility_energy.http.client import Client
    from tap_utility_energy.http.page import Decoder, Page


class VendorStream(SDKStream):
    """A stream of one vendor's endpoint.

    A stream is a subclass with a `name`, `path`, `primary_keys`, `schema` and `docs_url`. A missing
    attribute raises `TypeError` when the class is created.

    Args:
        tap: The tap, for the SDK.
        client: The vendor's client.
    """

    #: Its name in the catalog, and that of its table.
    name: str
    #: What follows the vendor's base URL.
    path: ClassVar[str]
    #: The vendor's page on the endpoint.
    docs_url: ClassVar[str]
    #: The attributes that a stream has to have.
    required: ClassVar[tuple[str, ...]] = ("name", "path", "primary_keys", "schema", "docs_url")
    #: The key of an answer that holds the list of records; None if the answer is that list.
    records_key: ClassVar[str | None] = None
    record_key_type: ClassVar[type] = str
    #: Fields by which records are chosen or merged, besides the key.
    head_fields: ClassVar[tuple[str, ...]] = ()
    #: What the vendor calls the right to read this, for messages.
    permission: ClassVar[str] = ""
    #: Where records that were left out can be found all the same, for messages.
    bad_records_hint: ClassVar[str] = ""
    #: Whether the settings enable the stream. If not, a sync writes and logs nothing about it.
    is_enabled: bool = True

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check the declaration of a stream, which is a class with a name or a page of the vendor.

        Raises:
            TypeError: An attribute is missing, or the schema has another key.
        """
        super().__init_subclass__(**kwargs)
        if not vars(cls).keys() & {"name", "docs_url"}:
            return
        if missing := [name for name in cls.required if not _declares(cls, name)]:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}: see CONTRIBUTING.md")
        schema: Any = cls.schema  # the SDK types it, and the keys, as properties
        keys: Any = cls.primary_keys
        described = schema.get("required", [])
        if list(keys) != described:
            raise TypeError(
                f"{cls.__name__}: primary_keys is {', '.join(keys)}, but the schema has "
                f"{', '.join(described) or 'no key'}: describe each part of the key with key(…)"
            )

    def __init__(self, tap: Tap, client: Client) -> None:
        self.client = client
        super().__init__(tap)
        #: What was read in this run, and the stream's log.
        self.stats = StreamStats(self.name)
        #: What was left out in this run.
        self.bad_records = BadRecords()
        self._own_key = tuple(self.primary_keys)
        self._own_replication_key = self.replication_key
        #: What is wrong with the stream's entry in the user's catalog, a line each.
        self.catalog_problems: list[str] = []
        #: What the user may not know of it, a line each.
        self.catalog_notes: list[str] = []

    @property
    def record_key(self) -> str:
        """The field that tells one record of an answer from another."""
        return self._own_key[0]

    @property
    def can_repeat(self) -> bool:
        """Whether the endpoint can send a record twice in one read. Such records come once."""
        return False

    @property
    def page_format(self) -> PageFormat:
        """How the vendor sends the list."""
        return PageFormat(self.records_key)

    # ----- pages, records and rows

    @property
    def decoder(self) -> Decoder:
        """What decodes an answer, and of its records only the key and `head_fields`."""
        kind = self.record_key_type
        return lazy_records(self.records_key, self.record_key, kind, self.head_fields)

    @abstractmethod
    def pages(self) -> Iterator[Page]:
        """Every page of the endpoint, in order.

        Raises:
            FatalError: The vendor refuses, or gave no valid answer within the time limit.
        """

    def record_pages(self) -> Iterator[Iterable[Record]]:
        """The records of each page that have their key; see `pages`."""
        for number, page in enumerate(self.pages(), 1):
            if page.has_unfit_characters:
                self.stats.notices[UNFIT_CHARACTERS].add(f"page {number}")
            yield self.drop_bad_records(page.records, number, self.bad_records)

    def records(self) -> Iterator[Iterable[Record]]:
        """The records of each page, every record once; see `pages`."""
        seen, can_repeat = set[object](), self.can_repeat
        for page in self.record_pages():
            yield self._new_in(page, seen) if can_repeat else page
        self.on_last_page(len(seen) + self.bad_records.distinct)

    def rows_of(self, record: Record) -> Iterable[Record | RawRows]:
        """The rows of a record: the record itself, or rows that are made of it."""
        if isinstance(record, LazyRecord):
            with suppress(msgspec.ValidationError):
                return (RawRows([self._raw_fitter.fit_record(record.raw)]),)
        return (self.fitter.fit(fully_decoded(record)),)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """The rows of all records."""
        for page in self.records():
            for record in page:
                for row in decoded_rows(self.rows_of(record)):
                    signals.check()
                    yield row

    @property
    @override
    def uses_fast_path(self) -> bool:
        """Whether rows can be written as they were sent; see `fast_path`."""
        return (
            self.selected
            and self._is_unmapped
            and not self.fitter.deselects_parts
            and not self.get_batch_config(self.config)
            and not self.emit_activate_version_messages
            and not self.is_dry_run
        )

    @override
    def write_raw_rows(self, counter: Counter) -> Iterable[Record]:
        """Write the rows of all records that fit as they were sent; the others remain."""
        writer, in_state = BlockWriter(self.name, counter), 0
        for page in self.records():
            if self.stats.records - in_state >= self.STATE_MSG_FREQUENCY:
                self.write_state()
                in_state = self.stats.records
            yield from writer.write(self._rows(page))

    def _rows(self, page: Iterable[Record]) -> Iterator[Record | RawRows]:
        for record in page:
            for rows in self.rows_of(record):
                yield rows
                if isinstance(rows, RawRows):
                    self.advance_bookmark(rows.shared or record)

    def on_last_page(self, distinct: int) -> None:
        """Called after the last page, with the number of distinct records if they can repeat."""

    def drop_bad_records(self, page: list[Any], number: int, bad: BadRecords) -> list[Record]:
        """The records of a page that have their key. The others are counted as bad records.

        Args:
            page: The records of an answer.
            number: Which answer of the list it is.
            bad: Counts the others.
        """
        name = self.record_key
        if all_have_keys(page, name, self.record_key_type):
            return page
        good: list[Record] = []
        others: list[tuple[object, str]] = []
        for position, record in enumerate(page, 1):
            found = with_key(record, name, self.record_key_type)
            if found is not None:
                good.append(found)
                continue
            after = f" after {name} {shown(good[-1][name], 40)}" if name and good else ""
            where = f"record {position} of page {number}{after}"
            whole = fully_decoded(record)
            others.append((whole, f"{where}: {describe_bad_record(whole, name)}"))
        for what in bad.add_page(others):
            self.stats.log.debug("left out: %s", what)
        return good

    def _new_in(self, page: Iterable[Record], seen: set[object]) -> Iterator[Record]:
        for record in page:
            key = record[self.record_key]
            if key not in seen:
                seen.add(key)
                yield record

    # ----- schema and selection

    @cached_property
    def fitter(self) -> RecordFitter:
        """What makes rows fit the emitted schema."""
        return self.fitter_of(self.schema["properties"])

    @cached_property
    def _raw_fitter(self) -> RawFitter:
        """What checks whether rows fit the emitted schema as they were sent."""
        return RawFitter(self.fitter)

    def fitter_of(self, documented: Iterable[str], level: str = "") -> RecordFitter:
        """What makes one kind of object that rows are made of fit the emitted schema.

        Args:
            documented: The names of its fields.
            level: What it is called, for warnings.
        """
        emitted = self.effective_schema["properties"]
        names = {*documented, *(emitted.keys() - self.schema["properties"].keys())}
        fields = self.mask.items() if self.mask[()] else ()  # all of a stream that is not selected
        deselected = {".".join(path[1::2]) for path, on in fields if not on}
        return RecordFitter(
            {name: schema for name, schema in emitted.items() if name in names},
            self.stats.field_notices(are_kept="extra" not in deselected),
            f"{level}." if level else "",
            deselected,
            stream_maps.mapped_fields(self.config.get("stream_maps", {}), self.name, emitted),
        )

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take what the user's catalog says; keys and ``extra`` are added where it lacks them."""
        if entry := catalog.get_stream(self.name):
            given = (entry, self.schema, self._own_key, self._own_replication_key)
            self.catalog_notes = list(entry_notes(*given))
            complete_entry(*given)
            problems = entry_problems(*given)
            self.catalog_problems = list(problems)
        super().apply_catalog(catalog)

    @property
    @override
    def stream_maps(self) -> list[StreamMap]:
        """The maps of its records, with the fields that are selected when it is first asked."""
        if self.name not in self.mapper.stream_maps:
            self.register_maps()
        return super().stream_maps

    def register_maps(self) -> None:
        """Let the tap's mapper know the stream, with the fields that are selected now.

        Raises:
            UserInputError: The settings do not fit the stream's fields.
        """
        schema = self.effective_schema
        if self.config.get("flattening_enabled") and self.config["flattening_max_depth"]:
            schema = flattenable(schema)
        entry = CatalogEntry(
            tap_stream_id=self.name,
            metadata=self.metadata,
            schema=Schema.from_dict(schema),
            key_properties=self.primary_keys,
        )
        longest_name = self.config.get("flattening_max_key_length")
        stream_maps.register(self.mapper, self.name, Catalog({self.name: entry}), longest_name)

    @property
    def is_unmodified_full_table(self) -> bool:
        """Whether the stream is full-table, every field is selected and nothing is mapped."""
        return (
            self._is_unmapped
            and all(self.mask.values())
            and self.replication_method == REPLICATION_FULL_TABLE
        )

    @property
    def _is_unmapped(self) -> bool:
        first, *others = self.stream_maps
        return type(first) is SameRecordTransform and not (others or first.flattening_enabled)

    # ----- batches, counts and versions

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> Any:
        """The batch config, or None if batches would do harm: then RECORD messages are written.

        The SDK's batches hold deselected fields, ignore stream maps, and come after their STATE.
        """
        return super().get_batch_config(config) if self.is_unmodified_full_table else None

    @override
    def get_batches(
        self, batch_config: BatchConfig, context: Context | None = None
    ) -> Iterable[tuple[BaseBatchFileEncoding, list[str]]]:
        """A file of records at a time; see `batches.write`."""
        records = self.rows_for_batches(context)
        for url in batches.write(batch_config, f"{self.tap_name}--{self.name}", records):
            yield batch_config.encoding, [url]

    @override
    def get_record_counter(self, **kwargs: Any) -> Counter:
        return RecordCounter(super().get_record_counter(**kwargs), self._count_records)

    def _count_records(self, number: int) -> None:
        self.stats.records += number
        self.client.clock.heartbeat(self.stats)

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        # The report logs a sync's start and end; the SDK would call the end an unhandled error.
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    def narrowed_by(self) -> str:
        """What limits the stream to a part of the vendor's data, such as a setting, or ''."""
        return ""

    @override
    def activate_version_problem(self, *, is_empty: bool, in_batches: bool) -> str:
        if in_batches:
            return "batches carry no version"
        if self.bad_records.count:
            return "records were left out that the loader may have from an earlier run"
        if narrowed_by := self.narrowed_by():
            return f"the stream is limited ({narrowed_by})"
        if stream_maps.filters(self.config.get("stream_maps", {}), self.name):
            return "a stream map filters the records"
        return self.stats.incomplete or ("no records arrived" if is_empty else "")

    @override
    def on_version_withheld(self, reason: str) -> None:
        self.stats.log.info("no version is activated, so that the loader drops nothing: %s", reason)

    @contextmanager
    def bad_records_reported(self) -> Iterator[None]:
        """Say after the block which records were left out, also if it fails.

        Raises:
            FatalError: There are some, and ``fail_on_bad_records`` is set.
        """
        try:
            yield
        except BaseException:
            if self.bad_records.count:
                self.stats.log.warning("%s.", self._left_out)
            raise
        if not self.bad_records.count:
            return
        if self.config["fail_on_bad_records"]:
            raise FatalError(
                f"{self._left_out}; with fail_on_bad_records false it is only a warning."
            )
        self.stats.log.warning("%s.", self._left_out)

    @property
    def _left_out(self) -> str:
        left_out = self.bad_records.summary(self.bad_records_hint)
        return f"{left_out}. Check them in {self.client.vendor}"


def _declares(stream: type[VendorStream], name: str) -> bool:
    """Whether a class, or one of its bases apart from the SDK's, gives the attribute a value."""
    return any(vars(base).get(name) for base in stream.__mro__ if issubclass(base, VendorStream))
