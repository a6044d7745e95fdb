"""UtilityAPI v2: the accounting listing (docs/api/accounting/billing-summaries) and its object."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.wire import Answer, BadQueryError, Call, Param, json_answer, parse_query, to_json

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions
    from sandbox.world import Summary, World

PREFIX = "/utilityapi/api/v2"
_LISTING = f"{PREFIX}/accounting/billing-summaries"
_DOCS = "https://utilityapi.com/docs"
_FILTERS = ("uids", "authorizations", "billing_accounts", "meters")
_TARGET_LIMIT = 2_000
# A cursor after which comes an empty page: as if what was on it had been deleted meanwhile.
_GAP = "-gap"

Filters = tuple[tuple[str, frozenset[str]], ...]


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__(answer.status)
        self.answer = answer


class UtilityApi:
    """Answers calls as UtilityAPI would, and as badly as the options ask for."""

    def __init__(self, options: SandboxOptions, world: World) -> None:
        """Index the billing summaries."""
        self._options = options
        self._summaries = world.summaries
        self._position = {s.uid: i for i, s in enumerate(world.summaries)}
        self._matches: dict[Filters, list[int]] = {}
        self._built_at: dict[Filters, float] = {}
        self._recent: deque[float] = deque()

    def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return self._answer(call)
        except RefusedError as refused:
            return refused.answer

    def _answer(self, call: Call) -> Answer:
        if len(call.target) > _TARGET_LIMIT:
            raise RefusedError(_html(414, "Request-URI Too Large"))
        self._limit_rate(call.now)
        uid = self._route(call)
        if call.method != "GET":
            raise RefusedError(_html(405, "Method Not Allowed", {"Allow": "GET"}))
        self._authenticate(call)
        params = self._params(call, () if uid else (*_FILTERS, "after"))
        if uid:
            return Answer(
                200, self._summaries[self._position[uid]].body, "application/json; charset=utf-8"
            )
        return self._listing(call, params)

    def _limit_rate(self, now: float) -> None:
        limit = self._options.utilityapi_rate_limit
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        self._recent.append(now)
        if limit and len(self._recent) > limit:
            raise RefusedError(_html(429, "Too Many Requests", {"Retry-After": "1"}))

    def _route(self, call: Call) -> str | None:
        """Return the uid asked for, or None for the listing."""
        if call.path == _LISTING:
            return None
        root, _, uid = call.path.rpartition("/")
        if root == _LISTING and uid in self._position:
            return uid
        body = {"error": "not_found", "error_description": "Resource not found", "status_code": 404}
        raise RefusedError(json_answer(body, 404))

    @staticmethod
    def _params(call: Call, known: tuple[str, ...]) -> dict[str, Param]:
        try:
            params = parse_query(call.query)
        except BadQueryError as error:
            raise _invalid(str(error)) from error
        found: dict[str, Param] = {}
        for param in params:
            if param.name not in (*known, "access_token"):
                raise _invalid(f"Unknown parameter: {param.name}")
            if param.name in found:
                raise _invalid(f"Parameter given twice: {param.name}")
            if not all([param.value] if param.name == "after" else param.value.split(",")):
                raise _invalid(f"Parameter must not be empty: {param.name}")
            found[param.name] = param
        found.pop("access_token", None)
        return found

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
            raise RefusedError(
                _error(401, "credentials_not_usable", "Invalid or missing token.", "authentication")
            )

    def _listing(self, call: Call, params: dict[str, Param]) -> Answer:
        filters: Filters = tuple(
            (name, frozenset(params[name].value.split(","))) for name in _FILTERS if name in params
        )
        start, is_gap = self._start(params.get("after"))
        if filters not in self._matches:
            self._matches[filters] = [
                i for i, s in enumerate(self._summaries) if _is_match(s, filters)
            ]
        matches = self._matches[filters]
        self._build_cache(filters, len(matches), call.now)
        first = bisect_right(matches, start)
        last = first if is_gap else min(first + self._options.utilityapi_page_limit, len(matches))
        bodies = (self._summaries[i].body for i in matches[first:last])
        cursor = self._cursor(matches, start, last, is_gap=is_gap)
        link = self._link(call, params, cursor) if cursor else None
        body = b'{"billing_summaries": [%b], "next": %b}' % (b", ".join(bodies), to_json(link))
        return Answer(200, body, "application/json; charset=utf-8")

    def _start(self, after: Param | None) -> tuple[int, bool]:
        """Return the position that a cursor stands for and whether an empty page follows it."""
        if after is None:
            return -1, False
        cursor = after.value
        if self._options.next_style == "opaque":
            cursor = _opaque_inside(after.raw)
        uid = cursor.removesuffix(_GAP)
        if uid not in self._position:
            raise _invalid("Unknown value of after")
        return self._position[uid], cursor != uid

    def _build_cache(self, filters: Filters, count: int, now: float) -> None:
        """A listing of several pages is not there at once (202, seed page of the listing)."""
        if count <= self._options.utilityapi_page_limit or not self._options.cache_seconds:
            return
        built_at = self._built_at.setdefault(filters, now + self._options.cache_seconds)
        if now < built_at:
            wait = str(math.ceil(built_at - now))
            raise RefusedError(Answer(202, headers={"Retry-After": wait}))

    def _cursor(self, matches: list[int], start: int, last: int, *, is_gap: bool) -> str | None:
        """Return the cursor of the next page; "" is the listing's beginning."""
        if is_gap:
            return self._summaries[start].uid
        limit, every = self._options.utilityapi_page_limit, self._options.empty_page_every
        if last < len(matches):
            uid = self._summaries[matches[last - 1]].uid
            gap = every and math.ceil(last / limit) % every == 0
            return uid + _GAP if gap else uid
        if self._options.next_cycle and matches:
            return self._summaries[matches[min(limit, len(matches)) - 1]].uid
        return None

    def _link(self, call: Call, params: dict[str, Param], cursor: str) -> str:
        style = self._options.next_style
        pairs = {"after": cursor}
        if style == "full":
            pairs = {name: param.value for name, param in params.items()} | pairs
        query = f"after={_opaque(cursor)}" if style == "opaque" else urlencode(pairs)
        if self._options.next_foreign:
            return f"{self._options.next_foreign.rstrip('/')}{_LISTING}?{query}"
        if style == "relative-query":
            return f"?{query}"
        if style == "relative":
            return f"{_LISTING}?{query}"
        return f"http://{call.host}{_LISTING}?{query}"


def _is_match(summary: Summary, filters: Filters) -> bool:
    own = {
        "uids": {summary.uid},
        "authorizations": {summary.authorization_uid},
        "billing_accounts": {summary.billing_account_uid},
        "meters": summary.meter_uids,
    }
    return all(own[name] & wanted for name, wanted in filters)


def _opaque(cursor: str) -> str:
    """Wrap a cursor in characters that decoding and encoding again would change."""
    return f"v1%2F{cursor}%3d%20a+b~%26%E2%9C%93,%2C%2B"


def _opaque_inside(raw: str) -> str:
    """Unwrap a cursor that came back as it was sent; only the case of escapes may differ."""
    same = re.sub("%..", lambda escape: escape[0].upper(), raw)
    head, tail = re.sub("%..", lambda escape: escape[0].upper(), _opaque("|")).split("|")
    if not (same.startswith(head) and same.endswith(tail)):
        raise _invalid("Malformed value of after")
    return raw[len(head) : len(raw) - len(tail)]


def _invalid(description: str) -> RefusedError:
    path = "api/accounting/billing-summaries/list#param"
    return RefusedError(_error(400, "invalid_param", description, path))


def _error(status: int, slug: str, description: str, docs: str) -> Answer:
    """Print an error object (docs/formats): flat, with a slug, a text and a link."""
    body = {"error": slug, "error_description": description, "url": f"{_DOCS}/{docs}"}
    return json_answer(body, status)


def _html(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    """Answer where the vendor promises no format."""
    body = f"<html><head><title>{status}</title></head><body><h1>{text}</h1></body></html>"
    return Answer(status, body.encode(), "text/html", headers or {})
