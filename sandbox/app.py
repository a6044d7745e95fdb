"""The server's one handler: the two vendors, the faults between them and the client, control."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox import energycap, faults, utilityapi
from sandbox.requestlog import Entry, RequestLog
from sandbox.wire import Answer, BadQueryError, Call, from_json, json_answer, parse_query
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.options import SandboxOptions

_CONTROL = "/__"


class App:
    """Holds the state of one sandbox; not to be used from more than one event loop."""

    def __init__(self, options: SandboxOptions, rules: object = ()) -> None:
        """Build the world and both vendors."""
        self._options = options
        self._script = faults.FaultScript(rules)
        self._world = World(options)
        self._energycap = energycap.EnergyCap(options, self._world)
        self._vendors: dict[str, Callable[[Call], Answer]] = {
            "utilityapi": utilityapi.UtilityApi(options, self._world).answer,
            "energycap": self._energycap.answer,
        }
        self._log = RequestLog({
            "utilityapi": options.utilityapi_token,
            "energycap": options.energycap_api_key,
        })
        self._started = time.monotonic()

    def server(self) -> web.Server:
        """Return a server of the handler that reads longer request lines than the vendors do."""
        return web.Server(
            self.handle,
            # A client that gave up must not count as being under way.
            handler_cancellation=True,
            access_log=None,
            max_line_size=262_144,
            max_field_size=262_144,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or do to it what the fault script says."""
        path, _, query = request.raw_path.partition("?")
        headers = tuple(request.headers.items())
        call = Call(request.method, path, query, headers, self._now())
        if path.startswith(_CONTROL):
            return await faults.deliver(request, self._control(call, await request.read()), None)
        vendor = path.split("/")[1] if path.count("/") > 1 else None
        vendor = vendor if vendor in self._vendors else None
        entry = self._log.arrive(vendor, call)
        try:
            return await self._serve(request, call, vendor, entry)
        finally:
            self._log.leave(entry, vendor, self._now())

    def _now(self) -> float:
        return time.monotonic() - self._started

    async def _serve(
        self, request: web.BaseRequest, call: Call, vendor: str | None, entry: Entry
    ) -> web.StreamResponse:
        rule = self._script.pick(vendor, call.target)
        entry["fault"] = rule.action if rule else None
        await asyncio.sleep(self._options.latency_ms / 1000)
        if rule and rule.action == "reset":
            await faults.reset(request)
            return web.Response()
        if rule and rule.action in {"hang", "latency"}:
            await asyncio.sleep(float(rule.value))
        answer = faults.replacement(rule) if rule else None
        if answer is None:
            answer = self._vendors[vendor](call) if vendor else Answer(404)
        self._log.answered(entry, call, answer.status, answer.headers)
        return await faults.deliver(request, answer, rule)

    def _control(self, call: Call, body: bytes) -> Answer:
        match call.method, call.path:
            case "GET", "/__health":
                return json_answer({"ok": True})
            case "GET", "/__truth":
                return self._truth(call.query)
            case "GET", "/__requests":
                return json_answer(self._log.entries)
            case "DELETE", "/__requests":
                self._log.entries.clear()
                return json_answer([])
            case "GET" | "PUT", "/__faults":
                return self._faults(body if call.method == "PUT" else None)
        return json_answer({"problem": f"no {call.method} {call.path} here"}, 404)

    def _faults(self, replacement: bytes | None) -> Answer:
        try:
            if replacement is not None:
                self._script.replace(from_json(replacement))
        except (TypeError, ValueError) as error:
            return json_answer({"problem": str(error)}, 400)
        return json_answer(self._script.left())

    def _truth(self, query: str) -> Answer:
        try:
            params = {param.name: int(param.value) for param in parse_query(query)}
            years = params.pop("numberOfYears", 2)
        except (BadQueryError, ValueError) as error:
            return json_answer({"problem": str(error)}, 400)
        if params or years < 1:
            return json_answer({"problem": "numberOfYears only, 1 or more"}, 400)
        summaries = [summary.body for summary in self._world.summaries]
        body = b'{"billing_summaries": [%b], "meter_digest_monthly": [%b]}' % (
            b", ".join(summaries),
            b", ".join(self._energycap.truth(years)),
        )
        return Answer(200, body, "application/json; charset=utf-8")
