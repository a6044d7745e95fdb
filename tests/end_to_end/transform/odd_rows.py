"""Values that no bill should have, written over those of some bills that a loader has stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

#: What `energy_bill_periods` says of a bill without a valid period.
NO_PERIOD: Mapping[str, object] = {"status": "no period", "is_counted": False}
COUNTED: Mapping[str, object] = {"status": "counted", "is_counted": True}
UNLISTED: Mapping[str, object] = {"status": "no longer listed", "is_counted": False}
HUGE = 123456789012345678.9
ADDRESS = 'Straße 1, \\"Hof\\" ☃; DROP TABLE x -- %s {{ x }}'

Case = tuple[str, Mapping[str, Any]]


def midnight(text: str) -> str:
    """A date as UtilityAPI prints it."""
    return f"{text}T00:00:00.000000-08:00"


def period(start: str, end: str) -> str:
    """The members of `base` that are a bill's period."""
    return f'{{"bill_start_date": "{midnight(start)}", "bill_end_date": "{midnight(end)}"}}'


#: What else is odd: addresses in small letters, places without a name, and meters that change
#: their unit.
OTHERWISE = (
    """
      UPDATE utilityapi_meters SET base = CAST(lower(CAST(base AS text)) AS {json})
      WHERE uid IN (SELECT min(uid) FROM utilityapi_meters GROUP BY base ->> 'service_address')
    """,
    'UPDATE energycap_places SET "placeInfo" = \' \' WHERE "placeId" % 3 = 0',
    """
      UPDATE energycap_bill_meters
      SET "nativeUseUnit" = CAST('{{"unitCode": "MWH"}}' AS {json})
      WHERE "beginDate" > '2025-06-10' AND "nativeUseUnit" ->> 'unitCode' = 'KWH'
    """,
)
#: Columns of a bill of UtilityAPI, and what its row must say.
UTILITYAPI_COLUMNS: dict[str, Case] = {
    "no meter": ("meter_uid = NULL", COUNTED | {"meter_key": "utilityapi:unknown"}),
    "no meter either": ("meter_uid = NULL", COUNTED | {"meter_key": "utilityapi:unknown"}),
    "no meter, no base": (
        "meter_uid = NULL, base = NULL",
        NO_PERIOD | {"meter_key": "utilityapi:unknown"},
    ),
    "unlisted meter": ("meter_uid = 'nobody'", UNLISTED | {"meter_key": "utilityapi:nobody"}),
    "no consent": ("authorization_uid = NULL", COUNTED),
    "no base": ("base = NULL", NO_PERIOD | {"cost": None}),
    "no meter and no base": ("meter_uid = NULL, base = NULL", NO_PERIOD | {"cost": None}),
    "null as JSON": ("base = 'null'", NO_PERIOD | {"cost": None}),
    "base is a list": ("base = '[1]'", NO_PERIOD | {"cost": None}),
    "never updated": ("updated = NULL", COUNTED),
}
#: Members of `base` of a bill of UtilityAPI, and what its row must say.
UTILITYAPI: dict[str, Case] = {
    "no such day": (f'{{"bill_end_date": "{midnight("2025-02-30")}"}}', NO_PERIOD),
    "no such month": (f'{{"bill_end_date": "{midnight("2025-13-01")}"}}', NO_PERIOD),
    "empty start": ('{"bill_start_date": ""}', NO_PERIOD),
    "start in words": ('{"bill_start_date": "n/a"}', NO_PERIOD),
    "null start": ('{"bill_start_date": null}', NO_PERIOD),
    "start of the wrong type": ('{"bill_start_date": {"day": 1}}', NO_PERIOD),
    "end before start": (
        f'{{"bill_end_date": "{midnight("2001-01-01")}"}}',
        NO_PERIOD | {"end_date": dt.date(2001, 1, 1)},
    ),
    "zero days": (
        period("2026-01-31", "2026-01-31"),
        COUNTED | {"end_date": dt.date(2026, 2, 1), "days": 1},
    ),
    "ten years": (
        period("2015-06-15", "2025-06-15"),
        COUNTED | {"days": 3653},
    ),
    "no cost": ('{"bill_total_cost": null}', COUNTED | {"cost": None}),
    "cost in words": ('{"bill_total_cost": "see note"}', COUNTED | {"cost": None}),
    "cost as text": ('{"bill_total_cost": "12.50"}', COUNTED | {"cost": 12.5}),
    "not a number": ('{"bill_total_cost": "NaN"}', COUNTED | {"cost": None}),
    "negative": (
        '{"bill_total_cost": -5.5, "bill_total_volume": -100, "bill_total_unit": "kwh"}',
        COUNTED | {"cost": -5.5, "use": -100.0, "use_kwh": -100.0},
    ),
    "huge": (
        '{"bill_total_cost": 123456789012345678.90, "bill_total_volume": 1E+150}',
        COUNTED | {"cost": HUGE, "use": 1e150},
    ),
    "huge credit": (
        '{"bill_total_cost": -123456789012345678.90}',
        COUNTED | {"cost": -HUGE},
    ),
    "tiny": ('{"bill_total_cost": 1E-8}', COUNTED | {"cost": 1e-8}),
    "unknown unit": (
        '{"bill_total_unit": "bananas", "bill_total_volume": 5}',
        COUNTED | {"unit": "bananas", "use": 5.0, "use_kwh": None, "use_mmbtu": None},
    ),
    "no unit": (
        '{"bill_total_unit": null, "bill_total_volume": 7, "bill_total_kwh": null}',
        COUNTED | {"unit": None, "use": 7.0, "use_kwh": None},
    ),
    "strange characters": (
        f'{{"billing_account": "{ADDRESS}"}}',
        COUNTED | {"account": ADDRESS.replace('\\"', '"')},
    ),
}
#: Columns of a row of EnergyCAP's bills, and what its row must say.
ENERGYCAP: dict[str, Case] = {
    "no such day": ("\"endDate\" = '2025-02-30T00:00:00'", NO_PERIOD),
    "empty start": ("\"beginDate\" = ''", NO_PERIOD),
    "start in words": ("\"beginDate\" = 'n/a'", NO_PERIOD),
    "null start": ('"beginDate" = NULL', NO_PERIOD),
    "end before start": ("\"endDate\" = '2001-01-01T00:00:00'", NO_PERIOD),
    "zero days": (
        "\"beginDate\" = '2026-01-31T00:00:00', \"endDate\" = '2026-01-31T00:00:00'",
        COUNTED | {"end_date": dt.date(2026, 2, 1), "days": 1},
    ),
    "no cost": ('"directCost" = NULL, "proportionalCost" = NULL', COUNTED | {"cost": None}),
    "direct cost alone": (
        '"directCost" = 12.5, "proportionalCost" = NULL',
        COUNTED | {"cost": 12.5},
    ),
    "split cost": ('"directCost" = 0, "proportionalCost" = 7.25', COUNTED | {"cost": 7.25}),
    "negative": (
        '"directCost" = -5.5, "proportionalCost" = -5.5, "nativeUse" = -100',
        COUNTED | {"cost": -5.5, "use": -100.0},
    ),
    "huge": (
        """
          "directCost" = 123456789012345678.90, "proportionalCost" = 123456789012345678.90,
          "nativeUse" = 1E+150
        """,
        COUNTED | {"cost": HUGE, "use": 1e150},
    ),
    "unknown unit": (
        '"nativeUse" = 5, "nativeUseUnit" = \'{"unitCode": "BANANAS"}\'',
        COUNTED | {"unit": "bananas", "use": 5.0, "use_kwh": None, "use_mmbtu": None},
    ),
    "unit with spaces": (
        '"nativeUse" = 5, "nativeUseUnit" = \'{"unitCode": " kWh "}\'',
        COUNTED | {"unit": "kwh", "use": 5.0, "use_kwh": 5.0},
    ),
    "no unit": (
        '"nativeUse" = 7, "nativeUseUnit" = NULL',
        COUNTED | {"unit": None, "use": 7.0, "use_kwh": None},
    ),
    "null as JSON": (
        """
          "nativeUseUnit" = 'null', "costUnit" = 'null', "account" = 'null', "meter" = 'null'
        """,
        COUNTED | {"unit": None},
    ),
    "another currency": (
        '"costUnit" = \'{"unitCode": "EUROS"}\'',
        COUNTED | {"currency": "EUROS"},
    ),
    "no currency": ('"costUnit" = NULL', COUNTED),
    "an accrual": ('"accrual" = true', {"status": "accrual", "is_counted": False}),
    "flags unknown": ('"void" = NULL, "accrual" = NULL, "estimated" = NULL', COUNTED),
}
