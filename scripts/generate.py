"""Generate files from the definitions of the settings and streams.

The extractor in `meltano.yml`, `.env.example`, `docs/streams.md` with its diagrams, the tables of
other pages of `docs/`, what `docs/your-own-project.md` has to paste, the definitions for
Meltano in `hub/` and `plugins/`, and the snapshot of the catalog.
With ``--check`` nothing is written; the exit code is 1 if something would change.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from textwrap import indent
from typing import TYPE_CHECKING, Any, cast

from ruamel.yaml import YAML

from scripts import hub, own_project
from scripts.joins import diagrams
from scripts.markup import as_yaml, on_one_line
from scripts.project import ROOT
from scripts.streams_page import streams_page
from scripts.tables import (
    energycap_requests,
    meltano_kind,
    replication_table,
    setting_text,
    settings_tables,
    utilityapi_requests,
)
from tap_utility_energy import settings
from tap_utility_energy.environment import PREFIX
from tap_utility_energy.tap import TapUtilityEnergy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tap_utility_energy.core.stream import VendorStream

DOCS = ROOT / "docs"
CATALOG_ENTRY = (
    "tap_stream_id",
    "replication_key",
    "replication_method",
    "key_properties",
    "schema",
    "stream",
    "metadata",
)
PROPERTIES: dict[str, dict[str, Any]] = settings.SCHEMA["properties"]


def meltano_setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The setting as `meltano.yml` declares it."""
    setting = {"name": name, "label": schema["title"], "kind": meltano_kind(schema)}
    if schema.get("secret"):
        setting["sensitive"] = True
    if "default" in schema:
        setting["value"] = schema["default"]
    return setting | {"description": schema["description"]}


def meltano_yml() -> str:
    """The extractor's capabilities and settings for `meltano.yml`."""
    content = {
        "capabilities": [capability.value for capability in TapUtilityEnergy.capabilities],
        "settings_group_validation": [on_one_line([name]) for name in settings.CREDENTIALS],
        "settings": [meltano_setting(name, schema) for name, schema in PROPERTIES.items()],
    }
    return indent(as_yaml(content), " " * 6)


def env_example() -> str:
    """`.env.example`: every setting with its variable, credentials first."""
    blocks = ["# Settings of tap-utility-energy. Copy this to .env and remove the # where needed."]
    for name in sorted(PROPERTIES, key=lambda name: name not in settings.CREDENTIALS):
        schema = PROPERTIES[name]
        default = schema.get("default", {"array": [], "object": {}}.get(meltano_kind(schema), ""))
        variable = PREFIX + name.upper()
        blocks.append(f"# {schema['description']}\n# {variable}={setting_text(default)}")
    return "\n\n".join(blocks) + "\n"


def with_section(text: str, name: str, content: str) -> str:
    """The text with the lines between the two that hold ``name:begin`` and ``name:end`` replaced.

    Raises:
        ValueError: There is not one such section.
    """
    section = re.compile(
        rf"(?<=\n)([^\n]*\b{name}:begin\b[^\n]*\n).*?([^\n]*\b{name}:end\b)", re.DOTALL
    )
    text, count = section.subn(lambda found: f"{found[1]}{content}\n{found[2]}", text)
    if count != 1:
        raise ValueError(f"there must be one section from {name}:begin to {name}:end, not {count}")
    return text


def pages_with_tables(streams: Sequence[VendorStream]) -> Iterator[tuple[Path, str]]:
    """The pages of docs/ with generated tables, and their diagrams."""
    tables = {
        ("settings.md", "settings"): settings_tables(
            setting.name for setting in settings.SDK_SETTINGS
        ),
        ("permissions-and-requests.md", "utilityapi"): utilityapi_requests(streams),
        ("permissions-and-requests.md", "energycap"): energycap_requests(streams),
        ("replication.md", "replication"): replication_table(streams),
    }
    texts: dict[str, str] = {}
    for (page, section), content in tables.items():
        text = texts.get(page) or (DOCS / page).read_text("utf-8")
        texts[page] = with_section(text, section, f"\n{content}\n")
    texts["streams.md"] = streams_page(streams)
    for page, text in texts.items():
        yield DOCS / page, text
    for vendor, drawing in diagrams(streams).items():
        yield DOCS / "images" / f"joins-{vendor.lower()}.svg", drawing


def own_project_page(plugins: Mapping[str, Any]) -> tuple[Path, str]:
    """The page that has a `meltano.yml` to paste."""
    path = DOCS / "your-own-project.md"
    text = path.read_text("utf-8")
    for name, content in own_project.sections(plugins).items():
        text = with_section(text, name, content)
    return path, text


def catalog_text(catalog: Mapping[str, Any]) -> str:
    """The catalog, with the fields of an entry in an order that no version of the SDK decides."""
    streams = [
        {name: entry[name] for name in CATALOG_ENTRY if name in entry}
        for entry in catalog["streams"]
    ]
    text = json.dumps({"streams": streams}, indent=2, separators=(",", ":"))
    return f"{text}\n"


def generated_files() -> Iterator[tuple[Path, str]]:
    """Every generated file, with its content."""
    path = ROOT / "meltano.yml"
    meltano = with_section(path.read_text("utf-8"), "extractor", meltano_yml().rstrip())
    yield path, meltano
    plugins = YAML(typ="safe").load(meltano)["plugins"]
    yield own_project_page(plugins)
    (extractor,) = plugins["extractors"]
    yield from hub.definitions(extractor)
    yield ROOT / ".env.example", env_example()
    tap = TapUtilityEnergy(config={}, validate_config=False)
    yield from pages_with_tables([cast("VendorStream", stream) for stream in tap.streams.values()])
    yield ROOT / "tests" / "snapshots" / "catalog.json", catalog_text(tap.catalog_dict)


def main() -> int:
    """Write the files or, with ``--check``, list those that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a change")
    check = parser.parse_args().check
    differ = []
    for path, new in generated_files():
        if not path.exists() or path.read_text("utf-8") != new:
            differ.append(path.name)
            if not check:
                path.write_text(new, "utf-8")
    what = "out of date" if check else "written"
    sys.stdout.write(f"{what}: {', '.join(differ)}\n" if differ else "all up to date\n")
    return int(check and bool(differ))


if __name__ == "__main__":
    sys.exit(main())
