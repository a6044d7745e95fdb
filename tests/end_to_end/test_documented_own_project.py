"""The commands of docs/ in a Meltano project of one's own, against the sandbox."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.documented import (
    BY_DEFAULT,
    assert_whole,
    in_duckdb,
    in_files,
    in_postgresql,
    postgresql_variables,
    shell,
)
from tests.end_to_end.own_project import (
    PROJECT,
    Published,
    new_project,
)
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import needed_module
from tests.examples import ROOT, commands, example

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def own_project(
    published_repository: Published,
    readme_box: Sandbox,
    path: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A new project after the commands of the page, installed from a git address."""
    folder = new_project(tmp_path_factory.mktemp("own"), published_repository, readme_box, path)
    (folder / "meltano.yml").write_text(published_repository.with_own_addresses(PROJECT), "utf-8")
    rmtree(folder / "output")  # which a project that is older may not have
    shell(
        *commands("docs/your-own-project.md#in-five-minutes console 2"),
        at=folder,
        box=readme_box,
        PATH=path,
    )
    return folder


@pytest.fixture
def spare_project(own_project: Path) -> Iterator[Path]:
    """The same; what a test changes in its two files is undone."""
    kept = {name: (own_project / name).read_text("utf-8") for name in ("meltano.yml", ".env")}
    yield own_project
    for name, text in kept.items():
        (own_project / name).write_text(text, "utf-8")


def test_a_project_of_ones_own_reads_both_vendors(own_project: Path, readme_box: Sandbox) -> None:
    assert_whole(in_duckdb(own_project / "output" / "prod.duckdb"), readme_box)


def test_it_loads_into_files_and_postgresql(
    own_project: Path, readme_box: Sandbox, path: str, cluster: Cluster
) -> None:
    documented = example("docs/your-own-project.md#in-five-minutes sh 2").splitlines()
    variables = postgresql_variables(cluster, "own_project")
    assert [line.partition("=")[0] for line in documented] == list(variables)
    script = commands("docs/your-own-project.md#in-five-minutes console 3")

    shell(*script, at=own_project, box=readme_box, PATH=path, **variables)

    assert_whole(in_files(own_project / "output" / "prod-jsonl"), readme_box)
    assert_whole(in_postgresql(cluster, "own_project"), readme_box)


def test_the_check_is_a_command_of_it(own_project: Path, readme_box: Sandbox, path: str) -> None:
    script = commands("docs/check.md#check-the-vendors console 2")

    told = shell(*script, at=own_project, box=readme_box, PATH=path)

    assert "First sync at these settings" in told
    assert json.loads((own_project / "check.json").read_text("utf-8"))


def test_a_project_of_ones_own_declares_what_the_project_here_does() -> None:
    here = YAML(typ="safe").load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"]
    own = YAML(typ="safe").load(PROJECT)["plugins"]
    for declared, copied in zip(here["loaders"], own["loaders"], strict=True):
        names = [setting["name"] for setting in declared["settings"]]
        assert [setting["name"] for setting in copied["settings"]] == names
        for fact in ("name", "namespace", "executable"):
            assert copied.get(fact) == declared.get(fact)
    assert own["extractors"][0]["select"] == here["extractors"][0]["select"]


def selected(project: Path, box: Sandbox, path: str) -> set[str]:
    """The streams that Meltano would tell the tap to read."""
    command = "meltano invoke --dump=catalog tap-utility-energy"
    text = shell(command, at=project, box=box, PATH=path)
    catalog = json.loads(text[text.index("{") :])
    return {
        stream["tap_stream_id"]
        for stream in catalog["streams"]
        for entry in stream["metadata"]
        if entry["breadcrumb"] == [] and entry["metadata"].get("selected")
    }


def test_streams_are_chosen(spare_project: Path, readme_box: Sandbox, path: str) -> None:
    before = selected(spare_project, readme_box, path)
    more = commands("docs/your-own-project.md#choose-streams console 1")
    shell(*more, at=spare_project, box=readme_box, PATH=path)
    after = selected(spare_project, readme_box, path)
    again = commands("docs/your-own-project.md#choose-streams console 2")
    shell(*again, at=spare_project, box=readme_box, PATH=path)

    assert before >= BY_DEFAULT.keys()
    assert after - before == {"utilityapi_interval_readings"}
    assert before - after == set()
    assert selected(spare_project, readme_box, path) == before


def test_dev_reads_into_files_of_its_own(own_project: Path, readme_box: Sandbox, path: str) -> None:
    script = commands("docs/your-own-project.md#environments console 1")

    shell(*script, at=own_project, box=readme_box, PATH=path)

    counts = in_files(own_project / "output" / "dev-jsonl")
    truth = readme_box.truth(only="bills,meters")
    assert counts["utilityapi_meters"] == len(truth["meters"])
    assert counts["utilityapi_bills"] < len(truth["bills"])


def test_a_secret_is_written_into_env(spare_project: Path, readme_box: Sandbox, path: str) -> None:
    (command,) = commands("docs/your-own-project.md#secrets console 1")

    shell(command.replace("your-token", "t0ken"), at=spare_project, box=readme_box, PATH=path)

    assert "t0ken" in (spare_project / ".env").read_text("utf-8")
    assert "t0ken" not in (spare_project / "meltano.yml").read_text("utf-8")


def test_a_schedule_is_run(spare_project: Path, readme_box: Sandbox, path: str) -> None:
    file = spare_project / "output" / "prod.duckdb"
    file.unlink()
    script = commands("docs/your-own-project.md#schedule console 1")

    shell(*script, at=spare_project, box=readme_box, PATH=path)

    assert in_duckdb(file)["utilityapi_meters"] == len(readme_box.truth(only="meters")["meters"])


def test_it_is_upgraded(spare_project: Path, readme_box: Sandbox, path: str) -> None:
    script = commands("docs/your-own-project.md#upgrade console 1")

    shell(*script, at=spare_project, box=readme_box, PATH=path)

    assert in_duckdb(spare_project / "output" / "prod.duckdb")["utilityapi_meters"]


def test_one_meter_is_read_again(own_project: Path, readme_box: Sandbox, path: str) -> None:
    bills = readme_box.truth(only="bills")["bills"]
    meter = bills[0]["meter_uid"]
    of_meter = sorted(bill["uid"] for bill in bills if bill["meter_uid"] == meter)
    before = states(own_project)
    file = own_project / "output" / "prod.duckdb"
    with needed_module("duckdb").connect(file) as database:
        database.execute("UPDATE utilityapi_bills SET base = NULL")
    script = commands("docs/utilityapi.md#read-a-meter-again console 1")

    shell(
        *(command.replace("123", meter) for command in script),
        at=own_project,
        box=readme_box,
        PATH=path,
    )

    with needed_module("duckdb").connect(file) as database:
        again = database.execute("SELECT uid FROM utilityapi_bills WHERE base IS NOT NULL")
        assert sorted(uid for (uid,) in again.fetchall()) == of_meter
    assert states(own_project) == before


def states(project: Path) -> list[Any]:
    """Every state that Meltano has stored."""
    with closing(sqlite3.connect(project / ".meltano" / "meltano.db")) as database:
        found = database.execute("SELECT * FROM state").fetchall()
    assert "utilityapi_bills" in str(found)
    return found


def test_a_field_is_deselected(own_project: Path, readme_box: Sandbox, path: str) -> None:
    file = own_project / "meltano.yml"
    kept = file.read_text("utf-8")
    try:
        shell(
            *commands("docs/personal-data.md#hash-or-drop-it-on-the-way console 1"),
            at=own_project,
            box=readme_box,
            PATH=path,
        )
        (tap,) = YAML(typ="safe").load(file.read_text("utf-8"))["plugins"]["extractors"]
    finally:
        file.write_text(kept, "utf-8")
    assert "!utilityapi_authorizations.customer_signature" in tap["select"]


def test_personal_data_is_kept_back_under_meltano(
    own_project: Path, readme_box: Sandbox, path: str
) -> None:
    file, yaml = own_project / "meltano.yml", YAML()
    kept = file.read_text("utf-8")
    project = yaml.load(kept)
    (tap,) = project["plugins"]["extractors"]
    tap["config"] = yaml.load(example("docs/personal-data.md#hash-or-drop-it-on-the-way yaml 1"))
    yaml.dump(project, file)
    landed = own_project / "output" / "prod-jsonl"
    for old in landed.glob("*.jsonl"):
        old.unlink()
    run = "meltano run --state-id-suffix=personal tap-utility-energy target-jsonl"
    try:
        shell(run, at=own_project, box=readme_box, PATH=path)
    finally:
        file.write_text(kept, "utf-8")

    text = "".join(file.read_text("utf-8") for file in landed.iterdir())
    truth = readme_box.truth(only="authorizations,meters,billing_accounts,bills")
    assert in_files(landed)["utilityapi_bills"] == len(truth["bills"])
    personal = {
        *(row["customer_email"] for row in truth["authorizations"]),
        *(row["base"]["billing_address"] for row in truth["bills"]),
        *(row["base"]["billing_account"] for row in truth["billing_accounts"]),
    }
    assert len(personal) > 10
    assert not [value for value in personal if json.dumps(value)[1:-1] in text]
