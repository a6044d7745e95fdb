#!/usr/bin/env python3
"""Generate files from the definitions of the settings and streams.

The extractor in `meltano.yml`, `.env.example`, the tables of `README.md`, `docs/streams.md`, the
project file in `docs/meltano.md`, and the snapshot of the catalog.
With ``--check`` nothing is written; the exit code is 1 if something would change.
"""

from __future__ import annotations

import argparse
import inspect
import io
import json
import re
import sys
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from streams_page import streams_page, table

from tap_utility_energy import settings
from tap_utility_energy.environment import PREFIX
from tap_utility_energy.tap import TapUtilityEnergy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_utility_energy.core.stream import VendorStream

ROOT = Path(__file__).resolve().parent.parent
PROPERTIES: dict[str, dict[str, Any]] = settings.SCHEMA["properties"]


def kind(schema: dict[str, Any]) -> str:
    """The setting's type as Meltano calls it."""
    if schema.get("format") == "date-time":
        return "date_iso8601"
    kind = next(str(name) for name in schema["type"] if name != "null")
    # Meltano cannot write what it makes of a variable whose kind is "decimal".
    return "string" if kind == "number" else kind


def as_text(value: Any) -> str:
    """A value as a user would write it."""
    return value if isinstance(value, str) else json.dumps(value)


def meltano_setting(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The setting as `meltano.yml` declares it."""
    setting = {"name": name, "label": schema["title"], "kind": kind(schema)}
    if schema.get("secret"):
        setting["sensitive"] = True
    if "default" in schema:
        setting["value"] = schema["default"]
    return setting | {"description": schema["description"]}


def meltano_yml() -> str:
    """The extractor's capabilities and settings for `meltano.yml`."""
    content = {
        "capabilities": [capability.value for capability in TapUtilityEnergy.capabilities],
        "settings_group_validation": [flow(CommentedSeq([name])) for name in settings.CREDENTIALS],
        "settings": [meltano_setting(name, schema) for name, schema in PROPERTIES.items()],
    }
    return indent(as_yaml(content), " " * 6)


def project_file(meltano: str) -> str:
    """A `meltano.yml` for a project beside this repository, made from the one here."""
    plugins = YAML(typ="safe").load(meltano)["plugins"]
    (extractor,) = plugins["extractors"]
    project = {
        "requires_meltano": ">=4.0",
        "default_environment": "prod",
        "environments": [{"name": "prod"}],
        "plugins": {
            # The tap knows its defaults.
            "extractors": [plugin(extractor, ("name", "kind", "sensitive"))],
            "loaders": [
                plugin(loader, ("name", "kind", "value", "sensitive"))
                for loader in plugins["loaders"]
            ],
        },
    }
    return f"```yaml\n{as_yaml(project)}```"


def plugin(declared: dict[str, Any], facts: Sequence[str]) -> dict[str, Any]:
    """A plugin's declaration with its settings on a line each, without texts for a reader."""
    place = {
        ".": "../tap-utility-energy",
        "./loaders/duckdb": "../tap-utility-energy/loaders/duckdb",
    }
    url = re.sub(r"^-e (\S+).*", lambda local: place[local[1]], declared["pip_url"])
    settings = [
        flow(CommentedMap((fact, setting[fact]) for fact in facts if fact in setting))
        for setting in declared["settings"]
    ]
    kept = {name: value for name, value in declared.items() if name not in {"label", "description"}}
    return (
        kept
        | {"pip_url": url, "settings": settings}
        | {
            name: flow(CommentedSeq(declared[name]))
            for name in ("capabilities", "settings_group_validation")
            if name in declared
        }
    )


def flow(collection: Any) -> Any:
    """The collection, written on one line."""
    collection.fa.set_flow_style()
    return collection


def as_yaml(content: dict[str, Any]) -> str:
    """YAML as in `meltano.yml`."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = sys.maxsize
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def env_example() -> str:
    """`.env.example`: every setting with its variable, credentials first."""
    blocks = ["# Settings of tap-utility-energy. Copy this to .env and remove the # where needed."]
    for name in sorted(PROPERTIES, key=lambda name: name not in settings.CREDENTIALS):
        schema = PROPERTIES[name]
        default = schema.get("default", {"array": [], "object": {}}.get(kind(schema), ""))
        variable = PREFIX + name.upper()
        blocks.append(f"# {schema['description']}\n# {variable}={as_text(default)}")
    return "\n\n".join(blocks) + "\n"


def type_in_words(schema: dict[str, Any]) -> str:
    """The setting's type with its limits, for a reader."""
    words = {"array": "array of string", "date_iso8601": "date-time"}
    text = "number" if "number" in schema["type"] else words.get(kind(schema), kind(schema))
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        text += f", more than {schema['exclusiveMinimum']}"
    if most is not None:
        text += f", {least} to {most}"
    elif least is not None:
        text += f", {least} or more"
    return text + (", secret" if schema.get("secret") else "")


def settings_table() -> str:
    """The settings for `README.md`."""
    rows = (
        (
            f"`{name}`",
            type_in_words(schema),
            f"`{as_text(schema['default'])}`" if "default" in schema else "",
            schema["description"],
        )
        for name, schema in PROPERTIES.items()
    )
    return table(("setting", "type", "default", "meaning"), rows)


def stream_row(stream: VendorStream) -> tuple[str, ...]:
    """A stream's row: name, key, replication, the docstring's summary, and the vendor's page."""
    summary, *_ = inspect.cleandoc(type(stream).__doc__ or "").split("\n\n")
    return (
        f"`{stream.name}`",
        ", ".join(f"`{name}`" for name in stream.primary_keys),
        stream.replication_method.lower().replace("_", " "),
        " ".join(summary.split()),
        f"[{stream.path}]({stream.docs_url})",
    )


def streams_table(streams: Iterable[VendorStream]) -> str:
    """The streams for `README.md`."""
    rows = map(stream_row, streams)
    return table(("stream", "key", "replication", "what it is", "source"), rows)


def replaced(text: str, name: str, content: str) -> str:
    """The text with the lines between the two that hold ``name:begin`` and ``name:end`` replaced.

    Raises:
        ValueError: There is not one such section.
    """
    section = re.compile(
        rf"(?<=\n)([^\n]*\b{name}:begin\b[^\n]*\n).*?([^\n]*\b{name}:end\b)", re.DOTALL
    )
    text, count = section.subn(lambda found: f"{found[1]}{content.rstrip()}\n{found[2]}", text)
    if count != 1:
        raise ValueError(f"there must be one section from {name}:begin to {name}:end, not {count}")
    return text


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file, with its content."""
    meltano, readme, project = (
        ROOT / name for name in ("meltano.yml", "README.md", "docs/meltano.md")
    )
    declared = replaced(meltano.read_text("utf-8"), "extractor", meltano_yml())
    yield meltano, declared
    yield project, replaced(project.read_text("utf-8"), "project", project_file(declared))
    yield ROOT / ".env.example", env_example()
    text = replaced(readme.read_text("utf-8"), "settings", settings_table())
    tap = TapUtilityEnergy(config={}, validate_config=False)
    streams = list(tap.streams.values())
    yield readme, replaced(text, "streams", streams_table(streams))
    yield ROOT / "docs" / "streams.md", streams_page(streams)
    yield ROOT / "tests" / "snapshots" / "catalog.json", f"{tap.catalog_json_text}\n"


def main() -> int:
    """Write the files or, with ``--check``, list those that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a change")
    check = parser.parse_args().check
    differ = []
    for path, new in generated():
        if not path.exists() or path.read_text("utf-8") != new:
            differ.append(path.name)
            if not check:
                path.write_text(new, "utf-8")
    what = "out of date" if check else "written"
    sys.stdout.write(f"{what}: {', '.join(differ)}\n" if differ else "all up to date\n")
    return int(check and bool(differ))


if __name__ == "__main__":
    sys.exit(main())
