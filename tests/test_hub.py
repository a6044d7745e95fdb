"""The definition for Meltano Hub and the lock file keep the rules of their readers."""

from __future__ import annotations

import json
import subprocess
import sys
from fnmatch import fnmatchcase
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from meltano.core.plugin.base import PluginDefinition, StandalonePlugin
from ruamel.yaml import YAML
from yamllint import linter
from yamllint.config import YamlLintConfig

from tap_utility_energy import energycap, settings, utilityapi
from tests.examples import ROOT

NAME, VARIANT = "tap-utility-energy", "utility-energy"
HUB = ROOT / "hub"
DEFINITION = HUB / "extractors" / NAME / f"{VARIANT}.yml"
LOCK = ROOT / "plugins" / "extractors" / f"{NAME}--{VARIANT}.lock"
REQUIRED = {"name", "namespace", "variant", "quality", "label"}
#: Names, separated by spaces.
KNOWN = (
    "pip_url description executable settings docs repo logo_url hidden python "
    "settings_group_validation commands capabilities metadata schema select maintenance_status "
    "domain_url keywords requires definition next_steps settings_preamble usage prereq "
    "supported_python_versions log_parser"
)
OF_SETTING = (
    "name aliases label value placeholder kind description tooltip documentation env "
    "value_processor value_post_processor options docs hidden sensitive"
)
KINDS = "date_iso8601 file email integer options object array boolean string decimal"
CAPABILITIES = (
    "properties catalog discover state about stream-maps schema-flattening activate-version batch "
    "test log-based structured-logging"
)
#: The Hub's own rules for its files.
RULES = """
extends: default
rules:
  braces: {forbid: non-empty}
  document-start: {present: false}
  indentation: {indent-sequences: false, spaces: 2}
  key-ordering: enable
  line-length: disable
  truthy: disable
"""


@pytest.fixture(scope="module")
def hub() -> dict[str, Any]:
    return YAML(typ="safe").load(DEFINITION)


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return json.loads(LOCK.read_text("utf-8"))


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    command = [sys.executable, "-m", "tap_utility_energy", "--about", "--format=json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_the_definition_is_written_as_the_hub_wants_it() -> None:
    text = DEFINITION.read_text("utf-8")

    assert not [str(found) for found in linter.run(text, YamlLintConfig(RULES))]
    assert [str(found) for found in linter.run("b: 1\na: {c: d}\n", YamlLintConfig(RULES))]


def test_the_definition_has_what_the_hub_requires_and_knows(hub: dict[str, Any]) -> None:
    assert hub.keys() >= REQUIRED
    assert hub.keys() <= REQUIRED | set(KNOWN.split())
    assert (hub["name"], hub["variant"]) == (DEFINITION.parent.name, DEFINITION.stem)
    assert hub["quality"] in {"gold", "silver", "bronze", "unknown"}
    assert hub["maintenance_status"] in {"active", "beta", "development", "inactive", "unknown"}
    assert set(hub["capabilities"]) <= set(CAPABILITIES.split())
    for setting in hub["settings"]:
        assert {"name", "label", "kind", "description"} <= setting.keys() <= set(OF_SETTING.split())
        assert setting["kind"] in KINDS.split()


def test_the_definition_says_what_the_tap_does(hub: dict[str, Any], about: dict[str, Any]) -> None:
    names = [setting["name"] for setting in hub["settings"]]

    assert hub["capabilities"] == about["capabilities"]
    assert hub["supported_python_versions"] == about["supported_python_versions"]
    assert len(names) == len(set(names))
    whole = [name for name in names if "." not in name]
    assert whole == [name for name in about["settings"]["properties"] if name != "faker_config"]
    filters = about["settings"]["properties"]["energycap_filters"]["properties"]
    prefix = "energycap_filters."
    assert [name.removeprefix(prefix) for name in names if name.startswith(prefix)] == [*filters]
    assert names.index("energycap_filters") > names.index(f"{prefix}energycap_units")


def untitled(schema: dict[str, Any], path: str = "") -> list[str]:
    """The settings without a title or a description, and the parts of settings."""
    found = []
    for name, inner in schema.get("properties", {}).items():
        if "properties" in inner:
            found += untitled(inner, f"{path}{name}.")
        elif not {"title", "description"} <= inner.keys():
            found.append(f"{path}{name}")
    return found


def test_every_setting_and_every_part_of_one_has_a_title(about: dict[str, Any]) -> None:
    assert untitled(about["settings"]) == []


def test_a_credential_of_either_vendor_is_enough(hub: dict[str, Any], lock: dict[str, Any]) -> None:
    groups = [[name] for name in settings.CREDENTIALS]
    assert hub["settings_group_validation"] == lock["settings_group_validation"] == groups
    secret = {setting["name"] for setting in hub["settings"] if setting.get("sensitive")}
    assert secret == {*settings.CREDENTIALS, "stream_map_config"}


def test_the_lock_file_is_as_meltano_writes_it(lock: dict[str, Any]) -> None:
    definition = PluginDefinition.from_standalone(StandalonePlugin.parse(lock))
    written = StandalonePlugin.from_variant(definition.find_variant(VARIANT), definition)

    assert f"{json.dumps(written.canonical(), indent=2)}\n" == LOCK.read_text("utf-8")


def test_both_select_what_the_project_here_does(hub: dict[str, Any], lock: dict[str, Any]) -> None:
    (here,) = YAML(typ="safe").load(ROOT / "meltano.yml")["plugins"]["extractors"]

    assert hub["select"] == lock["select"] == here["select"]
    assert hub["log_parser"] == lock["log_parser"] == "singer-sdk"
    assert lock["settings"] == here["settings"]
    for name in ("namespace", "capabilities"):
        assert hub[name] == lock[name] == here[name]


@pytest.mark.parametrize("stream", [*utilityapi.STREAMS, *energycap.STREAMS])
def test_meltano_selects_the_streams_that_the_tap_does(hub: dict[str, Any], stream: Any) -> None:
    """Meltano takes each stream that no pattern excludes, whatever the catalog says."""
    excluded = [pattern[1:] for pattern in hub["select"] if pattern.startswith("!")]
    is_excluded = any(fnmatchcase(f"{stream.name}.any", pattern) for pattern in excluded)

    assert is_excluded is not stream.selected_by_default, stream.name


def test_the_logo_is_where_the_definition_says_and_needs_nothing_else(hub: dict[str, Any]) -> None:
    logo = HUB / hub["logo_url"].removeprefix("/")
    root = ET.fromstring(logo.read_text("utf-8"))

    assert root.attrib["viewBox"] == "0 0 64 64"
    used = {element.tag.partition("}")[2] for element in root.iter()}
    assert used <= {"svg", "rect", "path"}
    assert logo.read_text("utf-8").count("http") == 1, "the name of SVG itself"
