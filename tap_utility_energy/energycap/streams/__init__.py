"""The streams of EnergyCAP, one declaration each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tap_utility_energy.energycap.streams import (
    account_digests,
    bills,
    cost_center_digests,
    emissions,
    entities,
    finance,
    groups,
    meter_digests,
    place_digests,
    place_targets,
    udfs,
)

if TYPE_CHECKING:
    from tap_utility_energy.energycap.base import EnergyCAPStream
    from tap_utility_energy.energycap.bill_rows import BillRowsStream

#: A stream of this vendor.
StreamClass: TypeAlias = "type[EnergyCAPStream | BillRowsStream]"
#: Every stream of this vendor. A new one is added to the tuple of its module.
STREAMS: tuple[StreamClass, ...] = (
    *meter_digests.STREAMS,
    *place_digests.STREAMS,
    *place_targets.STREAMS,
    *account_digests.STREAMS,
    *cost_center_digests.STREAMS,
    *entities.STREAMS,
    *udfs.STREAMS,
    *bills.STREAMS,
    *finance.STREAMS,
    *emissions.STREAMS,
    *groups.STREAMS,
    *bills.BILL_ROWS,
)
