"""What is wrong with the settings is said at once, a line each, before any request."""

from __future__ import annotations

import json
import re

import pytest

from sandbox import Sandbox
from tests.support import SUMMARIES, TapRunner

TOKEN = {"utilityapi_token": "a-good-token"}


@pytest.mark.parametrize(
    ("config", "lines"),
    [
        ({}, ["utilityapi_token, energycap_api_key: set at least one of them"]),
        (
            {"utilityapi_token": "", "energycap_api_key": None},
            ["utilityapi_token, energycap_api_key: set at least one of them"],
        ),
        (
            {**TOKEN, "utilityapi_tokn": 1, "zzz": 2},
            [
                "utilityapi_tokn: there is no such setting; did you mean utilityapi_token?",
                "zzz: there is no such setting",
            ],
        ),
        (
            {**TOKEN, "energycap_page_size": 1001, "request_timeout": 0},
            [
                "energycap_page_size: it must be at most 1000, not 1001",
                "request_timeout: it must be at least 1, not 0",
            ],
        ),
        (
            {**TOKEN, "max_wait_seconds": "soon", "utilityapi_meters": "12"},
            [
                'max_wait_seconds: it must be a whole number, not "soon"',
                'utilityapi_meters: it must be a list, not "12"',
            ],
        ),
        (
            {**TOKEN, "utilityapi_meters": [1, {"uid": 2}]},
            ['utilityapi_meters[1]: it must be text, not {"uid": 2}'],
        ),
        ({"utilityapi_token": 4711}, ["utilityapi_token: it must be text"]),
        (
            {"utilityapi_token": "good\nbad"},
            ["utilityapi_token: it has characters that cannot be sent, such as a line break"],
        ),
        (
            {**TOKEN, "utilityapi_base_url": "http://utilityapi.com/api/v2"},
            ["utilityapi_base_url: it must be https, so that the credential is not sent in clear"],
        ),
        (
            {**TOKEN, "energycap_base_url": "app.energycap.com"},
            ["energycap_base_url: it must begin with https:// and name a host"],
        ),
        (
            {**TOKEN, "energycap_base_url": "https://user:pass@app.energycap.com"},
            ["energycap_base_url: it must hold no user, query or fragment"],
        ),
        (
            {**TOKEN, "start_date": "yesterday"},
            ["start_date: 'yesterday' is not a date such as 2024-01-31T00:00:00Z"],
        ),
        (
            {
                **TOKEN,
                "stream_maps": {"energycap_unit": {"uid": "md5(uid)"}, "utilityapi_*": None},
            },
            ["stream_maps: energycap_unit: there is no such stream; did you mean energycap_units?"],
        ),
        (
            {**TOKEN, "stream_maps": {"mine": {"__source__": "bils"}, "__else__": None}},
            ["stream_maps: bils: there is no such stream"],
        ),
        (
            {**TOKEN, "stream_maps": {"billing_summaries": {"id": "uid +"}}},
            ["stream_maps: billing_summaries: id: 'uid +' is not an expression: invalid syntax"],
        ),
    ],
)
@pytest.mark.parametrize("mode", [(), ("--test",)])
def test_problems_come_all_at_once(
    tap: TapRunner, config: dict, lines: list[str], mode: tuple[str, ...]
) -> None:
    run = tap(config, *mode)

    assert run.exit == 1
    assert sorted(run.errors) == sorted(lines)
    assert run.last_line in lines
    assert "Traceback" not in run.stderr
    assert not run.stdout


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"energycap_page_size": "x", "no_such": 1},
        {"energycap_api_key": 12345},
        {"energycap_base_url": 5, "request_timeout": "x", "utilityapi_requests_per_minute": "x"},
        {"stream_maps": [1], "flattening_enabled": "maybe"},
    ],
)
def test_discovery_lists_every_stream_whatever_is_set(tap: TapRunner, config: dict) -> None:
    run = tap(config, "--discover")

    assert run.exit == 0
    names = {stream["tap_stream_id"] for stream in json.loads(run.stdout)["streams"]}
    assert {SUMMARIES, "meter_digest_monthly", "meter_digest_monthly_results"} <= names


def test_environment_variables_are_settings(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(billing_summaries=9, meters=0) as box:
        chosen = [row["uid"] for row in box.truth(only=SUMMARIES)[SUMMARIES][:3]]
        for name, value in {
            **box.tap_config(),
            "utilityapi_billing_summaries": ",".join(chosen),
            "utilityapi_requests_per_minute": "600",
            "utilityapi_meters": "",
            "max_wait_seconds": "",
        }.items():
            monkeypatch.setenv(f"TAP_UTILITY_ENERGY_{name.upper()}", value)
        run = tap(None, "--config", "ENV")

    assert run.exit == 0, run.stderr
    assert {row["uid"] for row in run.records(SUMMARIES)} == set(chosen)


def test_a_wrong_variable_is_named(tap: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_REQUEST_TIMEOUT", "ten")
    monkeypatch.setenv("TAP_UTILITY_ENERGY_STREAM_MAPS", "{")

    run = tap(TOKEN, "--config", "ENV")

    assert run.exit == 1
    assert run.errors == [
        "request_timeout: the variable TAP_UTILITY_ENERGY_REQUEST_TIMEOUT is not a whole number",
        "stream_maps: the variable TAP_UTILITY_ENERGY_STREAM_MAPS is not valid JSON",
    ]


def test_a_setting_that_is_wrong_is_not_said_to_be_missing(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {
        "flattening_max_depth": "two",
        "historical_collection_meters": '["1"',
    }
    config = {**TOKEN, "flattening_enabled": True, "historical_collection_enabled": True}
    for name, text in wrong.items():
        monkeypatch.setenv(f"TAP_UTILITY_ENERGY_{name.upper()}", text)

    run = tap(config, "--config", "ENV")

    assert run.exit == 1
    assert sorted(line.partition(":")[0] for line in run.errors) == sorted(wrong)


def test_whole_numbers_may_have_a_point_in_variables_too(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_REQUEST_TIMEOUT", "5.0")
    monkeypatch.setenv("TAP_UTILITY_ENERGY_MAX_WAIT_SECONDS", "5.5")

    run = tap(TOKEN | {"energycap_page_size": "5.0"}, "--config", "ENV")

    assert run.errors == [
        "max_wait_seconds: the variable TAP_UTILITY_ENERGY_MAX_WAIT_SECONDS is not a whole number"
    ]


def test_dotenv_of_the_working_directory_counts(tap: TapRunner, tmp_path) -> None:
    (tmp_path / ".env").write_text("TAP_UTILITY_ENERGY_REQUEST_TIMEOUT=never\n")

    run = tap(TOKEN, "--config", "ENV")

    assert "TAP_UTILITY_ENERGY_REQUEST_TIMEOUT is not a whole number" in run.last_line


def test_uids_may_be_integers(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=40, meters=0) as box:
        number = next(
            row["uid"] for row in box.truth(only=SUMMARIES)[SUMMARIES] if row["uid"].isdigit()
        )
        if number.startswith("0"):
            pytest.fail("pick another seed: an integer has no leading zero")
        run = tap(box.tap_config(utilityapi_billing_summaries=[int(number)]))

    assert [row["uid"] for row in run.records(SUMMARIES)] == [number]


def test_one_vendor_is_enough_and_the_other_is_named_once(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=3, meters=3) as box:
        config = box.tap_config()
        del config["energycap_api_key"]
        run = tap(config)

        assert run.exit == 0
        assert len(run.records(SUMMARIES)) == 3
        assert run.stderr.count("EnergyCAP streams are not extracted: energycap_api_key") == 1
        assert {request["vendor"] for request in box.requests()} == {"utilityapi"}
        assert not [
            message for message in run.messages if message.get("stream", "").startswith("meter")
        ]


@pytest.mark.parametrize("source", ["file", "environment"])
def test_a_name_that_json_has_twice_is_refused(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    maps = '{"utilityapi_meters": {"user_email": null}, "utilityapi_meters": {"extra": null}}'
    path = tap.file("twice.json", f'{{"utilityapi_token": "a", "stream_maps": {maps}}}')
    monkeypatch.setenv("TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN", "a")
    if source == "environment":
        monkeypatch.setenv("TAP_UTILITY_ENERGY_STREAM_MAPS", maps)

    run = tap(None, "--config", path if source == "file" else "ENV")

    assert run.exit == 1
    assert "it has utilityapi_meters twice in one object: keep one of them" in run.errors[0]
    assert path in run.errors[0] or run.errors[0].startswith("stream_maps: the variable ")


def test_a_config_file_in_another_encoding_says_what_to_do(tap: TapRunner, tmp_path) -> None:
    (tmp_path / "latin.json").write_bytes('{"user_agent": "ü"}'.encode("latin-1"))

    run = tap({}, "--config", str(tmp_path / "latin.json"))

    assert run.exit == 1
    assert run.last_line.endswith(". Save it as UTF-8")


@pytest.mark.parametrize("content", ["{", "[1]", '"text"'])
def test_a_config_file_that_is_no_object_is_named(tap: TapRunner, content: str) -> None:
    path = tap.file("broken.json", content)

    run = tap(None, "--config", path)

    assert run.exit == 1
    assert "broken.json" in run.last_line
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("option", ["--state", "--catalog"])
@pytest.mark.parametrize(
    "content",
    ["", "{", "5", '"x"', "[]", "NaN", "[" * 100_000, '{"bookmarks": null, "streams": null}'],
)
def test_a_state_or_catalog_that_is_none_is_named(
    tap: TapRunner, option: str, content: str
) -> None:
    run = tap(TOKEN, option, tap.file("odd.json", content))

    assert run.exit == 1
    assert run.last_line.startswith(option)
    assert re.search(r"odd.json: (not |the file is empty)", run.last_line)
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"utilityapi_base_url": "https://a..b/api"}, "it must begin with https:// and name a"),
        ({"utilityapi_base_url": f"https://{'ä' * 70}.com"}, "it must begin with https:// and"),
        ({"utilityapi_base_url": "https://*.com"}, "it must begin with https:// and name a host"),
        ({"utilityapi_base_url": "https://a.com/v2?"}, "it must hold no user, query or fragment"),
        (
            {"utilityapi_meters": ["1 2"]},
            "a uid has no blanks, commas, quotes or control characters",
        ),
        ({"historical_collection_repeat_before": "2999-01-01T00:00:00Z"}, "is in the future"),
        ({"utilityapi_meters": ["1;2"]}, "a uid has no blanks, commas, quotes or control"),
        ({"utilityapi_meters": ["'1'"]}, "a uid has no blanks, commas, quotes or control"),
        ({"flattening_separator": "a\nb"}, "it has characters that no field name has"),
        ({"flattening_separator": "\ud800"}, "it has characters that no field name has"),
        (
            {"energycap_filters": {"energycap_bills": "\ud800"}},
            "a filter has no control characters",
        ),
        ({"REQUEST_TIMEOUT": 5}, "there is no such setting; did you mean request_timeout?"),
        ({"request-timeout": 5}, "there is no such setting; did you mean request_timeout?"),
        (
            {"TAP_UTILITY_ENERGY_REQUEST_TIMEOUT": 5},
            "there is no such setting; did you mean request_timeout?",
        ),
        ({"utilityapi_meters": ["\ud800"]}, "a uid has no blanks, commas, quotes or control"),
        ({"utilityapi_token": "a b c d e f"}, "it has a blank"),
        ({"utilityapi_token": "\ud800good"}, "it has characters that cannot be sent"),
        ({"energycap_page_size": 2.5}, "it must be a whole number, not 2.5"),
        ({"energycap_page_size": 2000.5}, "it must be a whole number, not 2000.5"),
        ({"utilityapi_meters": [1.5]}, "utilityapi_meters[0]: it must be text, not 1.5"),
        ({"no\nsuch": 1}, "no such: there is no such setting"),
    ],
)
def test_odd_values_are_refused_by_name(tap: TapRunner, config: dict, line: str) -> None:
    run = tap({**TOKEN, **config})

    assert run.exit == 1
    (error,) = run.errors
    assert line in error


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "[0:0:0:0:0:0:0:1]", "localhost"])
def test_every_loopback_address_may_be_http(tap: TapRunner, host: str) -> None:
    config = {**TOKEN, "utilityapi_base_url": f"http://{host}:1/", "max_wait_seconds": 0}

    run = tap(config)

    assert "refuses the connection" in run.last_line


@pytest.mark.parametrize("value", ["null", '{"a": 1}', '"a","b"', "[1", "[" * 100_000])
def test_a_list_in_a_variable_is_json_or_separated_by_commas(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_UTILITYAPI_METERS", value)

    run = tap(TOKEN, "--config", "ENV")

    assert run.exit == 1
    assert run.last_line.startswith("utilityapi_meters: ") or not value.startswith("[1")


def test_blank_uids_are_none_and_whole_numbers_may_have_a_point(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=3, meters=0, cache_seconds=0) as box:
        run = tap(box.tap_config(utilityapi_meters=["", " "], energycap_page_size=5.0))

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3


def test_a_dotenv_of_other_bytes_is_named(tap: TapRunner, tmp_path) -> None:
    (tmp_path / ".env").write_bytes(b"TAP_UTILITY_ENERGY_USER_AGENT=\xff\n")

    run = tap(TOKEN, "--config", "ENV")

    assert run.exit == 1
    assert run.last_line.startswith(".env: it is not UTF-8 text")
    assert run.last_line.endswith("Save it as UTF-8.")


def test_a_test_run_asks_only_the_vendor_with_a_credential(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=3, meters=3, cache_seconds=0) as box:
        run = tap(box.tap_config(energycap_api_key=""), "--test")

        assert run.exit == 0, run.stderr
        assert {request["vendor"] for request in box.requests()} == {"utilityapi"}


def test_a_test_run_tells_of_every_failure(tap: TapRunner) -> None:
    with Sandbox(faults=[{"status": 403, "times": None}]) as box:
        run = tap(box.tap_config(), "--test")

    assert run.exit == 1
    failed = ", ".join(line.split(":")[0] for line in run.errors if "answered 403" in line)
    for stream in (SUMMARIES, "meter_digest_monthly", "utilityapi_bills", "energycap_units"):
        assert stream in failed.split(", ")


def test_a_missing_config_file_is_named(tap: TapRunner) -> None:
    run = tap(None, "--config", "nowhere.json")

    assert run.exit == 1
    assert "nowhere.json" in run.last_line


def test_a_stream_map_that_fails_is_told_as_one(tap: TapRunner) -> None:
    with Sandbox(billing_summaries=3, meters=0) as box:
        maps = {SUMMARIES: {"id": "uid + 1"}}
        run = tap(box.tap_config(stream_maps=maps), streams=[SUMMARIES])

    assert run.exit == 1
    assert run.last_line.startswith(f"{SUMMARIES}: stream_maps: 'uid + 1' cannot be computed")


def test_a_test_that_there_is_not_is_a_wrong_command_line(tap: TapRunner) -> None:
    run = tap(TOKEN, "--test=record")

    assert run.exit == 2
    assert "Invalid value for '--test': 'record' is not one of all, schema, disabled." in run.stderr
    assert not run.stdout
