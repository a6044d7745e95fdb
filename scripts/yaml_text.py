"""YAML as the generated files write it."""

from __future__ import annotations

import io
import sys
from typing import Any

from ruamel.yaml import YAML


def as_yaml(content: dict[str, Any], indent: int = 2) -> str:
    """The content as text, with lists indented that far below their name."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=2 + indent, offset=indent)
    yaml.width = sys.maxsize
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()
