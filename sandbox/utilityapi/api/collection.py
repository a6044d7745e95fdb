"""POST /meters/historical-collection (docs/api/meters/historical-collection)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import simplejson

from sandbox.utilityapi.api.params import read_params
from sandbox.utilityapi.api.refusals import invalid, not_found, refusal
from sandbox.wire import Answer, Call, json_answer

if TYPE_CHECKING:
    from sandbox.utilityapi.data.jobs import Collections
    from sandbox.utilityapi.data.platform import Platform

DOCS = "api/meters/historical-collection"
_LONGEST = 36


def trigger(call: Call, platform: Platform, collections: Collections) -> Answer:
    """Start a collection for the meters of the body, unless the call is only tried out.

    Meters of revoked or expired consents are left out silently. A uid given twice is collected,
    and billed, twice. Of a list with some unknown uids nothing is collected.
    """
    read_params(call, (), DOCS)
    uids, duration = _read_body(call)
    services = platform.services
    if not any(uid in services for uid in uids):
        raise not_found()
    if unknown := [uid for uid in uids if uid not in services]:
        raise invalid(f"Unknown meters: {', '.join(unknown)}", DOCS)
    accepted = [services[uid] for uid in uids if services[uid].consent.is_usable(platform.today)]
    if not accepted:
        text = "All of the authorizations for these meters are expired or revoked."
        raise refusal(400, "expired_or_revoked", text, DOCS)
    if collections.balance <= 0 and not all(map(collections.is_free, accepted)):
        text = "Collecting data requires a positive prepaid balance."
        raise refusal(402, "payment_required", text, DOCS)
    if not call.is_dry:
        collections.start(accepted, duration)
    answer: dict[str, object] = {"success": True, "meters": [s.uid for s in accepted]}
    if duration is not None:
        answer["collection_duration"] = duration
    return json_answer(answer)


def _read_body(call: Call) -> tuple[list[str], int | None]:
    """Return the uids and, if it is given, the duration in months."""
    types = call.header_values("Content-Type")
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != "application/json":
        raise invalid("The Content-Type must be application/json", DOCS)
    try:
        body = simplejson.loads(call.body.decode(), use_decimal=True, object_pairs_hook=_once)
    except ValueError as error:
        raise invalid("The body must be a valid JSON object", DOCS) from error
    if not isinstance(body, dict):
        raise invalid("The body must be a valid JSON object", DOCS)
    if unknown := sorted(set(body) - {"meters", "collection_duration"}):
        raise invalid(f"Unknown parameter: {', '.join(unknown)}", DOCS)
    if "meters" not in body:
        raise refusal(400, "required_param_missing", "Missing the meters list.", DOCS)
    return _uids(body["meters"]), _duration(body) if "collection_duration" in body else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name given twice")
    return dict(pairs)


def _uids(value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        raise invalid("meters must be a list of uids", DOCS)
    if not all(isinstance(uid, str) and uid and uid == uid.strip() for uid in value):
        raise invalid("meters must be a list of uids, which are strings", DOCS)
    return value


def _duration(body: dict[str, Any]) -> int:
    value = body["collection_duration"]
    if type(value) is not int or not 1 <= value <= _LONGEST:
        raise invalid("collection_duration must be an integer from 1 to 36", DOCS)
    return value
