"""The commands of README.md and docs/, as they stand there, against the sandbox."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import Sandbox
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import (
    LONGEST_RUN,
    Project,
    clean_environment,
    copy_tree,
    needed_module,
    tap_variables,
)
from tests.end_to_end.readme import SCHEMA
from tests.end_to_end.truth import charges_of
from tests.examples import ROOT, blocks, commands, example, output

pytestmark = pytest.mark.end_to_end

#: The tables of the streams that are selected by default, and the truth's names of them.
BY_DEFAULT = {
    "utilityapi_authorizations": "authorizations",
    "utilityapi_meters": "meters",
    "utilityapi_billing_accounts": "billing_accounts",
    "utilityapi_bills": "bills",
    **{
        name: name
        for name in (
            "billing_summaries",
            "meter_digest_monthly",
            "energycap_accounts",
            "energycap_commodities",
            "energycap_cost_centers",
            "energycap_meters",
            "energycap_places",
            "energycap_units",
            "energycap_vendors",
        )
    },
}
ENV = example("README.md#use-it sh 1")
PROJECT = example("docs/meltano.md#a-meltano-project-of-your-own yaml 1")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
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
def clone(installed: Project) -> Path:
    """A clone after ``make demo``, with the README's `.env`."""
    folder = installed.folder
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".env").write_text(ENV, "utf-8")
    return folder


@pytest.fixture(scope="module")
def own_project(clone: Path, box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one's own beside the clone, after the commands of docs/meltano.md."""
    folder = tmp_path_factory.mktemp("own") / "energy"
    folder.mkdir()
    (folder.parent / "tap-utility-energy").symlink_to(clone)
    (folder / "meltano.yml").write_text(PROJECT, "utf-8")
    (folder / ".env").write_text(ENV, "utf-8")
    shell(*commands("docs/meltano.md#a-meltano-project-of-your-own console 1"), at=folder, box=box)
    return folder


def shell(*script: str, at: Path, box: Sandbox, **environment: str) -> str:
    """Run commands in one shell, which must end well, against the sandbox; return their output."""
    vendors = {
        "utilityapi_base_url": box.utilityapi_base_url,
        "energycap_base_url": box.energycap_base_url,
        "utilityapi_requests_per_minute": 3000,
    }
    defaults = {
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    ended = subprocess.run(
        ["bash", "-c", "\n".join(["set -eo pipefail", *script])],
        cwd=at,
        env=clean_environment(**defaults | tap_variables(vendors) | environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def assert_whole(counts: Mapping[str, int], box: Sandbox) -> None:
    """The tables of all streams that are selected by default, with all that the vendors hold."""
    truth = box.truth(only=",".join(BY_DEFAULT.values()))
    periods = sum(len(row.get("results") or []) for row in truth["meter_digest_monthly"])
    charges = sum(len(charges_of(bill)) for bill in truth["bills"])
    expected = {table: len(truth[name]) for table, name in BY_DEFAULT.items()}
    rows = {"meter_digest_monthly_results": periods, "utilityapi_bill_line_items": charges}
    assert counts == expected | rows


def in_duckdb(path: Path) -> dict[str, int]:
    """The number of rows in each table of a file."""
    with needed_module("duckdb").connect(path, read_only=True) as database:
        names = "SELECT table_name FROM information_schema.tables"
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in database.execute(names).fetchall()
        }


def test_meltano_in_the_clone_reads_both_vendors_into_duckdb(clone: Path, box: Sandbox) -> None:
    to_duckdb, _ = commands("README.md#use-it console 1")

    shell(to_duckdb, at=clone, box=box)

    assert_whole(in_duckdb(clone / "output" / "prod.duckdb"), box)


def test_meltano_in_the_clone_reads_both_vendors_into_postgresql(
    clone: Path, box: Sandbox, cluster: Cluster
) -> None:
    _, to_postgres = commands("README.md#use-it console 1")
    settings = cluster.create_database("readme")
    variables = {f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in settings.items()}

    shell(to_postgres, at=clone, box=box, **variables)

    with closing(cluster.connect("readme")) as connection:
        connection.execute(f"SET search_path TO {SCHEMA}")
        listed = f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'"
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in connection.execute(listed).fetchall()
        }
    assert_whole(counts, box)


def test_the_tap_is_installed_and_piped_by_itself(
    clone: Path, box: Sandbox, tmp_path: Path
) -> None:
    *installs, pipe = commands("README.md#use-it console 2")
    tools = {
        "UV_PYTHON": sys.executable,
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "PATH": f"{tmp_path / 'bin'}:{sys.prefix}/bin:{os.environ['PATH']}",
    }
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".env").write_text(ENV, "utf-8")

    shell(*installs, f"cd {tmp_path / 'work'}", pipe, at=clone, box=box, **tools)

    assert_whole(in_files(tmp_path / "work"), box)
    assert {path.name for path in (tmp_path / "bin").iterdir()} == {
        "tap-utility-energy",
        "target-jsonl",
    }


def in_files(folder: Path) -> dict[str, int]:
    """The number of lines in each file of target-jsonl."""
    files = folder.glob("*.jsonl")
    return {
        path.name.partition("-")[0]: len(path.read_text("utf-8").splitlines()) for path in files
    }


def test_a_project_of_ones_own_reads_both_vendors(own_project: Path, box: Sandbox) -> None:
    assert_whole(in_duckdb(own_project / "output" / "prod.duckdb"), box)


def test_a_project_of_ones_own_declares_what_the_projects_here_does() -> None:
    here = YAML(typ="safe").load((ROOT / "meltano.yml").read_text("utf-8"))["plugins"]
    own = YAML(typ="safe").load(PROJECT)["plugins"]
    for kind in ("extractors", "loaders"):
        for declared, copied in zip(here[kind], own[kind], strict=True):
            names = [setting["name"] for setting in declared["settings"]]
            assert [setting["name"] for setting in copied["settings"]] == names
            for fact in ("name", "namespace", "executable", "select", "capabilities"):
                assert copied.get(fact) == declared.get(fact)


def test_one_meter_is_read_again(own_project: Path, box: Sandbox) -> None:
    bills = box.truth(only="bills")["bills"]
    meter = bills[0]["meter_uid"]
    of_meter = sorted(bill["uid"] for bill in bills if bill["meter_uid"] == meter)
    before = states(own_project)
    file = own_project / "output" / "prod.duckdb"
    with needed_module("duckdb").connect(file) as database:
        database.execute("UPDATE utilityapi_bills SET base = NULL")
    script = commands("docs/utilityapi.md#what-is-read-and-when console 1")

    shell(*(command.replace("123", meter) for command in script), at=own_project, box=box)

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


def test_a_field_is_deselected(own_project: Path, box: Sandbox) -> None:
    file = own_project / "meltano.yml"
    kept = file.read_text("utf-8")
    try:
        shell(
            *commands("docs/personal-data.md#hash-or-drop-it-on-the-way console 1"),
            at=own_project,
            box=box,
        )
        (tap,) = YAML(typ="safe").load(file.read_text("utf-8"))["plugins"]["extractors"]
    finally:
        file.write_text(kept, "utf-8")
    assert "!utilityapi_authorizations.customer_signature" in tap["select"]


def test_personal_data_is_kept_back_under_meltano(own_project: Path, box: Sandbox) -> None:
    file, yaml = own_project / "meltano.yml", YAML()
    kept = file.read_text("utf-8")
    project = yaml.load(kept)
    (tap,) = project["plugins"]["extractors"]
    tap["config"] = yaml.load(example("docs/personal-data.md#hash-or-drop-it-on-the-way yaml 1"))
    yaml.dump(project, file)
    try:
        shell("meltano run tap-utility-energy target-jsonl", at=own_project, box=box)
    finally:
        file.write_text(kept, "utf-8")

    landed = own_project / "output" / "prod-jsonl"
    text = "".join(path.read_text("utf-8") for path in landed.iterdir())
    truth = box.truth(only="authorizations,meters,billing_accounts,bills")
    assert in_files(landed)["utilityapi_bills"] == len(truth["bills"])
    personal = {
        *(row["customer_email"] for row in truth["authorizations"]),
        *(row["base"]["billing_address"] for row in truth["bills"]),
        *(row["base"]["billing_account"] for row in truth["billing_accounts"]),
    }
    assert len(personal) > 10
    assert not [value for value in personal if json.dumps(value)[1:-1] in text]


def test_the_sandbox_starts_as_the_readme_shows(clone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    (command,) = commands("README.md#the-sandbox console 1")
    shown = output("README.md#the-sandbox console 1").replace("8765", port).splitlines()
    with subprocess.Popen(
        command.replace("8765", port).split(), cwd=clone, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        said = [process.stdout.readline().rstrip("\n") for _ in shown]
        process.terminate()
        assert process.wait(10) == 0
    assert said == shown


def test_the_demo_ends_as_the_readme_shows(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    (tmp_path / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.suffix != ".installed":
            (tmp_path / ".venv" / part.name).symlink_to(part)
    (tmp_path / ".venv" / "demo.installed").touch()
    (make_demo,) = commands("README.md#try-it console 1")

    ended = subprocess.run(
        make_demo.split(),
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = iter(comparable(ended.stdout))
    for line in comparable(blocks()["README.md#try-it text 1"]):
        assert any(line == said for said in lines), f"not said, or not there: {line}"


def comparable(text: str) -> list[str]:
    """The lines of a demo, without what differs between two runs."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", text)
    text = re.sub(r"\d+(\.\d+)? (s|seconds?|minutes?)\b", "0 s", text)
    text = re.sub(r"\d+ warnings", "0 warnings", text)
    lines = (line.rstrip() for line in text.splitlines() if "preparing the answer" not in line)
    return [line for line in lines if line.strip() not in {"", "…"}]
