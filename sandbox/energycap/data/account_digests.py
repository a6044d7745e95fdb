"""Digests of accounts and cost centers (api-reference/accountdigest, costcenterdigest)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sandbox.energycap.data import rollup_rows as rows
from sandbox.energycap.data import timestamps
from sandbox.energycap.data.children import account_name, cost_center
from sandbox.energycap.data.rows import period_of
from sandbox.energycap.data.sums import across, by_year

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.energycap.data.catalogue import Commodity, Record
    from sandbox.energycap.data.model import Model
    from sandbox.energycap.data.portfolio import Account, CostCenter
    from sandbox.energycap.data.sums import ByCommodity, ByPeriod, Sums


class AccountDigests:
    """Prints the actual digests, without demand and running totals.

    Results are in order, as a page of account digests says.
    """

    def __init__(self, model: Model, sums: Sums) -> None:
        """Print what has been added up."""
        self._windows, self._changes, self._sums = model.windows, model.changes, sums
        self._updated = timestamps.updates(model.options)
        self.printers: dict[tuple[str, str, str], Callable[..., Record]] = {
            (kind, "actual", span): partial(printer, span)
            for kind, printer in (("account", self._account), ("costcenter", self._cost_center))
            for span in ("monthly", "yearly")
        }

    def _account(self, span: str, account: Account, years: int) -> Record:
        head = {
            "accountCode": account.code,
            "accountInfo": account_name(account),
            "accountId": account.id,
        }
        sums = self._sums.account(account, self._window(span, years))
        return self._digest(span, account.ordinal, head, sums)

    def _cost_center(self, span: str, center: CostCenter, years: int) -> Record:
        sums = self._sums.cost_center(center, self._window(span, years))
        return self._digest(span, center.ordinal, cost_center(center) or {}, sums)

    def _window(self, span: str, years: int) -> range:
        windows = self._windows
        return (windows.monthly if span == "monthly" else windows.yearly)("actual", years)

    def _digest(self, span: str, n: int, head: Record, sums: ByCommodity) -> Record:
        return {
            **head,
            "updated": self._updated(n + 3, self._changes.now.date()),
            **rows.units(n),
            "commodities": [
                {
                    **rows.commodity_names(commodity),
                    **rows.common_unit(commodity),
                    **rows.cost_unit(commodity),
                    "results": self._results(span, by_period, commodity),
                }
                for commodity, by_period in sums.items()
            ],
            "results": self._results(span, across(sums)),
        }

    def _results(
        self, span: str, sums: ByPeriod, commodity: Commodity | None = None
    ) -> list[Record]:
        names = (*rows.TOTALS, *(rows.COMMON if commodity else ()))
        calendar = self._windows.calendar
        if span == "yearly":
            years = by_year(sums, calendar.count)
            return [{"year": str(y), **rows.figures(names, s, commodity)} for y, s in years.items()]
        return [
            {**period_of(calendar.period(i)), **rows.figures(names, sums[i], commodity)}
            for i in sorted(sums)
        ]
