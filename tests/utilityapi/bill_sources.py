"""Bills with links to files, as UtilityAPI answers, and a run of the tap that reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.http.raw import RawServer, config, response
from tests.support import Run, TapRunner

FILES = "utilityapi_bill_files"
DIRECTORY = "utilityapi_bill_files_directory"


def source(url: Any, kind: Any = "pdf", **more: Any) -> dict[str, Any]:
    return {"type": kind, "raw_url": url, **more}


def listing(path: str, sources: Any, uid: str = "b1") -> bytes:
    """The answer to a request for a list: a meter with one bill; b'' for other requests."""
    bill = {"uid": uid, "meter_uid": "1", "updated": "2026-01-01T00:00:00+00:00"}
    lists = {
        "/meters": {"meters": [{"uid": "1", "bill_count": 1}]},
        "/bills": {"bills": [bill | {"sources": sources}]},
    }
    body = lists.get(path.partition("?")[0])
    return response(json.dumps(body).encode()) if body else b""


def read_bill(
    tap: TapRunner, folder: Path, sources: Any, uid: str = "b1", **more: Any
) -> tuple[Run, list[str], RawServer]:
    """A run that reads a bill with these sources, and what files it has asked for."""

    def answer(path: str) -> Iterator[bytes]:
        yield listing(path, sources, uid) or response(b"%PDF-1 " + path.encode())

    with RawServer(answer) as server:
        for each in sources if isinstance(sources, list) else ():
            if isinstance(each, dict) and isinstance(each.get("raw_url"), str):
                each["raw_url"] = each["raw_url"].replace("SERVER", server.url)
        settings = config(server, **{DIRECTORY: str(folder), **more})
        run = tap(settings, streams=[FILES])
        asked = [path for path in server.asked if not path.startswith(("/meters", "/bills"))]
    return run, asked, server
