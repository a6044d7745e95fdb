"""The data behind UtilityAPI: deterministic at first, consistent always."""
