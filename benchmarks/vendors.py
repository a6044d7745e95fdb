"""Both vendors in a process of their own, as quick as can be: lists of any number of records.

The first parts of a path say how many records there are and after how many milliseconds an answer
comes: ``/120000/0/api/v3/meter``.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from benchmarks.endpoints import A_METER, METERS, READINGS
from benchmarks.samples import MARK, all_samples
from sandbox.wire import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.endpoints import Endpoint
    from benchmarks.samples import Record

UTILITYAPI_PAGE = 1000
FIRST = 10_000_000


class Records:
    """Any number of records, made from a few: only the keys differ."""

    def __init__(self, endpoint: Endpoint, samples: Sequence[Record]) -> None:
        # A key of EnergyCAP is a number.
        self._mark = (MARK if endpoint.records_key else f'"{MARK}"').encode()
        self._samples = samples
        self._share = A_METER if endpoint.meters else 1
        self._parts: dict[int, list[bytes]] = {}

    def page(self, numbers: Iterable[int]) -> bytes:
        """The records of these numbers, as a JSON array."""
        return b"[%b]" % b", ".join(map(self._record, numbers))

    def _record(self, number: int) -> bytes:
        sample = self._samples[number % len(self._samples)]
        parts = self._parts.get(id(sample))
        if parts is None:
            parts = self._parts[id(sample)] = to_json(sample).split(self._mark)
        return (b"%d" % (FIRST + number // self._share)).join(parts)


class Vendors:
    """Answers the lists."""

    def __init__(self) -> None:
        samples = all_samples()
        (self._meter,) = samples.pop(METERS)
        self._lists = {each.path: (each, Records(each, samples[each])) for each in samples}

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request for a page of any."""
        _, total, latency, path = request.rel_url.path.split("/", 3)
        await asyncio.sleep(int(latency) / 1000)
        if f"/{path}" == METERS.path:
            return _json(to_json({"meters": self._meters(int(total)), "next": None}))
        endpoint, records = self._lists[f"/{path}"]
        if endpoint.records_key:
            return _linked(endpoint, records, int(total), request)
        return _numbered(records, int(total), request.rel_url.query)

    def _meters(self, total: int) -> list[Record]:
        """Meters that share so many bills, and intervals."""
        return [
            self._meter
            | {"uid": f"{FIRST + number}", "bill_count": count, "interval_count": count * READINGS}
            for number in range(math.ceil(total / A_METER))
            for count in [min(A_METER, total - number * A_METER)]
        ]


def _linked(
    endpoint: Endpoint, records: Records, total: int, request: web.BaseRequest
) -> web.Response:
    query = dict(request.rel_url.query)
    start = int(query.pop("after", 0))
    numbers: Sequence[int] = range(total)
    if endpoint.meters:
        firsts = [(int(uid) - FIRST) * A_METER for uid in query["meters"].split(",")]
        numbers = [each for first in firsts for each in range(first, first + A_METER)]
        numbers = [each for each in numbers if each < total]
    end = start + UTILITYAPI_PAGE
    following = urlencode({**query, "after": end})
    link = (
        f"http://{request.host}{request.rel_url.path}?{following}" if end < len(numbers) else None
    )
    name, rows = endpoint.records_key.encode(), records.page(numbers[start:end])
    return _json(b'{"%b": %b, "next": %b}' % (name, rows, to_json(link)))


def _numbered(records: Records, total: int, query: Mapping[str, str]) -> web.Response:
    number, size = int(query["pageNumber"]), int(query["pageSize"])
    values = {"PageNumber": number, "PageSize": size, "TotalNumberOfRecords": total}
    headers = values | {"TotalPages": math.ceil(total / size)}
    rows = records.page(range(total)[(number - 1) * size : number * size])
    return _json(rows, {name: str(value) for name, value in headers.items()})


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
    asyncio.run(serve(Vendors()))
