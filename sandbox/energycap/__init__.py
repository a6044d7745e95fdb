"""EnergyCAP: digests and entity lists (developer.energycap.com, api-reference)."""

from sandbox.energycap.api.answers import EnergyCap

__all__ = ["EnergyCap"]
