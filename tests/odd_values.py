"""A proxy that puts odd values into the sandbox's records, and what must become of them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
import simplejson
from simplejson.raw_json import RawJSON

from sandbox import Sandbox

#: JSON texts, some of which no vendor should send.
ODD = [
    *("null", "true", "false", "0", "5", "-1", "1.0", "1.5", "12.50", "1e3", "-0.0"),
    *("9223372036854775807", "9223372036854775808", "1e30", "1e400", "1e-20000", "1e999999"),
    *("9" * 400, "9" * 5000, "0." + "1" * 20_000, "1" * 30 + ".5"),
    *(
        '""',
        '"5"',
        '"12.50"',
        '"true"',
        '"NaN"',
        '"é 😀"',
        r'"a\u0000b"',
        r'"\ud800"',
        r'"\udc00\ud83d"',
    ),
    *('"2016-01-31:17:00:00+00:00"', '"2016-01-31"', '"2016-02-30T00:00:00Z"'),
    *('"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59-05:00"', '"2016-01-01T00:00:00+23:59"'),
    *('"2016-12-31T23:59:60Z"', '"2016-01-01T00:00:00.123456789Z"', '"2016-01-01 00:00:00Z"'),
    *("[]", "{}", "[null]", "[[[]]]", '[1, "a", null, {"a": 1.5}]', '{"a": {"b": [1e400]}}'),
    *(r'{"a\u0000": "\ud800"}', '{" ": 1}', '[{"cost": "x"}, 5, null]', '"' + "x" * 3000 + '"'),
    "[" * 40 + "1" + "]" * 40,
]
SURROGATES = re.compile("[\0\ud800-\udfff]")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a record has values, itself apart, lists and objects included."""
    inner = enumerate(value) if isinstance(value, list) else ()
    for name, each in value.items() if isinstance(value, dict) else inner:
        yield (*path, name)
        yield from places(each, (*path, name))


@dataclass
class OddValues:
    """What the proxy sends: in each record another value at another place.

    Args:
        change: Changes a record.
        url: The proxy's own.
    """

    change: Callable[[dict[str, Any]], None]
    url: str = ""
    sent: dict[str, list[Any]] = field(default_factory=dict)

    def settings(self, box: Sandbox, **more: Any) -> dict[str, Any]:
        """Settings of the tap for a run through the proxy."""
        urls = {
            name: value.replace(box.url, self.url)
            for name, value in box.tap_config().items()
            if name.endswith("_base_url")
        }
        return box.tap_config(fail_on_bad_records=False, **urls, **more)

    def changed(self, path: str, body: bytes) -> bytes:
        """An answer with a changed value in each of its records."""
        document = json.loads(body, parse_float=RawJSON)
        lists = document.values() if isinstance(document, dict) else [document]
        for rows in lists:
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict):
                    self.change(row)
        text = simplejson.dumps(document)
        self.sent.setdefault(path, []).append(text)
        return text.encode()


def one_odd_value(seed: int, record: dict[str, Any]) -> None:
    """Put a value at a place, both of which the seed and the record choose."""
    text = simplejson.dumps([seed, record], sort_keys=True)
    chosen = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
    everywhere = list(places(record))
    *where, last = everywhere[chosen % len(everywhere)]
    thing: Any = record
    for name in where:
        thing = thing[name]
    if isinstance(last, str) and chosen % 5 == 0:
        last = f"new {last}"
    thing[last] = RawJSON(ODD[chosen // len(everywhere) % len(ODD)])


@contextmanager
def odd_values(box: Sandbox, change: Callable[[dict[str, Any]], None]) -> Iterator[OddValues]:
    """Run the proxy."""
    values = OddValues(change)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            answer = requests.get(box.url + self.path, headers=headers, timeout=60)
            body = answer.content
            if answer.ok:
                body = values.changed(self.path.partition("?")[0], body)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in {"content-length", "content-encoding", "transfer-encoding"}:
                    self.send_header(name, value.replace(box.url, values.url))
            body = body.replace(box.url.encode(), values.url.encode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    values.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield values
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def restored(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it was sent: what is under ``extra`` back in its place."""
    result = {name: value for name, value in record.items() if name != "extra"}
    for path, value in record.get("extra", {}).items():
        steps = [
            int(step[1:]) if step[0] == "[" else step
            for step in re.findall(r"\[\d+|[^.\[\]]+", path)
        ]
        thing: Any = result
        try:
            for step in steps[:-1]:
                thing = thing[step]
            is_absent = not isinstance(thing, str) and thing[steps[-1]] is None
        except KeyError:
            is_absent = isinstance(thing, dict) and thing is not result
        except (IndexError, TypeError):
            is_absent = False
        if is_absent:
            thing[steps[-1]] = value
        else:
            result[path] = value
    return result


def same(sent: Any, got: Any) -> bool:
    """Whether a value arrived, though perhaps as its literal text or with U+FFFD."""
    match sent, got:
        case dict(), dict():
            cleaned = {clean(name): value for name, value in sent.items()}
            return cleaned.keys() == got.keys() and all(
                same(cleaned[name], got[name]) for name in got
            )
        case list(), list():
            return len(sent) == len(got) and all(map(same, sent, got))
        case str(), str():
            return clean(sent) == got
        case bool(), str():
            return got == str(sent).lower()
        case ((int() | Decimal()), str()):
            return bool(Decimal(got) == sent)
    return (type(sent) is type(got) and sent == got) or (
        is_number(sent) and is_number(got) and sent == got
    )


def is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def clean(text: str) -> str:
    return SURROGATES.sub("\ufffd", text)
