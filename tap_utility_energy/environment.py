"""Environment variables with the tap's prefix: settings and unknown names."""

from __future__ import annotations

import io
import logging
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values, find_dotenv
from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PREFIX = "TAP_UTILITY_ENERGY_"
#: The SDK reads the log level from it.
LOG_LEVEL = "LOGLEVEL"
#: What Meltano calls the extras of an extractor; their variables have a second underscore.
EXTRAS = frozenset({
    "CATALOG",
    "LOAD_SCHEMA",
    "LOG_PARSER",
    "METADATA",
    "SCHEMA",
    "SELECT",
    "SELECT_FILTER",
    "STATE",
    "USE_CACHED_CATALOG",
})


def from_dotenv() -> dict[str, str]:
    """The variables of the `.env` in the working directory or above it, if it can be read."""
    # Its warnings would come before logging is set up; `dotenv_problems` tells of what matters.
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    try:
        found = dotenv_values(find_dotenv(usecwd=True))
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in found.items() if value is not None}


def dotenv_problems() -> Iterator[str]:
    """A line for each problem with the `.env`, without what is in it.

    A line that cannot be read would leave its setting out. Lines of other programs do not matter.
    """
    if not (path := find_dotenv(usecwd=True)):
        return
    try:
        bindings = list(parse_stream(io.StringIO(Path(path).read_text("utf-8-sig"))))
    except ValueError as error:
        yield f".env: it is not UTF-8 text: {error}. Save it as UTF-8."
        return
    except OSError as error:
        yield f".env: it cannot be read: {error.strerror or error}"
        return
    for binding in bindings:
        text, line = binding.original
        is_incomplete = binding.key is not None and binding.value is None
        if (binding.error or is_incomplete) and PREFIX in text.upper():
            line += text[: len(text) - len(text.lstrip())].count("\n")  # blank ones before it
            yield f".env: line {line} cannot be read. Write it as NAME='value', in single quotes"


def log_level_problem() -> str:
    """What is wrong with the log level, or ''. Blank variables and a wrong level are unset."""
    names = (PREFIX + LOG_LEVEL, LOG_LEVEL)
    levels = {name: os.environ.pop(name, "").strip() for name in names}
    for name, level in levels.items():
        if level.upper() in logging.getLevelNamesMapping():
            os.environ[name] = level
            return ""
        if level:
            return (
                f"{name}: there is no log level {level!r}; it can be DEBUG, INFO, WARNING or ERROR"
            )
    return ""


def is_under_meltano() -> bool:
    """Whether Meltano runs the tap, and has exported its settings."""
    return "MELTANO_EXTRACTOR_NAME" in os.environ


def unknown(
    variables: Mapping[str, str], settings: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[str]:
    """A line for each variable that has the prefix and is no setting, apart from blank ones.

    Meltano hands all of its environment on, with variables of its own: each extra, each value
    inside an object, and all of these once more under the name of an inheriting plugin, such as
    TAP_UTILITY_ENERGY_NORTH_START_DATE for tap-utility-energy-north.

    Args:
        variables: The environment.
        settings: The schemas of the settings by their names.
        config: The settings of the config files, from which Meltano makes variables.
    """
    known = {name.upper() for name in settings}
    exported = known.union(_inside(config, "")) if is_under_meltano() else frozenset()
    objects = [name.upper() for name, schema in settings.items() if "object" in schema["type"]]
    for name in sorted(variables):
        rest = name.upper().removeprefix(PREFIX)
        if rest == name.upper() or not variables[name].strip():
            continue
        is_known = rest in known or rest == LOG_LEVEL or _is_extra(rest)
        if name == PREFIX + rest and (is_known or _is_exported(rest, exported, objects)):
            continue
        outer = [each for each in objects if rest.startswith(f"{each}_")]
        near = outer or get_close_matches(rest.strip("_"), sorted(known | {LOG_LEVEL}), n=1)
        hint = f"; did you mean {PREFIX}{near[0]}?" if near else ""
        yield f"{name}: there is no such variable{hint}"


def unread(
    variables: Mapping[str, str], settings: Collection[str], config: Mapping[str, Any]
) -> Iterator[str]:
    """A line for each setting that is in the environment and nowhere else, without ``ENV``."""
    for name in settings:
        variable = PREFIX + name.upper()
        if name not in config and variables.get(variable, "").strip():
            yield (
                f"{name}: the variable {variable} is set, and without --config=ENV it has no "
                "effect. Add that option, or set it in the config file; a meltano.yml must "
                "declare the setting."
            )


def _is_extra(rest: str) -> bool:
    """Whether it is one of Meltano's extras, such as ``_SELECT`` or ``_METADATA_BILLS_SELECTED``.

    Outside of Meltano they mean nothing, and may be in a `.env` that it shares.
    """
    return re.fullmatch(rf"_({'|'.join(EXTRAS)})(_.*)?", rest) is not None


def _is_exported(rest: str, exported: Collection[str], objects: Collection[str]) -> bool:
    """Whether Meltano has exported it for this plugin, or has it for one that inherits from it.

    STREAM_MAPS_UTILITYAPI_METERS is no setting of a plugin called stream-maps: it is meant to be
    a part of stream_maps, which Meltano would not read.
    """
    if rest not in exported and any(rest.startswith(f"{name}_") for name in objects):
        return False
    inherited = (rest[at:] for at in range(2, len(rest)) if rest[at - 1] == "_")
    return bool(exported) and (
        rest in exported or any(own in exported or _is_extra(own) for own in inherited)
    )


def _inside(value: object, name: str) -> Iterator[str]:
    """What Meltano calls the values inside of an object, such as STREAM_MAPS_BILLS_UID."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        path = f"{name}_{key}" if name else str(key)
        yield re.sub(r"[^A-Za-z0-9]", "_", path).upper()
        yield from _inside(inner, path)
