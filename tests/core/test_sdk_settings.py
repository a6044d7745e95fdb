"""The settings of the SDK: the same from a file, the environment and `.env`, and checked first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tap_utility_energy import settings
from tap_utility_energy.tap import TapUtilityEnergy
from tests.support import SUMMARIES, Run, TapRunner, catalog

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
            {"flattening_enabled": True, "flattening_max_depth": "two"},
            ['flattening_max_depth: it must be a whole number, not "two"'],
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
        *(
            (
                {"stream_maps": {SUMMARIES: {field: expression}}},
                f"stream_maps: billing_summaries: {field}: {words}",
            )
            for field, expression, words in (
                ("x", "sourcs", "there is no field sourcs; did you mean sources?"),
                ("__filter__", "uuid == '1'", "there is no field uuid; did you mean uid?"),
                ("x", "sha265(uid)", "there is no function sha265; did you mean sha256?"),
                ("x", "len(uid)", "there is no function len"),
                ("x", "self", "there is no self, as the records have no field x"),
                ("x", "fake.name()", "for fake, install the package faker"),
                ("x", "config['seed'] + uid", "the setting stream_map_config has no seed"),
            )
        ),
        (
            {"stream_maps": {"*": {"x": "sha256(uid + meterId + weterId)"}}},
            "stream_maps: *: x: there is no field weterId; did you mean meterId?",
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


def test_how_to_flatten_without_flattening_is_told(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=1, meters=0) as box:
        run = tap(box.tap_config(flattening_max_depth=1), streams=[SUMMARIES])

    assert run.exit == 0
    assert "flattening_max_depth: no effect without flattening_enabled" in run.stderr
