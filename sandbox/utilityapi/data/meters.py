"""Meters as UtilityAPI would print them (docs/api/meters, docs/api/meters/blocks)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import local_midnight, local_stamp, utc_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.utilityapi.data.services import Service

FILES = "https://utilityapi.com/api/v2/files"


def meter_record(service: Service, *, expand: bool = False) -> dict[str, object]:
    """Print a meter; its blocks come on demand only where the utility says so."""
    utility = service.consent.authorization.utility
    is_expanded = utility.is_expanded or expand
    blocks = _blocks(service) if is_expanded else {}
    record: dict[str, object] = {
        "uid": service.uid,
        "authorization_uid": service.consent.uid,
        "created": utc_stamp(service.created),
        "user_email": service.consent.user_email,
        "user_uid": service.consent.user_uid,
        "is_archived": service.is_archived,
        "is_activated": service.is_activated,
        "is_expanded": is_expanded,
        "notes": service.notes,
        "status": service.status,
        "status_message": service.status_message,
        "status_ts": utc_stamp(service.status_ts),
        "ongoing_monitoring": _monitoring(service),
        "utility": utility.id,
        **_counts(service),
        **_exports(service),
        "blocks": list(blocks),
        **blocks,
    }
    if service.ordinal % 10 == 4:
        record["confidence_score"] = Decimal("0.9870")
    return record


def coverage(zone: str, periods: Iterable[tuple[dt.date, dt.date]]) -> list[list[str]]:
    """Print periods, given in order, as pairs of local midnights; those that touch become one."""
    merged: list[tuple[dt.date, dt.date]] = []
    for start, end in periods:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [[local_midnight(zone, start), local_midnight(zone, end)] for start, end in merged]


def base_block(service: Service) -> dict[str, object]:
    """Print what bills and intervals repeat of a meter."""
    meter, account = service.meter, service.book.account
    customer = account.authorization.customer
    return {
        "service_identifier": f"{1_000_000_000 + service.ordinal * 7_919 % 8_999_999_999}",
        "service_tariff": meter.tariff,
        "service_class": f"{'res' if service.consent.is_test else 'comm'}-{meter.service}",
        "service_address": customer.address,
        "meter_numbers": [f"A{900_000_000 + service.ordinal}"],
        "billing_contact": customer.name,
        "billing_address": customer.address,
        "billing_account": account.number,
    }


def suppliers_block(service: Service) -> list[dict[str, object]]:
    """Print who supplies a meter besides the utility."""
    meter = service.meter
    if not meter.supplier:
        return []
    return [
        {
            "supplier_type": "cca",
            "supplier_name": meter.supplier,
            "supplier_service_id": f"S-{service.ordinal:07d}",
            "supplier_tariff": None if service.ordinal % 2 else meter.tariff,
        }
    ]


def programs_block(service: Service) -> list[dict[str, object]]:
    """Print the programs that a meter takes part in."""
    if service.ordinal % 6 != 3:
        return []
    return [{"name": "Demand Response", "code": "DR-1", "date_type": "summer"}]


def _monitoring(service: Service) -> dict[str, object]:
    monitored = service.frequency != "off"
    due = service.created.date() + dt.timedelta(days=400)
    refresh = local_midnight(service.zone, due) if monitored else None
    day = service.ordinal % 28 + 1 if service.frequency == "monthly" else None
    return {
        "frequency": service.frequency,
        "prepay": "month_to_month" if monitored else None,
        "next_prepay": refresh,
        "next_refresh": refresh,
        "fixed_refresh_day": day,
    }


def _counts(service: Service) -> dict[str, object]:
    periods = ((b.statement.start, b.statement.end) for b in service.bills)
    (readings, spans), zone = service.reading_coverage(), service.zone
    return {
        "bill_count": len(service.bills),
        "bill_coverage": coverage(zone, periods),
        "bill_sources": ["pdf"] if service.bills else [],
        # Readings and not Interval objects: the vendor's example has 71,808 of two years.
        "interval_count": readings,
        "interval_coverage": [[local_stamp(zone, moment) for moment in span] for span in spans],
        "interval_sources": ["xml"] if readings else [],
    }


def _exports(service: Service) -> dict[str, object]:
    links = {}
    if service.bills:
        links = {
            "bills_csv": f"{FILES}/meters_bills_csv?meters={service.uid}",
            "latest_pdf": f"{FILES}/latest_pdf?meter={service.uid}",
        }
    names = [{"name": name, "link": link} for name, link in links.items()]
    return {"exports": links, "exports_list": names}


def _blocks(service: Service) -> dict[str, object]:
    n, base = service.ordinal, base_block(service)
    if not service.is_activated:
        # Null is what was not found yet.
        unknown = ("service_tariff", "billing_address", "billing_account")
        return {"base": {**base, **dict.fromkeys(unknown), "meter_numbers": []}}
    blocks: dict[str, object] = {"base": base}
    if service.meter.service == "electric" and n % 4 != 3:
        blocks["electric_details"] = {"voltage": ("480", "120/240", None)[n % 3]}
    if programs := programs_block(service):
        blocks["programs"] = programs
    if suppliers := suppliers_block(service):
        blocks["suppliers"] = suppliers
    if n % 8 == 2:
        blocks["other_devices"] = [{"name": "Relay", "serial_number": f"00{n}E7"}]
    if n % 9 == 1:
        blocks["grid_location"] = {"feeder": None, "loss_factor": Decimal("1.0270")}
    return blocks
