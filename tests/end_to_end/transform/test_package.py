"""The models as a package in a dbt project of one's own, as docs/analytics.md tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.documented import shell
from tests.end_to_end.own_project import Published
from tests.end_to_end.transform import energy_truth
from tests.end_to_end.transform.dbt import AS_OF
from tests.end_to_end.transform.world import load_duckdb
from tests.examples import commands, example

pytestmark = pytest.mark.end_to_end

PROFILE = (
    "ours: {target: dev, outputs: {dev: {type: duckdb, path: world.duckdb, schema: energy}}}\n"
)


@pytest.fixture
def tools(request: pytest.FixtureRequest) -> Commands:
    """The loaders and dbt; its own name is that of a function of the examples."""
    found: Commands = request.getfixturevalue("commands")
    return found


def test_a_project_of_ones_own_takes_the_models_and_has_its_own_list_of_meters(
    tools: Commands,
    published_repository: Published,
    readme_box: Sandbox,
    shared: Path,
    tmp_path: Path,
) -> None:
    database, truth = load_duckdb(tools, shared, tmp_path)
    packages = example("docs/analytics.md#in-a-dbt-project-of-your-own yaml 1")
    seeds = example("docs/analytics.md#in-a-dbt-project-of-your-own yaml 2")
    matches = example("docs/analytics.md#meters-that-both-vendors-have csv 1")
    files = {
        "packages.yml": published_repository.with_git_address(packages),
        "dbt_project.yml": f"name: ours\nprofile: ours\n{seeds}",
        "profiles.yml": PROFILE,
        "seeds/meter_matches.csv": matches,
    }
    (tmp_path / "seeds").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")

    shell(
        *commands("docs/analytics.md#in-a-dbt-project-of-your-own console 1"),
        at=tmp_path,
        box=readme_box,
        PATH=f"{tools.folder}:{os.environ['PATH']}",
        DBT_UTILITY_ENERGY_AS_OF=AS_OF,
    )

    _, (utilityapi, energycap, _) = (line.split(",") for line in matches.splitlines())
    (suggested,) = database.rows("suggested_meter_matches")
    assert (suggested["utilityapi_meter_uid"], suggested["energycap_meter_id"]) == (
        utilityapi,
        energycap,
    )
    rows = database.rows("energy_bill_periods", "status")
    assert len(rows) == len(energy_truth.periods(truth))
    assert {row["status"] for row in rows} == {"counted", "void", "other vendor preferred"}
