"""GET /bills and GET /intervals (docs/api/bills/list, docs/api/intervals/list)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.recent import Recent
from sandbox.utilityapi.api.listing import PLACE, Listing, Pager, Row
from sandbox.utilityapi.api.params import read_flag, read_params
from sandbox.utilityapi.api.refusals import invalid, refusal
from sandbox.utilityapi.data.bills import bill_record
from sandbox.utilityapi.data.clock import midnight
from sandbox.utilityapi.data.intervals import interval_record
from sandbox.utilityapi.data.meters import FILES
from sandbox.wire import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.options import SandboxOptions
    from sandbox.utilityapi.api.params import Params
    from sandbox.utilityapi.data.platform import Platform
    from sandbox.utilityapi.data.readings import Interval
    from sandbox.utilityapi.data.services import Bill, Service
    from sandbox.wire import Answer, Call

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)",
)
_PARAMS = ("authorizations", "meters", "start", "end", "limit", "order", "after")


@dataclass(frozen=True)
class Window:
    """What `start` and `end` let through: a day in each utility's own zone, or a moment (UTC)."""

    start: dt.date | dt.datetime | None
    end: dt.date | dt.datetime | None

    def holds(self, thing: Bill | Interval) -> bool:
        """Tell whether a period starts on or after, and ends on or before; straddling is out."""
        zone = thing.service.zone
        return (self.start is None or thing.start >= _moment(self.start, zone)) and (
            self.end is None or thing.end <= _moment(self.end, zone)
        )

    def part_of(self, interval: Interval) -> Interval | None:
        """Return an Interval with those readings alone that it lets through, or None."""
        zone = interval.service.zone
        start = interval.start if self.start is None else _moment(self.start, zone)
        end = interval.end if self.end is None else _moment(self.end, zone)
        if start <= interval.start and interval.end <= end:
            return interval
        left = tuple(r for r in interval.readings if start <= r.start and r.end <= end)
        return dataclasses.replace(interval, readings=left) if left else None


class DataListing:
    """The bills, or the Intervals, of some meters: latest period first unless asked otherwise."""

    def __init__(self, plural: str, options: SandboxOptions, platform: Platform) -> None:
        """Serve `bills` or `intervals`."""
        self._options = options
        self._platform = platform
        self._pager = Pager(options)
        self._printed: Recent[bytes] = Recent()
        self._is_bills = plural == "bills"
        self.plural = plural
        #: What the links of the records begin with.
        self.files_url = FILES
        self.docs = f"api/{plural}/list"

    def truth(self) -> Iterator[bytes]:
        """Print everything that is visible, of every duration, latest first."""
        rows = self._rows(self._platform.visible_services(), Window(None, None), is_mixed=True)
        return (self._print(row.thing) for row in sorted(rows, key=PLACE, reverse=True))

    def answer(self, call: Call, path: str) -> Answer:
        """Answer with a page of the meters' bills or Intervals."""
        known = _PARAMS if self._is_bills else (*_PARAMS, "allow_mixed")
        params = read_params(call, known, self.docs)
        services = self._services(params)
        window = Window(self._time(params, "start"), self._time(params, "end"))
        is_mixed = self._is_bills or read_flag(params, "allow_mixed", self.docs)
        is_rising = self._is_rising(params)
        rows = sorted(
            self._rows(services, window, is_mixed=is_mixed), key=PLACE, reverse=not is_rising
        )
        limit = self._limit(params)
        listing = Listing(path, self.plural, self.docs, rows, limit, is_rising=is_rising)
        return self._pager.answer(call, params, listing, self._print, self._more(params, services))

    def _services(self, params: Params) -> list[Service]:
        """Return the meters that both filters name, of which one has to be given."""
        meters, authorizations = (
            frozenset(params[name].value.split(",")) if name in params else None
            for name in ("meters", "authorizations")
        )
        if meters is None and authorizations is None:
            text = "At least one of meters and authorizations is required."
            raise refusal(400, "required_param_missing", text, f"{self.docs}#param")
        found = [
            service
            for service in self._platform.visible_services()
            if (meters is None or service.uid in meters)
            and (authorizations is None or service.consent.uid in authorizations)
        ]
        if not found:
            text = "No meters or authorizations found matching the given filter parameters."
            raise refusal(404, "not_found", text, f"{self.docs}#param")
        return found

    def _rows(
        self, services: Iterable[Service], window: Window, *, is_mixed: bool
    ) -> Iterator[Row]:
        for service in services:
            intervals = (i for i in self._intervals(service, window) if is_mixed or not i.is_mixed)
            for thing in service.bills if self._is_bills else intervals:
                if window.holds(thing):
                    yield Row(thing.uid, (thing.end, thing.start, service.ordinal), thing)

    def _intervals(self, service: Service, window: Window) -> list[Interval]:
        """Return a meter's Intervals; cut to the window, if that is what `start` and `end` do."""
        intervals = service.metering.intervals
        if not self._options.start_cuts:
            return intervals
        return list(filter(None, map(window.part_of, intervals)))

    def _more(self, params: Params, services: list[Service]) -> dict[str, object]:
        """Intervals say whether there is more, left out or still to be collected."""
        if self._is_bills:
            return {}
        is_mixed = read_flag(params, "allow_mixed", self.docs)
        intervals = (i for service in services for i in service.metering.intervals)
        is_left_out = not is_mixed and any(interval.is_mixed for interval in intervals)
        is_pending = any(service.status == "pending" for service in services)
        return {"is_incomplete": is_left_out or is_pending}

    def _print(self, thing: Any) -> bytes:
        """Print a bill or an Interval, once as long as it does not change."""

        def write() -> bytes:
            hard = self._options.hard_numbers
            bills = self._is_bills
            return to_json(
                bill_record(thing, hard_numbers=hard) if bills else interval_record(thing)
            )

        printed = self._printed.get((thing.uid, thing.service.consent.uid), thing, write)
        return printed.replace(FILES.encode(), self.files_url.encode())

    def _time(self, params: Params, name: str) -> dt.date | dt.datetime | None:
        if name not in params:
            return None
        value = params[name].value
        try:
            if _DAY.fullmatch(value):
                return dt.date.fromisoformat(value)
            if _MOMENT.fullmatch(value):
                return dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise invalid(f"No such time: {name}", self.docs) from error
        raise invalid(f"Not an ISO 8601 time with an offset, nor YYYY-MM-DD: {name}", self.docs)

    def _is_rising(self, params: Params) -> bool:
        order = params["order"].value if "order" in params else "latest_first"
        if order not in {"earliest_first", "latest_first"}:
            raise invalid("order must be earliest_first or latest_first", self.docs)
        return order == "earliest_first"

    def _limit(self, params: Params) -> int:
        """Return how many come on a page; a larger limit than the server's changes nothing."""
        if "limit" not in params:
            return self._options.data_page_limit
        if not re.fullmatch("[1-9][0-9]{0,8}", params["limit"].value):
            raise invalid("limit must be a positive integer", self.docs)
        return min(int(params["limit"].value), self._options.data_page_limit)


def _moment(time: dt.date | dt.datetime, zone: str) -> dt.datetime:
    return time if isinstance(time, dt.datetime) else midnight(zone, time)
