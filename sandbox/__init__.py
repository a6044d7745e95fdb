"""A strict local stand-in for UtilityAPI and EnergyCAP, typed from the vendors' pages."""

from sandbox.options import SandboxOptions
from sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxOptions"]
