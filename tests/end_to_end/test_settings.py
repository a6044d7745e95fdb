"""The tap's settings, maps and catalogs as users of Meltano have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands, WarmProject
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import TAP, Project, copy_tree

pytestmark = pytest.mark.end_to_end

SUMMARIES, METERS = "billing_summaries", "utilityapi_meters"
PREFIX = "TAP_UTILITY_ENERGY_"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(billing_summaries=40, meters=5, cache_seconds=0) as box:
        yield box


def landed(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in folder.iterdir()
    }


def into(folder: Path) -> dict[str, object]:
    folder.mkdir(exist_ok=True)
    return {"destination_path": folder, "do_timestamp_file": False}


def variables(project: Project, box: Sandbox, folder: Path, **tap: object) -> dict[str, str]:
    """The variables of a run into files that selects the streams that are selected by default."""
    found = project.variables(box, "target-jsonl", into(folder), tap)
    del found[f"{PREFIX}_SELECT"]
    return found


def run(project: Project, environment: dict[str, str], *options: str) -> tuple[int, str]:
    name = f"--state-id-suffix={environment['TARGET_JSONL_DESTINATION_PATH'].rpartition('/')[2]}"
    ended = project.call(*options, "run", name, TAP, "target-jsonl", **environment)
    return ended.returncode, ended.stdout


def test_the_settings_of_the_sdk_can_be_variables(
    project: Project, box: Sandbox, tmp_path: Path
) -> None:
    maps = {SUMMARIES: {"sources": None, "id": "config['seed'] + uid"}, "*": {"extra": None}}
    environment = variables(
        project,
        box,
        tmp_path / "maps",
        stream_maps=json.dumps(maps),
        stream_map_config=json.dumps({"seed": "salt"}),
        flattening_enabled="1",
        flattening_max_depth="1",
        flattening_separator="-",
    )

    code, output = run(project, environment)

    assert code == 0, output
    rows = landed(tmp_path / "maps")
    assert len(rows[SUMMARIES]) == 40
    for row in rows[SUMMARIES]:
        assert row["id"] == f"salt{row['uid']}"
        assert "sources" not in row
        assert "base" not in row
    assert any(name.startswith("base-") for row in rows[SUMMARIES] for name in row)
    others = [row for stream in rows if stream != SUMMARIES for row in rows[stream]]
    assert others
    assert not [row for row in others if "extra" in row]


def test_a_misspelt_variable_is_refused(project: Project, box: Sandbox, tmp_path: Path) -> None:
    environment = variables(project, box, tmp_path / "misspelt")

    code, output = run(project, environment | {f"{PREFIX}STREAM_MAP": "{}"})

    assert code == 1
    assert f"{PREFIX}STREAM_MAP: there is no such variable; did you mean {PREFIX}STREAM_MAPS?" in (
        output
    )


@pytest.fixture
def own(commands: Commands, tmp_path: Path) -> tuple[Project, Path]:
    """A project and where Meltano keeps a catalog, of a tap that is not installed as editable."""
    copy_tree(tmp_path)
    project = WarmProject(commands, tmp_path)
    (tmp_path / ".meltano" / "extractors" / TAP).unlink()
    path = tmp_path / "meltano.yml"
    path.write_text(path.read_text("utf-8").replace("pip_url: -e . -c", "pip_url: . -c"), "utf-8")
    return project, tmp_path / ".meltano" / "run" / TAP / "tap.properties.json"


def test_a_catalog_that_meltano_has_kept_loses_nothing(
    box: Sandbox, cluster: Cluster, own: tuple[Project, Path]
) -> None:
    project, kept_catalog = own
    database = cluster.create_database("kept_catalog")
    missing = {"base", "bill_count", "extra"}
    own = {METERS: {"grid_location": {"type": ["object", "null"]}}}
    extras = {
        f"{PREFIX}_SCHEMA": json.dumps(own),
        f"{PREFIX}_SELECT": json.dumps([f"{METERS}.*"]),
    }

    def load(job: str) -> None:
        command = project._run_command("target-postgres", job)
        environment = project.variables(box, "target-postgres", database, {}) | extras
        ended = project.call(*command, **environment)
        assert ended.returncode == 0, ended.stdout

    def fields(catalog: dict[str, Any]) -> dict[str, Any]:
        (entry,) = [each for each in catalog["streams"] if each["tap_stream_id"] == METERS]
        return entry["schema"]["properties"]

    load("first")
    catalog = json.loads(kept_catalog.read_text("utf-8"))
    for name in missing:
        del fields(catalog)[name]
    kept_catalog.write_text(json.dumps(catalog), "utf-8")
    with closing(cluster.connect(str(database["database"]))) as connection:
        connection.execute("DROP SCHEMA utility_energy CASCADE")
        load("second")
        rows = connection.execute(
            f"SELECT uid, extra, grid_location FROM utility_energy.{METERS}"
        ).fetchall()

    used = fields(json.loads(kept_catalog.read_text("utf-8"))).keys()
    assert not used & missing, "Meltano has discovered anew"
    truth = {meter["uid"]: meter for meter in box.truth(only="meters")["meters"]}
    assert len(rows) == len(truth) > 0
    assert any(location for _, _, location in rows)
    for uid, extra, location in rows:
        assert extra["bill_count"] == truth[uid]["bill_count"]
        assert extra["base"].keys() == truth[uid]["base"].keys()
        assert bool(location) is bool(truth[uid].get("grid_location"))
