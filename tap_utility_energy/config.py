"""Reading and checking the settings: all problems at once, one line each."""

from __future__ import annotations

import ipaddress
import json
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import requests
from jsonschema import Draft7Validator
from urllib3.util import parse_url

from tap_utility_energy import environment
from tap_utility_energy.core import batches, stream_maps
from tap_utility_energy.core.json_types import LARGEST_INTEGER
from tap_utility_energy.http.decoding import NamedTwiceError, parse_settings
from tap_utility_energy.http.errors import one_line
from tap_utility_energy.settings import BASE_URLS, CREDENTIALS, NEVER_QUOTED
from tap_utility_energy.utilityapi import shards

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from jsonschema import ValidationError

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
#: How far the vendor's clock may be ahead of this machine's.
CLOCK_DIFFERENCE = timedelta(hours=1)
FILE_NAMES = (
    "historical_collection_journal",
    "utilityapi_bill_files_directory",
    "utilityapi_rate_limit_file",
)
SENT_AS_HEADERS = (*CREDENTIALS, "user_agent")


def read(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    streams: Collection[str],
    *,
    from_environment: bool,
) -> tuple[dict[str, Any], list[str]]:
    """The settings as the tap uses them, and a line for every problem with them.

    Args:
        config: Settings from files.
        schema: The tap's settings with what the SDK adds to them.
        streams: The names of the tap's streams.
        from_environment: Whether ``TAP_UTILITY_ENERGY_…`` variables and ``.env`` count, over the
            files.
    """
    properties = schema["properties"]
    variables, problems, unreadable = dict(os.environ), list[str](), dict[str, str]()
    values = dict(config)
    if from_environment or environment.is_under_meltano():
        problems += environment.dotenv_problems()
    if from_environment:
        variables = environment.from_dotenv() | variables
        found, unreadable = _from_environment(variables, properties)
        values |= found
        problems += unreadable.values()
    else:
        # Meltano reads the .env itself and passes its variables on.
        unread = {} if environment.is_under_meltano() else environment.from_dotenv()
        problems += environment.unread(unread | variables, properties, config)
    problems += environment.unknown(variables, properties, config)
    for name, value in values.items():
        values[name] = _tidied(value, properties.get(name, {}))
    values = _without_blanks(values)
    problems += _problems(values, properties, streams, {*values, *unreadable})
    return values, [one_line(problem) for problem in problems]


def _tidied(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value, without changes that YAML, forms and shells make to it.

    They write uids as integers, add blanks, write 5.0 for 5, and write other values as text.
    """
    if isinstance(value, str):
        return _from_text(value.strip(), schema)
    if isinstance(value, list) and _is_list_of_strings(schema):
        uids = [str(uid) if type(uid) is int else uid for uid in value]
        uids = [uid.strip() if isinstance(uid, str) else uid for uid in uids]
        return [uid for uid in uids if uid not in ("", None)]
    if isinstance(value, dict) and "properties" in schema:
        inner = schema["properties"]
        return _without_blanks({
            name: _tidied(part, inner.get(name, {})) for name, part in value.items()
        })
    if isinstance(value, (float, Decimal)) and _is_whole(value):
        return int(value)
    return value


def _without_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that count as unset."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _is_whole(value: Any) -> bool:
    return bool(abs(value) < LARGEST_INTEGER and value == int(value))


def _from_text(text: str, schema: Mapping[str, Any]) -> Any:
    """The text as a value of the schema's type, or the text itself if it cannot be read as one.

    A list is JSON here: only in the environment are commas enough.
    """
    if "string" in schema.get("type", "string") or not text:
        return text
    if "array" in schema["type"] and not text.startswith("["):
        return text
    try:
        return _tidied(_parse(text, schema), schema)
    except (ValueError, RecursionError):
        return text


def _from_environment(
    variables: Mapping[str, str], properties: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of the environment, and a line for each that cannot be read."""
    values, unreadable = dict[str, Any](), dict[str, str]()
    for name, schema in properties.items():
        variable = environment.PREFIX + name.upper()
        if text := variables.get(variable, "").strip():
            try:
                values[name] = _parse(text, schema)
            except (ValueError, RecursionError) as error:
                unreadable[name] = f"{name}: the variable {variable} {error}"
    return values, unreadable


def _parse(text: str, schema: Mapping[str, Any]) -> Any:
    """A variable's text as the setting's type; JSON for lists and objects."""
    if _is_list_of_strings(schema) and text[0] not in '[{"' and text != "null":
        return text.split(",")
    types = schema.get("type", "string")
    return next((read for kind, read in READERS.items() if kind in types), str)(text)


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError("is neither true nor false")
    return text.lower() in TRUE


def _integer(text: str) -> int:
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        if _is_whole(number := _number(text)):
            return int(number)
    raise ValueError("is not a whole number")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError("is not a number")
    return number


def _json(text: str) -> Any:
    try:
        return parse_settings(text)
    except NamedTwiceError as twice:
        raise ValueError(f"cannot be used: {twice}") from None
    except (ValueError, ArithmeticError):
        raise ValueError("is not valid JSON") from None


#: What reads each type from text.
READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "array": _json,
    "object": _json,
}


def _is_list_of_strings(schema: Mapping[str, Any]) -> bool:
    return "array" in schema.get("type", ()) and "string" in schema.get("items", {}).get("type", ())


def _problems(
    values: Mapping[str, Any],
    properties: Mapping[str, Any],
    streams: Collection[str],
    given: Collection[str],
) -> Iterator[str]:
    """A line for each problem.

    Args:
        values: The settings that can be read.
        properties: The schema of each setting.
        streams: The names of the tap's streams.
        given: The names of all settings that the user has set, unreadable ones included.
    """
    yield from _unknown(values, properties, "setting")
    known = {name: value for name, value in values.items() if name in properties}
    errors = list(Draft7Validator({"properties": properties}).iter_errors(known))
    mistyped = [error.path for error in errors if error.validator == "type"]
    for error in errors:
        if error.path in mistyped and error.validator != "type":
            continue  # such as the limit of a number with a fraction
        if error.validator == "additionalProperties":
            what = "stream to filter" if error.path[0] == "energycap_filters" else "setting"
            misspelt = _unknown(error.instance, error.schema["properties"], what)
            yield from (f"{_place(error)}: {line}" for line in misspelt)
        else:
            yield _sentence(error)
    wrong = {error.path[0] for error in errors}
    good = {name: value for name, value in known.items() if name not in wrong}
    for name, value in good.items():
        if problem := _problem(name, value, properties[name]):
            yield f"{name}: {problem}"
    yield from _contradictions(values, given)
    yield from stream_maps.setting_problems(good, streams, given)
    yield from batches.setting_problems(good.get("batch_config", {}))


def _unknown(names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    """A line for each unknown name, with the closest known one."""
    for name in sorted(set(names) - set(known)):
        plain = name.lower().replace("-", "_").removeprefix(environment.PREFIX.lower())
        near = get_close_matches(plain, known, n=1)
        yield f"{name}: there is no such {what}" + (f"; did you mean {near[0]}?" if near else "")


def _problem(name: str, value: Any, schema: Mapping[str, Any]) -> str:
    """What is wrong with a value that has the right type, or ''."""
    if name in SENT_AS_HEADERS and not (value.isascii() and value.isprintable()):
        return "it has characters that cannot be sent, such as a line break"
    if name in CREDENTIALS and " " in value:
        return "it has a blank"
    if _is_list_of_strings(schema) and not all(map(_is_uid, value)):
        return "a uid has no blanks, commas, quotes or control characters"
    if name in BASE_URLS:
        return _url_problem(value)
    if name == "start_date" and not _is_date(value):
        return f"{value!r} is not a date such as 2024-01-31T00:00:00Z"
    if name in PROBLEM_OF:
        return PROBLEM_OF[name](value)
    if name == "flattening_separator" and not value.isprintable():
        return "it has characters that no field name has, such as a line break"
    if name == "energycap_filters" and not all(text.isprintable() for text in value.values()):
        return "a filter has no control characters"
    if name in FILE_NAMES and not value.isprintable():
        return "a file name has no control characters"
    return ""


def _shard_problem(value: str) -> str:
    """What is wrong with ``utilityapi_shard``, or ''."""
    try:
        shards.Shard.parse(value)
    except ValueError as wrong:
        return str(wrong)
    return ""


def _moment_problem(value: Any) -> str:
    """What is wrong with ``historical_collection_repeat_before``, or ''."""
    if not _has_offset(value):
        return (
            f"{value!r} is not a time with an offset, such as 2026-07-01T00:00:00Z. Put it in "
            "quotes in meltano.yml"
        )
    # The run compares it with the vendor's clock, which may be ahead of this one.
    if datetime.fromisoformat(value) > datetime.now(UTC) + CLOCK_DIFFERENCE:
        return f"{value} is in the future"
    return ""


#: What is wrong with the value of a setting that has a format of its own, or ''.
PROBLEM_OF: dict[str, Callable[[Any], str]] = {
    "historical_collection_repeat_before": _moment_problem,
    shards.SETTING: _shard_problem,
}


def _contradictions(values: Mapping[str, Any], given: Collection[str]) -> Iterator[str]:
    """A line for each setting that needs another one, which is not given."""
    has_meters = "historical_collection_meters" in given
    if values.get("historical_collection_enabled") is True and not (
        has_meters or values.get("historical_collection_new_meters")
    ):
        yield (
            "historical_collection_enabled: name the meters in historical_collection_meters, or "
            "set historical_collection_new_meters"
        )
    if not any(name in given for name in CREDENTIALS):
        yield "utilityapi_token, energycap_api_key: set at least one of them"


def _sentence(error: ValidationError) -> str:
    """A line for a schema error: the setting, what it must be, and what it is if not secret."""
    limit: Any = error.validator_value
    must = {
        "type": lambda: f"it must be {_kind(error)}",
        "minimum": lambda: f"it must be at least {limit}",
        "exclusiveMinimum": lambda: f"it must be more than {limit}",
        "maximum": lambda: f"it must be at most {limit}",
        "enum": lambda: f"it must be {' or '.join(map(json.dumps, limit))}",
    }.get(str(error.validator), lambda: error.message)()
    is_shown = error.absolute_path[0] not in NEVER_QUOTED
    value = one_line(json.dumps(error.instance, default=_plain), 80)
    return f"{_place(error)}: {must}{f', not {value}' if is_shown else ''}"


def _plain(value: object) -> object:
    """A value as JSON writes it; a number of a setting may be a `Decimal`."""
    return float(value) if isinstance(value, Decimal) else str(value)


def _place(error: ValidationError) -> str:
    """The setting that is wrong, and where in it."""
    name, *path = error.absolute_path
    return str(name) + "".join(f"[{part!r}]" for part in path)


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
    return value.isprintable() and not set(value) & set(" ,;\"'")


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
