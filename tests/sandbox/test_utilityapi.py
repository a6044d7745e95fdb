"""The stand-in for UtilityAPI is as strict and as awkward as its pages allow."""

from __future__ import annotations

import re
import time
from urllib.parse import urljoin, urlsplit

import pytest

from sandbox import Sandbox

SMALL = {"billing_summaries": 25, "meters": 2, "cache_seconds": 0, "utilityapi_rate_limit": 0}


def read_pages(client, box, query=""):
    """Follow next links, putting the filters back as a careful client does."""
    url, pages = box.utilityapi_base_url + "/accounting/billing-summaries" + query, []
    while url and len(pages) < 40:
        response = client.summaries(box, url)
        assert response.status_code == 200, response.text
        pages.append([row["uid"] for row in response.json()["billing_summaries"]])
        link = response.json()["next"]
        url = link and urljoin(url, link)
        if url and query and query[1:] not in url:
            url += "&" + query[1:]
    return pages


@pytest.mark.parametrize("style", ["after-only", "full", "relative", "relative-query", "opaque"])
def test_every_next_style_leads_through_all(client, style):
    with Sandbox(**SMALL, utilityapi_page_limit=4, next_style=style) as box:
        pages = read_pages(client, box)
        truth = box.truth()["billing_summaries"]
        assert [uid for page in pages for uid in page] == [row["uid"] for row in truth]
        assert len(pages) == 7
        account = truth[-1]["billing_account_uid"]
        found = read_pages(client, box, f"?billing_accounts={account}")
    wanted = [row["uid"] for row in truth if row["billing_account_uid"] == account]
    assert [uid for page in found for uid in page] == wanted


def test_an_opaque_cursor_must_come_back_as_it_was(client):
    with Sandbox(**SMALL, utilityapi_page_limit=4, next_style="opaque") as box:
        link = client.summaries(box).json()["next"]
        upper = re.sub("%..", lambda escape: escape[0].upper(), link)
        assert client.summaries(box, upper).status_code == 200
        for changed in (link.replace("%20", "+"), link.replace(",", "%2C")):
            assert client.summaries(box, changed).status_code == 400


def test_filters_are_anded_and_unknown_uids_match_nothing(client):
    with Sandbox(**SMALL) as box:
        row = next(row for row in box.truth()["billing_summaries"] if row.get("meter_uids"))
        query = f"?uids={row['uid']},nope&meters={row['meter_uids'][0]}"
        assert read_pages(client, box, query) == [[row["uid"]]]
        assert read_pages(client, box, query + "&authorizations=nope") == [[]]
        assert client.summaries(box, f"/{row['uid']}").json()["uid"] == row["uid"]


@pytest.mark.parametrize(
    "query",
    ["?limit=5", "?uids=", "?uids=1,,2", "?uids=1&uids=2", "?after=nope", "?uids", "?a=%zz"],
)
def test_other_parameters_are_refused(client, query):
    with Sandbox(**SMALL) as box:
        response = client.summaries(box, query)
    assert response.status_code == 400
    assert set(response.json()) == {"error", "error_description", "url"}
    assert response.json()["error"] == "invalid_param"


def test_methods_paths_and_long_targets_are_refused(client):
    with Sandbox(**SMALL) as box:
        assert client.summaries(box, method="POST").status_code == 405
        assert client.summaries(box, "/nope").json()["error"] == "not_found"
        assert client.summaries(box, "?uids=" + "1," * 1200 + "1").status_code == 414


def test_credentials_are_checked_and_stay_out_of_the_log(client):
    with Sandbox(**SMALL) as box:
        token = box.utilityapi_token
        assert client.summaries(box, headers={"Authorization": None}).status_code == 401
        assert client.summaries(box, headers={"Authorization": token}).status_code == 401
        bare = {"Authorization": None}
        assert client.summaries(box, f"?access_token={token}", headers=bare).status_code == 200
        entries = box.requests()
        assert [entry["authorized"] for entry in entries] == [False, False, True]
        assert entries[2]["target"].endswith("?access_token=valid")
        assert entries[2]["token_in_query"]
        assert token not in str(entries)


def test_a_long_listing_is_built_first(client):
    with Sandbox(**SMALL | {"cache_seconds": 0.3}, utilityapi_page_limit=20) as box:
        first, second = client.summaries(box), client.summaries(box)
        assert (first.status_code, first.content, first.headers["Retry-After"]) == (202, b"", "1")
        assert second.status_code == 202
        assert [entry["too_early"] for entry in box.requests()] == [False, True]
        time.sleep(0.35)
        assert client.summaries(box).status_code == 200


def test_too_many_requests_a_second(client):
    with Sandbox(billing_summaries=1, meters=0, utilityapi_rate_limit=5) as box:
        answers = [client.summaries(box) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    assert "html" in answers[-1].text


def test_awkward_pages(client):
    with Sandbox(**SMALL, utilityapi_page_limit=10, empty_page_every=1) as box:
        assert [len(page) for page in read_pages(client, box)] == [10, 0, 10, 0, 5]
    with Sandbox(**SMALL, utilityapi_page_limit=10, next_cycle=True) as box:
        assert len(read_pages(client, box)) == 40
    with Sandbox(**SMALL, utilityapi_page_limit=10, next_foreign="http://other.invalid") as box:
        assert urlsplit(client.summaries(box).json()["next"]).netloc == "other.invalid"
