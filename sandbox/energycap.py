"""EnergyCAP v3: the actual monthly meter digest (api-reference/meterdigest), list and single."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from sandbox.options import PAGING_HEADERS
from sandbox.wire import Answer, BadQueryError, Call, parse_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.options import SandboxOptions
    from sandbox.world import DigestMeter, World

PREFIX = "/energycap"
_DIGEST = re.compile(r"/energycap/api/v3/meter(?:/(\d{1,10}))?/digest/actual/monthly")
_LARGEST_INT32 = 2**31 - 1
_DEFAULTS = {"numberOfYears": 2, "pageSize": 250, "pageNumber": 1}
_LARGEST_PAGE = 1_000


class RefusedError(Exception):
    """The request is refused; no page shows an error body, so it is opaque."""

    def __init__(self, status: int, body: str, content_type: str = "text/html") -> None:
        """Keep the answer."""
        super().__init__(status)
        self.answer = Answer(status, body.encode(), content_type)


class EnergyCap:
    """Answers calls as EnergyCAP would, and as badly as the options ask for."""

    def __init__(self, options: SandboxOptions, world: World) -> None:
        """Serve the tenant of a world."""
        self._options = options
        self._world = world

    def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return self._answer(call)
        except RefusedError as refused:
            return refused.answer

    def truth(self, years: int = _DEFAULTS["numberOfYears"]) -> list[bytes]:
        """Return every digest as served once all changes of the tenant are through."""
        return [self._world.digest(meter, years) for meter in self._view(_LARGEST_INT32)]

    def _answer(self, call: Call) -> Answer:
        route = _DIGEST.fullmatch(call.path)
        if route is None:
            raise RefusedError(404, "<html><body>404 - File or directory not found.</body></html>")
        if call.method != "GET":
            raise RefusedError(405, "The requested resource does not support this http method.")
        types = call.header_values("Content-Type")
        if len(types) != 1 or types[0].partition(";")[0].strip().lower() != "application/json":
            raise RefusedError(415, "")
        if call.header_values("ECI-ApiKey") != [self._options.energycap_api_key]:
            raise RefusedError(401, "Authorization has been denied for this request.", "text/plain")
        if route[1]:
            return self._single(int(route[1]), _numbers(call.query, ("numberOfYears",)))
        return self._page(_numbers(call.query, tuple(_DEFAULTS)))

    def _single(self, meter_id: int, numbers: dict[str, int]) -> Answer:
        meters = [m for m in self._view(_LARGEST_INT32) if m.id == meter_id]
        if not meters:
            raise RefusedError(404, "Meter not found", "text/plain")
        years = numbers["numberOfYears"]
        if not self._world.tenant.results(meters[0], years):
            return Answer(204)
        body = self._world.digest(meters[0], years)
        return Answer(200, body, "application/json; charset=utf-8")

    def _page(self, numbers: dict[str, int]) -> Answer:
        number, size = numbers["pageNumber"], min(numbers["pageSize"], _LARGEST_PAGE)
        meters = self._view(number)
        # A newcomer at the front, which page 1 no longer shows, pushes all others back.
        shift = int(self._options.repeat_meter_across_pages and number > 1)
        first, total = (number - 1) * size - shift, len(meters) + shift
        if first >= len(meters):
            return Answer(204)
        rows = meters[first : first + size]
        body = b",\n".join(self._world.digest(m, numbers["numberOfYears"]) for m in rows)
        headers = self._paging_headers(number, size, total)
        return Answer(200, b"[%b]" % body, "application/json; charset=utf-8", headers)

    def _view(self, page: int) -> list[DigestMeter]:
        """Return the meters that there are when a page is asked for."""
        base, meters = self._options.meters, self._world.tenant.meters
        more, grown_from = self._options.growth
        fewer, shrunk_from = self._options.shrinkage
        count = base + (more if page >= grown_from else 0)
        return meters[: max(0, count - (fewer if page >= shrunk_from else 0))]

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


def _numbers(query: str, known: tuple[str, ...]) -> dict[str, int]:
    """Read the documented parameters, int32 and at least 1 each."""
    refused = RefusedError(400, "<html><body>The request is invalid.</body></html>")
    try:
        params = parse_query(query)
    except BadQueryError as error:
        raise refused from error
    numbers = dict(_DEFAULTS)
    names = [param.name for param in params]
    if len(set(names)) < len(names) or not set(names) <= set(known):
        raise refused
    for param in params:
        if not re.fullmatch("[1-9][0-9]{0,9}", param.value) or int(param.value) > _LARGEST_INT32:
            raise refused
        numbers[param.name] = int(param.value)
    return numbers
