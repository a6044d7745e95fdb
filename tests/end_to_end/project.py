"""A Meltano project in a folder of its own, made of the working tree's files."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest

from sandbox import Sandbox

ROOT = Path(__file__).parents[2]
TAP = "tap-utility-energy"
DBT = "dbt-utility-energy"
#: What these tests look at.
STREAMS = ("billing_summaries", "meter_digest_monthly", "meter_digest_monthly_results")
#: Variables with these prefixes are the developer's own settings.
SETTINGS = ("TAP_", "TARGET_", "MELTANO_", "PG", "DBT_")
#: A loader that does not end by then hangs.
LONGEST_RUN = 300


def absent(what: str) -> Exception:
    """What to raise for want of a tool: a failure where tests must run, else a skip."""
    if os.environ.get("CI", "").lower() in {"", "0", "false"}:
        return pytest.skip.Exception(what)
    return pytest.fail.Exception(what, pytrace=False)


def needed_module(name: str) -> ModuleType:
    """Import a module that only these tests need."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise absent(f"the Python module {name} is not installed: {error}") from error


def needed_command(name: str) -> str:
    """The path of a command of this environment, or one that the shell would find."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise absent(f"the command {name} is not installed")
    return found


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without any settings of the developer."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(SETTINGS)}
    return kept | {"NO_COLOR": "1", "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"} | more


def tap_variables(settings: Mapping[str, object]) -> dict[str, str]:
    """The tap's settings as variables of the environment."""
    return {f"TAP_UTILITY_ENERGY_{name.upper()}": str(value) for name, value in settings.items()}


def copy_tree(folder: Path) -> None:
    """Copy the working tree, without what git ignores such as a `.env`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy)


class Project:
    """Meltano with the tap and its loaders, installed from the project's own files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: The streams that runs select.
        self.streams: Sequence[str] = (*STREAMS, "historical_collections")
        #: The command ``meltano``.
        self.command: Sequence[str] = (needed_command("meltano"),)

    def install(self) -> None:
        """Copy the working tree and install all plugins."""
        copy_tree(self.folder)
        installed = self.call("install")
        assert installed.returncode == 0, installed.stdout

    def loader(self, name: str) -> str:
        """The command of a loader, for a pipe without Meltano."""
        command = self.venv(name) / "bin" / name
        assert command.exists(), f"meltano did not install {command}"
        return str(command)

    def venv(self, plugin: str) -> Path:
        """The virtual environment of a plugin."""
        kind = {TAP: "extractors", DBT: "utilities"}.get(plugin, "loaders")
        return self.folder / ".meltano" / kind / plugin / "venv"

    def run(
        self,
        box: Sandbox,
        target: str,
        *,
        job: str,
        target_settings: Mapping[str, object],
        options: Sequence[str] = (),
        **tap: object,
    ) -> str:
        """Do ``meltano run tap-utility-energy <target>``, which must end well.

        Args:
            box: The sandbox to read from.
            target: The loader's name.
            job: Runs of the same job share their state.
            target_settings: The loader's settings.
            options: More of the command's options.
            tap: More of the tap's settings.

        Returns:
            What Meltano, the tap and the loader logged.
        """
        command = self._run_command(target, job, options)
        ended = self.call(*command, **self.variables(box, target, target_settings, tap))
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def fail(
        self,
        box: Sandbox,
        target: str,
        *,
        job: str,
        target_settings: Mapping[str, object],
        **tap: object,
    ) -> str:
        """Do the same, which must end badly."""
        command = self._run_command(target, job)
        ended = self.call(*command, **self.variables(box, target, target_settings, tap))
        assert ended.returncode == 1, ended.stdout
        return ended.stdout

    def start(
        self,
        box: Sandbox,
        target: str,
        *,
        job: str,
        target_settings: Mapping[str, object],
        log: IO[str],
        options: Sequence[str] = (),
        **tap: object,
    ) -> subprocess.Popen[str]:
        """Begin to do the same, in a session and so in a process group of its own."""
        return subprocess.Popen(
            [*self.command, *self._run_command(target, job, options)],
            cwd=self.folder,
            env=clean_environment(**self.variables(box, target, target_settings, tap)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def _run_command(target: str, job: str, options: Sequence[str] = ()) -> list[str]:
        return ["run", f"--state-id-suffix={job}", *options, TAP, target]

    def variables(
        self,
        box: Sandbox,
        target: str,
        target_settings: Mapping[str, object],
        tap: Mapping[str, object],
    ) -> dict[str, str]:
        """The settings of a run, as variables of its environment."""
        prefix = target.upper().replace("-", "_")
        return {
            **{f"{prefix}_{key.upper()}": str(value) for key, value in target_settings.items()},
            **tap_variables(box.tap_config(utilityapi_requests_per_minute=3000, **tap)),
            "TAP_UTILITY_ENERGY__SELECT": json.dumps([f"{name}.*" for name in self.streams]),
            "SANDBOX_URL": box.url,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Do any other command of Meltano's to its end."""
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
