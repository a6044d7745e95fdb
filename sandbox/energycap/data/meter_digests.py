"""The digests of a meter: its figures of some years in each view, as the vendor prints them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sandbox.energycap.data import rows, savings, timestamps
from sandbox.energycap.data.catalogue import DOLLAR, unit_child
from sandbox.energycap.data.names import meter_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.figures import ByPeriod
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Meter


class MeterDigests:
    """Prints digests by view and span, results in no order."""

    def __init__(self, model: Model) -> None:
        """Print what has been added up."""
        self._options, self._figures = model.options, model.figures
        self._windows, self._changes = model.windows, model.changes
        self._savings = savings.Savings(model)
        self._updated = timestamps.updates(model.options)
        self.printers: dict[tuple[str, str, str], Callable[[Meter, int], Record]] = {
            ("meter", "actual", "monthly"): lambda m, y: self._monthly("actual", m, y),
            ("meter", "calendarized", "monthly"): lambda m, y: self._monthly("calendarized", m, y),
            ("meter", "normalized", "monthly"): self._normalized_monthly,
            ("meter", "savings", "monthly"): self._savings_monthly,
            ("meter", "actual", "yearly"): lambda m, y: self._yearly("actual", m, y),
            ("meter", "calendarized", "yearly"): lambda m, y: self._yearly("calendarized", m, y),
            ("meter", "normalized", "yearly"): self._normalized_yearly,
            ("meter", "savings", "yearly"): self._savings_yearly,
            ("meter", "ghg", "yearly"): self._ghg_yearly,
        }

    def _head(self, meter: Meter, *units: str) -> Record:
        code, info = meter_names(meter, self._changes)
        service = meter.service
        known: Record = {
            "commonUseUnit": unit_child(service.commodity.common),
            "costUnit": DOLLAR.child if meter.ordinal % 40 != 31 else None,
            "nativeDemandUnit": unit_child(service.commodity.demand),
            "nativeUseUnit": _native_unit(meter),
        }
        return {
            "meterCode": code,
            "meterId": meter.id,
            "meterInfo": info,
            "updated": self._updated(meter.ordinal, self._changes.now.date()),
            **{name: known[name] for name in units},
        }

    def _full_head(self, meter: Meter) -> Record:
        names = ("commonUseUnit", "costUnit", "nativeDemandUnit", "nativeUseUnit")
        return self._head(meter, *names)

    def _monthly(self, view: str, meter: Meter, years: int) -> Record:
        found = self._figures.view(view, meter, self._windows.monthly(view, years))
        period = self._windows.calendar.period
        results = [rows.monthly(meter, period(i), figures) for i, figures in found.items()]
        return {**self._full_head(meter), "results": _mixed(meter, results)}

    def _normalized(self, meter: Meter, periods: range) -> ByPeriod:
        return self._figures.normalized(self._options.seed, meter, periods)

    def _normalized_monthly(self, meter: Meter, years: int) -> Record:
        window = self._windows.monthly("normalized", years)
        # A year more, so that the running total of its fiscal year is right from the start.
        found = self._normalized(meter, self._windows.monthly("normalized", years + 1))
        period = self._windows.calendar.period
        totals = rows.running_totals((period(i), figures.use) for i, figures in found.items())
        results = [
            rows.normalized_monthly(meter, period(i), figures, totals[i])
            for i, figures in found.items()
            if i in window
        ]
        head = self._head(meter, "commonUseUnit", "nativeDemandUnit", "nativeUseUnit")
        return {**head, "results": _mixed(meter, results)}

    def _by_year(self, found: ByPeriod) -> ByPeriod:
        return rows.by_year(found, self._windows.calendar.count)

    def _yearly(self, view: str, meter: Meter, years: int) -> Record:
        found = self._figures.view(view, meter, self._windows.yearly(view, years))
        results = [rows.yearly(meter, y, figures) for y, figures in self._by_year(found).items()]
        return {**self._full_head(meter), "results": _mixed(meter, results)}

    def _normalized_yearly(self, meter: Meter, years: int) -> Record:
        found = self._normalized(meter, self._windows.yearly("normalized", years))
        results = [
            rows.normalized_yearly(meter, y, figures) for y, figures in self._by_year(found).items()
        ]
        head = self._head(meter, "commonUseUnit", "nativeDemandUnit", "nativeUseUnit")
        return {**head, "results": _mixed(meter, results)}

    def _savings_head(self, meter: Meter) -> Record:
        units = ("commonUseUnit", "costUnit", "nativeUseUnit")
        return {**self._head(meter, *units), "meterCAP": savings.meter_cap(meter)}

    def _savings_monthly(self, meter: Meter, years: int) -> Record:
        window, period = self._windows.monthly("savings", years), self._windows.months.period
        found = self._savings.by_month(meter)
        results = [savings.monthly(meter, period(i), s) for i, s in found.items() if i in window]
        return {**self._savings_head(meter), "results": _mixed(meter, results)}

    def _savings_yearly(self, meter: Meter, years: int) -> Record:
        window = self._windows.yearly("savings", years)
        total, by_year = savings.Saving(), dict[int, savings.Saving]()
        for index, found in self._savings.by_month(meter).items():
            total.add(found)
            if index in window:
                by_year.setdefault(index // 12, savings.Saving()).add(found)
        started = f"{savings.saving_since(meter)}T00:00:00" if savings.takes_part(meter) else None
        return {
            **self._savings_head(meter),
            **savings.all_time(meter, total),
            "savingsStartDate": started,
            "results": _mixed(
                meter, [savings.yearly(meter, y, found) for y, found in by_year.items()]
            ),
        }

    def _ghg_yearly(self, meter: Meter, years: int) -> Record:
        found = self._figures.actual(meter, self._windows.yearly("actual", years))
        head = self._head(meter)
        types = savings.ghg_types(meter, self._by_year(found))
        return {**head, **savings.ghg_head(meter), "ghgTypes": types}


def _mixed(meter: Meter, results: list[Record]) -> list[Record]:
    def place(row: Record) -> int:
        return zlib.crc32(f"{meter.id}{row.get('periodName', row.get('year'))}".encode())

    return sorted(results, key=place)


def _native_unit(meter: Meter) -> Record | None:
    unit = meter.service.native
    if unit is None or meter.ordinal % 9 != 2:
        return unit_child(unit)
    return {**unit.child, "unitDisplayName": f"{unit.info} (native)"}
