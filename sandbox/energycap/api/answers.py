"""Answers of EnergyCAP: permissions, pages and errors."""

from __future__ import annotations

import math
from decimal import localcontext
from typing import TYPE_CHECKING, Any

from sandbox.energycap.api import filters, params
from sandbox.energycap.api.fields import FIELDS
from sandbox.energycap.api.params import Params, RefusedError
from sandbox.energycap.api.routes import Route, Routes
from sandbox.options import PAGING_HEADERS
from sandbox.wire import Answer, Call, from_json, json_answer, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.control import Event, Source
    from sandbox.options import SandboxOptions
    from sandbox.world import World

_ROOT = "/energycap"
_LAST_PAGE = 2**31 - 1
_LARGEST_PAGE = 1_000
_YEARS = {"monthly": 2, "yearly": 4}
# Sums of the numbers planted have more digits than the default keeps.
_PRECISION = 60
_JSON = "application/json; charset=utf-8"


class EnergyCap:
    """Answers calls as EnergyCAP would, and as badly as the options ask for."""

    def __init__(self, options: SandboxOptions, world: World) -> None:
        """Serve the tenant of a world."""
        self._options, self._tenant = options, world.tenant
        self._routes = Routes(self._tenant.digests)
        self._handlers: dict[str, Callable[[Route, int | None, Params], Answer]] = {
            "page": self._entities,
            "entity": self._entity,
            "whole": self._whole,
            "digests": self._digests,
            "digest": self._digest,
            "activity": self._activity,
            "me": lambda *_: json_answer(self._tenant.reference.me()),
            "environment": lambda *_: json_answer(self._tenant.reference.environment()),
        }

    def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            with localcontext(prec=_PRECISION):
                return self._answer(call)
        except RefusedError as refused:
            return refused.answer

    def sources(self) -> dict[str, Source]:
        """Return the data for /__truth, after all changes of the lists."""
        sources = {route.truth: self._source(route) for route in self._routes.all if route.truth}
        return {"meter_digest_monthly": sources["meter_digest_actual_monthly"], **sources}

    def events(self) -> dict[str, Event]:
        """Return the events of the tenant."""

        def exact(event: Event) -> Event:
            def happen(details: dict[str, Any]) -> object:
                with localcontext(prec=_PRECISION):
                    return event(details)

            return happen

        return {name: exact(event) for name, event in self._tenant.events.items()}

    def _source(self, route: Route) -> Source:
        def source(years: int | None) -> list[bytes]:
            with localcontext(prec=_PRECISION):
                things = self._view(route, _LAST_PAGE)
                return [self._body(route, thing, years) for thing in things]

        return source

    def _answer(self, call: Call) -> Answer:
        """Check a call, in the order that reveals least to a stranger, and answer it."""
        path = call.path.removeprefix(_ROOT)
        found = self._routes.find(path) if path != call.path else None
        if found is None:
            raise RefusedError(404, "<html><body>404 - File or directory not found.</body></html>")
        route, thing_id = found
        if call.method != "GET":
            raise RefusedError(405, "The requested resource does not support this http method.")
        if self._options.strict_content_type and not _is_json(call):
            raise RefusedError(415, "")
        # A wrong key and a missing permission look the same (api-getting-started).
        denied = route.permission in self._options.denied_permissions
        if denied or call.header_values("ECI-ApiKey") != [self._options.energycap_api_key]:
            raise RefusedError(401, "Authorization has been denied for this request.", "text/plain")
        asked = params.read(call.query, route.params)
        answer = self._handlers[route.handler](route, thing_id, asked)
        return _reduced(answer, asked.fields) if asked.fields else answer

    def _entities(self, route: Route, _: int | None, asked: Params) -> Answer:
        """Answer with a page of a list; past its end it is empty."""
        things = self._matching(route, asked, self._view(route, asked.page_number))
        return self._page(route, asked, things)

    def _whole(self, route: Route, _: int | None, asked: Params) -> Answer:
        """Answer with a list that has no pages."""
        things = self._matching(route, asked, self._view(route, 1))
        body = b",\n".join(self._body(route, thing, None) for thing in things)
        headers = {"ECI-Deprecated": route.deprecated} if route.deprecated else {}
        return Answer(200, b"[%b]" % body, _JSON, headers)

    def _entity(self, route: Route, thing_id: int | None, _: Params) -> Answer:
        return Answer(200, self._body(route, self._find(route, thing_id), None), _JSON)

    def _digests(self, route: Route, _: int | None, asked: Params) -> Answer:
        """Answer with a page of digests, or without any past their end or when there are none."""
        answer = self._page(route, asked, self._view(route, asked.page_number))
        return self._nothing() if answer.body == b"[]" else answer

    def _digest(self, route: Route, thing_id: int | None, asked: Params) -> Answer:
        thing = self._find(route, thing_id)
        body, says_something = self._draw(route, thing, asked.years)
        return Answer(200, body, _JSON) if says_something else self._nothing()

    def _nothing(self) -> Answer:
        """Answer that there is nothing: a page of account digests says "null/204"."""
        return Answer(200, b"null", _JSON) if self._options.null_digests else Answer(204)

    def _activity(self, _: Route, __: int | None, asked: Params) -> Answer:
        return json_answer(self._tenant.bills.activity(asked.date))

    def _find(self, route: Route, thing_id: int | None) -> Any:
        thing = next((t for t in self._view(route, _LAST_PAGE) if t.id == thing_id), None)
        if thing is None:
            raise RefusedError(404, "Not found", "text/plain")
        return thing

    def _view(self, route: Route, page: int) -> Sequence[Any]:
        """Return the list when a page is requested; only the list of meters changes."""
        if route.records is not None:
            return route.records
        things = self._tenant.listing(route.kind).things()
        if route.kind != "meter":
            return things
        more, grown_from = self._options.growth
        fewer, shrunk_from = self._options.shrinkage
        count = self._options.meters + (more if page >= grown_from else 0)
        return things[: max(0, count - (fewer if page >= shrunk_from else 0))]

    def _matching(self, route: Route, asked: Params, things: Sequence[Any]) -> Sequence[Any]:
        expression = _with_years(route, asked.filter)
        if expression is None:
            return things
        listing, today = self._tenant.listing(route.kind), self._tenant.today
        try:
            wanted = filters.parse(expression, FIELDS[route.kind])
        except filters.BadFilterError as error:
            raise params.bad_request() from error
        matching = listing.matching(
            expression, lambda record, facts: wanted.is_match(record, facts, today)
        )
        return [thing for thing in things if thing.id in matching]

    def _page(self, route: Route, asked: Params, things: Sequence[Any]) -> Answer:
        number, size = asked.page_number, min(asked.page_size, _LARGEST_PAGE)
        # A newcomer at the front, which page 1 no longer shows, pushes all others back.
        repeats = self._options.repeat_meter_across_pages and route.kind == "meter"
        shift = int(repeats and number > 1 and bool(things))
        first, total = (number - 1) * size - shift, len(things) + shift
        rows = things[first : first + size] if first < len(things) else ()
        body = b",\n".join(self._body(route, thing, asked.years) for thing in rows)
        headers = self._paging_headers(number, size, total)
        return Answer(200, b"[%b]" % body, _JSON, headers)

    def _body(self, route: Route, thing: Any, years: int | None) -> bytes:
        if route.digest:
            return self._draw(route, thing, years)[0]
        if route.records is not None:
            return to_json(thing)
        return self._tenant.listing(route.kind).body(thing)

    def _draw(self, route: Route, thing: Any, years: int | None) -> tuple[bytes, bool]:
        assert route.digest is not None
        return self._tenant.digest(route.digest, thing, years or _YEARS[route.digest.span])

    def _paging_headers(self, number: int, size: int, total: int) -> dict[str, str]:
        values = (number, size, total, math.ceil(total / size))
        cases: dict[str, Callable[[str], str]] = {
            "pascal": str,
            "lower": str.lower,
            "upper": str.upper,
        }
        case = cases[self._options.header_case]
        return {
            case(name): str(value)
            for name, value in zip(PAGING_HEADERS, values, strict=True)
            if name != self._options.drop_header
        }


def _with_years(route: Route, expression: str | None) -> str | None:
    """Limit a list of bills by meter to four years, unless other years are asked for."""
    if "lastNYears" not in FIELDS.get(route.kind, ()) or "lastNYears" in (expression or ""):
        return expression
    return " and ".join(filter(None, (expression, f"lastNYears equals '{_YEARS['yearly']}'")))


def _is_json(call: Call) -> bool:
    """Tell whether a call has the content type that the pages require, once."""
    types = call.header_values("Content-Type")
    return len(types) == 1 and types[0].partition(";")[0].strip().lower() == "application/json"


def _reduced(answer: Answer, fields: tuple[str, ...]) -> Answer:
    """Keep some fields (api-getting-started/fieldreduction); a name that is none says nothing."""
    if not answer.body:
        return answer

    def cut(record: dict[str, object]) -> dict[str, object]:
        return {name: record[name] for name in record if name in fields}

    content = from_json(answer.body)
    if content is None:
        return answer
    kept = [cut(record) for record in content] if isinstance(content, list) else cut(content)
    return Answer(answer.status, to_json(kept), answer.content_type, answer.headers)
