"""The settings of the SDK: the same from a file, the environment and `.env`, and checked first."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox import Sandbox
from tap_utility_energy import settings
from tap_utility_energy.tap import TapUtilityEnergy
from tests.support import RESULTS, SUMMARIES, Run, TapRunner, catalog

TOKEN = {"utilityapi_token": "a-good-token"}
PREFIX = "TAP_UTILITY_ENERGY_"
SOURCES = ["file", "text in a file", "environment", ".env"]


def text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture
def run_from(tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs the tap on billing summaries with settings from one of the `SOURCES`."""

    def run(source: str, box: Sandbox, **values: object) -> Run:
        options = ["--catalog", tap.file("catalog.json", catalog([SUMMARIES]))]
        config = box.tap_config()
        if source == "file":
            return tap(config | values, *options)
        if source == "text in a file":
            return tap(config | {name: text_of(value) for name, value in values.items()}, *options)
        if source == "environment":
            for name, value in values.items():
                monkeypatch.setenv(PREFIX + name.upper(), text_of(value))
        else:
            texts = {name: text_of(value).replace("'", r"\'") for name, value in values.items()}
            lines = (f"{PREFIX}{name.upper()}='{text}'\n" for name, text in texts.items())
            (tmp_path / ".env").write_text("".join(lines), "utf-8-sig")
        return tap(config, "--config=ENV", *options)

    return run


def test_every_setting_of_the_sdk_is_declared() -> None:
    added: dict[str, Any] = {"properties": {}}
    TapUtilityEnergy.append_builtin_config(added)

    assert added["properties"].keys() <= settings.SCHEMA["properties"].keys()


@pytest.mark.parametrize("source", SOURCES)
def test_stream_maps_work_from_everywhere(run_from, source: str) -> None:
    maps = {SUMMARIES: {"uid": "uid", "id": "config['seed'] + uid", "__else__": None}}
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_from(source, box, stream_maps=maps, stream_map_config={"seed": "salt"})

    assert run.exit == 0, run.stderr
    assert [set(record) for record in run.records(SUMMARIES)] == [{"uid", "id"}] * 3
    assert all(row["id"] == f"salt{row['uid']}" for row in run.records(SUMMARIES))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("on", ["true", "1", True])
def test_flattening_works_from_everywhere(run_from, source: str, *, on: object) -> None:
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_from(
            source,
            box,
            flattening_enabled=on,
            flattening_max_depth="1",
            flattening_max_key_length="200",
            flattening_separator="-",
        )

    assert run.exit == 0, run.stderr
    (schema,) = [m["schema"] for m in run.messages if m["type"] == "SCHEMA"]
    flat = {name for name in schema["properties"] if name.startswith("base-")}
    assert flat
    assert all(flat & row.keys() and "base" not in row for row in run.records(SUMMARIES))


@pytest.mark.parametrize("source", SOURCES)
def test_batches_work_from_everywhere(run_from, source: str, tmp_path: Path) -> None:
    batches = {
        "encoding": {"format": "jsonl", "compression": ""},
        "storage": {"root": tmp_path.as_uri(), "prefix": ""},
        "batch_size": "2",
    }
    with Sandbox(billing_summaries=3, meters=0) as box:
        run = run_from(source, box, batch_config=batches)

    assert run.exit == 0, run.stderr
    assert len([m for m in run.messages if m["type"] == "BATCH"]) == 2
    assert not run.records(SUMMARIES)


@pytest.mark.parametrize("source", SOURCES)
def test_faker_without_its_package_is_refused_from_everywhere(run_from, source: str) -> None:
    with Sandbox() as box:
        run = run_from(source, box, faker_config={"seed": "1"})
        assert not box.requests()

    assert run.errors == ["faker_config: install the package faker where the tap is installed"]


JSONL = {"format": "jsonl"}
LOCAL = {"root": "file:///tmp/somewhere"}


@pytest.mark.parametrize(
    ("config", "lines"),
    [
        (
            {"batch_config": {"encoding": JSONL, "storage": LOCAL, "batch_size": 0}},
            ["batch_config['batch_size']: it must be at least 1"],
        ),
        (
            {"batch_config": {"encoding": JSONL, "storage": LOCAL, "batch_size": 2**63}},
            ["batch_config['batch_size']: it must be at most 10000000"],
        ),
        (
            {"batch_config": {"encoding": JSONL, "storage": LOCAL, "batch_size": -5}},
            ["batch_config['batch_size']: it must be at least 1"],
        ),
        (
            {"batch_config": {"batch_size": 5}},
            [
                'batch_config: set encoding.format, to "jsonl"',
                "batch_config: set storage.root, to a folder such as file:///data/batches",
            ],
        ),
        (
            {"batch_config": {"encoding": JSONL, "storage": {"rot": "."}}},
            ["batch_config['storage']: rot: there is no such setting; did you mean root?"],
        ),
        (
            {"batch_config": {"encoding": {"format": "csv"}, "storage": LOCAL}},
            ["""batch_config['encoding']['format']: it must be "jsonl" or "parquet\""""],
        ),
        (
            {"batch_config": {"encoding": {**JSONL, "compression": "zip"}, "storage": LOCAL}},
            ["""batch_config['encoding']['compression']: it must be "gzip" or "none\""""],
        ),
        (
            {"batch_config": {"encoding": {"format": "parquet"}, "storage": LOCAL}},
            [
                (
                    "batch_config: encoding.format: parquet is not supported, as its files "
                    'lack every column that the first record lacks; set it to "jsonl"'
                )
            ],
        ),
        (
            {"batch_config": {"encoding": JSONL, "storage": {"root": "s3://bucket/batches"}}},
            ["batch_config: storage.root: Install s3fs to access S3, where the tap is installed"],
        ),
        (
            {"batch_config": {"encoding": JSONL, "storage": {"root": "s4://bucket"}}},
            ["batch_config: storage.root: there is no protocol s4"],
        ),
        (
            {"batch_config": {"encoding": JSONL, "storage": {"root": "https://host/x"}}},
            ["batch_config: storage.root: https is read-only"],
        ),
        (
            {"batch_config": "every night, with the password hunter2"},
            ["batch_config: it must be an object"],
        ),
        (
            {"flattening_enabled": True},
            ["flattening_max_depth: set it, as flattening_enabled is on"],
        ),
        (
            {"flattening_max_depth": -1, "flattening_max_key_length": 0},
            [
                "flattening_max_depth: it must be at least 0, not -1",
                "flattening_max_key_length: it must be at least 1, not 0",
            ],
        ),
        (
            {"flattening_enabled": "maybe", "flattening_separator": 5},
            [
                'flattening_enabled: it must be true or false, not "maybe"',
                "flattening_separator: it must be text, not 5",
            ],
        ),
        ({"stream_map_config": "the seed"}, ["stream_map_config: it must be an object"]),
        (
            {"faker_config": {"sed": 1}},
            [
                "faker_config: sed: there is no such setting; did you mean seed?",
            ],
        ),
        (
            {"stream_maps": {SUMMARIES: {"a\0b": "uid", "": "uid"}}},
            [
                "stream_maps: billing_summaries: ab: it is not a field name",
                "stream_maps: billing_summaries: : it is not a field name",
            ],
        ),
        (
            {"stream_maps": {"copy": {"__source__": SUMMARIES, "__alias__": "other"}}},
            ["stream_maps: copy: __alias__: a copy of a stream is named after its map: copy"],
        ),
        ({"stream_maps": [1]}, ["stream_maps: it must be an object, not [1]"]),
        (
            {"stream_maps": {SUMMARIES: 5, "__else__": "x", "__x__": 1}},
            [
                (
                    "stream_maps: billing_summaries: it must be an object, or null to leave the "
                    "stream out"
                ),
                "stream_maps: __else__: it must be null, which leaves all other streams out",
                "stream_maps: __x__: there is no such option; did you mean __else__?",
            ],
        ),
        (
            {
                "stream_maps": {
                    "energycap_bills": {
                        "a": "b +",
                        "c": 1,
                        "d": "",
                        "e": "f = 1",
                        "__filter__": None,
                        "__alias__": "a b",
                        "__else__": 1,
                        "__key_properties__": "billId",
                        "__sources__": "x",
                    }
                }
            },
            [
                "stream_maps: energycap_bills: a: 'b +' is not an expression: invalid syntax",
                "stream_maps: energycap_bills: c: it must be an expression, as text",
                "stream_maps: energycap_bills: d: '' is not an expression",
                "stream_maps: energycap_bills: e: 'f = 1' is not an expression",
                "stream_maps: energycap_bills: __filter__: it must be an expression, as text",
                (
                    "stream_maps: energycap_bills: __alias__: 'a b' is not an expression: invalid "
                    "syntax"
                ),
                (
                    "stream_maps: energycap_bills: __else__: it must be null, which leaves other "
                    "fields out"
                ),
                "stream_maps: energycap_bills: __key_properties__: it must be a list of fields",
                (
                    "stream_maps: energycap_bills: __sources__: there is no such option; did you "
                    "mean __source__?"
                ),
            ],
        ),
    ],
)
def test_they_are_checked_before_any_request(
    tap: TapRunner, config: dict[str, Any], lines: list[str]
) -> None:
    run = tap(TOKEN | config)

    assert run.exit == 1
    assert sorted(run.errors) == sorted(lines)
    assert not run.stdout


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (
            {"stream_maps": {SUMMARIES: {"uid": None}}},
            "stream_maps: billing_summaries: Removing key property 'uid' is not permitted",
        ),
        (
            {"stream_maps": {SUMMARIES: {"source": None}}},
            (
                "stream_maps: billing_summaries: source: there is no such field to leave out; did "
                "you mean sources?"
            ),
        ),
        (
            {"stream_maps": {"utilityapi_*": {"user_mail": "__NULL__"}}},
            (
                "stream_maps: utilityapi_*: user_mail: there is no such field to leave out; did "
                "you mean user_email?"
            ),
        ),
        *(
            (
                {"stream_maps": {"utilityapi_meters": {name: None}}},
                (
                    f"stream_maps: utilityapi_meters: {name}: a part of base is left out by an "
                    "expression: see docs/personal-data.md"
                ),
            )
            for name in ("base.billing_contact", "base__billing_contact", "base[billing_contact]")
        ),
        (
            {"stream_maps": {SUMMARIES: {"currency": "currency", "__else__": None}}},
            (
                'stream_maps: billing_summaries: __else__ leaves the key out: add "uid": "uid", or '
                "name another in __key_properties__"
            ),
        ),
        (
            {"stream_maps": {"utilityapi_bill*": {"__alias__": "'all'"}}},
            (
                "stream_maps: utilityapi_bill_line_items and utilityapi_billing_accounts and "
                "utilityapi_bills would all be called all"
            ),
        ),
        (
            {
                "stream_maps": {
                    "utilityapi_meters": {"__alias__": "other"},
                    "other": {"__source__": "utilityapi_bills"},
                },
            },
            "stream_maps: utilityapi_bills and utilityapi_meters would both be called other",
        ),
        (
            {"stream_maps": {SUMMARIES: {"__source__": SUMMARIES}}},
            (
                "stream_maps: billing_summaries and billing_summaries would both be "
                "called billing_summaries"
            ),
        ),
        (
            {"stream_maps": {SUMMARIES: {"__alias__": "'a\\x00b'"}}},
            "stream_maps: billing_summaries: __alias__: 'ab' is not a name",
        ),
        (
            {"flattening_max_key_length": 20, "flattening_max_depth": 2},
            "flattening_max_key_length: energycap_accounts: Duplicate column name",
        ),
        (
            {"flattening_max_key_length": 3, "flattening_max_depth": 1},
            "flattening_max_key_length: billing_summaries: ",
        ),
    ],
)
def test_they_have_to_fit_the_selected_streams(
    tap: TapRunner, config: dict[str, Any], line: str
) -> None:
    with Sandbox(billing_summaries=1, meters=0) as box:
        run = tap(box.tap_config(flattening_enabled=True, flattening_max_depth=1) | config)
        assert not box.requests()

    assert run.exit == 1
    assert run.errors[0].startswith(line)
    assert "unexpected" not in run.stderr
    assert not run.stdout


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
        ("1 / 0", "division by zero"),
        ("base['nope']", "KeyError: 'nope'"),
        ("nope", "'nope' is not defined"),
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


def test_how_to_flatten_without_flattening_is_told(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=1, meters=0) as box:
        run = tap(box.tap_config(flattening_max_depth=1), streams=[SUMMARIES])

    assert run.exit == 0
    assert "flattening_max_depth: no effect without flattening_enabled" in run.stderr


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
