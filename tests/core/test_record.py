"""Every record fits the schema that was emitted for it, and every value arrives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from typing import Any

import pytest
import simplejson
from jsonschema import Draft7Validator, FormatChecker

from sandbox import Sandbox
from tap_utility_energy import energycap, utilityapi
from tap_utility_energy.core.record import RecordFitter
from tap_utility_energy.core.stream import VendorStream
from tap_utility_energy.stats import FieldNotices
from tests.odd_values import OddValues, odd_values, one_odd_value, restored, same
from tests.support import ONE_RECORD, Run, TapRunner, answer, catalog

STREAMS = (*utilityapi.STREAMS, *energycap.STREAMS)
EVERY = [stream.name for stream in STREAMS]
#: Streams whose records are the vendor's objects, with the ends of their paths and their keys.
WHOLE = {
    stream.name: (stream.path, stream.primary_keys[0])
    for stream in STREAMS
    if len(stream.primary_keys) == 1
}
load = partial(
    simplejson.loads,
    use_decimal=True,
    parse_int=lambda text: int(text) if len(text) < 1000 else Decimal(text),
)


def read(tap: TapRunner, values: OddValues, box: Sandbox, entries: Any, **settings: Any) -> Run:
    config = values.settings(box, **settings)
    return tap(config, "--catalog", tap.file("catalog.json", entries))


def valid_records(run: Run) -> dict[str, list[dict[str, Any]]]:
    """The records of each stream, all of which fit the schema that came before them."""
    assert version("rfc3339-validator"), "without it no date-time is checked"
    found, validators = defaultdict[str, list[Any]](list), {}
    for line in run.stdout.splitlines():
        message = load(line)
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = Draft7Validator(
                message["schema"], format_checker=FormatChecker()
            )
        if message["type"] == "RECORD":
            record = message["record"]
            problems = [each.message for each in validators[message["stream"]].iter_errors(record)]
            assert not problems, line[:1000]
            found[message["stream"]].append(record)
    return found


def sent_to(stream: str, values: OddValues) -> Iterator[dict[str, Any]]:
    """The objects that a stream was sent."""
    end, _ = WHOLE[stream]
    for path, texts in values.sent.items():
        for document in map(load, texts if path.endswith(end) else ()):
            lists = document.values() if isinstance(document, dict) else [document]
            yield from (row for rows in lists if isinstance(rows, list) for row in rows)


def discovered(_seed: int) -> dict[str, Any]:
    return catalog(EVERY)


def older(seed: int) -> dict[str, Any]:
    """A catalog that lacks fields."""
    return each_field(seed, lambda _, fields, name: fields.pop(name))


def edited(seed: int) -> dict[str, Any]:
    """A catalog that declares fields as something else."""
    kinds = [
        {"type": "string"},
        {"type": ["number", "null"]},
        {"type": ["string", "null"], "format": "date-time"},
        {"type": ["string", "null"], "format": "date"},
        {"type": ["object", "null"], "properties": {"unitId": {"type": "string"}}},
        {"type": ["object", "null"], "additionalProperties": False},
        {"type": ["array", "null"], "items": {"type": "object", "properties": {}}},
        {"enum": ["a", 5, None]},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"type": ["string", "integer", "null"], "maxLength": 4, "maximum": 100},
    ]

    def edit(number: int, fields: dict[str, Any], name: str) -> None:
        fields[name] = kinds[number % len(kinds)]

    return each_field(seed, edit)


def deselected(seed: int) -> dict[str, Any]:
    """A catalog with deselected fields."""
    found = catalog(EVERY)
    for entry in found["streams"]:
        for number, part in enumerate(entry["metadata"]):
            if part["breadcrumb"] and part["metadata"].get("inclusion") == "available":
                part["metadata"]["selected"] = (number + seed) % 3 > 0
    return found


def each_field(seed: int, change: Callable[[int, dict[str, Any], str], object]) -> dict[str, Any]:
    """The catalog with every third field changed, apart from the keys."""
    found = catalog(EVERY)
    for entry in found["streams"]:
        fields = entry["schema"]["properties"]
        needed = {*entry["key_properties"], entry.get("replication_key"), "extra"}
        for number, name in enumerate(sorted(fields.keys() - needed)):
            if (number + seed) % 3 == 0:
                change(number, fields, name)
    return found


MAPS = {
    "*": {"copied": "str(record.get('updated'))"},
    "billing_summaries": {"base": "__NULL__", "notes": "bool(_.get('notes'))"},
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("entries", "settings"),
    [
        (discovered, {}),
        (older, {}),
        (edited, {}),
        (deselected, {}),
        (discovered, {"stream_maps": MAPS}),
        (discovered, {"flattening_enabled": True, "flattening_max_depth": 2}),
    ],
)
def test_odd_values_neither_break_a_schema_nor_get_lost(
    tap: TapRunner, seed: int, entries: Callable[[int], Any], settings: dict[str, Any]
) -> None:
    with (
        Sandbox(meters=8, billing_summaries=40, cache_seconds=0, interval_days=3) as box,
        odd_values(box, partial(one_odd_value, seed)) as values,
    ):
        run = read(tap, values, box, entries(seed), **settings)

    assert run.exit == 0, run.stderr[-3000:]
    assert "Traceback" not in run.stderr
    assert r"\u0000" not in run.stdout
    records = valid_records(run)
    assert all(records[stream] for stream in WHOLE)
    if entries is deselected or settings:
        return
    for stream, (_, key) in WHOLE.items():
        emitted = {str(row[key]): restored(row) for row in records[stream]}
        sent = {simplejson.dumps(row): row for row in sent_to(stream, values)}.values()
        times = Counter(str(row.get(key)) for row in sent)
        for row in sent:
            if times[str(row.get(key))] == 1 and str(row[key]) in emitted:
                assert same(row, emitted[str(row[key])])


@pytest.mark.parametrize("entries", [discovered, edited, deselected])
def test_rows_written_as_sent_are_those_that_the_sdk_writes(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, entries: Callable[[int], Any]
) -> None:
    with (
        Sandbox(meters=8, billing_summaries=40, cache_seconds=0, interval_days=3) as box,
        odd_values(box, partial(one_odd_value, 2)) as values,
    ):
        quick = read(tap, values, box, entries(2))
        monkeypatch.setattr(VendorStream, "uses_fast_path", False)
        slow = read(tap, values, box, entries(2))

    assert valid_records(quick) == valid_records(slow)
    assert quick.state == slow.state


COST = {"type": ["number", "null"]}
NAME = {"type": ["string", "null"]}
COUNT = {"type": ["integer", "null"]}
TIME = {"type": ["string", "null"], "format": "date-time"}
BASE = {"type": ["object", "null"], "properties": {"cost": COST, "name": NAME}}
LISTED = {"type": ["array", "null"], "items": BASE}
FITTER = RecordFitter({
    "uid": {"type": "string"},
    "cost": COST,
    "name": NAME,
    "count": COUNT,
    "updated": TIME,
    "is_new": {"type": ["boolean", "null"]},
    "base": BASE,
    "tou": LISTED,
    "names": {"type": ["array", "null"], "items": NAME},
    "blob": {"type": ["object", "null"]},
    "list": {"type": ["array", "null"]},
})
DEEP_TEXT = "[" * 70 + "]" * 70
DEEP: list[Any] = simplejson.loads(DEEP_TEXT)


@pytest.mark.parametrize(
    ("sent", "emitted"),
    [
        ({"cost": "12.50"}, {"cost": None, "extra": {"cost": "12.50"}}),
        ({"name": 5}, {"name": "5"}),
        ({"name": Decimal("12.50")}, {"name": "12.50"}),
        ({"name": True}, {"name": "true"}),
        ({"name": ["a"]}, {"name": None, "extra": {"name": ["a"]}}),
        ({"count": Decimal("1.0")}, {"count": 1}),
        ({"count": Decimal("1.5")}, {"count": None, "extra": {"count": Decimal("1.5")}}),
        ({"count": 2**63 - 1}, {"count": 2**63 - 1}),
        ({"count": 2**63}, {"count": None, "extra": {"count": 2**63}}),
        ({"count": True}, {"count": None, "extra": {"count": True}}),
        ({"cost": 10**400}, {"cost": None, "extra": {"cost": 10**400}}),
        ({"updated": ""}, {"updated": None, "extra": {"updated": ""}}),
        ({"updated": 5}, {"updated": None, "extra": {"updated": 5}}),
        (
            {"updated": "2016-01-31:17:00:00+00:00"},
            {"updated": None, "extra": {"updated": "2016-01-31:17:00:00+00:00"}},
        ),
        (
            {"updated": "2016-01-31T17:00:00"},
            {"updated": None, "extra": {"updated": "2016-01-31T17:00:00"}},
        ),
        ({"updated": "2016-02-29T17:00:00Z"}, {"updated": "2016-02-29T17:00:00Z"}),
        ({"updated": f"2016-01-01T00:00:00.{'1' * 30}Z"},) * 2,
        (
            {"updated": f"2016-01-01T00:00:00.{'1' * 200}Z"},
            {"updated": None, "extra": {"updated": f"2016-01-01T00:00:00.{'1' * 200}Z"}},
        ),
        (
            {"base": {"cost": "x", "new": "y", "name": 1}},
            {
                "base": {"cost": None, "new": "y", "name": "1"},
                "extra": {"base.cost": "x"},
            },
        ),
        ({"base": []}, {"base": None, "extra": {"base": []}}),
        (
            {"tou": [{"cost": 1}, None, {"cost": "x"}, 5]},
            {
                "tou": [{"cost": 1}, None, {"cost": None}, None],
                "extra": {"tou[2].cost": "x", "tou[3]": 5},
            },
        ),
        ({"tou": {"cost": 1}}, {"tou": None, "extra": {"tou": {"cost": 1}}}),
        ({"names": ["a", None, 5]}, {"names": ["a", None, "5"]}),
        ({"blob": {"a": ["b"]}}, {"blob": {"a": ["b"]}}),
        ({"list": DEEP}, {"list": None, "extra": {"list": DEEP_TEXT}}),
        (
            {"base": {"cost": 1, "new": DEEP}},
            {"base": {"cost": 1}, "extra": {"base.new": DEEP_TEXT}},
        ),
        ({"new": 1, "extra": 2}, {"extra": {"new": 1, "extra": 2}}),
    ],
)
def test_a_value_of_another_type(sent: dict[str, Any], emitted: dict[str, Any]) -> None:
    fitted = FITTER.fit({"uid": "1", **sent})

    assert fitted == {"uid": "1", **emitted}
    assert {name: type(value) for name, value in fitted.items()} == {
        name: type(value) for name, value in {"uid": "1", **emitted}.items()
    }


def test_no_value_of_a_field_that_the_user_does_not_want_is_kept_under_extra() -> None:
    names = FieldNotices(set(), set(), set())
    fitter = RecordFitter(
        {"base": BASE, "name": NAME, "tou": LISTED},
        names,
        deselected=["base.name", "tou.cost"],
        mapped=["name"],
    )

    assert fitter.fit({"base": [{"name": "Ann"}], "name": ["Ann"], "tou": [{"cost": "5"}]}) == {
        "base": None,
        "name": None,
        "tou": [{"cost": None}],
    }
    assert names == FieldNotices(set(), set(), {"base", "name"})


def test_off_type_values_are_named_once(tap: TapRunner) -> None:
    places = [{"placeId": number, "placeCode": [], "size": {"value": "x"}} for number in (1, 2)]
    headers = ONE_RECORD | {"TotalNumberOfRecords": "2"}
    rule = answer(simplejson.dumps(places), headers, path="/api/v3/place?")
    with Sandbox(meters=0, billing_summaries=0, faults=[rule]) as box:
        run = tap(box.tap_config(), streams=["energycap_places"])

    assert run.exit == 0
    rows = run.records("energycap_places")
    assert [row["extra"] for row in rows] == [{"placeCode": [], "size.value": "x"}] * 2
    (line,) = [line for line in run.stderr.splitlines() if "another type" in line]
    assert line.endswith(
        "energycap_places: values of another type than declared, null in their place and kept "
        'under "extra": placeCode, size.value'
    )


@pytest.mark.parametrize("levels", [70, 400, 900])
@pytest.mark.parametrize("parts", [("[", "1", "]"), ('{"a":', "1", "}")])
@pytest.mark.parametrize(
    ("stream", "key", "free", "path"),
    [
        ("energycap_meters", "meterId", "properties", "/api/v3/meter?"),
        ("meter_digest_monthly", "meterId", "costUnit", "/api/v3/meter/digest/actual/monthly"),
    ],
)
def test_deep_nesting_becomes_text(
    tap: TapRunner,
    stream: str,
    key: str,
    free: str,
    path: str,
    parts: tuple[str, str, str],
    levels: int,
) -> None:
    start, middle, end = parts
    deep = start * levels + middle + end * levels
    free_object = f'{{"{key}": 2, "{free}": {{"x": {deep}}}}}'
    body = f'[{{"{key}": 1}}, {free_object}, {{"{key}": 3, "new": {deep}}}]'
    rule = answer(body, ONE_RECORD | {"TotalNumberOfRecords": "3"}, path=path, times=None)
    with Sandbox(meters=0, billing_summaries=0, faults=[rule]) as box:
        run = tap(box.tap_config(), streams=[stream])

    assert run.exit == 0, run.last_line
    first, second, third = run.records(stream)
    assert first == {key: 1}
    (kept,) = second["extra"].values()
    assert deep in kept
    assert third == {key: 3, "extra": {"new": deep}}
