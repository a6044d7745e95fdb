"""The fault script: which requests fail, and how."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import struct
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

ACTIONS = (
    "status",
    "cut",
    "cut_chunked",
    "reset",
    "lose_before",
    "lose_after",
    "hang",
    "drip",
    "redirect",
    "garbage",
    "latency",
    "interim",
)
_DETAILS = ("vendor", "method", "path", "at", "times", "headers", "body", "content_type", "after")


@dataclass
class Rule:
    """One rule: an action, the requests it matches, and from which one on how many times.

    A request takes effect when its own answer is sent, even slowly, and then only; with `after`
    it takes effect before the action. `lose_after` is a `reset` with `after`. `interim` sends a
    status of the 100s before the vendor's own answer.
    """

    action: str
    value: Any
    vendor: str | None = None
    method: str | None = None
    path: str = ""
    at: int = 1
    times: int | None = 1
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: str = ""
    content_type: str = "text/html"
    after: bool = False
    seen: int = 0

    @classmethod
    def parse(cls, raw: object) -> Rule:
        """Read a rule, refusing what is not understood."""
        if not isinstance(raw, dict):
            raise TypeError(f"{raw!r}: a rule is an object")
        actions = [key for key in raw if key in ACTIONS]
        unknown = set(raw) - {*ACTIONS, *_DETAILS}
        if unknown or len(actions) != 1:
            raise ValueError(f"{raw!r}: exactly one of {', '.join(ACTIONS)}, and {_DETAILS} only")
        action = actions[0]
        _check_value(action, raw[action])
        more = {"after": True} if action == "lose_after" else {}
        if raw.get("vendor", "energycap") not in {"utilityapi", "energycap"}:
            raise ValueError(f"{raw['vendor']!r} is no vendor")
        if not isinstance(raw.get("after", False), bool):
            raise TypeError(f"after: {raw['after']!r} is not true or false")
        details = {k: raw[k] for k in raw if k != action}
        return cls(action, **{"value": raw[action], **details, **more})

    def is_match(self, vendor: str | None, method: str, target: str) -> bool:
        """Tell whether the rule matches such a request."""
        return (
            self.vendor in {None, vendor} and self.method in {None, method} and self.path in target
        )

    def take(self) -> bool:
        """Count a matching request; tell whether the rule is due for it."""
        self.seen += 1
        return self.seen >= self.at and self.times != 0

    def use(self) -> None:
        """Count a firing."""
        if self.times is not None:
            self.times -= 1

    def as_json(self) -> dict[str, object]:
        """Print what is left of the rule."""
        raw = dataclasses.asdict(self)
        return {raw.pop("action"): raw.pop("value"), **raw}


def _check_value(action: str, value: object) -> None:
    kinds: dict[str, type | tuple[type, ...]] = {
        "status": int,
        "interim": int,
        "hang": (int, float, Decimal),
        "latency": (int, float, Decimal),
        "drip": dict,
        "redirect": str,
        "garbage": str,
    }
    kind = kinds.get(action, bool)
    if not isinstance(value, kind) or value is False:
        raise ValueError(f"{action}: {value!r} is not a value for it")
    if isinstance(value, dict) and not (set(value) == {"bytes", "every"} and value["bytes"] > 0):
        raise ValueError("drip: takes bytes, 1 or more, and every")


class FaultScript:
    """Rules in order; of those that are due for a request, the first fires."""

    def __init__(self, rules: object = ()) -> None:
        """Read the rules."""
        self._rules: list[Rule] = []
        self.replace(rules)

    def replace(self, rules: object) -> None:
        """Put other rules in place; nothing changes when one of them is wrong."""
        if not isinstance(rules, list | tuple):
            raise TypeError("a fault script is a list of rules")
        self._rules = [Rule.parse(raw) for raw in rules]

    def pick(self, vendor: str | None, method: str, target: str) -> Rule | None:
        """Count a request with every rule and return the one that fires."""
        matching = [rule for rule in self._rules if rule.is_match(vendor, method, target)]
        due = [rule for rule in matching if rule.take()]
        if not due:
            return None
        due[0].use()
        return due[0]

    def left(self) -> list[dict[str, object]]:
        """Print the rules that can still fire."""
        return [rule.as_json() for rule in self._rules if rule.times != 0]


def replacement(rule: Rule) -> Answer | None:
    """Return the answer that takes the place of the vendor's, if the rule has one."""
    if rule.action == "status":
        body = rule.body.encode()
        return Answer(rule.value, body, rule.content_type if body else None, rule.headers)
    if rule.action == "redirect":
        return Answer(302, headers={"Location": rule.value, **rule.headers})
    if rule.action == "garbage":
        return Answer(200, rule.value.encode(), "application/json; charset=utf-8", rule.headers)
    return None


async def reset(request: web.BaseRequest) -> None:
    """Close the connection with a TCP reset."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


async def deliver(
    request: web.BaseRequest, answer: Answer, rule: Rule | None
) -> web.StreamResponse:
    """Send an answer, whole or as a rule of type cut, cut_chunked or drip says."""
    senders: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
        "cut": _cut,
        "cut_chunked": _cut,
        "drip": _drip,
    }
    if rule and rule.action == "interim" and request.transport is not None:
        request.transport.write(f"HTTP/1.1 {rule.value} Interim\r\n\r\n".encode())
    if rule is None or rule.action not in senders:
        return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    if rule.action == "cut_chunked":
        response.enable_chunked_encoding()
    else:
        response.content_length = len(answer.body)
    await response.prepare(request)
    await senders[rule.action](request, response, answer.body, rule)
    return response


def _headers(answer: Answer) -> dict[str, str]:
    types = {"Content-Type": answer.content_type} if answer.content_type else {}
    return {**types, **answer.headers}


async def _cut(
    request: web.BaseRequest, response: web.StreamResponse, body: bytes, _: Rule
) -> None:
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()


async def _drip(_: web.BaseRequest, response: web.StreamResponse, body: bytes, rule: Rule) -> None:
    size = rule.value["bytes"]
    for start in range(0, len(body), size):
        if start:
            await asyncio.sleep(float(rule.value["every"]))
        await response.write(body[start : start + size])
    await response.write_eof()
