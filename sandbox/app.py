"""The server's handler: routes to both vendors and the control endpoints, and injects faults."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox import control, energycap, faults, utilityapi
from sandbox.requestlog import Entry, RequestLog
from sandbox.wire import Answer, Call, from_json, json_answer
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.options import SandboxOptions

_CONTROL = "/__"
_RESETS = {"reset", "lose_before", "lose_after"}
_CUTS = {"cut", "cut_chunked"}


class App:
    """Holds the state of one sandbox; not to be used from more than one event loop."""

    def __init__(self, options: SandboxOptions, rules: object = ()) -> None:
        """Build the world and both vendors."""
        self._options = options
        self._script = faults.FaultScript(rules)
        self._url = ""
        self._build()
        secrets = {
            "utilityapi": options.utilityapi_token,
            "energycap": options.energycap_api_key,
        }
        self._log = RequestLog(secrets, options.time_scale)
        self._started = time.monotonic()

    def _build(self) -> None:
        """Build the world and both vendors in their initial state."""
        self._world = World(self._options)
        self._utilityapi = utilityapi.UtilityApi(self._options, self._world)
        self._utilityapi.listening(self._url)
        self._energycap = energycap.EnergyCap(self._options, self._world)
        self._vendors: dict[str, Callable[[Call], Answer]] = {
            "utilityapi": self._utilityapi.answer,
            "energycap": self._energycap.answer,
        }
        # Each vendor adds its data for /__truth and its events.
        self._sources: dict[str, control.Source] = {
            **self._utilityapi.sources(),
            **self._energycap.sources(),
        }
        self._events = {
            "utilityapi": self._utilityapi.events(),
            "energycap": self._energycap.events(),
        }

    def listening(self, url: str) -> None:
        """Take the URL that the server is reached by."""
        self._url = url
        self._utilityapi.listening(url)

    def server(self) -> web.Server:
        """Return a server of the handler that reads longer request lines than the vendors do."""
        return web.Server(
            self.handle,
            # A request that the client has given up must not count as running.
            handler_cancellation=True,
            access_log=None,
            max_line_size=262_144,
            max_field_size=262_144,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or apply the fault script to it."""
        path, _, query = request.raw_path.partition("?")
        headers = tuple(request.headers.items())
        body = await request.read()
        call = Call(request.method, path, query, headers, self._now(), body)
        if path.startswith(_CONTROL):
            return await faults.deliver(request, self._control(call, body), None)
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
        rule = self._script.pick(vendor, call.method, call.target)
        entry["fault"] = rule.action if rule else None
        await asyncio.sleep(self._options.latency_ms / 1000)
        own = self._answer(vendor, call) if rule and rule.after else None
        if rule and rule.action in _RESETS:
            await faults.reset(request)
            return web.Response()
        if rule and rule.action in {"hang", "latency"}:
            await asyncio.sleep(float(rule.value))
        answer = faults.replacement(rule) if rule else None
        if answer is None:
            is_dry = rule is not None and rule.action in _CUTS
            answer = own or self._answer(vendor, dataclasses.replace(call, is_dry=is_dry))
        self._log.answered(entry, call, answer.status, answer.headers)
        return await faults.deliver(request, answer, rule)

    def _answer(self, vendor: str | None, call: Call) -> Answer:
        return self._vendors[vendor](call) if vendor else Answer(404)

    def _control(self, call: Call, body: bytes) -> Answer:
        match call.method, call.path:
            case "GET", "/__truth":
                return control.truth(self._sources, call.query)
            case "POST", "/__advance":
                return control.advance(self._events, body)
            case "GET", "/__requests":
                return json_answer(self._log.entries)
            case "DELETE", "/__requests":
                self._log.clear()
                return json_answer([])
            case "GET" | "PUT", "/__faults":
                return self._faults(body if call.method == "PUT" else None)
            case "GET", "/__bill":
                return json_answer(self._utilityapi.collections.bill())
            case "PUT", "/__jobs":
                return self._change_jobs(body)
            case "POST", "/__reset":
                self._build()
                return json_answer([])
        return json_answer({"problem": f"no {call.method} {call.path} here"}, 404)

    def _faults(self, replacement: bytes | None) -> Answer:
        try:
            if replacement is not None:
                self._script.replace(from_json(replacement))
        except (TypeError, ValueError) as error:
            return json_answer({"problem": str(error)}, 400)
        return json_answer(self._script.left())

    def _change_jobs(self, body: bytes) -> Answer:
        try:
            self._utilityapi.collections.change_rules(from_json(body))
        except (TypeError, ValueError) as error:
            return json_answer({"problem": str(error)}, 400)
        return json_answer(self._utilityapi.collections.jobs())
