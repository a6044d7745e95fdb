"""The streams as the SDK's cookiecutter template and its guides have them.

The schemas are this tap's own, so that all write the same fields.
"""

from __future__ import annotations

import decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator, BearerTokenAuthenticator
from singer_sdk.helpers.jsonpath import extract_jsonpath
from singer_sdk.pagination import BaseHATEOASPaginator, PageNumberPaginator
from typing_extensions import override

from benchmarks.endpoints import METERS
from benchmarks.kinds import KINDS
from tap_utility_energy.energycap.schemas import bills, entities, meter_digests, place_digests
from tap_utility_energy.utilityapi import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import requests
    from singer_sdk.helpers.types import Auth, Context

    from benchmarks.kinds import Kind

#: The schema and the key of each stream.
SHAPES: dict[str, tuple[dict[str, Any], Sequence[str]]] = {
    "utilityapi_interval_readings": (schemas.INTERVAL_READING, ("meter_uid", "start", "end")),
    "utilityapi_intervals": (schemas.INTERVAL, ("uid",)),
    "utilityapi_bills": (schemas.BILL, ("uid",)),
    "utilityapi_bill_line_items": (schemas.BILL_LINE_ITEM, ("bill_uid", "position")),
    "billing_summaries": (schemas.BILLING_SUMMARY, ("uid",)),
    "meter_digest_monthly": (meter_digests.NESTED_MONTHS, ("meterId",)),
    "energycap_meters": (entities.METER, ("meterId",)),
    "energycap_bills": (bills.BILL, ("billId",)),
} | {
    name: (rows.schema, rows.key)
    for name, rows in {
        "meter_digest_monthly_results": meter_digests.MONTHS,
        "place_digest_actual_monthly_results": place_digests.MONTHS,
        "place_digest_actual_monthly_commodity_results": place_digests.COMMODITY_MONTHS,
    }.items()
}


class TemplateStream(RESTStream[Any]):
    """What all have in common."""

    def __init__(self, tap: Tap, kind: Kind) -> None:
        schema, key = SHAPES[kind.stream]
        super().__init__(tap, kind.stream, schema, kind.endpoint.path)
        self.primary_keys = key
        self._endpoint, self._rows = kind.endpoint, kind.rows
        self._records = f"$.{kind.endpoint.records_key}[*]".replace(".[", "[")

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["url"])

    @override
    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        document = response.json(parse_float=decimal.Decimal)
        for record in extract_jsonpath(self._records, input=document):
            yield from self._rows(record)


class NextLinks(BaseHATEOASPaginator):
    @override
    def get_next_url(self, response: requests.Response) -> str | None:
        url: str | None = response.json()["next"]
        return url


class UtilityAPIList(TemplateStream):
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


class MeterData(UtilityAPIList):
    state_partitioning_keys = ()

    @cached_property
    @override
    def partitions(self) -> list[dict[str, Any]]:
        answer = self.requests_session.get(self.url_base + METERS.path).json()
        uids = [meter["uid"] for meter in answer[METERS.records_key]]
        size = self._endpoint.meters
        return [{"meters": uids[start : start + size]} for start in range(0, len(uids), size)]

    @override
    def get_url_params(self, context: Context | None, next_page_token: Any) -> dict[str, Any]:
        assert context
        return super().get_url_params(context, next_page_token) or {
            "meters": ",".join(context["meters"])
        }


class Pages(PageNumberPaginator):
    @override
    def has_more(self, response: requests.Response) -> bool:
        return self.current_value < int(response.headers["TotalPages"])


class EnergyCAPList(TemplateStream):
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


def base_of(kind: Kind) -> type[TemplateStream]:
    if kind.endpoint.meters:
        return MeterData
    return UtilityAPIList if kind.endpoint.records_key else EnergyCAPList


class TapTemplate(Tap):
    """A tap with the streams of all kinds."""

    name = "tap-template"
    config_jsonschema = th.PropertiesList(
        th.Property("url", th.StringType, required=True),
        th.Property("token", th.StringType, required=True, secret=True),
    ).to_dict()

    @override
    def discover_streams(self) -> Sequence[TemplateStream]:
        kinds = [kind for kind in KINDS if not kind.variant]
        return [base_of(kind)(self, kind) for kind in kinds]


if __name__ == "__main__":
    TapTemplate.cli()
