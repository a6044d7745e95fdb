"""Other ways to install the tap into a project of one's own: a wheel, and `meltano add`."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.documented import (
    assert_whole,
    in_duckdb,
    in_files,
    in_postgresql,
    output_of,
    postgresql_variables,
    shell,
)
from tests.end_to_end.own_project import (
    PROJECT,
    Published,
    new_project,
)
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import needed_command
from tests.examples import commands

pytestmark = pytest.mark.end_to_end
LOADERS = ("target-duckdb", "target-jsonl", "target-postgres")


@pytest.fixture(scope="module")
def wheel_project(
    published_repository: Published,
    readme_box: Sandbox,
    path: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A project with the tap's wheel, and three lines for the tap."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [needed_command("uv"), "build", "--quiet", "--wheel", f"--out-dir={folder}"]
    output_of(build, published_repository.folder)
    (wheel,) = folder.glob("*.whl")
    declared = YAML(typ="safe").load(published_repository.with_own_addresses(PROJECT))
    (tap,) = declared["plugins"]["extractors"]
    tap["pip_url"] = str(wheel)
    del tap["select"]
    assert len(tap) == 3
    project = new_project(folder, published_repository, readme_box, path)
    YAML().dump(declared, project / "meltano.yml")
    shell("meltano install", at=project, box=readme_box, PATH=path)
    return project


def test_a_wheel_and_the_lock_file_read_both_vendors(
    wheel_project: Path, readme_box: Sandbox, path: str, cluster: Cluster
) -> None:
    runs = [f"meltano run tap-utility-energy {loader}" for loader in LOADERS]

    variables = postgresql_variables(cluster, "wheel")
    shell(*runs, at=wheel_project, box=readme_box, PATH=path, **variables)

    output = wheel_project / "output"
    assert_whole(in_duckdb(output / "prod.duckdb"), readme_box)
    assert_whole(in_files(output / "prod-jsonl"), readme_box)
    assert_whole(in_postgresql(cluster, "wheel"), readme_box)


def test_meltano_adds_the_tap_by_its_definition(
    wheel_project: Path,
    published_repository: Published,
    readme_box: Sandbox,
    path: str,
    tmp_path: Path,
) -> None:
    project = new_project(tmp_path, published_repository, readme_box, path)
    (project / "plugins").rename(tmp_path / "unused")
    add = commands("docs/your-own-project.md#without-the-lock-file console 1")
    select = commands("docs/your-own-project.md#choose-streams console 2")
    definition = "hub/extractors/tap-utility-energy/utility-energy.yml"
    file = published_repository.folder / definition
    file.write_text(published_repository.with_own_addresses(file.read_text("utf-8")), "utf-8")

    shell(
        *map(published_repository.with_own_addresses, [*add, *select]),
        at=project,
        box=readme_box,
        PATH=path,
    )
    add_loader(project, "target-jsonl", wheel_project)
    shell("meltano run tap-utility-energy target-jsonl", at=project, box=readme_box, PATH=path)

    assert_whole(in_files(project / "output" / "dev-jsonl"), readme_box)


def add_loader(project: Path, name: str, installed: Path) -> None:
    """Declare a loader that another project has installed."""
    yaml = YAML()
    declared = yaml.load(project / "meltano.yml")
    own = YAML().load(StringIO(PROJECT))["plugins"]["loaders"]
    declared["plugins"]["loaders"] = [each for each in own if each["name"] == name]
    yaml.dump(declared, project / "meltano.yml")
    link = project / ".meltano" / "loaders" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(installed / ".meltano" / "loaders" / name)
