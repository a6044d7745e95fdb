"""Reading the files of the command line: settings, catalog and state."""

from __future__ import annotations

import io
import sys
from json import JSONDecodeError
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from singer_sdk.singerlib.json import serialize_json

from tap_utility_energy.core import catalog, state
from tap_utility_energy.errors import UserInputError
from tap_utility_energy.http.decoding import NamedTwiceError, parse, parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable


#: What to do with the file that ``target >> state.json`` has written.
LAST_COUNTS = "Of several states the last line is the latest: keep that alone."


def read_object(option: str, file: str | IO[str]) -> dict[str, Any]:
    """The JSON object in the file that was given by ``option``.

    It is UTF-8 or, as Windows writes it, UTF-16, with or without a byte-order mark.

    Args:
        option: The option of the command line, for messages.
        file: The file, open or by its path; - is stdin.

    Raises:
        UserInputError: It is not there, not JSON, or not an object.
    """
    name = file if isinstance(file, str) else file.name
    if name.lstrip().startswith("{"):
        raise UserInputError(f"{option}: give the path of a file, not what is in it")
    try:
        if isinstance(file, str) and file != "-":
            body = Path(file).read_bytes()
        else:
            opened = sys.stdin if isinstance(file, str) else cast("TextIO", file)
            body = opened.buffer.read()
    except OSError as error:
        raise UserInputError(f"{option} {name}: {error.strerror or error}") from error
    try:
        content = parse_settings(body) if option == "--config" else parse(body)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise UserInputError(f"{option} {name}: {_why_no_json(body, error)}") from error
    if not isinstance(content, dict):
        raise UserInputError(f"{option} {name}: not a JSON object")
    return content


def _why_no_json(body: bytes, error: Exception) -> str:
    """Why a file is not one JSON object: a target may append states to its state file."""
    if not body.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        return "the file is empty"
    if isinstance(error, NamedTwiceError):
        return str(error)
    if isinstance(error, JSONDecodeError) and error.msg == "Extra data":
        return f"not one JSON object but several, line {error.lineno} is too much. {LAST_COUNTS}"
    cure = ". Save it as UTF-8" if isinstance(error, UnicodeError) else ""
    return f"not JSON: {error}{cure}"


def read_state(file: IO[str]) -> dict[str, Any]:
    """The Singer state in a file, unwrapped.

    Raises:
        UserInputError: There is none.
    """
    return _checked("--state", file, state.unwrapped)


def read_catalog(file: IO[str]) -> dict[str, Any]:
    """The Singer catalog in a file.

    Raises:
        UserInputError: There is none.
    """
    return _checked("--catalog", file, catalog.validated)


def _checked(
    option: str, file: IO[str], check: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    content = read_object(option, file)
    try:
        return check(content)
    except UserInputError as wrong:
        raise UserInputError(f"{option} {file.name}: {wrong}") from wrong


def as_file(content: dict[str, Any]) -> IO[str]:
    """The content as a file, which the SDK reads."""
    return io.StringIO(serialize_json(content))
