"""Lists without an end: repeated records, empty pages, a page number that is ignored."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Sandbox
from tap_utility_energy.http.page import Page
from tap_utility_energy.http.pagination import HeaderPaginator, NextURLPaginator, with_scheme_of
from tests.support import DIGESTS, SUMMARIES, TapRunner

Answer = Callable[[str], tuple[object, dict[str, str]]]
FAST = {"utilityapi_requests_per_minute": 100_000}
#: Requests that a server answers: a tap that never ends a list is refused one day.
MOST_ASKED = 300


@contextmanager
def vendor(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every request so; its URL, and the requests that it got."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if len(asked) > MOST_ASKED:
                self.send_error(404)
                return
            document, headers = answer(self.path)
            body = json.dumps(document).encode()
            self.send_response(200)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def summaries(records: list[dict[str, Any]]) -> Answer:
    """The same records on every page, each with a link to another one."""
    numbers = itertools.count(1)
    return lambda _: ({SUMMARIES: records, "next": f"?after={next(numbers)}"}, {})


@pytest.mark.parametrize(
    ("records", "pages", "words"),
    [([{"uid": "1"}, {"uid": "2"}], 3, "2 without new records"), ([], 100, "100 empty ones")],
)
def test_a_list_by_links_ends(
    tap: TapRunner, records: list[dict[str, Any]], pages: int, words: str
) -> None:
    with vendor(summaries(records)) as (url, asked):
        config = {"utilityapi_token": "token", "utilityapi_base_url": url, **FAST}
        run = tap(config, streams=[SUMMARIES])

    assert run.exit == 1
    assert f"the list has no end: its last pages were {words}" in run.last_line
    assert len(asked) == pages
    assert {row["uid"] for row in run.records(SUMMARIES)} == {row["uid"] for row in records}


def ignoring(path: str) -> tuple[object, dict[str, str]]:
    """Two meters, whatever page is asked for, and headers that grow."""
    number = int(parse_qs(urlsplit(path).query)["pageNumber"][0])
    total = 2 * (number + 5)
    headers = {"PageNumber": number, "PageSize": 2, "TotalNumberOfRecords": total}
    headers["TotalPages"] = number + 5
    return [{"meterId": 1}, {"meterId": 2}], {name: str(it) for name, it in headers.items()}


@pytest.mark.parametrize("width", [1, 4])
def test_a_list_whose_page_number_is_ignored_ends(tap: TapRunner, width: int) -> None:
    with vendor(ignoring) as (url, asked):
        config = {"energycap_api_key": "key", "energycap_base_url": url}
        config |= {"energycap_page_size": 2, "energycap_max_parallel_requests": width}
        run = tap(config, streams=[DIGESTS])

    assert run.exit == 1
    assert "the list has no end: its last pages were 2 without new records" in run.last_line
    assert len(asked) < 3 + width
    assert [row["meterId"] for row in run.records(DIGESTS)] == [1, 2]


def test_a_page_with_one_new_record_among_old_ones_is_progress() -> None:
    paginator = HeaderPaginator("meterId")
    for number in range(1, 30):
        headers = {"PageNumber": number, "PageSize": 3, "TotalNumberOfRecords": 300}
        text = {name: str(value) for name, value in (headers | {"TotalPages": 100}).items()}
        records = [{"meterId": 1}, {"meterId": 2}, {"meterId": number}]
        paginator.advance(Page(records, {}, text, b"[]"))

    assert paginator.current_value == 30


def test_each_split_of_a_filter_is_a_list_of_its_own() -> None:
    urls = [f"https://host/list?meters={number}" for number in range(9)]
    paginator = NextURLPaginator(urls)
    for url in urls:
        assert paginator.current_value == url
        paginator.advance(Page([{"uid": "1"}], {"next": None}, {}, b"{}"))

    assert paginator.current_value == ""


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("http://host/list?after=1", "https://host/list?after=1"),
        ("http://host:80/list?after=1", "https://host/list?after=1"),
        ("http://other/list?after=1", "http://other/list?after=1"),
        ("http://host:8080/list?after=1", "http://host:8080/list?after=1"),
        ("http://user@host/list?after=1", "http://user@host/list?after=1"),
        ("ftp://host/list", "ftp://host/list"),
    ],
)
def test_a_link_on_another_scheme_of_the_same_host_is_raised(link: str, wanted: str) -> None:
    assert with_scheme_of("https://host/list", link) == wanted


@pytest.mark.parametrize("status", [408, 425])
def test_a_passing_refusal_is_waited_out(tap: TapRunner, status: int) -> None:
    with Sandbox(billing_summaries=3, faults=[{"status": status, "times": 2}]) as box:
        run = tap(box.tap_config(**FAST), streams=[SUMMARIES])

    assert run.exit == 0, run.stderr
    assert len(run.records(SUMMARIES)) == 3
