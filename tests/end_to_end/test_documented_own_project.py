"""The commands of docs/ in a Meltano project of one's own, against the sandbox."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.documented import ENV, assert_whole, in_duckdb, in_files, shell
from tests.end_to_end.project import needed_module
from tests.examples import ROOT, commands, example

pytestmark = pytest.mark.end_to_end
PROJECT = example("docs/meltano.md#a-meltano-project-of-your-own yaml 1")


@pytest.fixture(scope="module")
def own_project(
    clone: Path, readme_box: Sandbox, path: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project of one's own beside the clone, after the commands of docs/meltano.md."""
    folder = tmp_path_factory.mktemp("own") / "energy"
    folder.mkdir()
    (folder.parent / "tap-utility-energy").symlink_to(clone)
    (folder / "meltano.yml").write_text(PROJECT, "utf-8")
    (folder / ".env").write_text(ENV, "utf-8")
    shell(
        *commands("docs/meltano.md#a-meltano-project-of-your-own console 1"),
        at=folder,
        box=readme_box,
        PATH=path,
    )
    return folder


def test_a_project_of_ones_own_reads_both_vendors(own_project: Path, readme_box: Sandbox) -> None:
    assert_whole(in_duckdb(own_project / "output" / "prod.duckdb"), readme_box)


def test_a_project_of_ones_own_declares_what_the_projects_here_does() -> None:
    here = YAML(typ="safe").load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"]
    own = YAML(typ="safe").load(PROJECT)["plugins"]
    for kind in ("extractors", "loaders"):
        for declared, copied in zip(here[kind], own[kind], strict=True):
            names = [setting["name"] for setting in declared["settings"]]
            assert [setting["name"] for setting in copied["settings"]] == names
            for fact in ("name", "namespace", "executable", "select", "capabilities"):
                assert copied.get(fact) == declared.get(fact)


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
    try:
        shell(
            "meltano run tap-utility-energy target-jsonl", at=own_project, box=readme_box, PATH=path
        )
    finally:
        file.write_text(kept, "utf-8")

    landed = own_project / "output" / "prod-jsonl"
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
