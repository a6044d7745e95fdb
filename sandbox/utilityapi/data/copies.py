"""Copies of accounts: a large world is a small one over and over, under other uids.

An account, its meters and its consent are copied at once, for they are few; the statements and
bills of a copy when they are asked for.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.readings import Metering
from sandbox.utilityapi.data.services import Book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.utilityapi.data.customers import Authorization
    from sandbox.utilityapi.data.ledger import Statement
    from sandbox.utilityapi.data.services import Bill, Consent, Service


@dataclass(frozen=True, eq=False)
class Original:
    """An account as it was at first, with its meters and their bills."""

    book: Book
    statements: tuple[Statement, ...]
    services: tuple[tuple[Service, tuple[Bill, ...]], ...]

    @property
    def authorization(self) -> Authorization:
        """The consent's authorization."""
        return self.book.account.authorization

    def copy_book(self, copy: str, consent: Consent, below: int) -> Book:
        """Copy the account with its statements of ordinals below a number."""
        account = self.book.account
        account = dataclasses.replace(
            account,
            uid=f"{copy}-{account.uid}",
            number=f"{account.number}-{copy}",
            authorization=consent.authorization,
            meters=tuple(
                dataclasses.replace(meter, uid=f"{copy}-{meter.uid}") for meter in account.meters
            ),
        )

        def statements() -> Iterator[Statement]:
            for statement in self.statements:
                if statement.ordinal < below:
                    yield dataclasses.replace(statement, account=account)

        return Book(account, consent, self.book.created, statements)

    def copy_services(self, copy: str, book: Book, first: int) -> Iterator[Service]:
        """Copy the meters onto a book, with ordinals from `first` on."""
        for n, (service, bills) in enumerate(self.services):
            notes = [
                {**note, "bill_uid": f"{copy}-{note['bill_uid']}"} if "bill_uid" in note else note
                for note in service.notes
            ]
            own = dataclasses.replace(
                service,
                meter=book.account.meters[n],
                book=book,
                ordinal=first + n,
                notes=notes,
                first_periods=tuple,
                first_metering=Metering,
            )

            def drawn(own: Service = own, bills: tuple[Bill, ...] = bills) -> Iterator[Bill]:
                for bill, statement in zip(bills, book.statements, strict=False):
                    yield dataclasses.replace(
                        bill,
                        uid=f"{copy}-{bill.uid}",
                        service=own,
                        statement=statement,
                    )

            own.first_bills = drawn
            yield own
