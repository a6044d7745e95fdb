"""The demo: load both vendors' data from a sandbox into a DuckDB file with Meltano."""
