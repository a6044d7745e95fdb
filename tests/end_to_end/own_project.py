"""A project of one's own, as docs/your-own-project.md tells; a folder stands for the repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import Sandbox
from scripts.project import URLS
from tests.end_to_end.documented import shell
from tests.end_to_end.project import copy_tree
from tests.examples import commands, example
from tests.file_server import serving_files

REPOSITORY = URLS["Repository"]
PROJECT = example("docs/your-own-project.md#in-five-minutes yaml 1")
ENV = example("docs/your-own-project.md#in-five-minutes sh 1")


@dataclass(frozen=True)
class Published:
    """The repository in a folder, with one commit, and a server of its files."""

    folder: Path
    url: str

    def with_own_addresses(self, text: str) -> str:
        """The text with this repository's addresses in place of the public ones."""
        text = text.replace(f"git+{REPOSITORY}.git", f"git+{self.folder.as_uri()}")
        return text.replace(REPOSITORY, self.url)

    def with_git_address(self, text: str) -> str:
        """The text with this repository's git address in place of the public one."""
        return text.replace(f"{REPOSITORY}.git", self.folder.as_uri()).replace(
            "revision: main", "revision: HEAD"
        )


@contextmanager
def published(folder: Path) -> Iterator[Published]:
    """Commit the working tree in a new folder, and serve its files."""
    source = folder / "raw" / "main"
    copy_tree(source)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "test")):
        subprocess.run(["git", *command], cwd=source, check=True)
    with serving_files(folder) as url:
        yield Published(source, url)


def new_project(folder: Path, repository: Published, box: Sandbox, path: str) -> Path:
    """What ``meltano init`` makes, with the lock file and the credentials."""
    script = commands("docs/your-own-project.md#in-five-minutes console 1")
    shell(*map(repository.with_own_addresses, script), at=folder, box=box, PATH=path)
    (folder / "energy" / ".env").write_text(ENV, "utf-8")
    return folder / "energy"
