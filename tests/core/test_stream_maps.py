"""What stream maps compute, and where they apply."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import jsonschema
import pytest

from sandbox import Sandbox
from tests.support import RESULTS, SUMMARIES, TapRunner, answer

TOKEN = {"utilityapi_token": "a-good-token"}
KEY = ("meterId", "calendarYear", "calendarPeriod")


@pytest.mark.parametrize("pattern", ["*", "utilityapi_*", "energycap_bills", "*_results"])
@pytest.mark.parametrize("mode", [(), ("--test",)])
def test_maps_wait_until_their_stream_is_selected(
    tap: TapRunner, pattern: str, mode: tuple[str, ...]
) -> None:
    maps = {pattern: {"extra": None, "more": "'something'"}}
    with Sandbox(billing_summaries=3, meters=3, cache_seconds=0) as box:
        config = box.tap_config(stream_maps=maps, utilityapi_requests_per_minute=100_000)
        run = tap(config, *mode)

    assert run.exit == 0, run.stderr
    assert run.records(SUMMARIES)
    assert all(row.get("more") == "something" for row in run.records(SUMMARIES)) is (pattern == "*")
    bills = run.records("energycap_bills")
    assert bool(bills) is bool(mode)
    if pattern in {"*", "energycap_bills"}:
        assert all(row["more"] == "something" for row in bills)


@pytest.mark.parametrize(
    "maps",
    [
        {RESULTS: {"meterCode": None, "extra": "extra"}, "*": {"more": "'x'"}},
        {"*": {"more": "'x'"}, RESULTS: {"meterCode": None, "extra": "extra"}},
        {RESULTS: {**{name: name for name in KEY}, "extra": "extra", "__else__": None}},
    ],
)
def test_a_value_of_a_removed_field_is_not_kept_under_extra(
    tap: TapRunner, maps: dict[str, Any]
) -> None:
    period = '{"calendarYear": 2026, "calendarPeriod": 1, "new": 5}'
    body = f'[{{"meterId": 2, "meterCode": ["Ann"], "results": [{period}]}}]'
    with Sandbox(meters=0, billing_summaries=0, faults=[answer(body)]) as box:
        run = tap(box.tap_config(stream_maps=maps), streams=[RESULTS])

    assert run.exit == 0, run.stderr
    (row,) = run.records(RESULTS)
    assert row["extra"] == {"new": 5}
    assert "Ann" not in run.stderr


def test_a_map_computes_with_decimals_and_floats_alike(tap: TapRunner) -> None:
    maps = {
        RESULTS: {
            "totalCost": "totalCost",
            "more": "totalCost * 1.1 + 0.5 if totalCost else None",
            "is_dear": "totalCost is not None and totalCost > 0.1",
            "old": "float(totalCost) * 1.1 if totalCost else None",
        }
    }
    with Sandbox(meters=5, billing_summaries=0, hard_numbers=True) as box:
        run = tap(box.tap_config(stream_maps=maps), streams=[RESULTS])

    assert run.exit == 0, run.stderr
    rows = [row for row in run.records(RESULTS) if row["totalCost"]]
    assert any(isinstance(row["totalCost"], Decimal) for row in rows)
    for row in rows:
        cost = Decimal(row["totalCost"])
        assert float(row["more"]) == pytest.approx(float(cost * Decimal("1.1") + Decimal("0.5")))
        assert row["is_dear"] is (cost > Decimal("0.1"))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("uid + 1", "can only concatenate str"),
        ("uid / 0", "unsupported operand"),
        ("1 / 0", "division by zero). Handle zero"),
        ("lambda: uid", "(FeatureNotAvailable: Sorry, Lambda is not available"),
        ("(2 ** 9) ** 999999999", "(NumberTooHigh). Its result would be too large."),
        ("md5(1)", "'encode'). For a field that may be missing"),
        ("base['nope']", "KeyError: 'nope'"),
        ("uid.nope", "Attribute 'nope' does not exist"),
        ("int('secret ' + uid)", "(ValueError)"),
        ("{}[uid]", "(KeyError)"),
        ("base[config['seed']]", "(KeyError)"),
        ("9 ** int(config['number'])", "(NumberTooHigh)"),
    ],
)
def test_an_expression_that_fails_for_a_record_is_named(
    tap: TapRunner, expression: str, words: str
) -> None:
    with Sandbox(billing_summaries=3, meters=0) as box:
        secrets = {"seed": "hunter2", "number": "987654321"}
        maps = {SUMMARIES: {"x": expression}}
        config = box.tap_config(stream_maps=maps, stream_map_config=secrets)
        run = tap(config, streams=[SUMMARIES])
        uids = [row["uid"] for row in box.truth(only=SUMMARIES)[SUMMARIES]]

    assert run.exit == 1
    assert not any(value in run.stderr for value in [*secrets.values(), *uids])
    assert run.last_line.startswith(f"{SUMMARIES}: stream_maps: ")
    assert expression in run.last_line
    assert words in run.last_line
    assert "unexpected" not in run.stderr


@pytest.mark.parametrize(
    ("stream", "field", "expression"),
    [
        (SUMMARIES, "x", "[each for each in [uid, notes]]"),
        (SUMMARIES, "x", "{k: v for k, v in base.items()} if _.get('base') else None"),
        (SUMMARIES, "authorization_uid", "self or uid"),
        (SUMMARIES, "x", "config['seed'] if 'seed' in config else str(datetime.date.today())"),
        (SUMMARIES, "x", "json.dumps(record['uid']) + __stream_name__ + __original_stream_name__"),
        ("*", "x", "uid if 'uid' in _ else None"),
        ("b*", "__filter__", "uid != 'x'"),
    ],
)
def test_every_name_that_a_record_can_have_is_known(
    tap: TapRunner, stream: str, field: str, expression: str
) -> None:
    with Sandbox(billing_summaries=3, meters=2) as box:
        config = box.tap_config(stream_maps={stream: {field: expression}})
        run = tap(config, streams=[SUMMARIES, "energycap_units"])

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3


SCALARS = {
    "id": "meterId",
    "half": "meterId / 2",
    "next": "meterId + 1",
    "is_large": "meterId > 1000",
    "not_null": "not meterCode",
    "unit": "nativeUseUnit['unitId'] if nativeUseUnit else None",
    "code": "(_.get('nativeUseUnit') or {}).get('unitCode')",
    "cost": "(totalCost or 0) * 1.1",
    "or": "totalCost or meterId",
    "hash": "sha256(str(meterId))",
    "start": "meterCode[0:2]",
    "letter": "meterCode[0]",
    "upper": "meterCode.upper()",
    "has": "meterCode.startswith('E')",
    "mixed": "meterId if meterId > 1000 else meterCode",
    "list": "[1, meterId]",
    "object": "{'a': meterId}",
    "row": "record.get('nativeUseUnit')",
    "nul": "'\\x00' + meterCode",
    "half_a_letter": "'\\ud800'",
    "padded": " meterId\n",
    "day": "datetime.date.today()",
    "none": "None",
    "yes": "True",
    "infinite": "float('inf')",
    "meterInfo": "meterId",
}


@pytest.mark.parametrize("depth", [0, 1])
def test_what_a_map_computes_fits_the_schema(tap: TapRunner, depth: int) -> None:
    with Sandbox(meters=9, billing_summaries=0) as box:
        flattening = {"flattening_enabled": True, "flattening_max_depth": depth}
        maps = {RESULTS: {**SCALARS, "meterId": "md5(str(meterId))"}}
        run = tap(box.tap_config(stream_maps=maps) | flattening, streams=[RESULTS])

    assert run.exit == 0, run.stderr
    (schema,) = [message["schema"] for message in run.messages if message["type"] == "SCHEMA"]
    kinds = {name: schema["properties"][name]["type"][0] for name in ("meterId", *SCALARS)}
    assert {name for name, kind in kinds.items() if kind == "integer"} == {
        *("id", "next", "unit", "padded", "meterInfo")
    }
    numbers = {name for name, kind in kinds.items() if kind == "number"}
    assert numbers == {"half", "cost", "or", "infinite"}
    booleans = {name for name, kind in kinds.items() if kind == "boolean"}
    assert booleans == {"is_large", "not_null", "has", "yes"}
    rows = run.records(RESULTS)
    assert rows
    assert not re.search(r"\\u0000|\\ud800", run.stdout)
    for row in rows:
        jsonschema.validate(row, schema)
        nulls = {name for name, value in row.items() if value is None}
        assert nulls <= schema["properties"].keys()
    assert json.loads(rows[0]["list"]) == [1, rows[0]["id"]]


@pytest.mark.parametrize("keys", [None, []])
def test_a_stream_without_keys_has_an_empty_list_of_them(tap: TapRunner, keys: object) -> None:
    with Sandbox(billing_summaries=3, meters=0) as box:
        maps = {SUMMARIES: {"__key_properties__": keys}}
        run = tap(box.tap_config(stream_maps=maps), streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert [m["key_properties"] for m in run.messages if m["type"] == "SCHEMA"] == [[]]


def test_a_value_that_cannot_fit_is_named(tap: TapRunner) -> None:
    with Sandbox(meters=3, billing_summaries=0) as box:
        maps = {RESULTS: {"meterId": "nativeUseUnit"}}
        run = tap(box.tap_config(stream_maps=maps), streams=[RESULTS])

    assert run.exit == 1
    assert run.errors[-1] == (
        f"{RESULTS}: stream_maps: 'nativeUseUnit' does not give what meterId is declared as. Give "
        "it another name, or write str(…) for text."
    )


def test_a_map_of_a_streams_own_counts_over_a_pattern(tap: TapRunner) -> None:
    maps = {SUMMARIES: {"sources": None}, "bill*": {"more": "'something'"}, "*": {"extra": None}}
    with Sandbox(billing_summaries=3, meters=3) as box:
        run = tap(box.tap_config(stream_maps=maps), streams=[SUMMARIES, RESULTS])

    assert run.exit == 0, run.stderr
    assert run.records(SUMMARIES)
    assert all("sources" not in row and "more" not in row for row in run.records(SUMMARIES))
    assert f"{SUMMARIES}: its own stream map overrides that for bill*, *" in run.stderr
    assert run.stderr.count("its own stream map overrides") == 1
