"""A credential goes to its vendor and nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.support import DIGESTS, SUMMARIES, TapRunner, start

TOKEN = "tok/3n+with=odd chars".replace(" ", "%")
KEY = 'key.with"quote\\and=='
CREDENTIALS = {"utilityapi_token": TOKEN, "energycap_api_key": KEY}


def planted(text: str) -> list[dict[str, Any]]:
    """Answers that give the secret away in every place that an answer has."""
    in_json = json.dumps({"error": text, "error_description": text})
    return [
        {"status": 400, "body": in_json, "content_type": "application/json"},
        {"status": 401, "body": f"bad key: {text}", "content_type": "text/plain"},
        {"status": 403, "body": "x" * 295 + text, "content_type": "text/plain"},
        {"status": 404, "body": f"<p>{text}</p>"},
        {"status": 200, "body": text, "content_type": "text/plain"},
        {"status": 200, "body": "[]", "headers": {"PageNumber": text.replace("\n", "")}},
        {"redirect": f"http://127.0.0.1:1/?access_token={text}"},
        {"garbage": json.dumps({"billing_summaries": [], "next": f"/x?access_token={text}"})},
        {"garbage": json.dumps({"billing_summaries": [], "next": f"//{text}.example"})},
        {"garbage": json.dumps({"billing_summaries": [{"uid": "1", "note": text}]})},
    ]


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
@pytest.mark.parametrize("rule", range(10))
def test_no_log_line_or_message_holds_a_secret(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, level: str, rule: int
) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_LOGLEVEL", level)
    with Sandbox(
        utilityapi_token=TOKEN, energycap_api_key=KEY, cache_seconds=0, billing_summaries=2
    ) as box:
        for vendor, secret in (("utilityapi", TOKEN), ("energycap", KEY)):
            box.set_faults([planted(secret)[rule] | {"vendor": vendor, "times": None}])
            run = tap(box.tap_config(max_wait_seconds=1))

            assert any(request["authorized"] for request in box.requests())
            for text in (
                secret,
                json.dumps(secret)[1:-1],
                base64.b64encode(secret.encode()).decode(),
            ):
                assert text not in run.stderr
                assert text not in run.stdout
            assert secret[:12] not in run.stderr + run.stdout, "not even a part"


def test_a_secret_in_a_record_is_redacted(tap: TapRunner) -> None:
    rows = [{"uid": "1", "sources": [{"raw_url": f"https://x/?access_token={TOKEN}"}]}]
    body = json.dumps({"billing_summaries": rows, "next": None})
    with Sandbox(utilityapi_token=TOKEN) as box:
        box.set_faults([{"garbage": body, "vendor": "utilityapi"}])
        run = tap(box.tap_config(), streams=[SUMMARIES])

    assert run.records(SUMMARIES)[0]["sources"][0]["raw_url"].endswith("access_token=[secret]")


def test_a_name_that_the_vendor_makes_up_is_one_line_of_the_log(tap: TapRunner) -> None:
    fields = {"uid": "1", "new\n2026 | ERROR | forged": 1, f"\x1b[2J{TOKEN}": 2}
    body = json.dumps({"billing_summaries": [fields], "next": None})
    with Sandbox(utilityapi_token=TOKEN) as box:
        box.set_faults([{"garbage": body, "vendor": "utilityapi"}])
        run = tap(box.tap_config(), streams=[SUMMARIES])

    assert run.exit == 0
    assert "new 2026 | ERROR | forged" in run.stderr
    assert "\x1b" not in run.stderr
    assert TOKEN not in run.stderr + run.stdout


def test_a_link_that_holds_the_credential_is_followed_without_it(tap: TapRunner) -> None:
    link = f"/api/v2/accounting/billing-summaries?after=7&access_token={TOKEN}&limit=5"
    body = json.dumps({"billing_summaries": [{"uid": "7"}], "next": link})
    with Sandbox(utilityapi_token=TOKEN) as box:
        box.set_faults([{"garbage": body, "vendor": "utilityapi"}])
        tap(box.tap_config(), streams=[SUMMARIES])

        assert box.requests()[1]["target"].endswith("/billing-summaries?after=7&limit=5")


def test_a_secret_in_an_exception_is_redacted(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"failed with {TOKEN}") from ValueError(TOKEN)

    monkeypatch.setattr("tap_utility_energy.http.session.Session.send", fail)
    monkeypatch.setenv("TAP_UTILITY_ENERGY_LOGLEVEL", "DEBUG")

    run = tap({"utilityapi_token": TOKEN})

    assert run.exit == 1
    assert "failed with [secret]" in run.last_line
    assert "Traceback" in run.stderr
    assert TOKEN not in run.stderr


ESCAPED = ["\\u002B", "\\u002b", "%2b", "%2B", "\\u00252b", "&#43;", "+"]


@pytest.mark.parametrize("form", ESCAPED)
def test_every_way_of_writing_a_secret_is_redacted_and_nothing_else(
    tap: TapRunner, form: str
) -> None:
    secret = "ab+cd/ef12345=="
    written = secret.replace("+", form).replace("/", "\\/" if "u" in form else "/")
    note = f"a%2Fb \\u0041\\/ {written}, ab+cd"
    body = f'{{"billing_summaries": [{{"uid": "1", "note": "{note}"}}], "next": null}}'
    with Sandbox(utilityapi_token=secret) as box:
        box.set_faults([{"garbage": body, "vendor": "utilityapi"}])
        run = tap(box.tap_config(), streams=[SUMMARIES])
        box.set_faults([{"status": 400, "body": body, "vendor": "utilityapi"}])
        refused = tap(box.tap_config(), streams=[SUMMARIES])

    (record,) = run.records(SUMMARIES)
    assert record["extra"]["note"] == "a%2Fb A/ [secret], ab+cd"
    assert "[secret]" in refused.last_line
    for text in (secret, written, "cd/ef12345"):
        assert text not in run.stdout + refused.stderr


@pytest.mark.parametrize("around", ["{}", "someone:{}", "me:{}:", "Bearer {}", "{}\n"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_an_error_that_quotes_a_secret_in_base64_is_redacted(
    tap: TapRunner, around: str, encode: Callable[[bytes], bytes]
) -> None:
    quoted = encode(around.format(KEY).encode()).decode()
    with Sandbox(energycap_api_key=KEY) as box:
        box.set_faults([{"status": 401, "body": f"no: {quoted}", "content_type": "text/plain"}])
        run = tap(box.tap_config(), streams=[DIGESTS])

    assert "[secret]" in run.last_line
    middle = quoted.rstrip("=")[-16:-4]
    assert middle not in run.stderr


@pytest.mark.parametrize("written", ["a&plus;b&sol;c12345&equals;", "a&#43b&#47c12345&#61"])
def test_an_error_that_writes_a_secret_in_html_is_redacted(tap: TapRunner, written: str) -> None:
    with Sandbox(energycap_api_key="a+b/c12345=") as box:
        body = f"no such key: {written} & more"
        box.set_faults([{"status": 401, "body": body, "content_type": "text/plain"}])
        run = tap(box.tap_config(), streams=[DIGESTS])

    assert "answered 401: no such key: [secret] & more. The key" in run.last_line
    assert "c12345" not in run.stderr


@pytest.mark.parametrize("word", ["electric", "s3cret-pw"])
def test_data_may_hold_what_is_a_secret_elsewhere(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:{word}@127.0.0.1:1")
    other = "the-other-vendors-key"
    note = f"{word} {other}"
    body = json.dumps({"billing_summaries": [{"uid": "1", "note": note}], "next": None})
    with Sandbox(utilityapi_token=TOKEN) as box:
        box.set_faults([{"garbage": body, "vendor": "utilityapi"}])
        run = tap(box.tap_config(energycap_api_key=other), streams=[SUMMARIES])

    assert run.records(SUMMARIES)[0]["extra"]["note"] == note


WRONG = {
    "another setting": {"request_timeout": TOKEN, "start_date": TOKEN},
    "across the cut of another setting": {"request_timeout": "x" * 70 + TOKEN},
    "inside another setting": {
        "energycap_filters": {TOKEN: TOKEN},
        "utilityapi_meters": [TOKEN, {}],
    },
    "a setting's name": {TOKEN: 1},
    "a misspelt setting": {"utilityapi_tokn": "an0ther-secret", "api_key": ["an0ther-secret"]},
    "an address": {"energycap_base_url": f"http://{KEY}@energycap.invalid"},
    "the other form": {
        "energycap_api_key": {"value": "an0ther-secret"},
        "user_agent": f"{TOKEN}\n",
    },
}


@pytest.mark.parametrize("more", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_a_secret_that_is_set_elsewhere_too_is_not_shown(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], level: str
) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_LOGLEVEL", level)

    run = tap({"utilityapi_token": TOKEN, "energycap_api_key": KEY} | more)

    assert run.exit == 1
    assert run.errors
    for secret in (TOKEN, TOKEN[:12], KEY, KEY[:12], "an0ther"):
        assert secret not in run.stderr


@pytest.mark.parametrize("source", ["file", "environment"])
@pytest.mark.parametrize(
    ("expression", "is_quoted"),
    [
        ("int(config['seed'])", "ValueError: invalid literal for int() with base 10: '[secret]'"),
        ("base[config['of']['seed']]", "KeyError: '[secret]'"),
    ],
)
def test_values_for_stream_maps_are_not_even_in_tracebacks(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, source: str, expression: str, is_quoted: str
) -> None:
    monkeypatch.setenv("TAP_UTILITY_ENERGY_LOGLEVEL", "DEBUG")
    values = {"seed": "salt of the earth", "of": {"seed": "an0ther salt"}}
    if source == "environment":
        monkeypatch.setenv("TAP_UTILITY_ENERGY_STREAM_MAP_CONFIG", json.dumps(values))
    with Sandbox(billing_summaries=2, meters=0) as box:
        config = box.tap_config(stream_maps={"billing_summaries": {"x": expression}})
        more = {"stream_map_config": values} if source == "file" else {}
        run = tap(config | more, "--config=ENV", streams=["billing_summaries"])

    assert run.exit == 1
    assert is_quoted in run.stderr
    assert "salt" not in run.stderr


def test_the_storage_of_batches_may_have_secrets(tap: TapRunner) -> None:
    batches = {
        "encoding": {"format": "jsonl"},
        "storage": {
            "root": "file:///dev/null/an0ther-s3cret",
            "params": {"client": {"secret_access_key": "an0ther-s3cret"}},
        },
    }
    with Sandbox(billing_summaries=2, meters=0) as box:
        run = tap(box.tap_config(batch_config=batches), streams=["billing_summaries"])

    assert run.exit == 1
    assert "'/dev/null/[secret]'" in run.last_line
    assert "an0ther" not in run.stderr


@pytest.mark.parametrize("source", ["environment", ".env"])
def test_a_secret_of_the_environment_is_known_before_settings_are_read(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    if source == "environment":
        monkeypatch.setenv("TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN", TOKEN)
    else:
        (tmp_path / ".env").write_text(f"TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN='{TOKEN}'\n")

    run = tap({TOKEN: TOKEN, "energycap_page_size": TOKEN}, "--config=ENV")

    assert run.exit == 1
    assert "there is no such setting" in run.stderr
    assert TOKEN not in run.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--config", json.dumps({"utilityapi_token": TOKEN})),
        ("--config", json.dumps({"utilityapi_token": TOKEN})[:-3]),
        ("--config", f"utilityapi_token={TOKEN}"),
        ("--config", f"utilityapi_token: {TOKEN}"),
        ("--state", json.dumps({"bookmarks": {"a": {"b": TOKEN}}})),
        ("--catalog", json.dumps({"streams": [TOKEN]})),
        (f"--utilityapi_token={TOKEN}",),
        ("--utilityapi-token", TOKEN),
    ],
)
def test_a_secret_on_the_command_line_is_not_shown(
    tap: TapRunner, arguments: tuple[str, ...]
) -> None:
    run = tap({"energycap_api_key": KEY}, *arguments)

    assert run.exit in {1, 2}
    assert run.stderr
    assert TOKEN not in run.stderr


@pytest.mark.parametrize("filling", ["x", "\0", "\n"])
@pytest.mark.parametrize("between", ["", "\0", "\u200b", "\n"])
@pytest.mark.parametrize("length", [0, 300, 10_000, 20_000])
def test_an_errors_body_is_redacted_before_it_is_cut(
    tap: TapRunner, filling: str, between: str, length: int
) -> None:
    body = filling * (length - 10) + between.join("s3cret/w1th+length=")
    with Sandbox(utilityapi_token="s3cret/w1th+length=") as box:
        box.set_faults([{"status": 400, "body": body, "content_type": "text/plain"}])
        run = tap(box.tap_config(), streams=[SUMMARIES])

    shown = "".join(run.last_line.split())
    assert "UtilityAPI answered 400" in run.last_line
    assert "s3c" not in shown
    assert "length=" not in shown


@pytest.mark.parametrize("word", ["key", "wrong", "EnergyCAP", "permission", "a", "401"])
def test_a_credential_that_is_a_word_of_ours_spoils_no_message(tap: TapRunner, word: str) -> None:
    with Sandbox() as box:
        run = tap(box.tap_config(energycap_api_key=word), streams=[DIGESTS])

    assert (
        "EnergyCAP answered 401: Authorization has been denied for this request. The key is wrong "
        "or deleted, or its owner lacks the permission "
        "Meters (View): check energycap_api_key, "
    ) in run.last_line


def test_a_log_file_of_the_users_own_holds_no_secret(tmp_path: Path) -> None:
    own = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "file": {"class": "logging.FileHandler", "filename": str(tmp_path / "own.log")},
            "late": {"class": "logging.handlers.MemoryHandler", "capacity": 1, "target": "file"},
        },
        "root": {"level": "DEBUG", "handlers": ["late"]},
    }
    (tmp_path / "logging.yml").write_text(json.dumps(own))
    config = tmp_path / "config.json"
    with Sandbox(utilityapi_token=TOKEN, cache_seconds=0) as box:
        link = json.dumps({"billing_summaries": [], "next": f"?after={TOKEN}"})
        box.set_faults([{"garbage": link, "path": "/accounting/billing-summaries"}])
        config.write_text(json.dumps(box.tap_config(utilityapi_requests_per_minute=6000)))
        start(config, SINGER_SDK_LOG_CONFIG=str(tmp_path / "logging.yml")).communicate(timeout=60)

    text = (tmp_path / "own.log").read_text()
    assert "?after=" in text
    assert TOKEN not in text
