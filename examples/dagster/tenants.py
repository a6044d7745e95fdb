"""The tenants of `tenants.toml`, as runs of the tap."""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, StringConstraints

HERE = Path(__file__).parent
#: Each run has a directory below this one.
DATA = Path(os.environ.get("TENANTS_DATA", HERE / "data")).resolve()
TAP_PREFIX = "TAP_UTILITY_ENERGY_"
UTILITYAPI, ENERGYCAP = "UTILITYAPI_TOKEN", "ENERGYCAP_API_KEY"
COLLECTION = "historical_collection_"
#: Settings of collections that a tenant need not set.
COLLECTS = {"enabled": True, "journal": "{data}/{run}/journal.json"}


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


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Tenant(_Table):
    """A tenant's table."""

    shards: PositiveInt = 1
    streams: list[str] = []
    settings: dict[str, Any] = {}
    #: Settings of historical collections, without their prefix; empty if none are requested.
    collections: dict[str, Any] = {}


class Loader(_Table):
    """Where all tenants are loaded to."""

    command: Annotated[list[str], Field(min_length=1)]
    settings: dict[str, Any] = {}


class Retries(_Table):
    """How often a failed run is tried again, and after how many seconds."""

    max_retries: NonNegativeInt = 0
    delay: NonNegativeInt = 0


class Tenants(_Table):
    """The content of `tenants.toml`."""

    tenants: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")], Tenant]
    settings: dict[str, Any] = {}
    loader: Loader
    retries: Retries = Retries()

    @classmethod
    def read(cls) -> Tenants:
        """Read the file.

        Raises:
            ValueError: The file is wrong. The text says where.
        """
        tenants = cls.model_validate(tomllib.loads((HERE / "tenants.toml").read_text("utf-8")))
        for name, tenant in tenants.tenants.items():
            for key in map(str.lower, tenants.settings | tenant.settings):
                if key.startswith(COLLECTION):
                    raise ValueError(f"{name}: set collections instead of {COLLECTION}…")
                if key.upper() in {UTILITYAPI, ENERGYCAP}:
                    raise ValueError(f"{name}: {key} belongs in the environment")
        names = [run.name for run in (*tenants.nightly(), *tenants.collections())]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two runs would have the name {min(twice)}: rename a tenant")
        return tenants

    def nightly(self) -> list[TenantRun]:
        """The runs of a night: one per tenant, or one per shard of a tenant."""
        no_collections = {f"{COLLECTION}enabled": False}
        return [
            self._run(name, name, tenant.streams, no_collections)
            if tenant.shards == 1
            else self._run(
                name,
                f"{name}-{shard}-of-{tenant.shards}",
                tenant.streams,
                {**no_collections, "utilityapi_shard": f"{shard}/{tenant.shards}"},
                # EnergyCAP has no shards.
                (UTILITYAPI, ENERGYCAP) if shard == 1 else (UTILITYAPI,),
            )
            for name, tenant in self.tenants.items()
            for shard in range(1, tenant.shards + 1)
        ]

    def collections(self) -> list[TenantRun]:
        """The runs that request historical collections: one per tenant that has them."""
        return [
            self._run(
                name,
                f"{name}-collections",
                ["historical_collections"],
                {
                    f"{COLLECTION}{key}": value
                    for key, value in (COLLECTS | tenant.collections).items()
                },
                (UTILITYAPI,),
            )
            for name, tenant in self.tenants.items()
            if tenant.collections
        ]

    def _run(
        self,
        tenant: str,
        run: str,
        streams: list[str],
        settings: dict[str, Any],
        credentials: tuple[str, ...] = (UTILITYAPI, ENERGYCAP),
    ) -> TenantRun:
        directory = DATA / run
        placeholders = {
            "{run}": run,
            "{tenant}": tenant,
            "{data}": str(DATA),
            "{config}": str(directory / "loader.json"),
        }
        # Of the tenant's credentials in the environment.
        prefix = tenant.upper().replace("-", "_")
        settings = self.settings | self.tenants[tenant].settings | settings
        return TenantRun(
            name=run,
            directory=str(directory),
            streams=streams,
            settings={
                f"{TAP_PREFIX}{key.upper()}": _as_variable(value)
                for key, value in _fill(settings, placeholders).items()
            },
            credentials={f"{TAP_PREFIX}{name}": f"{prefix}_{name}" for name in credentials},
            loader=_fill(self.loader.command, placeholders),
            loader_settings=_fill(self.loader.settings, placeholders),
        )


def _fill(value: Any, placeholders: dict[str, str]) -> Any:
    """Replace the placeholders in all strings of a value, and make strings of dates."""
    match value:
        case str():
            return re.sub(r"\{\w+\}", lambda found: placeholders.get(found[0], found[0]), value)
        case list():
            return [_fill(item, placeholders) for item in value]
        case dict():
            return {key: _fill(item, placeholders) for key, item in value.items()}
        case date():
            return value.isoformat()
    return value


def _as_variable(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
