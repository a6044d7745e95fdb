"""UtilityAPI v2 (docs/api), by the vendor's pages and as strict as they allow."""

from sandbox.utilityapi.api.answers import PREFIX, UtilityApi

__all__ = ["PREFIX", "UtilityApi"]
