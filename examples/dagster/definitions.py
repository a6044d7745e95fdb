"""Nightly runs of the tap for many tenants: each tenant, or each shard of one, is a partition."""

# Without `from __future__ import annotations`: Dagster inspects the annotations.
import math
import sys
from collections.abc import Iterator
from typing import Any

import dagster as dg
from tenants import HERE, TenantRun, Tenants

TENANTS = Tenants.read()
NIGHTLY = {run.name: run for run in TENANTS.nightly()}
COLLECTIONS = {run.name: run for run in TENANTS.collections()}
NIGHTLY_RUNS = dg.StaticPartitionsDefinition(list(NIGHTLY))
WRONG_COMMAND_LINE = 2
#: Tags of runs: the partition, which Dagster sets, and why the run failed.
PARTITION = "dagster/partition"
WHY = "why"
#: What the tap's errors say after the reason.
NOT_TRIED = " Skipped for the same reason: "


def load(
    run: TenantRun, context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """Run the tap and the loader for a tenant.

    Raises:
        dg.Failure: The run failed. Dagster retries it unless that is pointless.
    """
    command = [sys.executable, str(HERE / "run.py")]
    invocation = pipes.run(context=context, command=command, extras=run._asdict())
    (result,) = invocation.get_custom_messages()
    metadata = metadata_of(result)
    if result["tap"] == result["loader"] == 0:
        return dg.MaterializeResult(metadata=metadata)
    # The overview has no room for the names of all streams that were not tried.
    why = "\n".join(error.partition(NOT_TRIED)[0] for error in result["errors"])
    context.instance.add_run_tags(context.run_id, {WHY: why})
    raise dg.Failure("\n".join(result["errors"]), metadata, allow_retries=is_retryable(result))


def is_retryable(result: dict[str, Any]) -> bool:
    """Whether another try may succeed: not if a setting is wrong or the vendor refuses."""
    if result["loader"] or result["tap"] not in {1, WRONG_COMMAND_LINE}:
        return True
    if result["figures"] is None:
        return False
    failures = result["figures"]["failures"]
    return not failures or any(failure["status"] is None for failure in failures)


def metadata_of(result: dict[str, Any]) -> dict[str, Any]:
    """What Dagster shows of a run: the figures of the tap's summary, in all and by stream."""
    metadata: dict[str, Any] = {"exit code": result["tap"], "exit code of loader": result["loader"]}
    if figures := result["figures"]:
        metadata |= {name: figures[name] for name in ("records", "requests", "seconds")}
    if figures and figures["streams"]:
        metadata["streams"] = dg.MetadataValue.table([
            dg.TableRecord(stream) for stream in figures["streams"]
        ])
    return metadata


@dg.asset(partitions_def=NIGHTLY_RUNS, pool="tenants")
def energy(
    context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """A tenant's data at both vendors, as far as they have changed since the run before."""
    retries = TENANTS.retries
    try:
        return load(NIGHTLY[context.partition_key], context, pipes)
    except Exception as error:  # a `RetryPolicy` would also start a run again that somebody stops
        is_last = context.retry_number >= retries.max_retries
        if is_last or not getattr(error, "allow_retries", True):
            raise
        raise dg.RetryRequested(retries.max_retries, retries.delay) from error


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(list(COLLECTIONS)), pool="tenants")
def collections(
    context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """Historical collections that a tenant pays for. No schedule requests them.

    The tap's journal keeps a run that is repeated from paying again.
    """
    return load(COLLECTIONS[context.partition_key], context, pipes)


@dg.asset
def overview(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Which tenants and shards are not loaded, and why; then the last run of each."""
    runs = {name: last_run(context.instance, name) for name in NIGHTLY}
    # Two tables, because a reason needs the whole width of Dagster's page.
    not_loaded = [
        {"tenant": name, "why": why_not_loaded(record)}
        for name, record in runs.items()
        if not (record and record.dagster_run.is_success)
    ]
    rows = [row_of(name, record) for name, record in runs.items()]
    return dg.MaterializeResult(metadata={"not loaded": table(not_loaded), "runs": table(rows)})


def last_run(instance: dg.DagsterInstance, name: str) -> dg.RunRecord | None:
    """The last run of a tenant or shard, if there was one."""
    return next(
        iter(instance.get_run_records(dg.RunsFilter(tags={PARTITION: name}), limit=1)), None
    )


def why_not_loaded(record: dg.RunRecord | None) -> str:
    """Why a run has not succeeded, in a few words."""
    if record is None:
        return "it has never run"
    run = record.dagster_run
    if run.is_failure:
        return run.tags.get(WHY, "see the log of the run")
    return f"its run is {run.status.value.lower()}"


def row_of(name: str, record: dg.RunRecord | None) -> dict[str, str]:
    """The row of a tenant or shard in the table of all runs."""
    return {
        "tenant": name,
        "status": record.dagster_run.status.value if record else "",
        "requested": f"{record.create_timestamp:%d %b %H:%M} UTC" if record else "",
        # As Dagster's other pages show it.
        "run": record.dagster_run.run_id[:8] if record else "",
    }


def table(rows: list[dict[str, str]]) -> dg.TableMetadataValue | dg.TextMetadataValue:
    """The rows as Dagster shows them; it fails to show a table without rows."""
    if not rows:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows])


nightly = dg.define_asset_job("nightly", [energy])


@dg.schedule(job=nightly, cron_schedule="0 2 * * *")
def every_night() -> Iterator[dg.RunRequest]:
    """Request a run for each partition."""
    for name in NIGHTLY:
        yield dg.RunRequest(run_key=name, partition_key=name)


every_morning = dg.ScheduleDefinition(
    name="every_morning", target=dg.AssetSelection.assets(overview), cron_schedule="0 6 * * *"
)

definitions = dg.Definitions(
    assets=[energy, collections, overview],
    jobs=[nightly],
    schedules=[every_night, every_morning],
    # A run that is stopped waits for its loader, however long that takes.
    resources={"pipes": dg.PipesSubprocessClient(termination_timeout_seconds=math.inf)},
    # A run has one step, which needs no process of its own.
    executor=dg.in_process_executor,
)
