"""Variables with the tap's prefix: each has an effect, is Meltano's, or is refused by name."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.support import SUMMARIES, TapRunner

TOKEN = {"utilityapi_token": "a-good-token"}
PREFIX = "TAP_UTILITY_ENERGY_"
#: What Meltano 4.4 exports besides settings; an inheriting plugin has them under its name too.
MELTANO = {
    "MELTANO_EXTRACTOR_NAME": "tap-utility-energy-north",
    f"{PREFIX}_SELECT": '["*.*"]',
    f"{PREFIX}_LOAD_SCHEMA": "tap_utility_energy",
    f"{PREFIX}_USE_CACHED_CATALOG": "true",
    f"{PREFIX}_METADATA_BILLS_SELECTED": "true",
    f"{PREFIX}ENERGYCAP_FILTERS_ENERGYCAP_BILLS": "x",
    f"{PREFIX}NORTH_ENERGYCAP_FILTERS_ENERGYCAP_BILLS": "x",
    f"{PREFIX}NORTH_START_DATE": "2024-01-01T00:00:00Z",
    f"{PREFIX}NORTH__SELECT": '["*.*"]',
    f"{PREFIX}_SOUTH_USER_AGENT": "another plugin's",
    f"{PREFIX}_SOUTH__SELECT_FILTER": "[]",
}


@pytest.mark.parametrize("source", ["environment", ".env"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("STREAM_MAP", "; did you mean TAP_UTILITY_ENERGY_STREAM_MAPS?"),
        ("UTILITYAPI_METRES", "; did you mean TAP_UTILITY_ENERGY_UTILITYAPI_METERS?"),
        ("_UTILITYAPI_TOKEN", "; did you mean TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN?"),
        ("BATCH_CONFIG_BATCH_SIZE", "; did you mean TAP_UTILITY_ENERGY_BATCH_CONFIG?"),
        ("NORTH_UTILITYAPI_TOKEN", "; did you mean TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN?"),
        ("STREAM_MAPS_UTILITYAPI_METERS", "; did you mean TAP_UTILITY_ENERGY_STREAM_MAPS?"),
        ("LOG_LEVEL", "; did you mean TAP_UTILITY_ENERGY_LOGLEVEL?"),
        ("XYZZY", ""),
    ],
)
def test_a_misspelt_variable_is_refused(
    tap: TapRunner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    source: str,
    name: str,
    hint: str,
) -> None:
    if source == "environment":
        monkeypatch.setenv(PREFIX + name, "anything")
    else:
        (tmp_path / ".env").write_text(f"{PREFIX}{name}=anything\n", "utf-8")

    run = tap(TOKEN, "--config=ENV")

    assert run.exit == 1
    assert run.errors == [f"{PREFIX}{name}: there is no such variable{hint}"]


def test_it_is_refused_without_the_environment_too(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}STREAM_MAP", "{}")

    run = tap(TOKEN)

    assert run.errors == [
        f"{PREFIX}STREAM_MAP: there is no such variable; did you mean {PREFIX}STREAM_MAPS?"
    ]


def test_a_name_in_other_letters_is_refused(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}Stream_Maps", "{}")

    run = tap(TOKEN)

    assert run.errors == [
        f"{PREFIX}Stream_Maps: there is no such variable; did you mean {PREFIX}STREAM_MAPS?"
    ]


@pytest.mark.parametrize("source", ["environment", ".env"])
def test_a_variable_that_is_not_read_is_refused(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    maps = json.dumps({SUMMARIES: None})
    monkeypatch.setenv(f"{PREFIX}UTILITYAPI_TOKEN", "another-token")
    if source == "environment":
        monkeypatch.setenv(f"{PREFIX}STREAM_MAPS", maps)
    else:
        (tmp_path / ".env").write_text(f"{PREFIX}STREAM_MAPS='{maps}'\n", "utf-8")

    run = tap(TOKEN)

    assert run.exit == 1
    (error,) = run.errors
    assert error.startswith(f"stream_maps: the variable {PREFIX}STREAM_MAPS is set, and without")


@pytest.mark.parametrize("arguments", [(), ("--config=ENV",)])
def test_variables_of_meltano_and_logging_are_not_refused(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    for name, value in MELTANO.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(f"{PREFIX}LOGLEVEL", "info")
    monkeypatch.setenv(f"{PREFIX}BLANK", " ")
    with Sandbox(billing_summaries=3, meters=0) as box:
        config = box.tap_config(energycap_filters={"energycap_bills": "x"})
        run = tap(config, *arguments, streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3


@pytest.mark.parametrize(
    "name",
    [
        "STREAM_MAP",
        "UTILITYAPI__TOKEN",
        "NORTH_STREAM_MAP",
        "_UTILITYAPI_TOKEN",
        "STREAM_MAPS_UTILITYAPI_METERS",
        "BATCH_CONFIG_USER_AGENT",
    ],
)
def test_a_misspelt_variable_is_refused_under_meltano(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for each, value in MELTANO.items():
        monkeypatch.setenv(each, value)
    monkeypatch.setenv(PREFIX + name, "anything")

    run = tap({**TOKEN, "energycap_filters": {"energycap_bills": "x"}})

    (error,) = run.errors
    assert error.startswith(f"{PREFIX}{name}: there is no such variable")


@pytest.mark.parametrize("source", ["environment", "Meltano"])
@pytest.mark.parametrize(
    "line",
    [
        '{prefix}STREAM_MAPS="{{"billing_summaries": {{"uid": null}}}}"',
        "{prefix}STREAM_MAPS='{{",
        "export {prefix}UTILITYAPI_TOKEN: hunter2",
        "set {prefix}UTILITYAPI_TOKEN=hunter2",
        "{prefix}START_DATE",
    ],
)
def test_a_line_of_the_dotenv_that_cannot_be_read_is_refused(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, line: str
) -> None:
    text = f"OTHER: program\n\n{line.format(prefix=PREFIX)}\n"
    (tmp_path / ".env").write_text(text, "utf-8")
    if source == "Meltano":
        monkeypatch.setenv("MELTANO_EXTRACTOR_NAME", "tap-utility-energy")

    run = tap(TOKEN, *(["--config=ENV"] if source == "environment" else []))

    assert run.exit == 1
    assert run.stderr.count("\n") == 1
    assert run.errors == [".env: line 3 cannot be read. Write it as NAME='value', in single quotes"]


def test_lines_of_other_programs_do_not_matter(tap: TapRunner, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OTHER: program\n", "utf-8")

    run = tap({}, "--config=ENV")

    assert run.errors == ["utilityapi_token, energycap_api_key: set at least one of them"]
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("name", [f"{PREFIX}LOGLEVEL", "LOGLEVEL"])
@pytest.mark.parametrize("level", ["", "  ", "debug", "INFO", " warning "])
def test_a_log_level_may_be_blank_and_in_any_letters(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, name: str, level: str
) -> None:
    monkeypatch.setenv(name, level)
    with Sandbox(billing_summaries=1, meters=0, cache_seconds=0) as box:
        run = tap(box.tap_config(energycap_api_key=""))

    assert run.exit == 0, run.stderr
    assert (" | DEBUG" in run.stderr) is (level == "debug")
    assert (" | INFO" in run.stderr) is (level != " warning ")


@pytest.mark.parametrize("name", [f"{PREFIX}LOGLEVEL", "LOGLEVEL"])
@pytest.mark.parametrize("level", ["loud", "10", "INFO,DEBUG"])
def test_a_wrong_log_level_ends_in_one_line(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, name: str, level: str
) -> None:
    monkeypatch.setenv(name, level)

    run = tap(TOKEN)

    assert run.exit == 1
    assert run.errors == [
        f"{name}: there is no log level {level!r}; it can be DEBUG, INFO, WARNING or ERROR"
    ]


def test_of_two_wrong_log_levels_the_taps_own_is_named(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}LOGLEVEL", "loud")
    monkeypatch.setenv("LOGLEVEL", "quiet")

    run = tap(TOKEN)

    assert [line.split(":")[0] for line in run.errors] == [f"{PREFIX}LOGLEVEL"]


def test_a_blank_log_config_is_none(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", " ")

    run = tap({"utilityapi_tokn": "x"})

    assert run.errors[0].startswith("utilityapi_tokn: there is no such setting")


def test_a_log_config_that_names_no_logger_of_ours_hides_no_failure(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = "a: {class: logging.StreamHandler}"
    content = f"version: 1\nhandlers: {{{handler}}}\nroot: {{level: INFO, handlers: [a]}}"
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", tap.file("logging.yaml", content))

    run = tap({"utilityapi_tokn": "x"})

    assert run.exit == 1
    assert "utilityapi_tokn: there is no such setting" in run.stderr
    ours = [name for name in logging.root.manager.loggerDict if name.startswith("tap-utility-")]
    assert "tap-utility-energy.historical_collection" in ours
    assert not [name for name in ours if logging.getLogger(name).disabled]


STDOUT = "a: {class: logging.StreamHandler, stream: ext://sys.stdout}"


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "version: 9",
        "5",
        "version: 1\nroot: {level: LOUD}",
        "version: 1\nroot: {handlers: [nobody]}",
        f"version: 1\nhandlers: {{{STDOUT}}}\nroot: {{handlers: [a]}}",
    ],
)
def test_a_log_config_that_cannot_be_used_is_named(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", tap.file("logging.yaml", content))

    run = tap(TOKEN)

    assert run.exit == 1
    (error,) = run.errors
    assert error.startswith("SINGER_SDK_LOG_CONFIG: it cannot be used: ")
    assert not run.stdout


@pytest.mark.parametrize("value", ["", " ", "[]", "null", '["", " "]'])
def test_a_blank_variable_is_none(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with Sandbox(billing_summaries=3, meters=0) as box:
        monkeypatch.setenv(f"{PREFIX}UTILITYAPI_METERS", value)
        run = tap(box.tap_config(), "--config=ENV", streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3
