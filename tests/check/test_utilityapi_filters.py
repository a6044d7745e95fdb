"""A check filters UtilityAPI's lists as a sync does."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tests.check.proxy import check, settings
from tests.support import TapRunner

FORMS = {"utilityapi_forms": ["87251"]}


def asked(box: Sandbox) -> list[tuple[str, dict[str, list[str]]]]:
    urls = [urlsplit(request["target"]) for request in box.requests()]
    return [(url.path.partition("/v2")[2], parse_qs(url.query)) for url in urls]


@pytest.mark.parametrize(
    "filters", [FORMS, {"utilityapi_include_archived": False}, {"utilityapi_users": [1402]}]
)
def test_lists_are_filtered_by_the_authorizations_that_match(
    tap: TapRunner, tmp_path: Path, filters: dict[str, Any]
) -> None:
    with Sandbox(billing_summaries=60, meters=0, cache_seconds=0) as box:
        result = check(tap, settings(box, "UtilityAPI", **filters), tmp_path)
        requests = asked(box)
        tap(settings(box, "UtilityAPI", **filters))
        (first, *_) = [query for path, query in asked(box)[len(requests) :] if path == "/meters"]

    firsts = dict(reversed(requests))
    sources = result.sources("UtilityAPI")
    assert result.run.exit == 0, result.run.stderr
    assert sources["/authorizations"]["answer"] == sources["/meters"]["answer"] == "read"
    first.pop("expand_meter_blocks")
    assert firsts["/meters"] == first
    assert not any("true" in query.get("is_archived", []) for _, query in requests) or (
        "utilityapi_include_archived" not in filters
    )
    for path in ("/accounting/billing-accounts", "/accounting/billing-summaries"):
        assert firsts[path]["authorizations"], path


def test_if_no_authorization_matches_no_other_list_is_asked_for(
    tap: TapRunner, tmp_path: Path
) -> None:
    with Sandbox(billing_summaries=60, meters=0, cache_seconds=0) as box:
        none = {"utilityapi_forms": ["0"]}
        result = check(tap, settings(box, "UtilityAPI", **none), tmp_path)
        paths = [path for path, _ in asked(box)]

    sources = result.sources("UtilityAPI")
    assert sources["/meters"]["answer"] == "not asked"
    assert "No authorization matches utilityapi_forms." in result.run.stdout
    assert not {"/meters", "/accounting/billing-summaries"} & set(paths)


def test_it_says_if_it_looked_at_the_first_authorizations_only(
    tap: TapRunner, tmp_path: Path
) -> None:
    with Sandbox(billing_summaries=60, cache_seconds=0, utilityapi_page_limit=2) as box:
        result = check(tap, settings(box, "UtilityAPI", **FORMS), tmp_path)

    printed = " ".join(result.run.stdout.split())
    assert "utilityapi_forms: only the authorizations of the first page of their list" in printed
