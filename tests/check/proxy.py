"""A proxy that changes what the sandbox answers, and a run of the check."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import simplejson

from sandbox import Sandbox
from tests.support import Run, TapRunner

NOT_PASSED_ON = {"content-length", "content-encoding", "transfer-encoding"}


@dataclass
class Sent:
    """An answer on its way, to be changed."""

    path: str
    query: dict[str, str]
    status: int
    headers: dict[str, str]
    document: Any = None
    #: Takes the place of the document.
    body: bytes | None = None
    #: The sandbox's URL, which becomes the proxy's.
    host: str = ""

    def is_of(self, path: str, **query: str) -> bool:
        """Whether it answers such a request."""
        return self.path.endswith(path) and query.items() <= self.query.items()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records."""
        if isinstance(self.document, dict):
            lists = [each for each in self.document.values() if isinstance(each, list)]
            return lists[0] if lists else []
        return self.document if isinstance(self.document, list) else []


Change = Callable[[Sent], None]


@dataclass
class Deviation:
    """What is different from the sandbox as it stands.

    Args:
        change: Changes each answer.
        asks: Changes the query of each request: its path and parameters.
        options: The sandbox's options.
        faults: The sandbox's fault script.
        exit: How the check ends.
    """

    change: Change | None = None
    asks: Callable[[str, dict[str, str]], None] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    exit: int = 0


@contextmanager
def changed(box: Sandbox, deviation: Deviation) -> Iterator[str]:
    """Run the proxy; the URL that takes the place of the sandbox's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = passed_on(box, self, deviation)
            if deviation.change:
                deviation.change(sent)
            body = sent.body
            if body is None:
                body = b"" if sent.document is None else simplejson.dumps(sent.document).encode()
            body = body.replace(box.url.encode(), self.server.url.encode())  # type: ignore[attr-defined]
            self.send_response(sent.status)
            for name, value in sent.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.url  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def passed_on(box: Sandbox, request: BaseHTTPRequestHandler, deviation: Deviation) -> Sent:
    """The sandbox's answer to a request."""
    url = urlsplit(request.path)
    query = dict(parse_qsl(url.query))
    asked = dict(query)
    if deviation.asks:
        deviation.asks(url.path, asked)
    headers = {name: value for name, value in request.headers.items() if name != "Host"}
    target = f"{box.url}{url.path}" + (f"?{urlencode(asked)}" if asked else "")
    answer = requests.get(target, headers=headers, timeout=60)
    kept = {k: v for k, v in answer.headers.items() if k.lower() not in NOT_PASSED_ON}
    is_json = "json" in answer.headers.get("Content-Type", "")
    document = simplejson.loads(answer.content, use_decimal=True) if is_json else None
    body = None if is_json else answer.content
    return Sent(url.path, query, answer.status_code, kept, document, body, box.url)


@dataclass
class Result:
    """A check: its run and its report."""

    run: Run
    report: dict[str, Any]
    text: str

    def facts(self, vendor: str) -> dict[str, tuple[str, str]]:
        """The outcome of each fact, and what was seen."""
        facts = self.report["vendors"][vendor]["facts"]
        parts = {name: line.partition(": ") for name, line in facts.items()}
        return {name: (outcome, seen) for name, (outcome, _, seen) in parts.items()}

    def differing(self, vendor: str) -> set[str]:
        """The facts that differ."""
        return {name for name, (outcome, _) in self.facts(vendor).items() if outcome == "differs"}

    def sources(self, vendor: str) -> dict[str, dict[str, Any]]:
        """What the report says of each list, by its path."""
        return {each["path"]: each for each in self.report["vendors"][vendor]["lists"]}


def check(tap: TapRunner, config: dict[str, Any], folder: Path) -> Result:
    """Run ``tap-utility-energy check`` with settings, on a fake clock."""
    file = folder / "report.json"
    file.unlink(missing_ok=True)
    arguments = ("--config", tap.file("config.json", config), "--report", str(file))
    run = tap(None, "check", *arguments)
    text = file.read_text("utf-8") if file.exists() else "{}"
    return Result(run, json.loads(text), text)


def settings(box: Sandbox, vendor: str = "", url: str = "", **more: Any) -> dict[str, Any]:
    """The settings for a sandbox, or for a proxy before it, with one vendor's credential alone."""
    config = box.tap_config(utilityapi_requests_per_minute=100_000, **more)
    dropped = {"UtilityAPI": "energycap_api_key", "EnergyCAP": "utilityapi_token"}.get(vendor)
    config.pop(dropped or "", None)
    for name in ("utilityapi_base_url", "energycap_base_url"):
        config[name] = config[name].replace(box.url, url or box.url)
    return config
