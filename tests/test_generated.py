"""What is generated from the tap says what the tap says, read back without the generator."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox.options import SandboxOptions
from tap_utility_energy import settings
from tap_utility_energy.tap import TapUtilityEnergy
from tests.support import TapRunner

ROOT = Path(__file__).resolve().parent.parent
LOCK = "plugins/extractors/tap-utility-energy--utility-energy.lock"
DEFINITION = "hub/extractors/tap-utility-energy/utility-energy.yml"
KINDS = {"string", "integer", "number", "boolean", "array", "object"}
SETTINGS: dict[str, dict[str, Any]] = settings.SCHEMA["properties"]


def meltano_yml() -> dict[str, Any]:
    return YAML(typ="safe").load(ROOT / "meltano.yml")


def extractor() -> dict[str, Any]:
    (found,) = meltano_yml()["plugins"]["extractors"]
    return found


def declared() -> dict[str, dict[str, Any]]:
    return {setting["name"]: setting for setting in extractor()["settings"]}


def env_example() -> dict[str, tuple[str, str]]:
    """Each variable's value and the comment above it; all lines are comments."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert all(line.startswith("# ") for line in lines if line)
    found = {}
    for above, line in itertools.pairwise(lines):
        if match := re.fullmatch(r"# (TAP_UTILITY_ENERGY_\w+)=(.*)", line):
            assert match[1] not in found
            found[match[1]] = (match[2], above.removeprefix("# "))
    return found


def kind(schema: dict[str, Any]) -> str:
    (name,) = (name for name in schema["type"] if name != "null")
    assert name in KINDS
    if name == "number":
        return "string"
    return "date_iso8601" if schema.get("format") == "date-time" else name


def test_the_settings_are_the_same_ones() -> None:
    assert list(declared()) == list(SETTINGS)
    assert sorted(env_example()) == sorted(
        f"TAP_UTILITY_ENERGY_{name.upper()}" for name in SETTINGS
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_declared_as_the_tap_defines_it(name: str) -> None:
    schema, setting = SETTINGS[name], declared()[name]
    expected = {
        "name": name,
        "label": schema["title"],
        "kind": kind(schema),
        "description": schema["description"],
    }
    if schema.get("secret"):
        expected["sensitive"] = True
    if "default" in schema:
        expected["value"] = schema["default"]
    assert setting == expected
    assert type(setting.get("value")) is type(schema.get("default"))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_in_the_example_as_the_tap_defines_it(name: str) -> None:
    schema = SETTINGS[name]
    value, comment = env_example()[f"TAP_UTILITY_ENERGY_{name.upper()}"]
    assert comment == schema["description"]
    if kind(schema) in {"string", "date_iso8601"}:
        assert value == schema.get("default", "")
    elif kind(schema) in {"array", "object"}:
        empty = {"array": [], "object": {}}[kind(schema)]
        assert json.loads(value) == schema.get("default", empty)
    else:
        assert value == (json.dumps(schema["default"]) if "default" in schema else "")


def test_credentials_come_first_in_the_example_and_have_no_value() -> None:
    secrets = {name for name, schema in SETTINGS.items() if schema.get("secret")}
    assert secrets == {*settings.CREDENTIALS, "stream_map_config"}
    first = list(env_example().items())[: len(settings.CREDENTIALS)]
    assert [variable for variable, _ in first] == [
        f"TAP_UTILITY_ENERGY_{name.upper()}" for name in settings.CREDENTIALS
    ]
    assert [value for _, (value, _) in first] == [""] * len(settings.CREDENTIALS)


def test_a_credential_of_either_vendor_is_enough() -> None:
    assert extractor()["settings_group_validation"] == [[name] for name in settings.CREDENTIALS]


def test_the_capabilities_are_the_taps() -> None:
    assert extractor()["capabilities"] == [item.value for item in TapUtilityEnergy.capabilities]


def test_the_sandbox_environment_fits_the_sandbox() -> None:
    (environment,) = (one for one in meltano_yml()["environments"] if one["name"] == "sandbox")
    (plugin,) = environment["config"]["plugins"]["extractors"]
    assert environment["env"] == {
        "TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN": SandboxOptions().utilityapi_token,
        "TAP_UTILITY_ENERGY_ENERGYCAP_API_KEY": SandboxOptions().energycap_api_key,
    }
    url = "http://127.0.0.1:8765"
    assert plugin["config"]["utilityapi_base_url"] == f"{url}/utilityapi/api/v2"
    assert plugin["config"]["energycap_base_url"] == f"{url}/energycap"
    assert plugin["config"].keys() <= SETTINGS.keys()
    assert "python -m sandbox --port 8765" in (ROOT / "meltano.yml").read_text("utf-8")


def test_nothing_secret_is_committed_for_prod() -> None:
    (environment,) = (one for one in meltano_yml()["environments"] if one["name"] == "prod")
    assert environment == {"name": "prod"}


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.generate", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_the_generator_has_nothing_to_change() -> None:
    result = generate(ROOT, "--check")
    assert (result.returncode, result.stdout) == (0, "all up to date\n"), result.stderr


def test_the_generator_notices_and_repairs(tmp_path: Path) -> None:
    for name in ("docs", "hub", "plugins", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("meltano.yml", "pyproject.toml", ".env.example", "tests/snapshots/catalog.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    meltano, page = tmp_path / "meltano.yml", tmp_path / "docs" / "replication.md"
    before = meltano.read_text("utf-8"), page.read_text("utf-8")
    meltano.write_text(before[0].replace("sensitive: true", "sensitive: false", 1), "utf-8")
    page.write_text(before[1].replace("full table, of", "whole table, of"), "utf-8")
    (tmp_path / ".env.example").unlink()
    lock = tmp_path / LOCK
    lock.write_text(lock.read_text("utf-8").replace("!energycap_bills.*", "energycap_bills.*"))

    stale = f"meltano.yml, {lock.name}, .env.example, replication.md"
    check = generate(tmp_path, "--check")
    assert (check.returncode, check.stdout) == (1, f"out of date: {stale}\n")
    assert not (tmp_path / ".env.example").exists()
    write = generate(tmp_path)
    assert (write.returncode, write.stdout) == (0, f"written: {stale}\n")
    assert (meltano.read_text("utf-8"), page.read_text("utf-8")) == before
    assert lock.read_text("utf-8") == (ROOT / LOCK).read_text("utf-8")
    assert (tmp_path / ".env.example").read_text() == (ROOT / ".env.example").read_text()


def test_meltano_hands_on_a_number_and_a_date_of_the_environment(
    tap: TapRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declaration = meltano_yml()
    (plugin,) = declaration["plugins"]["extractors"]
    plugin["executable"] = str(Path(sys.executable).parent / "tap-utility-energy")
    declaration["send_anonymous_usage_stats"] = False
    YAML().dump(declaration, tmp_path / "meltano.yml")
    prefix = "TAP_UTILITY_ENERGY_HISTORICAL_COLLECTION_"
    variables = {"MAX_COST": "23.99", "REPEAT_BEFORE": "2026-07-01T00:00:00Z", "METERS": "[12]"}
    for name, value in variables.items():
        monkeypatch.setenv(prefix + name, value)

    dumped = subprocess.run(
        ["meltano", "--environment=prod", "invoke", "--dump=config", "tap-utility-energy"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert dumped.returncode == 0, dumped.stdout + dumped.stderr
    config = json.loads(dumped.stdout[dumped.stdout.index("{") :])
    for name in variables:
        monkeypatch.delenv(prefix + name)
    run = tap(config | {"historical_collection_max_meters": 0})

    assert run.errors[0].startswith("historical_collection_max_meters: it must be at least 1")
    assert not [line for line in run.errors if "max_cost" in line or "repeat_before" in line]
