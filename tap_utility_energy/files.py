"""The files that the command line names: settings, catalog and state."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import IO, Any

from tap_utility_energy.decoding import refuse


class WrongFile(Exception):
    """A file cannot be used. The text is one line for a person."""


def checked(option: str, path: str) -> IO[str]:
    """The file that was given by ``option``, to be read from its beginning; - is stdin.

    Raises:
        WrongFile: It is not there, not JSON, or not an object of the form that Singer has.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
        content = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise WrongFile(f"{option} {path}: not JSON: {error}") from error
    except OSError as error:
        raise WrongFile(f"{option} {path}: {error.strerror or error}") from error
    if not isinstance(content, dict) or not FORMS[option](content):
        raise WrongFile(f"{option} {path}: not {DESCRIBED[option]}")
    return io.StringIO(text)


def _is_state(content: dict[str, Any]) -> bool:
    bookmarks = content.get("bookmarks", {})
    return isinstance(bookmarks, dict) and all(isinstance(b, dict) for b in bookmarks.values())


def _is_catalog(content: dict[str, Any]) -> bool:
    streams = content.get("streams")
    return isinstance(streams, list) and all(
        isinstance(stream, dict)
        and isinstance(stream.get("tap_stream_id"), str)
        and isinstance(stream.get("schema"), dict)
        for stream in streams
    )


def _is_any(_: dict[str, Any]) -> bool:
    return True


FORMS = {"--config": _is_any, "--state": _is_state, "--catalog": _is_catalog}
DESCRIBED = {
    "--config": "a JSON object",
    "--state": "a Singer state, such as another run has written",
    "--catalog": "a Singer catalog, such as --discover prints",
}
