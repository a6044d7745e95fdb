"""Intervals and readings as UtilityAPI would print them (docs/api/intervals)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import local_stamp, utc_stamp
from sandbox.utilityapi.data.meters import FILES, base_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.utilityapi.data.readings import Interval, Reading
    from sandbox.utilityapi.data.services import Service


def interval_record(interval: Interval) -> dict[str, object]:
    """Print an Interval, its readings newest first.

    Those of test data are as on the vendor's pages, all others as in a real answer: no numbers of
    physical meters in `base`, but in the datapoints, and no file.
    """
    service = interval.service
    return {
        "uid": interval.uid,
        "meter_uid": service.uid,
        "authorization_uid": service.consent.uid,
        "created": utc_stamp(interval.created),
        "updated": utc_stamp(interval.updated),
        "notes": [],
        "utility": service.consent.authorization.utility.id,
        "blocks": ["base", "sources", "readings"],
        "base": _base(service),
        "sources": [{"type": "greenbutton_cmd", "raw_url": _file(interval)}],
        "readings": [_reading(service, reading) for reading in reversed(interval.readings)],
    }


def true_readings(service: Service) -> Iterator[dict[str, object]]:
    """Print the readings of a meter as they are, oldest first, whatever Intervals list them."""
    shared = {"meter_uid": service.uid, "authorization_uid": service.consent.uid}
    for _, reading in sorted(service.metering.true.items()):
        yield shared | _reading(service, reading)


def _base(service: Service) -> dict[str, object]:
    base = base_block(service)
    names = ("service_identifier", "service_tariff", "service_address")
    printed = {name: base[name] for name in names}
    if service.consent.is_test:
        return {**printed, "meter_numbers": base["meter_numbers"], "qualities": ["revenue"]}
    account = base["billing_account"]
    return {**printed, "meter_numbers": [], "billing_account": account, "qualities": []}


def _file(interval: Interval) -> str | None:
    if interval.service.consent.is_test:
        return f"{FILES}/{interval.uid}"
    return "" if interval.is_mixed else None


def _reading(service: Service, reading: Reading) -> dict[str, object]:
    """Print a reading in the utility's own offset."""
    is_test = service.consent.is_test
    points: list[dict[str, object]] = [{"type": "net", "unit": "kwh", "value": reading.kwh}]
    if not is_test:
        hours = Decimal((reading.end - reading.start) // dt.timedelta(minutes=15)) / 4
        number = f"A{900_000_000 + service.ordinal}"
        points += [
            {"type": "max", "unit": "kw", "value": reading.kwh * 2 / hours},
            {"type": "fwd", "unit": "kwh", "value": reading.kwh},
        ]
        points = [{**point, "meter_number": number} for point in points]
    return {
        "start": local_stamp(service.zone, reading.start),
        "end": local_stamp(service.zone, reading.end),
        "kwh": None if is_test else reading.kwh,
        "datapoints": points,
    }
