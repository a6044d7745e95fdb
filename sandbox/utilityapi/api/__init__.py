"""UtilityAPI's API (docs/api), by the vendor's pages and as strict as they allow."""
