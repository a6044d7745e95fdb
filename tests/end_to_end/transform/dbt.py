"""Runs of `dbt build` of `transform/`, in the environment that Meltano installs for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.project import ROOT, clean_environment
from tests.end_to_end.transform.databases import Database

#: The sandbox's day.
AS_OF = "2026-06-30"
LONGEST_BUILD = 300


@dataclass(frozen=True)
class Dbt:
    """The command ``dbt``, and a folder for what it writes."""

    command: Sequence[str]
    folder: Path
    project: Path = field(default=ROOT / "transform")
    as_of: str = AS_OF

    def build(self, database: Database, **variables: str) -> None:
        """Build all models and run their tests, which must pass."""
        ended = self.run(database, **variables)
        assert ended.returncode == 0, ended.stdout

    def run(self, database: Database, **variables: str) -> subprocess.CompletedProcess[str]:
        """Build, and return how that ended."""
        return subprocess.run(
            [
                *self.command,
                "--quiet",
                "build",
                f"--project-dir={self.project}",
                f"--profiles-dir={self.project}",
                f"--vars={json.dumps(variables)}",
            ],
            cwd=self.folder,
            env=clean_environment(**self._environment(database)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_BUILD,
            check=False,
        )

    def _environment(self, database: Database) -> Mapping[str, str]:
        return database.dbt_variables | {
            "DBT_UTILITY_ENERGY_AS_OF": self.as_of,
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
