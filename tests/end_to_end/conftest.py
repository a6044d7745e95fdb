"""What is made once for all of these tests, and then only if one asks for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.postgres import Cluster, running_cluster
from tests.end_to_end.project import Project


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """The Meltano project, installed."""
    with tempfile.TemporaryDirectory(prefix="project-") as folder:
        project = Project(Path(folder))
        project.install()
        yield project


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    with running_cluster() as cluster:
        yield cluster
