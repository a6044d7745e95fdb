"""The two endpoints for Airbyte's CDK: ``airbyte_manifest.py URL TOKEN STREAM FOLDER``.

It writes a declarative manifest, a catalog and a config; the CDK's own command reads by them,
``source-declarative-manifest read``. The schemas are this tap's own, inline: the CDK only declares
them. It writes records as they came, less the fields at their top that are null.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.kinds import DIGESTS, SUMMARIES
from tap_utility_energy.energycap.schemas.meter_digests import NESTED_MONTHS
from tap_utility_energy.utilityapi.schemas import BILLING_SUMMARY

if TYPE_CHECKING:
    from benchmarks.kinds import Kind

Part = dict[str, Any]

SCHEMAS = {SUMMARIES.stream: BILLING_SUMMARY, DIGESTS.stream: NESTED_MONTHS}


def manifest() -> Part:
    """Both streams, as Airbyte's reference of the YAML file has them."""
    summaries = _stream(
        SUMMARIES,
        {"type": "BearerAuthenticator", "api_token": "{{ config['token'] }}"},
        {
            "type": "DefaultPaginator",
            "page_token_option": {"type": "RequestPath"},
            "pagination_strategy": {
                "type": "CursorPagination",
                "cursor_value": "{{ response['next'] }}",
                "stop_condition": "{{ not response['next'] }}",
            },
        },
    )
    digests = _stream(
        DIGESTS,
        {
            "type": "ApiKeyAuthenticator",
            "api_token": "{{ config['token'] }}",
            "inject_into": _option("header", "ECI-ApiKey"),
        },
        {
            "type": "DefaultPaginator",
            "page_token_option": _option("request_parameter", "pageNumber"),
            "page_size_option": _option("request_parameter", "pageSize"),
            # It cannot read a total from a header; the first page that is not full is the end.
            "pagination_strategy": {
                "type": "PageIncrement",
                "page_size": 250,
                "start_from_page": 1,
                "inject_on_first_request": True,
            },
        },
    )
    settings = {"url": {"type": "string"}, "token": {"type": "string", "airbyte_secret": True}}
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": [SUMMARIES.stream, DIGESTS.stream]},
        "streams": [summaries, digests],
        "spec": {
            "type": "Spec",
            "connection_specification": {
                "type": "object",
                "required": list(settings),
                "properties": settings,
            },
        },
    }


def catalog(stream: str) -> Part:
    """The one stream, to be read whole."""
    entry = {
        "stream": {
            "name": stream,
            "json_schema": SCHEMAS[stream],
            "supported_sync_modes": ["full_refresh"],
        },
        "sync_mode": "full_refresh",
        "destination_sync_mode": "overwrite",
    }
    return {"streams": [entry]}


def _stream(kind: Kind, authenticator: Part, paginator: Part) -> Part:
    endpoint = kind.endpoint
    return {
        "type": "DeclarativeStream",
        "name": kind.stream,
        "primary_key": endpoint.key,
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": "{{ config['url'] }}",
                "path": endpoint.path,
                "http_method": "GET",
                "authenticator": authenticator,
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {
                    "type": "DpathExtractor",
                    "field_path": [*filter(None, [endpoint.records_key])],
                },
            },
            "paginator": paginator,
        },
        "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMAS[kind.stream]},
    }


def _option(where: str, name: str) -> dict[str, str]:
    return {"type": "RequestOption", "inject_into": where, "field_name": name}


def main(url: str, token: str, stream: str, folder: str) -> None:
    """Write what the command reads, each file by the name of its option."""
    config = {"url": url, "token": token}
    contents = {"config": config, "catalog": catalog(stream), "manifest-path": manifest()}
    for name, content in contents.items():
        Path(folder, f"{name}.json").write_text(json.dumps(content), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
