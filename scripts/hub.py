"""The tap's definitions for Meltano: the file for Meltano Hub, and the lock file for projects."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString
from yaml_text import as_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAME = "tap-utility-energy"
VARIANT = "utility-energy"
LOCK = f"plugins/extractors/{NAME}--{VARIANT}.lock"
DEFINITION = f"hub/extractors/{NAME}/{VARIANT}.yml"
#: It works only with a package that the tap does not install.
_LEFT_OUT = "faker_config"
#: What a lock file holds, in the order in which Meltano writes it.
_LOCKED = (
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
#: The same of a setting.
_OF_SETTING = ("name", "kind", "value", "label", "description", "sensitive")


def about() -> dict[str, Any]:
    """What the tap tells of itself, as the Hub's own tool reads it."""
    command = [sys.executable, "-m", "tap_utility_energy", "--about", "--format=json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


def addresses(root: Path) -> dict[str, str]:
    """The project's addresses, by name."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"]


def definitions(root: Path, extractor: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Both files, from the extractor of `meltano.yml` and what the tap tells of itself."""
    common = _common(root, extractor)
    locked = common | {"settings": [_ordered(setting) for setting in extractor["settings"]]}
    lock = {"plugin_type": "extractors"} | {name: locked[name] for name in _LOCKED}
    yield root / LOCK, json.dumps(lock, indent=2) + "\n"
    for_hub = common | {"settings": _hub_settings(common, extractor)}
    yield root / DEFINITION, as_yaml(_for_hub(for_hub), indent=0)


def _common(root: Path, extractor: Mapping[str, Any]) -> dict[str, Any]:
    urls, told = addresses(root), about()
    text = (root / "hub" / "handwritten.yml").read_text("utf-8")
    text = text.replace("DOCUMENTATION", urls["Documentation"])
    text = text.replace("SELECT_COMMAND", select_command(extractor["select"]))
    facts = {name: list(told[name]) for name in ("capabilities", "supported_python_versions")}
    copied = {name: extractor[name] for name in ("namespace", "select", "commands")}
    return (
        {
            "name": NAME,
            "variant": VARIANT,
            "docs": urls["Documentation"],
            "repo": urls["Repository"],
            "pip_url": f"git+{urls['Repository']}.git",
            "settings_group_validation": extractor["settings_group_validation"],
            "about": told,
        }
        | facts
        | copied
        | YAML(typ="safe").load(text)
    )


def select_command(select: list[str]) -> str:
    """The command that writes the selection of streams into a project's `meltano.yml`."""
    return f"meltano config set {NAME} _select '{json.dumps(select)}'"


def _ordered(setting: Mapping[str, Any]) -> dict[str, Any]:
    return {name: setting[name] for name in _OF_SETTING if name in setting}


def _hub_settings(common: dict[str, Any], extractor: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The settings, with the parts of objects as the Hub's tool names them.

    The parts come before the whole, so that Meltano does not make nulls of those that are unset.
    """
    properties = common["about"]["settings"]["properties"]
    settings = []
    for setting in extractor["settings"]:
        if setting["name"] != _LEFT_OUT:
            settings += [*_parts(setting["name"], properties[setting["name"]]), setting]
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


def _for_hub(definition: dict[str, Any]) -> Any:
    """The definition with sorted keys and texts as blocks."""
    return _sorted({name: value for name, value in definition.items() if name != "about"})


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(each) for each in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
