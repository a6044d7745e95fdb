"""The tenants of `tenants.toml`, as runs of the tap."""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
#: The file of the tenants, and the directory of all runs.
FILE = Path(os.environ.get("TENANTS_FILE", HERE / "tenants.toml"))
DATA = Path(os.environ.get("TENANTS_DATA", HERE / "data")).resolve()
TAP = "TAP_UTILITY_ENERGY_"
CREDENTIALS = ("UTILITYAPI_TOKEN", "ENERGYCAP_API_KEY")
#: The file of the loader's settings, in a run's directory.
LOADER_CONFIG = "loader.json"
COLLECTION = "historical_collection_"
TENANT = re.compile(r"[a-z][a-z0-9-]*")
KEYS = {"shards", "streams", "settings", "collections"}


class TenantRun(NamedTuple):
    """One run of the tap for a tenant. It holds names of credentials, and none of the values."""

    name: str
    #: Where its state is kept.
    directory: str
    #: Patterns of streams; empty for those that are selected by default.
    streams: list[str]
    #: The tap's settings, as variables of its environment.
    settings: dict[str, str]
    #: Variables of the tap's environment, and the names of those they are copied from.
    credentials: dict[str, str]
    loader: list[str]
    loader_settings: dict[str, Any]


class Tenants(NamedTuple):
    """All runs, by name."""

    #: One per tenant and night, or one per shard of a tenant.
    nightly: dict[str, TenantRun]
    #: One per tenant that requests historical collections.
    collections: dict[str, TenantRun]
    #: Arguments of Dagster's retry policy.
    retries: dict[str, Any]


def read_tenants(file: Path = FILE, data: Path = DATA) -> Tenants:
    """Read the file of the tenants.

    Raises:
        ValueError: The file is wrong. The text says where.
    """
    document = tomllib.loads(file.read_text("utf-8"))
    tenants = [_Tenant(name, table, document, data) for name, table in document["tenants"].items()]
    nightly = [run for tenant in tenants for run in tenant.nightly()]
    collections = [run for tenant in tenants for run in tenant.collections()]
    names = [run.name for run in (*nightly, *collections)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{file.name}: several runs have the name {', '.join(sorted(twice))}")
    return Tenants(
        {run.name: run for run in nightly},
        {run.name: run for run in collections},
        document.get("retries", {}),
    )


class _Tenant:
    def __init__(
        self, name: str, table: dict[str, Any], document: dict[str, Any], data: Path
    ) -> None:
        where = f"{FILE.name}: tenants.{name}"
        if not TENANT.fullmatch(name):
            raise ValueError(f"{where}: a name has lower-case letters, digits and hyphens")
        if unknown := table.keys() - KEYS:
            raise ValueError(f"{where}: unknown: {', '.join(sorted(unknown))}")
        self._name, self._table, self._data = name, table, data
        self._settings = document.get("settings", {}) | table.get("settings", {})
        self._loader = document["loader"]
        if any(key.startswith(COLLECTION) for key in self._settings):
            raise ValueError(f"{where}: use `collections`, so that one run alone requests them")

    def nightly(self) -> Iterator[TenantRun]:
        shards, streams = self._table.get("shards", 1), self._table.get("streams", [])
        if shards == 1:
            yield self._run(self._name, streams, {})
            return
        for number in range(1, shards + 1):
            name, shard = f"{self._name}-{number}-of-{shards}", f"{number}/{shards}"
            credentials = CREDENTIALS if number == 1 else CREDENTIALS[:1]  # EnergyCAP has no shards
            yield self._run(name, streams, {"utilityapi_shard": shard}, credentials)

    def collections(self) -> Iterator[TenantRun]:
        if wanted := self._table.get("collections"):
            settings = {f"{COLLECTION}{key}": value for key, value in wanted.items()} | {
                f"{COLLECTION}enabled": True,
                f"{COLLECTION}journal": "{data}/{run}/journal.json",
            }
            yield self._run(
                f"{self._name}-collections", ["historical_collections"], settings, CREDENTIALS[:1]
            )

    def _run(
        self,
        name: str,
        streams: list[str],
        settings: dict[str, Any],
        credentials: Sequence[str] = CREDENTIALS,
    ) -> TenantRun:
        directory = self._data / name
        places = {
            "{run}": name,
            "{tenant}": self._name,
            "{data}": str(self._data),
            "{config}": str(directory / LOADER_CONFIG),
        }

        def filled(value: Any) -> Any:
            match value:
                case str():
                    return re.sub(r"\{\w+\}", lambda found: places.get(found[0], found[0]), value)
                case list():
                    return [filled(item) for item in value]
                case dict():
                    return {key: filled(item) for key, item in value.items()}
            return value

        owner = self._name.upper().replace("-", "_")
        return TenantRun(
            name=name,
            directory=str(directory),
            streams=streams,
            settings={
                f"{TAP}{key.upper()}": _as_variable(value)
                for key, value in filled(self._settings | settings).items()
            },
            credentials={f"{TAP}{name}": f"{owner}_{name}" for name in credentials},
            loader=filled(self._loader["command"]),
            loader_settings=filled(self._loader.get("settings", {})),
        )


def _as_variable(value: Any) -> str:
    match value:
        case str():
            return value
        case date():
            return value.isoformat()
    return json.dumps(value)
