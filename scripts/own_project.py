"""The `meltano.yml` and the command that `docs/your-own-project.md` shows."""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING, Any

from scripts.hub import NAME, VARIANT, select_command
from scripts.markup import as_yaml, on_one_line
from scripts.project import URLS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The parts of a loader's setting that a project needs; the others are texts for a reader.
_SETTING_KEYS = ("name", "kind", "value", "sensitive")
_SOURCE = f"git+{URLS['Repository']}.git"
#: So that a trial reads little.
_DEV = {"start_date": "2026-01-01T00:00:00Z"}


def sections(plugins: Mapping[str, Any]) -> dict[str, str]:
    """The generated sections of the page, by name.

    Args:
        plugins: The plugins of the `meltano.yml` here.
    """
    (extractor,) = plugins["extractors"]
    return {
        "project": indent(f"```yaml\n{as_yaml(_project_file(plugins))}```", " " * 3),
        "select": f"```console\n$ {select_command(extractor['select'])}\n```",
    }


def _project_file(plugins: Mapping[str, Any]) -> dict[str, Any]:
    """A `meltano.yml` for a project with the tap's lock file, and the loaders of the one here."""
    (extractor,) = plugins["extractors"]
    dev = {"plugins": {"extractors": [{"name": NAME, "config": _DEV}]}}
    tap = {
        "name": NAME,
        "variant": VARIANT,
        "pip_url": _SOURCE,
        # `meltano select` adds to a list, but starts a new one where it finds none.
        "select": extractor["select"],
    }
    return {
        "requires_meltano": ">=4.4",
        "default_environment": "prod",
        "environments": [{"name": "dev", "config": dev}, {"name": "prod"}],
        "plugins": {"extractors": [tap], "loaders": [_loader(one) for one in plugins["loaders"]]},
    }


def _loader(declared: Mapping[str, Any]) -> dict[str, Any]:
    """A loader's declaration, with each of its settings on one line."""
    url = re.sub(r"^-e \./(\S+).*", rf"{_SOURCE}#subdirectory=\1", declared["pip_url"])
    settings = [
        on_one_line({key: setting[key] for key in _SETTING_KEYS if key in setting})
        for setting in declared["settings"]
    ]
    kept = {key: value for key, value in declared.items() if key not in {"label", "description"}}
    return kept | {"pip_url": url, "settings": settings}
