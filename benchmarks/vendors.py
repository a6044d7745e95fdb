"""Both vendors in a process of their own, as quick as can be: pages of any number of records.

The records are the sandbox's, over and over with keys of their own, and with text that is not
ASCII. One in 19 has a field that no page of the vendors documents.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from typing import TYPE_CHECKING, Any

from aiohttp import web

from benchmarks.endpoints import DIGESTS, DIGESTS_PATH, SUMMARIES, SUMMARIES_PATH
from sandbox import Sandbox
from sandbox.wire import to_json
from tap_utility_energy.energycap.schemas.digests import METER_DIGEST_MONTHLY
from tap_utility_energy.utilityapi.schemas import BILLING_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMARIES_A_PAGE = 1000
UNDOCUMENTED = 19


class Records:
    """Any number of records, made from a few: only the key differs."""

    def __init__(self, samples: Sequence[dict[str, Any]], key: str, form: str, total: int) -> None:
        self.total = total
        self._form = form
        self._halves = [to_json(sample | {key: ""}).split(b'""') for sample in samples]

    def page(self, start: int, size: int) -> bytes:
        """The records from one on, as a JSON array."""
        rows = []
        for number in range(start, min(start + size, self.total)):
            before, after = self._halves[number % len(self._halves)]
            rows.append(before + self._form.format(10_000_000 + number).encode() + after)
        return b"[%b]" % b", ".join(rows)


class Vendors:
    """Answers the two endpoints."""

    def __init__(self, summaries: int, meters: int, latency_ms: int) -> None:
        with Sandbox(billing_summaries=1000, meters=250) as box:
            truth = box.truth(only=f"{SUMMARIES},{DIGESTS}")
        bills = _mixed(truth[SUMMARIES], BILLING_SUMMARY)
        self._summaries = Records(bills, "uid", '"{}"', summaries)
        digests = _mixed(truth[DIGESTS], METER_DIGEST_MONTHLY)
        self._meters = Records(digests, "meterId", "{}", meters)
        self._latency = latency_ms / 1000

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request for a page of either."""
        await asyncio.sleep(self._latency)
        query = request.rel_url.query
        is_digest = request.rel_url.path == DIGESTS_PATH
        return self._digests(query) if is_digest else self._listing(request, query)

    def _listing(self, request: web.BaseRequest, query: Any) -> web.Response:
        start = int(query.get("after", 0))
        rows = self._summaries.page(start, SUMMARIES_A_PAGE)
        after = start + SUMMARIES_A_PAGE
        link = f"http://{request.host}{SUMMARIES_PATH}?after={after}"
        more = to_json(link if after < self._summaries.total else None)
        return _json(b'{"%b": %b, "next": %b}' % (SUMMARIES.encode(), rows, more))

    def _digests(self, query: Any) -> web.Response:
        number, size = int(query["pageNumber"]), int(query["pageSize"])
        total = self._meters.total
        values = {"PageNumber": number, "PageSize": size, "TotalNumberOfRecords": total}
        headers = values | {"TotalPages": math.ceil(total / size)}
        rows = self._meters.page((number - 1) * size, size)
        return _json(rows, {name: str(value) for name, value in headers.items()})


def _mixed(records: list[dict[str, Any]], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Records of which one in `UNDOCUMENTED` has a field that the schema does not name."""
    documented = [record for record in records if _is_documented(record, schema)]
    others = [record for record in records if not _is_documented(record, schema)]
    number = len(documented) // (UNDOCUMENTED - 1)
    for place, record in enumerate(others[:number]):
        documented.insert(place * UNDOCUMENTED, record)
    return documented[: number * UNDOCUMENTED]


def _is_documented(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, list) and "items" in schema:
        return all(_is_documented(each, schema["items"]) for each in value)
    fields = schema.get("properties", {})
    if not isinstance(value, dict) or not fields:
        return True
    return value.keys() <= fields.keys() - {"extra"} and all(
        _is_documented(value[name], fields[name]) for name in value
    )


def _json(body: bytes, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=body, headers=headers, content_type="application/json")


async def serve(vendors: Vendors) -> None:
    """Answer until the process is ended; the first line on stdout is the port."""
    runner = web.ServerRunner(web.Server(vendors.answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--summaries", type=int, required=True)
    parser.add_argument("--meters", type=int, required=True)
    parser.add_argument("--latency-ms", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(serve(Vendors(given.summaries, given.meters, given.latency_ms)))
