"""What the streams of both vendors share."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlsplit

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.pagination import SinglePagePaginator
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.streams import RESTStream
from singer_sdk.streams.rest import PageContext
from typing_extensions import override

from tap_utility_energy import batches, signals, stream_maps
from tap_utility_energy.catalog import complete
from tap_utility_energy.catalog import notes as catalog_notes
from tap_utility_energy.catalog import problems as catalog_problems
from tap_utility_energy.core.passthrough import PassThrough
from tap_utility_energy.core.record import ExtraFields
from tap_utility_energy.http.decoding import may_name, parse, parse_without
from tap_utility_energy.http.errors import FatalError, RetriableError, shown
from tap_utility_energy.keys import BadRecords, all_keyed, name_of, with_key
from tap_utility_energy.stats import RecordCounter, StreamStats

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    import requests
    from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import StreamMap
    from singer_sdk.metrics import Counter
    from singer_sdk.singerlib import Catalog

    from tap_utility_energy.http.client import Client
    from tap_utility_energy.http.session import OriginAuth
    from tap_utility_energy.tap import TapUtilityEnergy


class VendorStream(RESTStream[Any]):
    """A stream of one vendor's endpoint.

    A subclass names its ``path``, ``primary_keys`` and ``schema``, and where in an answer its
    records are. All HTTP goes through the vendor's `Client`.
    """

    #: The vendor.
    client_class: ClassVar[type[Client]]
    #: The key of an answer that holds the list of records; None if the answer is that list.
    records_key: ClassVar[str | None] = None
    #: The field that tells one record of an answer from another.
    record_key: ClassVar[str]
    record_key_type: ClassVar[type] = str
    #: What the vendor calls the right to read this, for messages.
    permission: ClassVar[str] = ""
    #: Whether the endpoint can return a record twice in one walk. Such records come once.
    can_repeat: bool = False
    #: A property that is never emitted, at whatever depth it stands.
    never_emitted: ClassVar[str] = ""
    #: Where records that were left out can be found all the same, for messages.
    where_bad_records_are: ClassVar[str] = ""
    #: Whether the settings call for the stream at all. If not, a sync leaves no trace of it.
    is_called_for: bool = True
    _version_to_activate: int | None = None
    _incomplete = ""
    _counter: Counter | None = None
    _pass_through: PassThrough | None = None

    # Vendors' values pass through as they are. The SDK would make null of a number that is too
    # large for a double, and true of a "false".
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapUtilityEnergy) -> None:
        self.client = tap.client(self.client_class)
        super().__init__(tap)
        self._clock = tap.clock
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

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take what the user's catalog says; keys and ``extra`` are added where it lacks them."""
        if entry := catalog.get_stream(self.name):
            self.catalog_notes = list(catalog_notes(entry, self.schema, self._own_key))
            complete(entry, self.schema, self._own_key, self._own_replication_key)
            problems = catalog_problems(entry, self._own_key, self._own_replication_key)
            self.catalog_problems = list(problems)
        super().apply_catalog(catalog)

    @property
    @override
    def stream_maps(self) -> list[StreamMap]:
        """The maps of its records, with the fields that are selected when it is first asked."""
        tap = cast("TapUtilityEnergy", self._tap)
        if self.name not in tap.mapper.stream_maps:
            tap.map_stream(self)
        return super().stream_maps

    @cached_property
    def extra_fields(self) -> ExtraFields:
        """What finds the fields of a row that the emitted schema does not name."""
        return self.extra_fields_of(self.schema["properties"])

    def extra_fields_of(self, documented: Iterable[str], level: str = "") -> ExtraFields:
        """What finds the unknown fields of one kind of object that rows are made of.

        Args:
            documented: The names of its fields.
            level: What it is called, for warnings.
        """
        emitted, documented = self.effective_schema["properties"].keys(), set(documented)
        deselected = {
            path[1] for path, on in self.mask.items() if path[:-1] == ("properties",) and not on
        }
        return ExtraFields(
            (documented & emitted) | (emitted - self.schema["properties"].keys()),
            self.stats.unknown_fields,
            f"{level}." if level else "",
            deselected,
        )

    @property
    @override
    def url_base(self) -> str:
        return self.client.base_url

    @property
    @override
    def authenticator(self) -> OriginAuth:
        return self.client.auth

    @property
    @override
    def requests_session(self) -> requests.Session:
        return self.client.session

    @cached_property
    @override
    def user_agent(self) -> str:
        return self.config.get("user_agent") or f"{self.tap_name}/{self.client.version}"

    @override
    def build_prepared_request(self, *args: Any, **kwargs: Any) -> requests.PreparedRequest:
        """Build a request whose query is sent as it stands in the URL.

        requests writes a query anew and would change an opaque cursor.
        """
        request = super().build_prepared_request(*args, **kwargs)
        if query := urlsplit(kwargs["url"]).query:
            request.url = urlsplit(request.url or "")._replace(query=query).geturl()
        return request

    def pages(self, context: Context | None) -> Iterator[requests.Response]:
        """Every answer of a walk over the endpoint, in order; see `validate_response`."""
        paginator = self.get_new_paginator() or SinglePagePaginator()
        with self.get_http_request_counter() as counter:
            while not paginator.finished:
                response = self.fetch(PageContext(context, paginator.current_value))
                counter.increment()
                self._say_progress()
                yield response
                paginator.advance(response)

    def fetch(
        self,
        page: PageContext[Any],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> requests.Response:
        """Ask for a page until it is answered well, or nobody wants it any more.

        Raises:
            FatalError: The vendor refuses, or did not answer well in the time that there is.
        """
        request = self.get_http_request(page=page)
        try:
            prepared = self.build_prepared_request(
                method=request.method,
                url=request.url,
                params=request.encode_params(),
                headers=request.headers,
            )
        except ValueError as error:  # requests' own are among them
            raise FatalError(f"{request.url} cannot be asked for: {error}. Report it.") from error
        return self.client.send(
            prepared, self.validate_response, self.permission, is_wanted, self.stats
        )

    @override
    def validate_response(self, response: requests.Response) -> None:
        """Decode a good answer, once, and see that it has the form that the vendor documents.

        From here on ``response.json()`` returns what was decoded, numbers with a fraction as
        `Decimal`, with all the digits that were sent.

        Raises:
            RetriableError: The body is not JSON, or holds no list of records.
        """
        if response.status_code == HTTPStatus.NO_CONTENT:
            return
        try:
            document = self.decode(response.content)
            self.records_in(document)
        except (ValueError, RecursionError, ArithmeticError) as error:
            kind = response.headers.get("Content-Type", "no content type")
            reason = f"sent an answer that is not what it documents ({error}; {kind})"
            raise RetriableError(reason, response, patient=False) from error
        response.json = lambda **_: document  # type: ignore[method-assign]

    def decode(self, body: bytes) -> Any:
        """Decode a body, without the credential that it may quote and what is never emitted.

        Raises:
            ValueError: It is not JSON in UTF-8.
        """
        text = self.client.own_credential.strike_from(body.decode("utf-8-sig"))
        if self.never_emitted and may_name(self.never_emitted, text):
            return parse_without(self.never_emitted, text)
        return self._pass_through.decode(text) if self._pass_through else parse(text)

    def records_in(self, document: Any) -> list[Any]:
        """The list of records of a decoded answer, bad ones included.

        Raises:
            ValueError: There is no list of objects where it should be.
        """
        records = document
        if self.records_key is not None:
            records = document.get(self.records_key) if isinstance(document, dict) else None
        is_list = isinstance(records, list)
        if not is_list or (records and not any(isinstance(row, dict | None) for row in records)):
            where = f'under "{self.records_key}"' if self.records_key else "in it"
            raise ValueError(f"no list of objects {where}")
        return cast("list[Any]", records)

    def keyed(self, page: list[Any], number: int, bad: BadRecords) -> list[Record]:
        """Those records of a page that have their key. The others are taken down as bad.

        Args:
            page: The records of an answer.
            number: Which answer of the walk it is.
            bad: Takes the others.
        """
        name = self.record_key
        if all_keyed(page, name, self.record_key_type):
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
            others.append((record, f"{where}: {name_of(record, name)}"))
        for what in bad.add_page(others):
            self.stats.log.debug("left out: %s", what)
        return good

    def items_of(self, response: requests.Response) -> list[Any]:
        """The records of an answer, bad ones included."""
        if response.status_code == HTTPStatus.NO_CONTENT:
            return []
        return self.records_in(response.json())

    @override
    def parse_response(self, response: requests.Response) -> list[Record]:
        """The records of an answer that have their key."""
        return self.keyed(self.items_of(response), 1, BadRecords())

    def record_pages(self, context: Context | None) -> Iterator[Iterable[Record]]:
        """The records of each answer."""
        for number, response in enumerate(self.pages(context), 1):
            yield self.keyed(self.items_of(response), number, self.bad_records)

    @override
    def request_records(self, context: Context | None) -> Iterable[Record]:
        """Every record of the endpoint, once.

        Raises:
            FatalError: The vendor refuses, or did not answer well in the time that there is.
        """
        seen = set[object]()
        write = self._pass_through.write if self._pass_through else iter
        for page in self.record_pages(context):
            for record in write(self._new_in(page, seen) if self.can_repeat else page):
                signals.check()
                yield record
        self.walked(len(seen) + self.bad_records.distinct)

    def _new_in(self, page: Iterable[Record], seen: set[object]) -> Iterator[Record]:
        for record in page:
            key = record[self.record_key]
            if key not in seen:
                seen.add(key)
                yield record

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """The records that the SDK has to write; see `passthrough` for the others."""
        if self._counter and context is None and not self._changes_records:
            self._pass_through = PassThrough.of(self, self._counter)
        try:
            yield from super().get_records(context)
        finally:
            self._pass_through = None

    @property
    def is_untouched(self) -> bool:
        """Whether all of it is wanted as it is on every run: every field, and nothing mapped."""
        maps = self.stream_maps
        return (
            all(self.mask.values())
            and [type(each) for each in maps] == [SameRecordTransform]
            and not maps[0].flattening_enabled
            and self.replication_method == REPLICATION_FULL_TABLE
        )

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> Any:
        """Batches, if they are set and do no harm; otherwise records are written.

        The SDK's batches hold deselected fields, are not mapped, and a state runs ahead of them.
        """
        return super().get_batch_config(config) if self.is_untouched else None

    @override
    def get_batches(
        self, batch_config: BatchConfig, context: Context | None = None
    ) -> Iterable[tuple[BaseBatchFileEncoding, list[str]]]:
        """A file of records at a time; see `batches.write`."""
        records = self._sync_records(context, write_messages=False)
        for url in batches.write(batch_config, f"{self.tap_name}--{self.name}", records):
            yield batch_config.encoding, [url]

    @property
    def _changes_records(self) -> bool:
        methods = ("get_records", "request_records", "post_process")
        return any(getattr(type(self), name) != getattr(VendorStream, name) for name in methods)

    @override
    def get_record_counter(self, **kwargs: Any) -> Counter:
        self._counter = RecordCounter(super().get_record_counter(**kwargs), self._count_records)
        return self._counter

    def _count_records(self, number: int) -> None:
        self.stats.records += number
        self._say_progress()

    def _say_progress(self) -> None:
        self._clock.heartbeat(self.stats)

    def walked(self, distinct: int) -> None:
        """Called after the last page, with the number of distinct records if they can repeat."""

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        # The SDK tells here when a sync begins, and calls its end an unhandled error; the report
        # tells of both.
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    def narrowed_by(self) -> str:
        """What keeps the stream from asking for all that the vendor has, such as a setting."""
        return ""

    def mark_incomplete(self, reason: str) -> None:
        """Note that not all came that was asked for."""
        self._incomplete = reason

    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        # The SDK calls this before the first record, and a loader then drops all that it has: a
        # stream that failed would leave it with nothing. So it waits for the last record.
        self._version_to_activate = full_table_version

    @override
    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        is_empty = True
        for record in super()._sync_records(context, write_messages=write_messages):
            is_empty = False
            yield record
        if self._version_to_activate is None:
            return
        if reason := self._reason_against_version(is_empty=is_empty, in_batches=not write_messages):
            self.stats.log.info(
                "no version is activated, so that the loader drops nothing: %s", reason
            )
        else:
            super()._write_activate_version_message(self._version_to_activate)

    def _reason_against_version(self, *, is_empty: bool, in_batches: bool) -> str:
        """Why a loader must not drop what was not sent, or '' if all was sent that there is."""
        if in_batches:
            return "batches carry no version"
        if self.bad_records.count:
            return "records were left out, which the loader may have from when they had a key"
        if narrowed_by := self.narrowed_by():
            return f"not all is asked for ({narrowed_by})"
        if stream_maps.filters(self.config.get("stream_maps", {}), self.name):
            return "a stream map filters the records"
        return self._incomplete or ("nothing came" if is_empty else "")

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
                f"{self._left_out}; with fail_on_bad_records false they are a warning alone."
            )
        self.stats.log.warning("%s.", self._left_out)

    @property
    def _left_out(self) -> str:
        left_out = self.bad_records.sentence(self.where_bad_records_are)
        return f"{left_out}. Check them in {self.client.vendor}"

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record | None:
        """Keep the fields that the schema does not know under ``extra``."""
        return self.extra_fields.keep(row)
