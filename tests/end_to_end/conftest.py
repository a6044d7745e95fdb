"""What is made once for all of these tests, and then only if one asks for it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from sandbox import Sandbox
from tests.end_to_end.commands import Commands, WarmProject
from tests.end_to_end.documented import ENV
from tests.end_to_end.engine import Installation, install
from tests.end_to_end.own_project import Published, published
from tests.end_to_end.postgres import Cluster, running_cluster
from tests.end_to_end.project import Project


@pytest.fixture(scope="session")
def installed(shared: Path) -> Project:
    """The project, installed as the README tells, for all processes of pytest-xdist."""
    project = Project(shared / "project")
    with FileLock(shared / "project.lock"):
        if not project.folder.exists():
            project.folder.mkdir()
            project.install()
    return project


@pytest.fixture(scope="session")
def commands(
    installed: Project, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Commands:
    """Its commands, which start at once."""
    return Commands(installed, shared, tmp_path_factory.mktemp("commands"))


@pytest.fixture(scope="session")
def project(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A Meltano project with these commands."""
    return WarmProject(commands, tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def published_repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The working tree as a repository that a project can install from."""
    with published(tmp_path_factory.mktemp("repository")) as repository:
        yield repository


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The example in a clone, installed."""
    with published(tmp_path_factory.mktemp("clone")) as repository:
        yield install(repository.folder, tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="module")
def readme_box() -> Iterator[Sandbox]:
    """Both vendors, who accept what the README sets as token and key."""
    token, key = re.findall(r"=(\S+)", ENV)
    with Sandbox(
        billing_summaries=60,
        meters=12,
        cache_seconds=0,
        utilityapi_token=token,
        energycap_api_key=key,
    ) as box:
        yield box


@pytest.fixture(scope="module")
def clone(installed: Project, shared: Path) -> Path:
    """A clone after ``make demo``, with the README's `.env`."""
    folder = installed.folder
    with FileLock(shared / "project.lock"):
        if not (folder / ".venv").exists():
            (folder / ".venv").symlink_to(sys.prefix)
        (folder / ".env").write_text(ENV, "utf-8")
    return folder


@pytest.fixture(scope="session")
def path(commands: Commands) -> str:
    """A PATH with a ``meltano`` that starts at once."""
    return f"{commands.path}:{os.environ['PATH']}"
