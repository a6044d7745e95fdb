"""The initial state: unwrapped, and without invalid bookmarks."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.errors import shown
from tap_utility_energy.logs import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(ROOT)

#: Values that the SDK leaves in the state of an interrupted run. The next run drops them.
MARKERS = frozenset({
    "progress_markers",
    "partitions",
    "replication_key_signpost",
    "starting_replication_value",
})


def unwrapped(content: object) -> dict[str, Any]:
    """Extract the Singer state: it may be bare, in a STATE message, or in Meltano's wrapper.

    Meltano prints ``{"singer_state": …}``, and its state backends keep a completed state and a
    partial one, which goes over it.

    >>> unwrapped({"type": "STATE", "value": {"singer_state": {"bookmarks": {"bills": {}}}}})
    {'bookmarks': {'bills': {}}}

    Raises:
        UserInputError: There is none.
    """
    if not isinstance(content, dict):
        raise UserInputError("not a Singer state, such as another run has written")
    wrappers = content.keys() & {"value", "singer_state", "completed", "partial"}
    if "bookmarks" in content or not wrappers:
        _check(content)
        if wrappers:
            raise UserInputError(f'it has "bookmarks" and "{min(wrappers)}": remove one of them')
        return content
    if content.get("type", "STATE") != "STATE":
        raise UserInputError(f"not a state but a {shown(content['type'], 40)} message")
    if wrappers <= {"completed", "partial"}:
        parts = [unwrapped(content[name]) for name in ("completed", "partial") if content.get(name)]
        return _merged(*parts) if parts else {}
    if len(wrappers) > 1:
        raise UserInputError(f'it has "{min(wrappers)}" and "{max(wrappers)}": remove one of them')
    return unwrapped(content[wrappers.pop()])


def _check(state: Mapping[str, Any]) -> None:
    """Check the structure of a state. An empty one is valid: the first run has no state."""
    bookmarks = state.get("bookmarks")
    if not isinstance(bookmarks, dict) and state:
        raise UserInputError(
            'not a Singer state: it has no object "bookmarks". Without --state all is read anew'
        )
    for stream, bookmark in (bookmarks or {}).items():
        if not isinstance(bookmark, dict):
            raise UserInputError(
                f"the bookmark of {stream} is no object: remove it to read all again"
            )


def _merged(state: dict[str, Any], over: Mapping[str, Any] = {}) -> dict[str, Any]:
    """Both states, merged as Meltano does: values of the second replace those of the first."""
    merged = dict(state)
    for name, value in over.items():
        inner = merged.get(name)
        if isinstance(value, dict) and isinstance(inner, dict):
            merged[name] = _merged(inner, value)
        else:
            merged[name] = value
    return merged


def valid_bookmark(stream: str, bookmark: Mapping[str, Any]) -> dict[str, Any]:
    """A bookmark without invalid values, which a warning names."""
    kept = {name: value for name, value in bookmark.items() if name not in MARKERS}
    wrong = {name for name, value in kept.items() if not VALUE_CHECKS.get(name, _is_any)(value)}
    if wrong:
        logger.warning(
            "%s: the state's bookmark is read without %s, whose value is invalid",
            stream,
            ", ".join(sorted(wrong)),
        )
    return {name: value for name, value in kept.items() if name not in wrong}


def _is_any(_: object) -> bool:
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_date_time(value: object) -> bool:
    try:
        datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _are_texts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _are_lists_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(texts, list) and all(map(_is_text, texts)) for texts in value.values()
    )


#: The checks of a bookmark's values, by name. The stream checks all other values itself.
VALUE_CHECKS = {
    "replication_key": _is_text,
    "replication_key_value": _is_date_time,
    "scope": _is_text,
    "meters": _are_texts,
    "intervals": _are_lists_of_texts,
}
