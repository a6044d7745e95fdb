"""The demo: both vendors' data into a DuckDB file, through Meltano, with no account at either."""
