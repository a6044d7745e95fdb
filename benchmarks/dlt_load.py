"""Readings through dlt's rest_api source into DuckDB: ``dlt_load.py URL TOKEN FILE``."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

from benchmarks.endpoints import INTERVALS, METERS
from benchmarks.kinds import readings

TABLE = "readings"


def endpoint(path: str, records: str, **params: str) -> dict[str, Any]:
    return {
        "path": path,
        "params": params,
        "data_selector": records,
        "paginator": {"type": "json_link", "next_url_path": "next"},
    }


def main(url: str, token: str, file: str) -> None:
    config: Any = {
        "client": {"base_url": url, "auth": {"type": "bearer", "token": token}},
        "resources": [
            {"name": "meters", "endpoint": endpoint(METERS.path, METERS.records_key)},
            {
                "name": TABLE,
                "endpoint": endpoint(
                    INTERVALS.path, INTERVALS.records_key, meters="{resources.meters.uid}"
                ),
            },
        ],
    }
    source = rest_api_source(config, max_table_nesting=0)  # datapoints in a column, as this tap's
    source.resources[TABLE].add_yield_map(readings)
    with TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "benchmark",
            pipelines_dir=folder,
            destination=dlt.destinations.duckdb(file),
            dataset_name="main",
        )
        pipeline.run(
            source.with_resources(TABLE), loader_file_format="parquet"
        ).raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
