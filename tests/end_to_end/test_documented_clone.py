"""The commands of README.md in a clone, as they stand there, against the sandbox."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from sandbox import Sandbox
from tests.end_to_end.documented import (
    ENV,
    assert_whole,
    in_duckdb,
    in_files,
    in_postgresql,
    output_of,
    postgresql_variables,
    shell,
)
from tests.end_to_end.own_project import Published
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import copy_tree, needed_module, tap_variables
from tests.examples import blocks, commands, example, output

pytestmark = pytest.mark.end_to_end

COUNTED = "SELECT count(*) FROM energy.energy_bill_periods WHERE is_counted"


def test_meltano_in_the_clone_reads_both_vendors_into_duckdb(
    clone: Path, readme_box: Sandbox
) -> None:
    to_duckdb, _ = commands("README.md#use-it console 1")

    shell(to_duckdb, at=clone, box=readme_box)

    assert_whole(in_duckdb(clone / "output" / "prod.duckdb"), readme_box)


def test_meltano_in_the_clone_reads_both_vendors_into_postgresql_and_builds_tables(
    clone: Path, readme_box: Sandbox, cluster: Cluster
) -> None:
    _, to_postgres = commands("README.md#use-it console 1")
    variables = postgresql_variables(cluster, "readme")

    shell(to_postgres, at=clone, box=readme_box, **variables)

    assert_whole(in_postgresql(cluster, "readme"), readme_box)

    shell(*commands("docs/analytics.md#run-it console 2"), at=clone, box=readme_box, **variables)

    with closing(cluster.connect("readme")) as connection:
        assert connection.execute(COUNTED).fetchall()[0][0] > 100


def test_the_clone_loads_and_builds_tables_in_duckdb(clone: Path, readme_box: Sandbox) -> None:
    (build,) = commands("docs/analytics.md#run-it console 1")
    (describe,) = commands("docs/analytics.md#tables console 1")
    (page,) = commands("docs/analytics.md#the-page console 1")

    shell(build, describe, page, at=clone, box=readme_box)

    with needed_module("duckdb").connect(clone / "output" / "prod.duckdb") as database:
        assert database.execute(COUNTED).fetchall()[0][0] > 100
    described = clone / ".meltano" / "dbt" / "target" / "static_index.html"
    assert "energy_bill_periods" in described.read_text("utf-8")
    assert "<h1" in (clone / "output" / "prod.html").read_text("utf-8")


def test_two_runs_of_one_project_at_the_same_time(clone: Path, readme_box: Sandbox) -> None:
    credentials = {
        f"{owner}_{name}": value
        for owner in ("ACME", "GLOBEX")
        for name, value in {
            "UTILITYAPI_TOKEN": readme_box.utilityapi_token,
            "ENERGYCAP_API_KEY": readme_box.energycap_api_key,
        }.items()
    }
    # Only those of the tenants are right.
    wrong = tap_variables({"utilityapi_token": "wrong-token", "energycap_api_key": "wrong-key"})
    script = example("docs/scale.md#with-meltano bash 1")

    shell(script, at=clone, box=readme_box, **credentials, **wrong)

    for tenant in ("acme", "globex"):
        assert_whole(in_duckdb(clone / "output" / f"{tenant}.duckdb"), readme_box)
        assert (clone / ".meltano" / "tenants" / tenant / "meltano.db").exists()


def test_the_tap_is_installed_and_piped_by_itself(
    published_repository: Published, readme_box: Sandbox, tmp_path: Path
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

    installs = list(map(published_repository.with_own_addresses, installs))
    shell(*installs, pipe, at=tmp_path / "work", box=readme_box, **tools)

    assert_whole(in_files(tmp_path / "work"), readme_box)
    assert {path.name for path in (tmp_path / "bin").iterdir()} == {
        "tap-utility-energy",
        "target-jsonl",
    }


def test_the_sandbox_starts_as_its_page_shows(clone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    (command,) = commands("docs/sandbox.md#the-sandbox console 1")
    shown = output("docs/sandbox.md#the-sandbox console 1").replace("8765", port).splitlines()
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

    lines = iter(comparable(output_of(make_demo.split(), tmp_path)))

    for line in comparable(blocks()["README.md#try-it text 1"]):
        assert line in lines, f"not said, or not there: {line}"
    page = (tmp_path / "output" / "energy.html").read_text("utf-8")
    (cost,) = re.findall(r'value="([\d.]+)" data-total="USD"', page)
    assert float(cost) == pytest.approx(cost_of_a_year(tmp_path / "output" / "sandbox.duckdb"))


def cost_of_a_year(database: Path) -> float:
    """The cost of the sandbox's last twelve months whose bills have all come."""
    with duckdb.connect(database, read_only=True) as connection:
        (row,) = connection.execute(
            "SELECT sum(cost) FROM energy.energy_monthly "
            "WHERE month BETWEEN '2025-05-01' AND '2026-04-01'"
        ).fetchall()
    return row[0]


def comparable(text: str) -> list[str]:
    """The lines of a demo, without what differs between two runs."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", text)
    text = re.sub(r"\d+(\.\d+)? (s|seconds?|minutes?)\b", "0 s", text)
    text = re.sub(r"\d+ warnings", "0 warnings", text)
    lines = (line.rstrip() for line in text.splitlines() if "preparing the answer" not in line)
    return [line for line in lines if line.strip() not in {"", "…"}]
