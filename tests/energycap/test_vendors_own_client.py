"""The vendor's own Python client reads every list from the sandbox, and the tap emits the same.

The client is `energycapsdk`. Its models say which fields the vendor documents, and of which type.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy import energycap
from tap_utility_energy.energycap.bill_rows import BillRowsStream
from tests.energycap.test_digest_rows import DIGEST_ROWS, in_list, left_out
from tests.support import TapRunner, by_key

#: What leads down to the rows, by stream. Other streams emit the vendor's objects as they are.
STEPS = {name: [step for _, step in rows.steps] for name, rows in DIGEST_ROWS.items()}
STEPS["meter_digest_monthly_results"] = ["results"]
STEPS |= {f"energycap_{owner}_udfs": ["udfs"] for owner in ("meter", "place", "account", "vendor")}

#: JSON types of the client's types.
TYPES = {
    "bool": "boolean",
    "float": "number",
    "int": "integer",
    "iso-8601": "string",
    "long": "integer",
    "str": "string",
    "{str}": "object",
}


@pytest.fixture(scope="module")
def sdk() -> ModuleType:
    # The client's outer package does nothing but ask for pkg_resources, which is gone from
    # setuptools: so it is not executed.
    spec = importlib.util.find_spec("energycap")
    assert spec
    sys.modules["energycap"] = importlib.util.module_from_spec(spec)
    return importlib.import_module("energycap.sdk")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(meters=25, billing_summaries=0) as box:
        yield box


def read(sdk: ModuleType, box: Sandbox, path: str, **params: Any) -> list[Any]:
    """Every object of a list as the vendor's client has it."""
    (operation,) = {
        method
        for name, method in vars(sdk.EnergyCapApi).items()
        if name.startswith("get_") and getattr(method, "metadata", {}).get("url") == path
    }
    is_paged = "page_number" in inspect.signature(operation).parameters
    headers = {"ECI-ApiKey": box.energycap_api_key}
    found, number, pages = [], 1, 1
    with sdk.EnergyCapApi(box.energycap_base_url) as api:
        while number <= pages:
            page = {"page_number": number, "page_size": 9} if is_paged else {}
            answer = operation(api, custom_headers=headers, raw=True, **page, **params)
            found += answer.output or []
            number, pages = number + 1, answer.headers["TotalPages"] if is_paged else 1
    return found


def chains(thing: Any, steps: Sequence[str]) -> Iterator[list[Any]]:
    """An object of the client and those below it, down to each that is a row."""
    if not steps:
        yield [thing]
        return
    for item in in_list(fields(thing)[steps[0]]):
        for below in chains(item, steps[1:]):
            yield [thing, *below]


def fields(thing: Any) -> dict[str, Any]:
    """The values of a client's object by the vendor's names."""
    return {field["key"]: getattr(thing, name) for name, field in thing._attribute_map.items()}


def row_fields(chain: Sequence[Any], skipped: Sequence[set[str]]) -> dict[str, Any]:
    """The values that a row is to have, of the objects from the digest down to the period."""
    row: dict[str, Any] = {}
    for thing, names in zip(chain, skipped, strict=True):
        for name, value in fields(thing).items():
            # Where a commodity has no currency, that of the whole digest applies.
            is_inherited = name == "costUnit" and value is None and name in row
            if name not in names and not is_inherited:
                row[name] = value
    return row


def with_what(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a bill, with what tells it from others instead of its position."""
    meter, begin = row["meter"], row.get("beginDate")
    meter_id = meter["meterId"] if isinstance(meter, dict) else meter.meter_id
    date = datetime.fromisoformat(begin) if isinstance(begin, str) else begin
    return {**row, "what": (row["billId"], row.get("bodylineId"), meter_id, date)}


def same(value: Any, emitted: Any) -> bool:
    """Whether the tap emits what the client has read."""
    if hasattr(value, "_attribute_map"):
        return isinstance(emitted, dict) and all(
            same(inner, emitted.get(name)) for name, inner in fields(value).items()
        )
    if isinstance(value, list):
        return len(value) == len(emitted) and all(map(same, value, emitted))
    if isinstance(value, datetime):
        return value == datetime.fromisoformat(emitted)
    if isinstance(value, float):
        return value == float(emitted)
    return type(value) is type(emitted) and value == emitted


def problems(
    sdk: ModuleType, model: type, schema: dict[str, Any], skip: set[str], where: str = ""
) -> Iterator[str]:
    """Fields that a model of the client has and a schema has not, or with another type."""
    for field in model._attribute_map.values():
        name, kind = field["key"], field["type"]
        if name in skip and not where:
            continue
        part = schema.get("properties", {}).get(name)
        if part is None:
            yield f"{where}{name} is missing"
            continue
        is_list = kind.startswith("[")
        inner = part.get("items", {}) if is_list else part
        json_type = TYPES.get(kind.strip("[]"), "object")
        if is_list is not ("array" in part["type"]) or json_type not in inner.get("type", []):
            yield f"{where}{name} is {part['type']}, not {kind}"
        if below := getattr(sdk.models, kind.strip("[]"), None):
            yield from problems(sdk, below, inner, set(), f"{where}{name}.")


@pytest.mark.parametrize("stream", energycap.STREAMS, ids=lambda stream: stream.name)
def test_the_tap_emits_what_the_vendors_client_reads(
    sdk: ModuleType, box: Sandbox, tap: TapRunner, stream: Any
) -> None:
    # The vendor's default is four years.
    years = {"filter": "lastNYears equals '99'"} if getattr(stream, "years_field", "") else {}
    things = read(sdk, box, stream.path, **years)
    run = tap(box.tap_config(), streams=[stream.name])
    (schema,) = [message for message in run.messages if message["type"] == "SCHEMA"]
    steps = STEPS.get(stream.name, [])
    found = [chain for thing in things for chain in chains(thing, steps)]

    assert run.exit == 0, run.stderr
    assert things
    digest = stream.path.replace("/", "_")
    skipped = [*(left_out(digest, step) | {step} for step in steps), set[str]()]
    for thing, skip in zip(found[0], skipped, strict=True):
        assert not list(problems(sdk, type(thing), schema["schema"], skip)), type(thing)
    sent, emitted = [row_fields(chain, skipped) for chain in found], run.records(stream.name)
    key = schema["key_properties"]
    if issubclass(stream, BillRowsStream):
        key = ["what"]
        sent, emitted = [*map(with_what, sent)], [*map(with_what, emitted)]
    rows, expected = by_key(emitted, *key), by_key(sent, *key)
    assert rows.keys() == expected.keys()
    differing = [
        (key, name, value, rows[key].get(name))
        for key, row in expected.items()
        for name, value in row.items()
        if name != "what" and not same(value, rows[key].get(name))
    ]
    assert not differing[:3]


def test_only_what_no_page_names_lands_in_extra(box: Sandbox, tap: TapRunner) -> None:
    run = tap(box.tap_config(), streams=[stream.name for stream in energycap.STREAMS])
    rows = [row for stream in energycap.STREAMS for row in run.records(stream.name)]
    extras = [row["extra"] for row in rows if "extra" in row]
    nested = [stream.rows.levels for stream in energycap.STREAMS if stream.rows]
    levels = {level.name for each in nested for level in each[:-1]}
    found = {name for extra in extras for name in extra.keys() - levels}
    found |= {name for extra in extras for level in levels for name in extra.get(level, {})}

    assert run.exit == 0, run.stderr
    # All of them are the sandbox's own inventions.
    made_up = {"billSource", "dataAccess", "energyStarScore", "extra", "isEstimated"}
    made_up |= {"locked", "tags"}
    assert found == made_up


def test_the_client_sends_no_content_type_and_the_tap_does(
    sdk: ModuleType, box: Sandbox, tap: TapRunner
) -> None:
    box.clear_requests()
    read(sdk, box, "/api/v202305/unit")
    tap(box.tap_config(), streams=["energycap_units"])

    assert [request["content_type"] for request in box.requests()] == [None, "application/json"]


def test_a_filter_of_the_clients_user_is_that_of_the_taps(
    sdk: ModuleType, box: Sandbox, tap: TapRunner
) -> None:
    expression = "beginDate greater than equal '2026-01-01' and accountCode like '44'"
    bills = read(sdk, box, "/api/v3/bill", filter=expression)
    config = box.tap_config(energycap_filters={"energycap_bills": expression})
    run = tap(config, streams=["energycap_bills"])

    emitted = {bill["billId"] for bill in run.records("energycap_bills")}
    assert emitted == {bill.bill_id for bill in bills} != set()


def test_the_client_cannot_read_dates_that_are_oddities(sdk: ModuleType) -> None:
    with (
        Sandbox(meters=25, billing_summaries=0, date_oddities=True) as box,
        pytest.raises(Exception, match="Cannot deserialize datetime object"),
    ):
        read(sdk, box, "/api/v3/meter/digest/actual/monthly")
