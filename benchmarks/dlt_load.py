"""Readings through dlt's rest_api source into DuckDB: ``dlt_load.py URL TOKEN FILE``."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import dlt
from dlt.sources.rest_api import rest_api_source

from benchmarks.endpoints import METERS
from benchmarks.kinds import READINGS

if TYPE_CHECKING:
    from benchmarks.endpoints import Endpoint


def endpoint(of: Endpoint, **params: str) -> dict[str, Any]:
    return {
        "path": of.path,
        "params": params,
        "data_selector": of.records_key,
        "paginator": {"type": "json_link", "next_url_path": "next"},
    }


def main(url: str, token: str, file: str) -> None:
    config: Any = {
        "client": {"base_url": url, "auth": {"type": "bearer", "token": token}},
        "resources": [
            {"name": "meters", "endpoint": endpoint(METERS)},
            {
                "name": READINGS.stream,
                "endpoint": endpoint(READINGS.endpoint, meters="{resources.meters.uid}"),
            },
        ],
    }
    source = rest_api_source(config, max_table_nesting=0)  # datapoints in a column, as this tap's
    source.resources[READINGS.stream].add_yield_map(READINGS.rows)
    with TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "benchmark",
            pipelines_dir=folder,
            destination=dlt.destinations.duckdb(file),
            dataset_name="main",
        )
        pipeline.run(
            source.with_resources(READINGS.stream), loader_file_format="parquet"
        ).raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
