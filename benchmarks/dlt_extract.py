"""The two endpoints in dlt's rest_api source, extracted: ``dlt_extract.py URL TOKEN STREAM``.

Only dlt's first step is run, which fetches and writes; it would go on to normalize and to load.
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

from benchmarks.kinds import DIGESTS, SUMMARIES


def endpoints(token: str) -> dict[str, dict[str, Any]]:
    return {
        SUMMARIES.stream: {
            "path": SUMMARIES.endpoint.path,
            "data_selector": SUMMARIES.endpoint.records_key,
            "paginator": {"type": "json_link", "next_url_path": "next"},
            "auth": {"type": "bearer", "token": token},
        },
        DIGESTS.stream: {
            "path": DIGESTS.endpoint.path,
            "params": {"pageSize": 250},
            "data_selector": "$",
            # It cannot read a total from a header; the first empty page is the end.
            "paginator": {
                "type": "page_number",
                "base_page": 1,
                "page_param": "pageNumber",
                "total_path": None,
            },
            "auth": {
                "type": "api_key",
                "name": "ECI-ApiKey",
                "api_key": token,
                "location": "header",
            },
        },
    }


def main(url: str, token: str, stream: str) -> None:
    config: Any = {
        "client": {"base_url": url},
        "resources": [{"name": stream, "endpoint": endpoints(token)[stream]}],
    }
    source = rest_api_source(config)
    with TemporaryDirectory() as folder:
        dlt.pipeline("benchmark", pipelines_dir=folder).extract(source)


if __name__ == "__main__":
    main(*sys.argv[1:])
