"""Many tenants on Dagster, by the example of docs/scale.md.

TENANTS is their number; ``make nightly`` takes twenty.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.end_to_end.documented import (
    assert_whole,
    in_duckdb,
    vendor_settings,
)
from tests.end_to_end.duckdb_file import DuckDBFile, as_stored
from tests.end_to_end.engine import Engine, Installation
from tests.end_to_end.project import tap_variables
from tests.end_to_end.truth import assert_same, expected_tables
from tests.examples import example

pytestmark = pytest.mark.end_to_end

TENANTS = int(os.environ.get("TENANTS", "4"))
WRONG, DOWN, KILLED = "tenant-1", "tenant-2", "tenant-3"
#: What the tap requests only for meters whose bills have changed.
BILLS = "/utilityapi/api/v2/bills?"
LOADER = """
[loader]
command = ["target-duckdb-every-row", "--config={config}"]

[loader.settings]
filepath = "{data}/{run}/energy.duckdb"
default_target_schema = "main"
batch_size_rows = 100

[settings]
utilityapi_rate_limit_file = "{data}/rate-limits.sqlite"
max_wait_seconds = 2

[retries]
max_retries = 1
delay = 1
"""


def test_the_example_runs_as_it_stands(dagster: Installation, tmp_path: Path) -> None:
    credentials = dict(
        re.findall(
            r"^export (\w+)=(\S+)$", example("docs/scale.md#run-the-example sh 1"), re.MULTILINE
        )
    )
    with Sandbox(
        billing_summaries=60,
        meters=8,
        cache_seconds=0,
        utilityapi_token=credentials["ACME_UTILITYAPI_TOKEN"],
        energycap_api_key=credentials["ACME_ENERGYCAP_API_KEY"],
    ) as box:
        variables = tap_variables(vendor_settings(box, historical_collection_poll_seconds=1))
        engine = Engine.new(dagster, tmp_path, **credentials, **variables)
        with engine.running():
            night = engine.night()
            overview = engine.overview()
            scheduled = engine.scheduled("every_night")

        assert {run.status for run in night.values()} == {"SUCCESS"}, night
        assert sorted(scheduled) == sorted(night)
        assert overview.keys() == {"runs"}
        assert [row["status"] for row in overview["runs"]] == ["SUCCESS"] * 4
        assert_whole(in_duckdb(engine.data / "acme" / "energy.duckdb"), box)
        shards = [in_duckdb(engine.data / f"initech-{n}-of-2" / "energy.duckdb") for n in (1, 2)]
        names = shards[0].keys() | shards[1].keys()
        assert_whole({name: sum(shard.get(name, 0) for shard in shards) for name in names}, box)

        engine.materialize("collections", "initech-collections")
        paid = box.bill()
        engine.materialize("collections", "initech-collections")

        assert 0 < len(paid["collections"]) <= 20
        assert box.bill() == paid


@dataclass(frozen=True)
class Tenant:
    name: str
    box: Sandbox

    @property
    def credentials(self) -> dict[str, str]:
        """Its credentials, as variables of Dagster's environment."""
        name = self.name.upper().replace("-", "_")
        return {
            f"{name}_UTILITYAPI_TOKEN": self.box.utilityapi_token,
            f"{name}_ENERGYCAP_API_KEY": self.box.energycap_api_key,
        }

    def requests_for_bills(self) -> int:
        return sum(BILLS in request["target"] for request in self.box.requests())


@pytest.fixture(scope="module")
def tenants() -> Iterator[list[Tenant]]:
    """Tenants whose data differ, each at vendors that accept no other's credentials."""
    with ExitStack() as stack:
        yield [
            Tenant(
                name := f"tenant-{number}",
                stack.enter_context(
                    Sandbox(
                        seed=number,
                        billing_summaries=20 + number,
                        meters=4 + number,
                        cache_seconds=0,
                        interval_meters=0,
                        utilityapi_rate_limit=0,
                        data_page_limit=5,
                        latency_ms=150 if name == KILLED else 30,  # time to kill it
                        utilityapi_token=f"token-of-{name}",
                        energycap_api_key=f"key-of-{name}==",
                    )
                ),
            )
            for number in range(1, TENANTS + 1)
        ]


def tenants_file(tenants: list[Tenant]) -> str:
    tables = []
    for tenant in tenants:
        tables.append(f"[tenants.{tenant.name}.settings]")
        settings = vendor_settings(tenant.box)
        tables += [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return LOADER + "\n".join(tables)


@contextmanager
def killing(engine: Engine, tenant: Tenant) -> Iterator[list[int]]:
    """Kill the tap and the loader of a tenant whenever they are in the middle of the bills."""
    killed: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            if tenant.requests_for_bills() >= 2:
                for process in engine.processes_of(tenant.name):
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                    killed.append(process)
                tenant.box.clear_requests()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        is_over.set()
        watcher.join()


def assert_loaded(engine: Engine, tenant: Tenant) -> None:
    """The tables of a tenant hold what its vendors do, and nothing else."""
    file = engine.data / tenant.name / "energy.duckdb"
    counts = in_duckdb(file)
    # A loader that is killed leaves a table behind, which it fills before it merges.
    assert_whole({name: n for name, n in counts.items() if name[:4] != "tmp_"}, tenant.box)
    assert_same(DuckDBFile(file).tables(), as_stored(expected_tables(tenant.box.truth())))


def files_with_secrets(folder: Path) -> set[Path]:
    """Files that hold a token or a key of any tenant."""
    secret = re.compile(rb"(token|key)-of-tenant-\d")
    return {
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and secret.search(path.read_bytes())
    }


def test_failed_tenants_are_named_and_the_next_night_repairs_them(
    dagster: Installation, tenants: list[Tenant], tmp_path: Path
) -> None:
    credentials = {name: value for each in tenants for name, value in each.credentials.items()}
    engine = Engine.new(dagster, tmp_path, tenants=tenants_file(tenants), **credentials)
    by_name = {tenant.name: tenant for tenant in tenants}
    well = [tenant for tenant in tenants if tenant.name not in {WRONG, DOWN, KILLED}]
    by_name[DOWN].box.set_faults([{"status": 503, "times": None}])

    engine.environment["TENANT_1_UTILITYAPI_TOKEN"] = "wrong-token-123"
    with engine.running(), killing(engine, by_name[KILLED]) as killed:
        first = engine.night()
        overview = engine.overview()
        retries = {name: engine.retries(first[name]) for name in (WRONG, DOWN, KILLED)}
        failed_streams = engine.failed_streams(first[DOWN])

    assert {name for name, run in first.items() if run.status == "FAILURE"} == {
        WRONG,
        DOWN,
        KILLED,
    }, first
    assert killed
    assert "UtilityAPI answered 401" in first[WRONG].why
    assert "overloaded (503)" in first[DOWN].why
    assert "exit code -9" in first[KILLED].why
    assert retries == {WRONG: 0, DOWN: 1, KILLED: 1}
    assert "billing_summaries" in failed_streams
    assert overview["not loaded"] == [
        {"tenant": name, "why": first[name].why} for name in (WRONG, DOWN, KILLED)
    ]
    for tenant in well:
        assert_loaded(engine, tenant)

    by_name[DOWN].box.set_faults([])
    for tenant in tenants:
        tenant.box.clear_requests()
    engine.environment |= by_name[WRONG].credentials
    with engine.running():
        second = engine.night()
    megabytes = engine.memory / 1e6
    print(f"{TENANTS} tenants, {megabytes:,.0f} MB at most")  # noqa: T201 - for a report

    assert {run.status for run in second.values()} == {"SUCCESS"}, second
    for tenant in tenants:
        assert_loaded(engine, tenant)
    assert not files_with_secrets(tmp_path)
    assert [tenant.name for tenant in well if tenant.requests_for_bills()] == []
    assert by_name[WRONG].requests_for_bills()
