"""Whatever a vendor answers, a run ends: in time, with a reason, and with no secret told.

Good answers of the sandbox pass through a proxy, which makes a few of them bad: status, headers,
bytes, the structure of the JSON, and the links in it. HOSTILE is the number of runs; each of them
is always the same.
"""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

import pytest
import requests
from jsonschema import Draft7Validator, FormatChecker

from sandbox import Sandbox
from tests.support import Run, TapRunner

RUNS = int(os.environ.get("HOSTILE", "60"))
STREAMS = (
    *("billing_summaries", "meter_digest_monthly_results", "energycap_meters", "energycap_bills"),
    *("energycap_units", "utilityapi_bills", "utilityapi_interval_readings"),
)
#: More requests than this are an endless list: good answers take some 40.
MOST_REQUESTS = 400
#: Stands for a host that no request may go to.
ELSEWHERE = "elsewhere.invalid"
LINKS = (
    *(f"http://{ELSEWHERE}/x", f"//{ELSEWHERE}/x", f"http://user:pass@{ELSEWHERE}/", "file:///x"),
    *("", " ", "?", "http://", "http://[::1", f"ftp://{ELSEWHERE}/x", f"\\\\{ELSEWHERE}\\x", "/.."),
    *("javascript:1", "http://127.0.0.1:99999/", "?after=" + "x" * 5000, "\ud800", "\r\nHost: x"),
    *(5, [], {}),
)
ODD = (None, True, 0, -1, 1.5, 1e300, "", "x", "0", [], {}, [None], [[]], {"a": {}})
HEADERS = {
    "Content-Type": ("", "text/html", "application/json; charset=utf-16", "x", "application/json;"),
    "Content-Encoding": ("gzip", "br", "zstd", "deflate", "gzip, gzip", "identity", "nonsense"),
    "Retry-After": ("-1", "0", "1e9", "soon", "Wed, 21 Oct 2065 07:28:00 GMT", "9" * 40, "1.5"),
    "Location": (
        f"http://{ELSEWHERE}",
        f"//{ELSEWHERE}/x",
        "",
        f"https://{ELSEWHERE}/",
        "x" * 5000,
    ),
    "Link": (f'<http://{ELSEWHERE}/x>; rel="next"',),
    "Date": ("", "yesterday", "Wed, 21 Oct 1965 07:28:00 GMT", "0"),
    "Set-Cookie": ("a=b; Domain=invalid", "=", ""),
    "PageNumber": ("", "-1", "0", "x", "1e3", "9" * 30, "1, 1"),
    "PageSize": ("", "-1", "0", "x", "99999999999"),
    "TotalPages": ("", "-1", "0", "1", "x", "999999999"),
    "TotalNumberOfRecords": ("", "-1", "0", "x", "9" * 30),
    "X-Long": ("x" * 60_000,),
}


@dataclass
class Answer:
    """An answer on its way through the proxy, and the credential of its request."""

    status: int
    headers: dict[str, str]
    body: bytes
    credential: str


def make_bad(random: Random, answer: Answer) -> None:
    """Make an answer bad, in a way or two."""
    for kind in random.sample(MUTATIONS, random.choice([1, 1, 1, 2])):
        kind(random, answer)


def other_status(random: Random, answer: Answer) -> None:
    few = [200, 201, 202, 204, 206, 301, 304, 400, 401, 403, 404, 429, 500, 503]
    answer.status = random.choice([*few, random.randint(200, 999)])


def other_header(random: Random, answer: Answer) -> None:
    name = random.choice(sorted(HEADERS))
    answer.headers[name] = random.choice(HEADERS[name])
    if name == "Content-Encoding" and random.random() < 0.5:
        answer.body = gzip.compress(answer.body)


def other_bytes(random: Random, answer: Answer) -> None:
    body, cut = answer.body, random.randint(0, len(answer.body))
    text = body.decode("utf-8", "replace")
    answer.body = random.choice([
        *(b"", body[:cut], body + body, body + b"}", b"\xef\xbb\xbf" + body, b"[" * 100_000),
        *(text.encode("utf-16"), text.encode("utf-32"), body.replace(b'"', b"'"), b"null"),
        *(body[:cut] + b"\xff\xfe\x00" + body[cut:], b'{"a":' * 50_000, b"NaN", b"-", b'"'),
        *(b"<html>" + answer.credential.encode() + b"</html>", b"1" * 50_000, b"\0" * 1000),
        json.dumps({
            "error": answer.credential,
            "message": [answer.credential],
            "slug": "x",
        }).encode(),
        json.dumps({"code": "unauthorized", "description": answer.credential}).encode(),
        random.randbytes(200),
    ])


def other_structure(random: Random, answer: Answer) -> None:
    """Replace, remove or repeat a part of the document, not deep inside it."""
    root = [loaded(answer)]
    thing: Any = root
    key: Any = 0
    for _ in range(random.randint(0, 3)):
        inner = thing[key]
        if not (inner and isinstance(inner, dict | list)):
            break
        thing = inner
        key = random.choice(sorted(inner) if isinstance(inner, dict) else [0, -1])
    match random.choice(["replace", "remove", "repeat"]):
        case "remove" if thing is not root:
            del thing[key]
        case "repeat" if isinstance(thing, list) and thing is not root:
            thing.extend([thing[key]] * 3)
        case _:
            thing[key] = random.choice(ODD)
    answer.body = json.dumps(root[0]).encode()


def other_links(random: Random, answer: Answer) -> None:
    document = loaded(answer)
    if isinstance(document, dict):
        document["next"] = random.choice(LINKS)
        answer.body = json.dumps(document).encode()


def loaded(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


MUTATIONS = [other_status, other_header, other_bytes, other_structure, other_links]


@dataclass
class Proxy:
    """Hands on the sandbox's answers, of which it makes some bad."""

    box: Sandbox
    url: str = ""
    elsewhere: str = ""
    random: Random = field(default_factory=Random)
    #: Which requests get bad answers, counted from 0.
    bad: frozenset[int] = frozenset()
    asked: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        """The answer to a GET."""
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        credential = token or headers.get("ECI-ApiKey", "")
        with self.lock:
            number, self.asked = self.asked, self.asked + 1
            if self.asked > MOST_REQUESTS:
                return Answer(400, {}, b"{}", "")
            good = requests.get(self.box.url + path, headers=headers, timeout=60)
            kept = ("content-type", "retry-after", "pagenumber", "pagesize", "totalpages")
            found = {
                name: value
                for name, value in good.headers.items()
                if name.lower() in {*kept, "totalnumberofrecords"}
            }
            body = good.content.replace(self.box.url.encode(), self.url.encode())
            answer = Answer(good.status_code, found, body, credential)
            if number in self.bad:
                make_bad(self.random, answer)
                answer.body = answer.body.replace(ELSEWHERE.encode(), self.elsewhere.encode())
                for name, value in answer.headers.items():
                    answer.headers[name] = value.replace(ELSEWHERE, self.elsewhere)
            return answer


@contextmanager
def serving(answer: Callable[[str, dict[str, str]], Answer]) -> Iterator[str]:
    """Serve the answers to all GET requests; yield the server's host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            got = answer(self.path, headers)
            self.send_response(got.status, "Whatever")
            for name, value in got.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(got.body)))
            self.end_headers()
            with suppress(ConnectionError):  # the tap may have read enough
                self.wfile.write(got.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    went_elsewhere = []

    def elsewhere(path: str, headers: dict[str, str]) -> Answer:
        went_elsewhere.append((path, headers))
        return Answer(200, {}, b"{}", "")

    box = Sandbox(
        billing_summaries=60,
        meters=6,
        interval_days=2,
        utilityapi_page_limit=25,
        data_page_limit=25,
        cache_seconds=0,
        utilityapi_rate_limit=0,
    )
    with box, serving(elsewhere) as other, serving((proxy := Proxy(box)).answer) as host:
        proxy.url, proxy.elsewhere = f"http://{host}", other
        yield proxy
    assert not went_elsewhere


def is_valid(run: Run) -> bool:
    """Whether each record fits the schema before it."""
    validators = {}
    for message in run.messages:
        if message["type"] == "SCHEMA":
            schema = message["schema"]
            validators[message["stream"]] = Draft7Validator(schema, format_checker=FormatChecker())
        elif message["type"] == "RECORD" and not validators[message["stream"]].is_valid(
            message["record"]
        ):
            return False
    return True


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_run_ends_well_whatever_is_answered(seed: int, proxy: Proxy, tap: TapRunner) -> None:
    proxy.random, proxy.asked = Random(seed), 0
    stream = proxy.random.choice(STREAMS)
    proxy.bad = frozenset(proxy.random.sample(range(8), proxy.random.randint(1, 3)))
    urls = {
        name: value.replace(proxy.box.url, proxy.url)
        for name, value in proxy.box.tap_config().items()
        if name.endswith("_base_url")
    }
    config = proxy.box.tap_config(
        **urls,
        energycap_page_size=2,
        energycap_max_parallel_requests=1,
        max_wait_seconds=100,
        utilityapi_requests_per_minute=100_000,
        max_response_megabytes=1,
    )

    run = tap(config, streams=[stream])

    assert run.exit in {0, 1}
    assert bool(run.errors) is (run.exit == 1), run.stderr
    assert "Traceback" not in run.stderr, run.stderr
    assert "unexpected" not in run.stderr, run.stderr
    assert proxy.asked < MOST_REQUESTS, run.stderr
    assert sum(tap.clock.slept) < 5000
    for secret in (proxy.box.utilityapi_token, proxy.box.energycap_api_key):
        assert secret not in run.stdout + run.stderr
    assert is_valid(run)
    assert len(run.stderr) < 100_000
