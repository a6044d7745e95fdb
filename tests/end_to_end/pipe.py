"""The tap piped into a loader, without Meltano."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.project import TAP, clean_environment
from tests.support import catalog


@dataclass(frozen=True)
class Pipe:
    """The tap on one side and a loader on the other."""

    box: Sandbox
    folder: Path
    commands: Commands
    loader: str
    settings: Mapping[str, object]
    streams: Sequence[str]

    def run(
        self, *, tap: Mapping[str, object] = {}, state: object = None, **loader: object
    ) -> dict[str, Any]:
        """Extract and load once; both must end well.

        Args:
            tap: More of the tap's settings.
            state: What the run before returned.
            loader: More of the loader's settings.

        Returns:
            The state that the loader has confirmed.
        """
        arguments = [
            *("--config", self._file("tap.json", self.box.tap_config(**tap))),
            *("--catalog", self._file("catalog.json", catalog(self.streams))),
            *(("--state", self._file("state.json", state)) if state else ()),
        ]
        sent = subprocess.run(
            [self.commands.folder / TAP, *arguments],
            capture_output=True,
            env=clean_environment(),
            check=False,
        )
        assert sent.returncode == 0, sent.stderr.decode()
        target = self._file("target.json", {**self.settings, **loader})
        loaded = subprocess.run(
            [self.commands.folder / self.loader, "--config", target],
            input=sent.stdout,
            capture_output=True,
            check=False,
        )
        assert loaded.returncode == 0, loaded.stderr.decode()
        confirmed = loaded.stdout.splitlines()
        return json.loads(confirmed[-1]) if confirmed else {}

    def _file(self, name: str, content: object) -> str:
        path = self.folder / name
        path.write_text(json.dumps(content), "utf-8")
        return str(path)
