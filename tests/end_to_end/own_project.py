"""A project of one's own, as docs/your-own-project.md tells; a folder stands for the repository."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from typing_extensions import override

from sandbox import Sandbox
from tests.end_to_end.documented import shell
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import copy_tree
from tests.end_to_end.readme import SCHEMA
from tests.examples import ROOT, commands, example

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"][
    "Repository"
]
PROJECT = example("docs/your-own-project.md#in-five-minutes yaml 1")
ENV = example("docs/your-own-project.md#in-five-minutes sh 1")


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Published:
    """The repository in a folder, with one commit, and a server of its files."""

    folder: Path
    url: str

    def here(self, text: str) -> str:
        """The text with addresses that lead here."""
        text = text.replace(f"git+{REPOSITORY}.git", f"git+{self.folder.as_uri()}")
        return text.replace(REPOSITORY, self.url)


@contextmanager
def published(folder: Path) -> Iterator[Published]:
    """Commit the working tree in a new folder, and serve its files."""
    source = folder / "raw" / "main"
    copy_tree(source)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "test")):
        subprocess.run(["git", *command], cwd=source, check=True)
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Published(source, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def new_project(folder: Path, home: Published, box: Sandbox, path: str) -> Path:
    """What ``meltano init`` makes, with the lock file and the credentials."""
    script = commands("docs/your-own-project.md#in-five-minutes console 1")
    shell(*map(home.here, script), at=folder, box=box, PATH=path)
    (folder / "energy" / ".env").write_text(ENV, "utf-8")
    return folder / "energy"


def in_postgresql(cluster: Cluster, database: str) -> dict[str, int]:
    """The number of rows in each table of the loader's schema."""
    listed = f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'"
    with closing(cluster.connect(database)) as connection:
        connection.execute(f"SET search_path TO {SCHEMA}")
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in connection.execute(listed).fetchall()
        }


def postgresql_variables(cluster: Cluster, database: str) -> dict[str, str]:
    """The loader's settings for a new database, as variables."""
    settings = cluster.create_database(database)
    return {f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in settings.items()}
