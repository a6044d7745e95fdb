"""Answers of UtilityAPI: rate limit, credentials and routes."""

from __future__ import annotations

import dataclasses
from collections import deque
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from sandbox.timeline import Timeline
from sandbox.utilityapi.api.collection import trigger
from sandbox.utilityapi.api.files import Files
from sandbox.utilityapi.api.listing import Listing, Pager, Row, matching
from sandbox.utilityapi.api.meter_data import DataListing
from sandbox.utilityapi.api.params import read_filters, read_params
from sandbox.utilityapi.api.refusals import RefusedError, html, not_found, refusal
from sandbox.utilityapi.api.resources import METERS, RESOURCES, Asked, Resource
from sandbox.utilityapi.data.events import Events
from sandbox.utilityapi.data.intervals import true_readings
from sandbox.utilityapi.data.jobs import Collections
from sandbox.wire import Answer, BadQueryError, Call, Param, parse_query, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.control import Event, Source
    from sandbox.options import SandboxOptions
    from sandbox.utilityapi.api.params import Filters, Params
    from sandbox.world import World

PREFIX = "/utilityapi/api/v2"
_COLLECTION = f"{PREFIX}/meters/historical-collection"
_TARGET_LIMIT = 2_000


class UtilityApi:
    """Answers calls as UtilityAPI would, and as badly as the options ask for."""

    def __init__(self, options: SandboxOptions, world: World) -> None:
        """Serve a world and run its collections."""
        self._options = options
        self._platform = world.platform
        self._timeline = Timeline(options.time_scale)
        self.collections = Collections(options, world.platform, self._timeline)
        self._events = Events(world.platform, self._timeline)
        self._data = {
            f"{PREFIX}/{plural}": DataListing(plural, options, world.platform)
            for plural in ("bills", "intervals")
        }
        self._files = Files(options, world.platform)
        self._pagers = {resource.path: Pager(options) for resource in RESOURCES}
        self._rows: dict[str, tuple[int, list[Row]]] = {}
        self._recent: deque[float] = deque()

    def listening(self, url: str) -> None:
        """Take the URL that the server is reached by, for links to files."""
        if self._options.local_files:
            for listing in self._data.values():
                listing.files_url = f"{url}{PREFIX}/files"

    def answer(self, call: Call) -> Answer:
        """Answer one call, with the vendor's own time as its date."""
        try:
            answer = self._answer(call)
        except RefusedError as refused:
            answer = refused.answer
        now = format_datetime(self._timeline.moment(self._timeline.seconds), usegmt=True)
        date = self._options.utilityapi_date
        headers = {**answer.headers, "Date": now if date is None else date}
        return dataclasses.replace(answer, headers=headers)

    def sources(self) -> dict[str, Source]:
        """Return what tells every object as now served, blocks expanded, and the jobs so far."""
        found = {resource.plural: self._source(resource) for resource in RESOURCES}
        data = {listing.plural: self._data_source(listing.truth) for listing in self._data.values()}
        data["interval_readings"] = self._data_source(self._true_readings)
        return {**found, **data, "historical_jobs": lambda _: map(to_json, self.collections.jobs())}

    def events(self) -> dict[str, Event]:
        """Return the events of the vendor; each first applies what is due."""

        def settled(event: Event) -> Event:
            def happen(details: dict[str, Any]) -> object:
                self.collections.settle()
                return event(details)

            return happen

        return {name: settled(event) for name, event in self._events.events().items()}

    def _source(self, resource: Resource) -> Source:
        def tell(_: int | None) -> Iterator[bytes]:
            self.collections.settle()
            expand = {"expand_meter_blocks": _param("expand_meter_blocks", "true")}
            params = expand if resource is METERS else {}
            printer = resource.printer(Asked(params, resource.docs, self._platform, str.encode))
            return (printer(row.thing) for row in self._rows_of(resource))

        return tell

    def _data_source(self, tell: Callable[[], Iterator[bytes]]) -> Source:
        def settled(_: int | None) -> Iterator[bytes]:
            self.collections.settle()
            return tell()

        return settled

    def _true_readings(self) -> Iterator[bytes]:
        """Print every reading of the visible meters once, as it is, of every duration."""
        for service in self._platform.visible_services():
            yield from map(to_json, true_readings(service))

    def _answer(self, call: Call) -> Answer:
        if len(call.target) > _TARGET_LIMIT:
            raise html(414, "Request-URI Too Large")
        self._limit_rate(call.now)
        self.collections.settle()
        self._events.count_request()
        if call.path == _COLLECTION:
            self._check_method(call, "POST")
            self._authenticate(call)
            return trigger(call, self._platform, self.collections)
        if call.path in self._data:
            self._check_method(call, "GET")
            self._authenticate(call)
            return self._data[call.path].answer(call, call.path)
        if call.path.startswith(f"{PREFIX}/files/"):
            self._check_method(call, "GET")
            self._authenticate(call)
            return self._files.answer(call, call.path.removeprefix(f"{PREFIX}/files/"))
        resource, row = self._route(call.path)
        self._check_method(call, "GET")
        self._authenticate(call)
        return self._single(call, resource, row) if row else self._listing(call, resource)

    def _limit_rate(self, now: float) -> None:
        limit = self._options.utilityapi_rate_limit
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        self._recent.append(now)
        if limit and len(self._recent) > limit:
            raise html(429, "Too Many Requests", {"Retry-After": "1"})

    def _route(self, path: str) -> tuple[Resource, Row | None]:
        """Return what is asked for, and which object of it if it is one."""
        for resource in RESOURCES:
            root, _, uid = path.rpartition("/")
            if path == PREFIX + resource.path:
                return resource, None
            if root == PREFIX + resource.path:
                for row in self._rows_of(resource):
                    if row.uid == uid:
                        return resource, row
        raise not_found()

    @staticmethod
    def _check_method(call: Call, method: str) -> None:
        if call.method != method:
            raise html(405, "Method Not Allowed", {"Allow": method})

    def _authenticate(self, call: Call) -> None:
        """Every credential given has to be right (docs/authentication names the two ways)."""
        token = self._options.utilityapi_token
        given = [value == f"Bearer {token}" for value in call.header_values("Authorization")]
        try:
            params = parse_query(call.query)
        except BadQueryError:
            params = []
        given += [param.value == token for param in params if param.name == "access_token"]
        if not given or not all(given):
            text = "Invalid or missing token."
            raise refusal(401, "credentials_not_usable", text, "authentication")

    def _rows_of(self, resource: Resource) -> list[Row]:
        """Return the rows as of the world's present version."""
        version = self._platform.version
        if self._rows.get(resource.path, (-1, []))[0] != version:
            self._rows[resource.path] = version, resource.rows(self._platform)
        return self._rows[resource.path][1]

    def _single(self, call: Call, resource: Resource, row: Row) -> Answer:
        params = read_params(call, resource.single, resource.docs)
        body = resource.printer(self._asked(call, params, resource))(row.thing)
        return Answer(200, body, "application/json; charset=utf-8")

    def _listing(self, call: Call, resource: Resource) -> Answer:
        known = (*resource.lists, *resource.flags, *resource.single, "after")
        params = read_params(call, known, resource.docs)
        filters = read_filters(params, resource.lists, resource.flags, resource.docs)
        if self._options.ignore_filters:
            filters = ()
        printer = resource.printer(self._asked(call, params, resource))
        listing = self._listed(resource, filters)
        return self._pagers[resource.path].answer(call, params, listing, printer)

    def _listed(self, resource: Resource, filters: Filters) -> Listing:
        return Listing(
            path=PREFIX + resource.path,
            plural=resource.plural,
            docs=resource.docs,
            rows=matching(self._rows_of(resource), filters, resource.facts),
            limit=self._options.utilityapi_page_limit,
        )

    def _asked(self, call: Call, params: Params, resource: Resource) -> Asked:
        def nest(uid: str) -> bytes:
            """Print an authorization's meters: a listing in itself, with a link of its own."""
            name, expand = "authorizations", "expand_meter_blocks"
            inner = {name: _param(name, uid)} | {k: params[k] for k in (expand,) if k in params}
            listing = self._listed(METERS, ((name, frozenset({uid})),))
            printer = METERS.printer(Asked(inner, METERS.docs, self._platform, str.encode))
            return self._pagers[METERS.path].page(call, inner, listing, printer)

        return Asked(params, resource.docs, self._platform, nest)


def _param(name: str, value: str) -> Param:
    return Param(name, value, value)
