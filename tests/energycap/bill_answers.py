"""Bills and their rows as EnergyCAP answers, and a run of the tap that reads them."""

from __future__ import annotations

import json
from typing import Any

from sandbox import Sandbox
from tests.support import ONE_RECORD, Run, TapRunner, answer

METERS = "energycap_bill_meters"
#: Path of the rows of `METERS`, and a part of the list of bills' target that no other has.
ROWS, BILLS = "billaccountmeter/actual", "/v3/bill?"
BOOKMARK = {"replication_key": "modifiedDate", "replication_key_value": "2026-06-20T00:00:00+00:00"}
#: The feed of changes without any, and a refusal of the filter by bill.
NO_CHANGES = answer("[]", path="activity/bill", times=None)
REFUSED_BILLS = {"status": 400, "path": "billId", "times": None}
STATE = {"bookmarks": {METERS: {**BOOKMARK, "scope": ""}}}


def bill(number: int, changed: str | None = "2026-06-01T00:00:00", **more: Any) -> dict[str, Any]:
    dates = {"modifiedDate": changed, "createdDate": "2026-06-01T00:00:00"}
    return {"billId": number, "endDate": "2026-05-31T00:00:00", **dates, **more}


def row(bill_id: int, meter: int = 7, **more: Any) -> dict[str, Any]:
    return {"billId": bill_id, "account": {"accountId": 3}, "meter": {"meterId": meter}, **more}


def page_of(records: list[Any], path: str, number: int = 1, **counts: Any) -> dict[str, Any]:
    """A page, by default the only one."""
    total = {"TotalNumberOfRecords": len(records), "PageNumber": number, **counts}
    headers = ONE_RECORD | {name: str(value) for name, value in total.items()}
    return answer(json.dumps(records), headers, path=path, times=None)


def run_with(
    tap: TapRunner, faults: list[dict[str, Any]], state: dict[str, Any] | None = None, **config: Any
) -> Run:
    with Sandbox(meters=0) as box:
        box.set_faults(faults)
        return tap(box.tap_config(**config), streams=[METERS], state=state)


def emitted(run: Run) -> list[tuple[int, int, int]]:
    return [(row["billId"], row["meterId"], row["position"]) for row in run.records(METERS)]


def requested(box: Sandbox, part: str) -> list[str]:
    return [each["target"] for each in box.requests() if part in each["target"]]
