"""Reading the settings, and what can be wrong with them: all of it at once, a line each."""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import math
import os
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import requests
from dotenv import dotenv_values, find_dotenv
from jsonschema import Draft7Validator
from urllib3.util import parse_url

from tap_utility_energy.http.faults import one_line
from tap_utility_energy.settings import BASE_URLS, CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jsonschema import ValidationError

ENV_PREFIX = "TAP_UTILITY_ENERGY_"
TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
SENT_AS_HEADERS = (*CREDENTIALS, "user_agent")


def read(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    *,
    environment: bool,
) -> tuple[dict[str, Any], list[str]]:
    """The settings as the tap uses them, and every problem with them, a line each.

    Args:
        config: Settings from files.
        schema: The tap's settings with what the SDK adds to them.
        environment: Whether ``TAP_UTILITY_ENERGY_…`` variables and ``.env`` count, over the files.
    """
    problems = list[str]()
    values = dict(config)
    if environment:
        values |= _from_environment(schema["properties"], problems)
    for name, value in values.items():
        values[name] = _tidied(value, schema["properties"].get(name, {}))
    values = {name: value for name, value in values.items() if value not in (None, "", [], {})}
    problems += _problems(values, schema)
    return values, [one_line(problem) for problem in problems]


def unknown_in_maps(maps: Mapping[str, Any], streams: Sequence[str]) -> list[str]:
    """A line for each stream map whose stream there is not: it would silently do nothing.

    Args:
        maps: The setting ``stream_maps``: names or patterns, and names of its own with a source.
        streams: The names of the tap's streams.
    """
    sources = (
        map_.get("__source__", name) if isinstance(map_, dict) else name
        for name, map_ in maps.items()
        if not name.startswith("__")
    )
    idle = [source for source in sources if not fnmatch.filter(streams, source)]
    return [f"stream_maps: {line}" for line in _unknown(idle, streams, "stream")]


def _tidied(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value without what YAML, forms and Meltano do to it.

    That is: uids as integers, blanks, 5.0 for 5, numbers with a fraction as text.
    """
    if _is_list_of_strings(schema) and isinstance(value, list):
        uids = [str(uid) if type(uid) is int else uid for uid in value]
        uids = [uid.strip() if isinstance(uid, str) else uid for uid in uids]
        return [uid for uid in uids if uid not in ("", None)]
    if isinstance(value, str):
        value = value.strip()
        with suppress(ValueError):
            value = _finite(value) if "number" in schema.get("type", ()) else value
    is_whole = isinstance(value, (float, Decimal)) and float(value).is_integer()
    return int(value) if is_whole else value


def _from_environment(properties: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    try:
        variables = dotenv_values(find_dotenv(usecwd=True)) | os.environ
    except ValueError as error:
        problems.append(f".env: it is not UTF-8 text: {error}")
        variables = dict(os.environ)
    values = {}
    for name, schema in properties.items():
        variable = ENV_PREFIX + name.upper()
        if text := (variables.get(variable) or "").strip():
            try:
                values[name] = _parse(text, schema)
            except (ValueError, RecursionError) as error:
                problems.append(f"{name}: the variable {variable} {error}")
    return values


def _parse(text: str, schema: Mapping[str, Any]) -> Any:
    """A variable's text as the setting's type; JSON for lists and objects."""
    types = schema.get("type", "string")
    if "boolean" in types:
        if text.lower() not in TRUE | FALSE:
            raise ValueError("is neither true nor false")
        return text.lower() in TRUE
    if "integer" in types:
        try:
            return int(text)
        except ValueError:
            raise ValueError("is not a whole number") from None
    if "number" in types:
        try:
            return _finite(text)
        except ValueError:
            raise ValueError("is not a number") from None
    if _is_list_of_strings(schema) and text[0] not in '[{"' and text != "null":
        return text.split(",")
    if "array" in types or "object" in types:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("is not valid JSON") from None
    return text


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_list_of_strings(schema: Mapping[str, Any]) -> bool:
    return "array" in schema.get("type", ()) and "string" in schema["items"].get("type", ())


def _problems(values: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema["properties"]
    yield from _unknown(values, properties, "setting")
    known = {name: value for name, value in values.items() if name in properties}
    errors = list(Draft7Validator({"properties": properties}).iter_errors(known))
    for error in errors:
        if error.validator == "additionalProperties":
            misspelt = _unknown(error.instance, error.schema["properties"], "stream to filter")
            yield from (f"{error.path[0]}: {line}" for line in misspelt)
        else:
            yield _sentence(error)
    wrong = {error.path[0] for error in errors}
    for name, value in known.items():
        if name not in wrong and (problem := _problem(name, value, properties[name])):
            yield f"{name}: {problem}"
    yield from _contradictions(values)


def _unknown(names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    """A line for each name that is not known, with the nearest one that is."""
    for name in sorted(set(names) - set(known)):
        near = get_close_matches(name, known, n=1)
        yield f"{name}: there is no such {what}" + (f"; did you mean {near[0]}?" if near else "")


def _problem(name: str, value: Any, schema: Mapping[str, Any]) -> str:
    """What is wrong with a value that has the right type, or ''."""
    if name in SENT_AS_HEADERS and not (value.isascii() and value.isprintable()):
        return "it holds characters that cannot be sent, such as a line break"
    if name in CREDENTIALS and " " in value:
        return "it holds a blank"
    if _is_list_of_strings(schema) and not all(map(_is_uid, value)):
        return "a uid holds no blanks, commas or control characters"
    if name in BASE_URLS:
        return _url_problem(value)
    if name == "start_date" and not _is_date(value):
        return f"{value!r} is not a date such as 2024-01-31T00:00:00Z"
    if name == "historical_collection_repeat_before" and not _has_offset(value):
        return (
            f"{value!r} is not a moment with an offset, such as 2026-07-01T00:00:00Z. Put it in "
            "quotes in meltano.yml"
        )
    if name == "historical_collection_journal" and not value.isprintable():
        return "the name of a file holds no control characters"
    return ""


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    if values.get("historical_collection_enabled") is True and not (
        values.get("historical_collection_meters") or values.get("historical_collection_new_meters")
    ):
        yield (
            "historical_collection_enabled: name the meters in historical_collection_meters, or "
            "set historical_collection_new_meters"
        )
    if not any(name in values for name in CREDENTIALS):
        yield "utilityapi_token, energycap_api_key: set at least one of them"


def _sentence(error: ValidationError) -> str:
    """A line for a schema error: the setting, what it must be, and what it is if not secret."""
    name, *path = error.absolute_path
    must = {
        "type": lambda: f"it must be {_kind(error)}",
        "minimum": lambda: f"it must be at least {error.validator_value}",
        "maximum": lambda: f"it must be at most {error.validator_value}",
        "exclusiveMinimum": lambda: f"it must be more than {error.validator_value}",
    }.get(str(error.validator), lambda: error.message)()
    where = "".join(f"[{part!r}]" for part in path)
    shown = "" if name in CREDENTIALS else f", not {json.dumps(error.instance, default=str):.80}"
    return f"{name}{where}: {must}{shown}"


def _kind(error: ValidationError) -> str:
    """The types that a setting may have, in words."""
    types: Any = error.validator_value
    names = {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "array": "a list",
        "object": "an object",
    }
    wanted = [types] if isinstance(types, str) else [kind for kind in types if kind != "null"]
    return " or ".join(names.get(kind, kind) for kind in wanted)


def _is_uid(value: str) -> bool:
    return value.isprintable() and not set(value) & set(" ,")


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _has_offset(value: str) -> bool:
    return _is_date(value) and datetime.fromisoformat(value).tzinfo is not None


def _url_problem(value: str) -> str:
    """What is wrong with a base URL, without showing it: it may hold a password."""
    try:
        requests.Request("GET", value).prepare()
        url = parse_url(value)
    except (requests.RequestException, ValueError):
        return "it must begin with https:// and name a host"
    if url.scheme not in {"http", "https"} or not url.host or ".." in url.host or "*" in url.host:
        return "it must begin with https:// and name a host"
    if url.auth or url.query is not None or url.fragment is not None:
        return "it must hold no user, query or fragment"
    if url.scheme == "http" and not _is_loopback(url.host):
        return "it must be https, so that the credential is not sent in clear"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
