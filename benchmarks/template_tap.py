"""The two streams as the SDK's cookiecutter template and its guide to pagination have them.

The schemas are this tap's own, so that all write the same fields.
"""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator, BearerTokenAuthenticator
from singer_sdk.helpers.jsonpath import extract_jsonpath
from singer_sdk.pagination import BaseHATEOASPaginator, PageNumberPaginator
from typing_extensions import override

from benchmarks.endpoints import DIGESTS, DIGESTS_PATH, SUMMARIES, SUMMARIES_PATH
from tap_utility_energy.energycap.schemas.digests import METER_DIGEST_MONTHLY
from tap_utility_energy.utilityapi.schemas import BILLING_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import requests
    from singer_sdk.helpers.types import Auth, Context


class TemplateStream(RESTStream[Any]):
    """What both have in common."""

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["url"])

    @override
    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        document = response.json(parse_float=decimal.Decimal)
        yield from extract_jsonpath(self.records_jsonpath, input=document)


class NextLinks(BaseHATEOASPaginator):
    @override
    def get_next_url(self, response: requests.Response) -> str | None:
        url: str | None = response.json()["next"]
        return url


class BillingSummaries(TemplateStream):
    name = SUMMARIES
    path = SUMMARIES_PATH
    primary_keys = ("uid",)
    schema = BILLING_SUMMARY
    records_jsonpath = f"$.{SUMMARIES}[*]"

    @property
    @override
    def authenticator(self) -> Auth:
        return BearerTokenAuthenticator(token=self.config["token"])

    @override
    def get_new_paginator(self) -> NextLinks:
        return NextLinks()

    @override
    def get_url_params(self, context: Context | None, next_page_token: Any) -> dict[str, Any]:
        return dict(parse_qsl(next_page_token.query)) if next_page_token else {}


class Pages(PageNumberPaginator):
    @override
    def has_more(self, response: requests.Response) -> bool:
        return self.current_value < int(response.headers["TotalPages"])


class MeterDigests(TemplateStream):
    name = DIGESTS
    path = DIGESTS_PATH
    primary_keys = ("meterId",)
    schema = METER_DIGEST_MONTHLY
    records_jsonpath = "$[*]"

    @property
    @override
    def authenticator(self) -> Auth:
        return APIKeyAuthenticator(key="ECI-ApiKey", value=self.config["token"])

    @override
    def get_new_paginator(self) -> Pages:
        return Pages(1)

    @override
    def get_url_params(self, context: Context | None, next_page_token: Any) -> dict[str, Any]:
        return {"pageNumber": next_page_token, "pageSize": 250}


class TapTemplate(Tap):
    """A tap with both streams."""

    name = "tap-template"
    config_jsonschema = th.PropertiesList(
        th.Property("url", th.StringType, required=True),
        th.Property("token", th.StringType, required=True, secret=True),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[TemplateStream]:
        return [BillingSummaries(self), MeterDigests(self)]


if __name__ == "__main__":
    TapTemplate.cli()
