"""The tap's settings: their one definition, how they are read, and what can be wrong with them.

`meltano.yml`, `.env.example` and the README's tables are generated from `SCHEMA`.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import find_dotenv, load_dotenv
from jsonschema import Draft7Validator
from singer_sdk import typing as th
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import ValidationError

ENV_PREFIX = "TAP_UTILITY_ENERGY_"
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
CREDENTIALS = {"utilityapi_token": "UtilityAPI", "energycap_api_key": "EnergyCAP"}
BASE_URLS = ("utilityapi_base_url", "energycap_base_url")
SENT_AS_HEADERS = (*CREDENTIALS, "user_agent")


def _uids(name: str, title: str, what: str) -> th.Property[list[Any]]:
    return th.Property(
        name,
        th.ArrayType(th.StringType),
        title=title,
        description=f"Only these {what} uids. Unset or empty: all.",
    )


SCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property(
        "utilityapi_token",
        th.StringType,
        secret=True,
        title="UtilityAPI token",
        description="API token of UtilityAPI. Without it no UtilityAPI stream is extracted.",
    ),
    th.Property(
        "utilityapi_base_url",
        th.StringType,
        default="https://utilityapi.com/api/v2",
        title="UtilityAPI base URL",
        description="Where UtilityAPI is. It must be https, except on this machine.",
    ),
    _uids("utilityapi_authorizations", "UtilityAPI authorizations", "Authorization"),
    _uids("utilityapi_billing_accounts", "UtilityAPI billing accounts", "Billing Account"),
    _uids("utilityapi_meters", "UtilityAPI meters", "Meter"),
    _uids("utilityapi_billing_summaries", "UtilityAPI billing summaries", "Billing Summary"),
    th.Property(
        "utilityapi_requests_per_minute",
        th.IntegerType(minimum=1),
        default=60,
        title="UtilityAPI requests per minute",
        description="Requests to UtilityAPI, evenly spaced over the whole run. The vendor allows "
        "3000 and asks for no more than 60.",
    ),
    th.Property(
        "energycap_api_key",
        th.StringType,
        secret=True,
        title="EnergyCAP API key",
        description="API key of EnergyCAP. Without it no EnergyCAP stream is extracted.",
    ),
    th.Property(
        "energycap_base_url",
        th.StringType,
        default="https://app.energycap.com",
        title="EnergyCAP base URL",
        description="The host of the EnergyCAP environment that the key was made in, without a "
        "path. It must be https, except on this machine.",
    ),
    th.Property(
        "energycap_number_of_years",
        th.IntegerType(minimum=1),
        title="EnergyCAP number of years",
        description="Years of digests to read, the current one included. Unset: the vendor gives "
        "two.",
    ),
    th.Property(
        "energycap_page_size",
        th.IntegerType(minimum=1, maximum=1000),
        default=250,
        title="EnergyCAP page size",
        description="Meters a page.",
    ),
    th.Property(
        "energycap_max_parallel_requests",
        th.IntegerType(minimum=1, maximum=16),
        default=2,
        title="EnergyCAP parallel requests",
        description="Pages in flight at once. 1 is strictly one after the other.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Earliest bill or reading period, for the streams that have one. It is never "
        "compared with the date of a change.",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1),
        default=300,
        title="Request timeout",
        description="Seconds that an answer may take.",
    ),
    th.Property(
        "max_wait_seconds",
        th.IntegerType(minimum=0),
        default=1800,
        title="Longest wait",
        description="Seconds that one request may go on from its first failure, over all its "
        "tries, before its stream fails.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="User-Agent header. Unset: the tap's name and version.",
    ),
).to_dict()


def file_problem(path: str) -> str:
    """Why a config file cannot be read, or ''."""
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        return error.strerror or str(error)
    except ValueError as error:
        return f"not JSON: {error}"
    return "" if isinstance(content, dict) else "not a JSON object"


def read(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    *,
    environment: bool,
) -> tuple[dict[str, Any], list[str]]:
    """The config as the tap uses it, and every problem with it, a line each.

    Args:
        config: Settings from files.
        schema: `SCHEMA` with what the SDK adds to it.
        environment: Whether ``TAP_UTILITY_ENERGY_…`` variables and ``.env`` count, over the files.
    """
    problems = list[str]()
    values = dict(config)
    if environment:
        values |= _from_environment(schema["properties"], problems)
    values = {name: value for name, value in values.items() if value not in (None, "", [])}
    for name, value in values.items():
        if _is_list_of_strings(schema["properties"].get(name, {})) and isinstance(value, list):
            values[name] = [str(uid) if type(uid) is int else uid for uid in value]
    problems += _problems(values, schema)
    return values, problems


def _from_environment(properties: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    load_dotenv(find_dotenv(usecwd=True))
    values = {}
    for name, schema in properties.items():
        variable = ENV_PREFIX + name.upper()
        if text := os.environ.get(variable, "").strip():
            try:
                values[name] = _parse(text, schema)
            except ValueError as error:
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
    if _is_list_of_strings(schema) and not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    if "array" in types or "object" in types:
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError("is not valid JSON") from None
    return text


def _is_list_of_strings(schema: Mapping[str, Any]) -> bool:
    return "array" in schema.get("type", ()) and "string" in schema["items"].get("type", ())


def _problems(values: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema["properties"]
    for name in values.keys() - properties.keys():
        near = get_close_matches(name, properties, n=1)
        yield f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
    known = {name: value for name, value in values.items() if name in properties}
    errors = list(Draft7Validator({"properties": properties}).iter_errors(known))
    yield from map(_sentence, errors)
    wrong = {error.path[0] for error in errors}
    sound = {name: value for name, value in known.items() if name not in wrong}
    for name in SENT_AS_HEADERS:
        if not _fits_a_header(sound.get(name, "")):
            yield f"{name}: it holds characters that cannot be sent, such as a line break"
    for name in BASE_URLS:
        if name in sound and (problem := _url_problem(sound[name])):
            yield f"{name}: {problem}"
    if "start_date" in sound and not _is_date(sound["start_date"]):
        yield f"start_date: {sound['start_date']!r} is not a date such as 2024-01-31T00:00:00Z"
    if not any(name in values for name in CREDENTIALS):
        yield "utilityapi_token, energycap_api_key: set at least one of them"


def _sentence(error: ValidationError) -> str:
    """A line for a schema error: the setting, what it must be, and what it is if not secret."""
    name, *path = error.absolute_path
    must = {
        "type": lambda: f"it must be {_kind(error)}",
        "minimum": lambda: f"it must be at least {error.validator_value}",
        "maximum": lambda: f"it must be at most {error.validator_value}",
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


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _url_problem(value: str) -> str:
    """What is wrong with a base URL, without showing it: it may hold a password."""
    try:
        url = parse_url(value)
    except LocationParseError:
        return "it is not a URL"
    if url.scheme not in {"http", "https"} or not url.host:
        return "it must begin with https:// and name a host"
    if url.auth or url.query or url.fragment:
        return "it must hold no user, query or fragment"
    if url.scheme == "http" and url.host not in LOOPBACK:
        return "it must be https, so that the credential is not sent in clear"
    return ""
