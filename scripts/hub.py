"""The tap's definitions for Meltano: the file for Meltano Hub, and the lock file for projects."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from scripts.markup import as_yaml
from scripts.project import ROOT, URLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NAME = "tap-utility-energy"
VARIANT = "utility-energy"
LOCK = f"plugins/extractors/{NAME}--{VARIANT}.lock"
DEFINITION = f"hub/extractors/{NAME}/{VARIANT}.yml"
#: This setting works only with a package that the tap does not install.
_NOT_IN_HUB = "faker_config"
#: The keys of a lock file and of its settings, in the order in which Meltano writes them.
_LOCK_KEYS = (
    "name",
    "namespace",
    "variant",
    "label",
    "docs",
    "repo",
    "pip_url",
    "description",
    "logo_url",
    "capabilities",
    "settings_group_validation",
    "settings",
    "commands",
    "supported_python_versions",
    "select",
    "log_parser",
)
_SETTING_KEYS = ("name", "kind", "value", "label", "description", "sensitive")


def definitions(extractor: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Both files with their contents.

    Args:
        extractor: The tap's declaration in the `meltano.yml` here.
    """
    about = _about()
    shared = _shared_keys(extractor, about)
    settings = [_in_order(setting) for setting in extractor["settings"]]
    lock = {"plugin_type": "extractors", **_only(_LOCK_KEYS, shared | {"settings": settings})}
    yield ROOT / LOCK, json.dumps(lock, indent=2) + "\n"
    for_hub = shared | {"settings": _hub_settings(extractor, about)}
    yield ROOT / DEFINITION, as_yaml(_sorted(for_hub), list_indent=0)


def select_command(select: Sequence[str]) -> str:
    """The command that writes the selection of streams into a project's `meltano.yml`."""
    return f"meltano config set {NAME} _select '{json.dumps(select)}'"


def _about() -> dict[str, Any]:
    """The output of ``--about``, which the Hub's own tool reads too."""
    command = [sys.executable, "-m", "tap_utility_energy", "--about", "--format=json"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    about: dict[str, Any] = json.loads(result.stdout)
    return about


def _shared_keys(extractor: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """What both files hold, apart from the settings."""
    text = (ROOT / "hub" / "handwritten.yml").read_text("utf-8")
    text = text.replace("DOCUMENTATION", URLS["Documentation"])
    text = text.replace("SELECT_COMMAND", select_command(extractor["select"]))
    return {
        "name": NAME,
        "variant": VARIANT,
        "docs": URLS["Documentation"],
        "repo": URLS["Repository"],
        "pip_url": f"git+{URLS['Repository']}.git",
        **_only(("namespace", "select", "commands", "settings_group_validation"), extractor),
        **_only(("capabilities", "supported_python_versions"), about),
        **YAML(typ="safe").load(text),
    }


def _only(keys: Sequence[str], mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: mapping[key] for key in keys}


def _in_order(setting: Mapping[str, Any]) -> dict[str, Any]:
    return _only([key for key in _SETTING_KEYS if key in setting], setting)


def _hub_settings(extractor: Mapping[str, Any], about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The settings, each object after its parts, which the Hub's tool names with dots.

    In the other order Meltano sets unset parts to null.
    """
    schemas = about["settings"]["properties"]
    settings = []
    for setting in extractor["settings"]:
        if setting["name"] != _NOT_IN_HUB:
            settings += [*_parts(setting["name"], schemas[setting["name"]]), setting]
    return settings


def _parts(name: str, schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part, inner in schema.get("properties", {}).items():
        full = f"{name}.{part}"
        if "properties" in inner:
            yield from _parts(full, inner)
        else:
            yield {
                "name": full,
                "kind": next(kind for kind in inner["type"] if kind != "null"),
                "label": inner["title"],
                "description": inner["description"],
            }


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
