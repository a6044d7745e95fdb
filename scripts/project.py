"""The repository's folder, and what pyproject.toml says about the project."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
METADATA: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: The project's addresses, such as "Repository" and "Documentation".
URLS: dict[str, str] = METADATA["urls"]
