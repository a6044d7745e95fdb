"""What users call a meter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.utilityapi.data.catalogue import STREETS

if TYPE_CHECKING:
    from sandbox.energycap.data.changes import Changes
    from sandbox.energycap.data.portfolio import Meter


def meter_names(meter: Meter, changes: Changes) -> tuple[str, str]:
    """Return a meter's code and name, which can be edited."""
    if meter.id in changes.meters:
        code, info, _ = changes.meters[meter.id]
        return code, info
    n, kind = meter.ordinal, meter.service.commodity.code
    return f"{kind[:3]}-{meter.id:05d}", f"{kind} · {n} {STREETS[n % len(STREETS)]}"
