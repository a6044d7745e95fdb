"""The commands of an installed project, with their imports behind them: see `tests.warm`."""

from __future__ import annotations

import sys
from pathlib import Path

from ruamel.yaml import YAML
from typing_extensions import override

from tests.end_to_end.project import TAP, Project, clean_environment, needed_command
from tests.warm import warm_python

#: What each command imports; Meltano imports some of it only when it is about to run.
MODULES = {
    "meltano": (
        "meltano.cli",
        "meltano.core.meltano_file",
        "meltano.core.state_store.azure",
        "meltano.core.state_store.google",
        "meltano.core.state_store.s3",
        "meltano.migrations.utils.dialect_typing",
        "alembic.command",
        "alembic.config",
        "anyio._backends._asyncio",
        "sqlite3",
    ),
    TAP: ("tap_utility_energy.tap",),
    "target-duckdb": ("target_duckdb_every_row", "target_duckdb"),
    "target-jsonl": ("target_jsonl",),
    "target-postgres": ("target_postgres.target",),
    "dbt-utility-energy": (
        "dbt.cli.main",
        "dbt.adapters.duckdb",
        "dbt.adapters.postgres",
        "dbt.include.duckdb",
        "dbt.include.postgres",
    ),
}
#: What a plugin's commands begin with, if not with its name.
PREFIXES = {"dbt-utility-energy": "dbt"}


class Commands:
    """Meltano's command, and those of the plugins, in a folder."""

    def __init__(self, installed: Project, shared: Path, folder: Path) -> None:
        """Write them, and start what serves them."""
        self.installed = installed
        self.folder = folder
        pythons = {name: installed.venv(name) / "bin" / "python" for name in MODULES}
        pythons["meltano"] = Path(sys.executable)
        self.pythons = {
            name: warm_python(shared, name, python, *MODULES[name], environment=clean_environment())
            for name, python in pythons.items()
        }
        #: A folder with the command ``meltano`` alone.
        self.path = folder / "path"
        self.path.mkdir()
        self.meltano = self.path / "meltano"
        self.pythons.pop("meltano").write_command(self.meltano, Path(needed_command("meltano")))
        for name, python in self.pythons.items():
            for script in installed.venv(name).glob(f"bin/{PREFIXES.get(name, name)}*"):
                python.write_command(folder / script.name, script)


class WarmProject(Project):
    """A project of its own, which shares what is installed, and whose commands start at once."""

    def __init__(self, commands: Commands, folder: Path, tap: Path | None = None) -> None:
        """Write the project into a folder; ``tap`` is another command in the tap's place."""
        super().__init__(folder)
        self.commands = commands
        self.command = (str(commands.meltano),)
        self._link_plugins()
        if not (folder / "transform").exists():  # a copy of the whole tree has its own
            (folder / "transform").symlink_to(commands.installed.folder / "transform")
        self._write_definition(tap or commands.folder / TAP)

    @override
    def loader(self, name: str) -> str:
        return str(self.commands.folder / name)

    def _link_plugins(self) -> None:
        for kind in ("extractors", "loaders", "utilities"):
            for plugin in (self.commands.installed.folder / ".meltano" / kind).iterdir():
                link = self.folder / ".meltano" / kind / plugin.name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(plugin)

    def _write_definition(self, tap: Path) -> None:
        yaml = YAML()
        definition = yaml.load(self.commands.installed.folder / "meltano.yml")
        (extractor,) = definition["plugins"]["extractors"]
        extractor["executable"] = str(tap)
        for loader in definition["plugins"]["loaders"]:
            command = loader.get("executable", loader["name"])
            # Meltano looks for other than absolute paths in the plugin's own environment.
            loader["executable"] = str(self.commands.folder / command)
        for utility in definition["plugins"]["utilities"]:
            utility["executable"] = str(self.commands.folder / PREFIXES[utility["name"]])
        yaml.dump(definition, self.folder / "meltano.yml")
