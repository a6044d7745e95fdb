"""Fetch, decode, make rows, write, and nothing else: ``bare_loop.py URL TOKEN KIND``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import requests

from benchmarks.endpoints import METERS
from benchmarks.kinds import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.endpoints import Endpoint
    from benchmarks.kinds import Kind, Record


def linked(
    session: requests.Session, url: str, endpoint: Endpoint, **params: str
) -> Iterator[list[Record]]:
    """The pages of a list of UtilityAPI."""
    following: str | None = url + endpoint.path
    while following:
        document = session.get(following, params=params).json()
        yield document[endpoint.records_key]
        following, params = document["next"], {}


def by_meter(session: requests.Session, url: str, endpoint: Endpoint) -> Iterator[list[Record]]:
    uids = [meter["uid"] for page in linked(session, url, METERS) for meter in page]
    for start in range(0, len(uids), endpoint.meters):
        meters = ",".join(uids[start : start + endpoint.meters])
        yield from linked(session, url, endpoint, meters=meters)


def numbered(session: requests.Session, url: str, endpoint: Endpoint) -> Iterator[list[Record]]:
    """The pages of a list of EnergyCAP."""
    number, pages = 1, 1
    while number <= pages:
        params = {"pageNumber": number, "pageSize": 250}
        response = session.get(url + endpoint.path, params=params)
        yield response.json()
        number, pages = number + 1, int(response.headers["TotalPages"])


def rows(url: str, token: str, kind: Kind) -> Iterator[Record]:
    """Every row of a kind."""
    endpoint = kind.endpoint
    way = by_meter if endpoint.meters else linked if endpoint.records_key else numbered
    with requests.Session() as session:
        session.headers.update({"Authorization": f"Bearer {token}", "ECI-ApiKey": token})
        for page in way(session, url, endpoint):
            for record in page:
                yield from kind.rows(record)


def main(url: str, token: str, name: str) -> None:
    kind = BY_NAME[name]
    for row in rows(url, token, kind):
        message = {"type": "RECORD", "stream": kind.stream, "record": row}
        sys.stdout.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
