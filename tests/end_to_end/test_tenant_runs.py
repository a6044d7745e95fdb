"""One run of the example of docs/scale.md, without Dagster's daemon."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.end_to_end.commands import Commands
from tests.end_to_end.documented import assert_whole, in_postgresql, vendor_settings
from tests.end_to_end.engine import Engine, Installation
from tests.end_to_end.postgres import Cluster
from tests.end_to_end.project import tap_variables
from tests.examples import example

pytestmark = pytest.mark.end_to_end

LOADER = '[loader]\ncommand = ["cat"]'
WRONG_FILES = {
    "[tenants.Acme]": "tenants.Acme.[key]\n  String should match pattern",
    "[tenants.acme]\nshard = 2": "tenants.acme.shard\n  Extra inputs are not permitted",
    "[tenants.acme.settings]\nhistorical_collection_enabled = true": (
        "acme: set collections instead of historical_collection_…"
    ),
    '[tenants.acme.settings]\nUtilityAPI_token = "abc"': (
        "acme: utilityapi_token belongs in the environment"
    ),
    "[tenants.a]\nshards = 2\n[tenants.a-1-of-2]": (
        "two runs would have the name a-1-of-2: rename a tenant"
    ),
}


@pytest.mark.parametrize("tables", WRONG_FILES)
def test_an_error_names_the_wrong_table_of_the_file(
    dagster: Installation, tmp_path: Path, tables: str
) -> None:
    engine = Engine.new(dagster, tmp_path, tenants=f"{tables}\n{LOADER}")

    said = engine.shell("! .venv/bin/python -c 'from tenants import Tenants; Tenants.read()' 2>&1")

    assert WRONG_FILES[tables] in said


def test_settings_are_given_to_the_tap_as_they_are(dagster: Installation, tmp_path: Path) -> None:
    tables = """
    [tenants.acme]
    collections = { enabled = false }
    [tenants.acme.settings]
    start_date = 2024-01-01T00:00:00Z
    stream_map_config = { since = 2024-01-01, of = ["{tenant}", "{other}"] }
    """
    engine = Engine.new(dagster, tmp_path, tenants=f"{tables}\n{LOADER}")

    (printed,) = engine.shell(
        ".venv/bin/python -c 'import json, tenants;"
        " print(json.dumps(tenants.Tenants.read().collections()[0].settings))'"
    ).splitlines()

    settings = {
        name.removeprefix("TAP_UTILITY_ENERGY_").lower(): value
        for name, value in json.loads(printed).items()
    }
    assert settings["start_date"] == "2024-01-01T00:00:00+00:00"
    mapped = {"since": "2024-01-01", "of": ["acme", "{other}"]}
    assert json.loads(settings["stream_map_config"]) == mapped
    assert settings["historical_collection_enabled"] == "false"


CANNOT_START = {
    "Set ACME_UTILITYAPI_TOKEN or ACME_ENERGYCAP_API_KEY in": f"[tenants.acme]\n{LOADER}",
    "No stream has the name bills": (f'[tenants.globex]\nstreams = ["*_bills", "bills"]\n{LOADER}'),
    "[Errno 2] No such file or directory: 'no-loader'": (
        '[tenants.globex]\n[loader]\ncommand = ["no-loader"]'
    ),
}


@pytest.mark.parametrize("why", CANNOT_START)
def test_a_run_that_cannot_start_says_why_and_is_not_retried(
    dagster: Installation, tmp_path: Path, why: str
) -> None:
    engine = Engine.new(
        dagster,
        tmp_path,
        tenants=f"{CANNOT_START[why]}\n[retries]\nmax_retries = 1",
        GLOBEX_ENERGYCAP_API_KEY="abc",
    )
    (tenant,) = re.findall(r"tenants\.(\w+)", CANNOT_START[why])

    said = engine.materialize("energy", tenant, fails=True)

    assert f"Failure: {why}" in said
    assert "STEP_UP_FOR_RETRY" not in said


STATES_AMONG_OTHER_LINES = r"""
[loader]
command = ["bash", "-c", '''
echo Starting
sed -nu 's/^{"type":"STATE","value":\(.*\)}$/\1/p'
printf '{"bookmarks": {"half'
''']
"""


def test_only_whole_states_and_credentials_of_the_tenant_count(
    dagster: Installation, tmp_path: Path
) -> None:
    with Sandbox(billing_summaries=10, meters=2, cache_seconds=0) as box:
        engine = Engine.new(
            dagster,
            tmp_path,
            tenants=f"[tenants.acme]\n{STATES_AMONG_OTHER_LINES}",
            ACME_ENERGYCAP_API_KEY=box.energycap_api_key,
            **tap_variables(vendor_settings(box)),
        )
        (tmp_path / ".env").write_text(
            f"TAP_UTILITY_ENERGY_UTILITYAPI_TOKEN={box.utilityapi_token}", "utf-8"
        )

        engine.materialize("energy", "acme")

        assert {request["target"].split("/")[1] for request in box.requests()} == {"energycap"}
    state = json.loads((engine.data / "acme" / "state.json").read_text("utf-8"))
    assert "energycap_accounts" in state["bookmarks"]


#: The loader's parent is run.py, whose parent is Dagster's process of the run.
STOPS_THE_RUN = r"""
[loader]
command = ["bash", "-c", '''
kill -INT $(awk '/^PPid/ { print $2 }' /proc/$PPID/status)
cat > /dev/null
touch ended
''']
[retries]
max_retries = 1
"""


def test_a_stopped_run_waits_for_its_loader_and_is_not_retried(
    dagster: Installation, tmp_path: Path
) -> None:
    with Sandbox(billing_summaries=10, meters=2, cache_seconds=0, latency_ms=2000) as box:
        engine = Engine.new(
            dagster,
            tmp_path,
            tenants=f"[tenants.acme]\n{STOPS_THE_RUN}",
            ACME_UTILITYAPI_TOKEN=box.utilityapi_token,
            **tap_variables(vendor_settings(box)),
        )

        said = engine.materialize("energy", "acme", fails=True)

    assert "sending SIGINT to subprocess" in said
    assert "STEP_UP_FOR_RETRY" not in said
    assert (engine.data / "acme" / "ended").exists()


def test_another_loader_gives_each_tenant_a_schema(
    dagster: Installation, tmp_path: Path, commands: Commands, cluster: Cluster
) -> None:
    server = cluster.create_database("tenants")
    loader = example("docs/scale.md#another-loader toml 1")
    for name in ("host", "user", "database"):
        loader = re.sub(rf'\b{name} = "[^"]*"', f'{name} = "{server[name]}"', loader)
    loader = loader.replace("{ host", f"{{ port = {server['port']}, host")
    with Sandbox(billing_summaries=20, meters=4, cache_seconds=0) as box:
        engine = Engine.new(
            dagster,
            tmp_path,
            tenants=f"[tenants.acme]\n{loader}",
            ACME_UTILITYAPI_TOKEN=box.utilityapi_token,
            ACME_ENERGYCAP_API_KEY=box.energycap_api_key,
            **tap_variables(vendor_settings(box)),
        )
        engine.environment["PATH"] += f":{commands.folder}"
        export = example("docs/scale.md#another-loader sh 1").replace(
            "your-password", str(server["password"])
        )
        engine.materialize("energy", "acme", setup=export)

        assert_whole(in_postgresql(cluster, "tenants", schema="acme"), box)
