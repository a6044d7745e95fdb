"""Whether a list was read whole: the number of its records and the total in the paging headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tap_utility_energy.energycap.paging import PagedList
    from tap_utility_energy.stats import StreamStats


class TotalCheck:
    """Compares the number of records read with EnergyCAP's total, and with the last run.

    If they differ, records may have moved between pages while they were read. If the previous run
    saw the same difference, the list is accepted: otherwise a list that always repeats or lacks a
    record would keep the stream from ever being incremental. The state records the difference and
    the number of runs in a row that saw it.

    Args:
        stream: The stream's name.
        state: Its state, which is changed in place.
        stats: Its statistics and log.
    """

    def __init__(self, stream: str, state: dict[str, Any], stats: StreamStats) -> None:
        self._stream = stream
        self._state = state
        self._stats = stats

    @property
    def discrepancy(self) -> dict[str, Any]:
        """The discrepancy of the last run or, after `compare`, of this one; empty if none."""
        found = self._state.get("discrepancy")
        is_ours = isinstance(found, dict) and isinstance(found.get("runs"), int)
        return cast("dict[str, Any]", found) if is_ours else {}

    def compare(self, pages: PagedList, distinct: int) -> None:
        """Compare, after the last page.

        Args:
            pages: The list.
            distinct: How many distinct records it had.
        """
        before = self.discrepancy
        self._state.pop("discrepancy", None)
        paginator = pages.paginator
        if paginator is None or (paginator.total == distinct and not paginator.removed):
            return
        seen = {"lacking": paginator.total - distinct, "removed": paginator.removed}
        is_known = seen.items() <= before.items()
        runs = before["runs"] + 1 if is_known else 1
        self._state["discrepancy"] = {**(before if is_known else {}), **seen, "runs": runs}
        if not is_known:
            self._stats.incomplete = "data may have changed while pages were read"
        if pages.begun_by == self._stream:
            self._stats.log.warning(
                "EnergyCAP counted %s records%s and sent %s distinct ones. %s.",
                paginator.total,
                ", more before," if paginator.removed else "",
                distinct,
                "The previous run saw the same, so the list is taken as complete"
                if is_known
                else "Data may have changed while pages were read; the next run reads all again",
            )
