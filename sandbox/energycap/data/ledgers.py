"""General ledger codes, their subcodes, and accounting periods (api-reference/generalledger)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.energycap.data.children import LEDGERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.energycap.data.catalogue import Record
    from sandbox.energycap.data.periods import Calendar, Period

_SUBCODES = 20
_FUNDS, _DEPARTMENTS = ("60", "61"), ("000", "100", "200", "300", "400")
_NAMES = ("Fund", "Département", "Project")


@dataclass(frozen=True)
class Ledger:
    """A general ledger code, which is made of its first subcodes."""

    id: int
    code: str


@dataclass(frozen=True)
class Subcode:
    """The definition of a subcode; with `values` it is a list to choose from."""

    id: int
    name: str
    values: tuple[str, ...] = ()

    @property
    def index(self) -> str:
        """The index, from 01 to 20."""
        return f"{self.id:02d}"


@dataclass(frozen=True)
class AccountPeriod:
    """An accounting period: one of the fiscal year's."""

    id: int
    period: Period


LEDGER_LIST = (*(Ledger(ledger[0], ledger[1]) for ledger in LEDGERS), Ledger(1_050, "61-000-X"))
SUBCODE_LIST = (
    Subcode(1, _NAMES[0], _FUNDS),
    Subcode(2, _NAMES[1], _DEPARTMENTS),
    Subcode(3, _NAMES[2]),
    *(Subcode(n, f"Subcode {n}") for n in range(4, _SUBCODES + 1)),
)


def general_ledger(ledger: Ledger) -> Record:
    """GeneralLedgerResponse, which has no name."""
    values = ledger.code.split("-")
    return {
        "generalLedgerId": ledger.id,
        "generalLedgerCode": ledger.code,
        "subCodes": [
            {
                "subCodeIndex": subcode.index,
                "subCodeName": subcode.name,
                "value": values[subcode.id - 1] if subcode.id <= len(values) else None,
            }
            for subcode in SUBCODE_LIST
        ],
    }


def subcode(thing: Subcode) -> Record:
    """GLSubcodeResponse; a text has no values or none at all."""
    return {
        "subCodeIndex": thing.index,
        "subCodeName": thing.name,
        "subCodeType": "list" if thing.values else "text",
        "subCodeValues": list(thing.values) if thing.values or thing.id % 2 else None,
    }


def account_periods(calendar: Calendar, year: int) -> Sequence[AccountPeriod]:
    """Return a year's periods, which bills and digests name by their fiscal number."""
    first = calendar.index(year)
    periods = map(calendar.period, range(first, first + calendar.count))
    ordered = sorted(periods, key=lambda period: period.fiscal_number)
    return [AccountPeriod(1_040 + period.fiscal_number, period) for period in ordered]


def account_period(thing: AccountPeriod) -> Record:
    """AccountPeriodResponse."""
    return {
        "accountPeriodId": thing.id,
        "periodNumber": thing.period.fiscal_number,
        "name": thing.period.name,
    }
