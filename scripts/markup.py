"""Markdown and YAML as the generated files have it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def code(names: Iterable[str]) -> str:
    """Names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def as_yaml(content: Mapping[str, Any], list_indent: int = 2) -> str:
    """The content as YAML, with each list indented by so many spaces below its name."""
    yaml = YAML()
    yaml.indent(mapping=2, sequence=2 + list_indent, offset=list_indent)
    yaml.width = sys.maxsize
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def on_one_line(content: Mapping[str, Any] | Sequence[Any]) -> CommentedMap | CommentedSeq:
    """A copy of the content that `as_yaml` writes on one line."""
    is_sequence = isinstance(content, list | tuple)
    copy = CommentedSeq(content) if is_sequence else CommentedMap(content)
    copy.fa.set_flow_style()
    return copy
