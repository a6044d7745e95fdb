"""The `meltano.yml` and the commands that `docs/your-own-project.md` shows."""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from yaml_text import as_yaml

from hub import DEFINITION, NAME, VARIANT, select_command

if TYPE_CHECKING:
    from collections.abc import Mapping

_FACTS = ("name", "kind", "value", "sensitive")
#: So that a trial reads little.
_DEV = {"start_date": "2026-01-01T00:00:00Z"}


def _project_file(meltano: str, repository: str) -> str:
    """A `meltano.yml` for a project with the tap's lock file, and the loaders of the one here."""
    plugins = YAML(typ="safe").load(meltano)["plugins"]
    (extractor,) = plugins["extractors"]
    source = f"git+{repository}.git"
    dev = {"plugins": {"extractors": [{"name": NAME, "config": _DEV}]}}
    three_lines = {"name": NAME, "variant": VARIANT, "pip_url": source}
    project = {
        "requires_meltano": ">=4.4",
        "default_environment": "prod",
        "environments": [{"name": "dev", "config": dev}, {"name": "prod"}],
        "plugins": {
            # `meltano select` adds to a list, but starts a new one where it finds none.
            "extractors": [three_lines | {"select": extractor["select"]}],
            "loaders": [_loader(loader, source) for loader in plugins["loaders"]],
        },
    }
    return indent(f"```yaml\n{as_yaml(project)}```", " " * 3)


def sections(meltano: str, repository: str) -> dict[str, str]:
    """The generated parts of the page, by name."""
    (extractor,) = YAML(typ="safe").load(meltano)["plugins"]["extractors"]
    select = select_command(extractor["select"])
    add = f"meltano add {NAME} --from-ref {repository}/raw/main/{DEFINITION}"
    return {
        "project": _project_file(meltano, repository),
        "select": _console(select),
        "add": _console(add, select),
    }


def _console(*commands: str) -> str:
    return "\n".join(["```console", *(f"$ {command}" for command in commands), "```"])


def _loader(declared: Mapping[str, Any], source: str) -> dict[str, Any]:
    """A loader's declaration with its settings on a line each, without texts for a reader."""
    url = re.sub(r"^-e \./(\S+).*", rf"{source}#subdirectory=\1", declared["pip_url"])
    settings = [_on_one_line(setting) for setting in declared["settings"]]
    kept = {name: value for name, value in declared.items() if name not in {"label", "description"}}
    return kept | {"pip_url": url, "settings": settings}


def _on_one_line(setting: Mapping[str, Any]) -> CommentedMap:
    line = CommentedMap((fact, setting[fact]) for fact in _FACTS if fact in setting)
    line.fa.set_flow_style()
    return line
