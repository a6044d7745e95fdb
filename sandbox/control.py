"""The sandbox's control endpoints: its data, and events between two runs of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.wire import Answer, BadQueryError, from_json, json_answer, parse_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    # Takes numberOfYears, or None for each digest's own default; yields records as served.
    Source = Callable[[int | None], Iterable[bytes]]
    # Takes the other members of the event's object; returns what the client is told.
    Event = Callable[[dict[str, Any]], object]


def truth(sources: Mapping[str, Source], query: str) -> Answer:
    """Answer /__truth: all sources, or those that ``only=a,b`` names."""
    try:
        params = {param.name: param.value for param in parse_query(query)}
        only = params.pop("only", ",".join(sources)).split(",")
        years = int(params.pop("numberOfYears")) if "numberOfYears" in params else None
    except (BadQueryError, ValueError) as error:
        return json_answer({"problem": str(error)}, 400)
    if params or (years is not None and years < 1):
        return json_answer({"problem": "only and numberOfYears only, 1 or more"}, 400)
    if unknown := set(only) - set(sources):
        return json_answer({"problem": f"no truth about {', '.join(sorted(unknown))}"}, 400)
    members = (b'"%b": [%b]' % (name.encode(), b", ".join(sources[name](years))) for name in only)
    return Answer(200, b"{%b}" % b", ".join(members), "application/json; charset=utf-8")


def advance(vendors: Mapping[str, Mapping[str, Event]], body: bytes) -> Answer:
    """Answer /__advance: an event by its name; one that cannot happen changes nothing.

    Of a name that both vendors know it is the last one's event, unless ``vendor`` says which.
    """
    try:
        given = from_json(body)
        # A day to move on to needs no name.
        unnamed = "to" if "to" in given else ""
        name = str(given.pop("event", unnamed)) if isinstance(given, dict) else ""
        chosen = [given.pop("vendor")] if "vendor" in given else vendors
        events = {k: event for vendor in chosen for k, event in vendors[vendor].items()}
        happen = events.get(name, _unknown(name, events))
        return json_answer(happen(given))
    except (LookupError, TypeError, ValueError) as error:
        return json_answer({"problem": str(error)}, 400)


def _unknown(name: str, events: Mapping[str, Event]) -> Event:
    def refuse(_: object) -> None:
        raise ValueError(f"event: {name!r} is none of {', '.join(events)}")

    return refuse
