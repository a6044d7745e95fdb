"""The data behind both vendors: deterministic at first, consistent always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.energycap.data.tenant import Tenant
from sandbox.utilityapi.data.platform import Platform, Summary

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions

__all__ = ["Summary", "World"]


class World:
    """Everything served: UtilityAPI's half is the `platform`, EnergyCAP's the `tenant`."""

    def __init__(self, options: SandboxOptions) -> None:
        """Build the world that the options describe."""
        self.platform = Platform(options)
        self.tenant = Tenant(options)
