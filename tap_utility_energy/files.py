"""The files that the command line names: settings, catalog and state."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from singer_sdk.singerlib.json import serialize_json

from tap_utility_energy.core import catalog, state
from tap_utility_energy.errors import WrongInput
from tap_utility_energy.http.decoding import parse

if TYPE_CHECKING:
    from collections.abc import Callable


def read_object(option: str, file: str | IO[str]) -> dict[str, Any]:
    """The JSON object in the file that was given by ``option``.

    It is UTF-8 or, as Windows writes it, UTF-16, with or without a byte-order mark.

    Args:
        option: The option of the command line, for messages.
        file: The file, open or by its path; - is stdin.

    Raises:
        WrongInput: It is not there, not JSON, or not an object.
    """
    name = file if isinstance(file, str) else file.name
    if name.lstrip().startswith("{"):
        raise WrongInput(f"{option}: give the path of a file, not what is in it")
    try:
        if isinstance(file, str) and file != "-":
            content = parse(Path(file).read_bytes())
        else:
            opened = sys.stdin if isinstance(file, str) else cast("TextIO", file)
            content = parse(opened.buffer.read())
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise WrongInput(f"{option} {name}: not JSON: {error}") from error
    except OSError as error:
        raise WrongInput(f"{option} {name}: {error.strerror or error}") from error
    if not isinstance(content, dict):
        raise WrongInput(f"{option} {name}: not a JSON object")
    return content


def read_state(file: IO[str]) -> dict[str, Any]:
    """The Singer state in a file, unwrapped.

    Raises:
        WrongInput: There is none.
    """
    return _checked("--state", file, state.unwrapped)


def read_catalog(file: IO[str]) -> dict[str, Any]:
    """The Singer catalog in a file.

    Raises:
        WrongInput: There is none.
    """
    return _checked("--catalog", file, catalog.checked)


def _checked(
    option: str, file: IO[str], check: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    content = read_object(option, file)
    try:
        return check(content)
    except WrongInput as wrong:
        raise WrongInput(f"{option} {file.name}: {wrong}") from wrong


def as_file(content: dict[str, Any]) -> IO[str]:
    """The content as a file, which the SDK reads."""
    return io.StringIO(serialize_json(content))
