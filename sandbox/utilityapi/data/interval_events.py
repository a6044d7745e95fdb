"""What can happen to readings and Intervals between two runs of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.utilityapi.data.event_details import first, only

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from sandbox.utilityapi.data.platform import Platform
    from sandbox.utilityapi.data.services import Service

_DAY = 86_400  # seconds


class IntervalEvents:
    """Changes readings and the Intervals that list them; see `Events`.

    Each takes ``meter``, or else the first that is visible and has readings. Of the meter
    `status_ts` moves, and the count and coverage of its readings where they change.
    """

    def __init__(self, platform: Platform, now: Callable[[], dt.datetime]) -> None:
        """Change a platform at the moments that a clock tells."""
        self._platform = platform
        self._now = now

    def events(self) -> dict[str, Callable[[dict[str, Any]], object]]:
        """Return every event by name."""
        return {
            "grow_intervals": self.grow,
            "fill_gaps": self.fill_gaps,
            "older_readings": self.add_older,
            "correct_reading": self.correct,
            "repeat_readings": self.repeat,
        }

    def grow(self, given: dict[str, Any]) -> object:
        """``days``, or else one: so many days of readings more, in the meter's newest Interval.

        Of the Interval `updated` moves, and `uid`. With ``new: true`` they come in an Interval of
        their own. The first ``late`` of them are held back, for `fill_gaps`. Without ``meter``
        the Intervals of all meters grow that are under a consent that may be used.
        """
        details = only(given, "meter", "days", "late", "new")
        days, late = _count(details, "days", 1), _count(details, "late", 0)
        is_new, today = details.get("new") is True, self._platform.today
        services = [s for s in self._metered() if s.consent.is_usable(today)]
        if "meter" in details:
            services = [first(services, details["meter"], lambda s: s.uid)]
        for service in services:
            count = days * _DAY // service.reading_seconds
            if late >= count:
                raise ValueError(f"late: {late} of {count} readings")
            readings = self._platform.upcoming(service, count)
            service.metering.late |= {reading.span: reading for reading in readings[:late]}
            service.metering.grow(readings[late:], self._now(), is_new=is_new)
            self._changed(service)
        return {"intervals": {s.uid: s.metering.newest.uid for s in services}}

    def fill_gaps(self, given: dict[str, Any]) -> object:
        """What `grow_intervals` held back arrives, and of its Intervals `updated` moves.

        An Interval that lacked its first readings has another `uid` then. With ``merge: true`` it
        becomes one with the Interval before it.
        """
        details = only(given, "meter", "merge")
        waiting = (service for service in self._metered() if service.metering.late)
        service = first(waiting, details.get("meter"), lambda s: s.uid)
        count = len(service.metering.late)
        service.metering.fill_gaps(self._now(), merge=details.get("merge") is True)
        self._changed(service)
        return {"meter": service.uid, "readings": count}

    def add_older(self, given: dict[str, Any]) -> object:
        """``days``, or else one, of readings before the meter's first: history collected later.

        They come in Intervals of ``each`` days, or else in one.
        """
        details = only(given, "meter", "days", "each")
        service = first(self._metered(), details.get("meter"), lambda s: s.uid)
        days = _count(details, "days", 1)
        a_day = _DAY // service.reading_seconds
        size = a_day * _count(details, "each", days)
        readings, moment = self._platform.preceding(service, days * a_day), self._now()
        for begin in range(0, len(readings), size):
            service.metering.add_older(service, readings[begin : begin + size], moment)
        self._changed(service)
        return {"meter": service.uid, "readings": len(readings)}

    def correct(self, given: dict[str, Any]) -> object:
        """The first reading of the newest Interval changes, and of the Interval `updated`.

        With ``oldest: true`` it is one of the oldest Interval.
        """
        details = only(given, "meter", "oldest")
        service = first(self._metered(), details.get("meter"), lambda s: s.uid)
        metering = service.metering
        is_old = details.get("oldest") is True
        old = min(metering.intervals, key=lambda i: i.start)
        reading = metering.correct(old if is_old else metering.newest, self._now())
        self._changed(service)
        return {"meter": service.uid, "start": reading.start.isoformat(), "kwh": reading.kwh}

    def repeat(self, given: dict[str, Any]) -> object:
        """``count``, or else 24: the newest Interval's last readings come in one more Interval.

        Both are listed. With ``differing: true`` the new one has them corrected, and the old one
        as they were.
        """
        details = only(given, "meter", "count", "differing")
        service = first(self._metered(), details.get("meter"), lambda s: s.uid)
        count, metering = _count(details, "count", 24), service.metering
        if count >= len(metering.newest.readings):
            raise ValueError(f"count: there are no more than {count} readings to repeat")
        differing = details.get("differing") is True
        interval = metering.repeat(count, self._now(), differing=differing)
        self._changed(service)
        return {"meter": service.uid, "interval": interval.uid}

    def _metered(self) -> Iterator[Service]:
        services = self._platform.visible_services()
        return (s for s in services if s.reading_seconds and s.metering.intervals)

    def _changed(self, service: Service) -> None:
        service.keep(service.metering)
        service.turn("updated", "Data refreshed", self._now())
        self._platform.version += 1


def _count(details: dict[str, Any], name: str, default: int) -> int:
    count = details.get(name, default)
    if type(count) is not int or count < 0 or (not count and default):
        raise ValueError(f"{name}: {count!r} is not a number")
    return count
