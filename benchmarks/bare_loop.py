"""Fetch, decode, write, and nothing else: ``bare_loop.py URL TOKEN STREAM``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import requests

from benchmarks.endpoints import DIGESTS_PATH, SUMMARIES, SUMMARIES_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator


def summaries(session: requests.Session, url: str) -> Iterator[list[dict[str, Any]]]:
    following: str | None = url + SUMMARIES_PATH
    while following:
        document = session.get(following).json()
        yield document[SUMMARIES]
        following = document["next"]


def digests(session: requests.Session, url: str) -> Iterator[list[dict[str, Any]]]:
    number, pages = 1, 1
    while number <= pages:
        params = {"pageNumber": number, "pageSize": 250}
        response = session.get(url + DIGESTS_PATH, params=params)
        yield response.json()
        number, pages = number + 1, int(response.headers["TotalPages"])


def main(url: str, token: str, stream: str) -> None:
    with requests.Session() as session:
        session.headers.update({"Authorization": f"Bearer {token}", "ECI-ApiKey": token})
        for page in (summaries if stream == SUMMARIES else digests)(session, url):
            for record in page:
                message = {"type": "RECORD", "stream": stream, "record": record}
                sys.stdout.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
