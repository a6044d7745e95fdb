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
    why = "\n".join(result["errors"])
    context.instance.add_run_tags(context.run_id, {WHY: why})
    raise dg.Failure(why, metadata, allow_retries=is_retryable(result))


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
    try:
        return load(NIGHTLY[context.partition_key], context, pipes)
    except Exception as error:  # a `RetryPolicy` would also start a run again that somebody stops
        if getattr(error, "allow_retries", True):
            retries = TENANTS.retries
            raise dg.RetryRequested(retries.max_retries, retries.delay) from error
        raise


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
    """The last run of each tenant and shard, and why it failed; those that failed first."""
    rows = [last_run(context.instance, name) for name in NIGHTLY]
    rows.sort(key=lambda row: row["status"] == dg.DagsterRunStatus.SUCCESS.value)
    return dg.MaterializeResult(
        metadata={"runs": dg.MetadataValue.table([dg.TableRecord(row) for row in rows])}
    )


def last_run(instance: dg.DagsterInstance, name: str) -> dict[str, str]:
    """The overview's row of a tenant or shard."""
    records = instance.get_run_records(dg.RunsFilter(tags={PARTITION: name}), limit=1)
    if not records:
        return {"tenant": name, "status": "NEVER RUN", "requested": "", "why": "", "run": ""}
    run = records[0].dagster_run
    return {
        "tenant": name,
        "status": run.status.value,
        "requested": f"{records[0].create_timestamp:%Y-%m-%d %H:%M} UTC",
        "why": run.tags.get(WHY, "see the log of the run") if run.is_failure else "",
        "run": run.run_id,
    }


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
