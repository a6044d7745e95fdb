"""Customers, their authorizations, billing accounts and meters."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.catalogue import ORGANISATIONS, STREETS, UTILITIES, Utility

if TYPE_CHECKING:
    from collections.abc import Iterator

# Short histories first, so that a small world has several accounts.
_HISTORY_MONTHS = (7, 5, 11, 24, 36, 3, 18, 30)
_ACCOUNTS_A_CUSTOMER = (1, 2, 1, 3)
_METERS_AN_ACCOUNT = (2, 1, 3, 1, 4)
_SHORT_UIDS = 7_200


@dataclass(frozen=True)
class Customer:
    """An organisation that shares its utility data."""

    name: str
    address: str


@dataclass(frozen=True)
class Authorization:
    """A customer's consent for one utility; `created` is UTC."""

    uid: str
    customer: Customer
    utility: Utility
    created: dt.datetime


@dataclass(frozen=True)
class Meter:
    """A service; `volume` is the average monthly use in kWh or therms."""

    uid: str
    service: str
    tariff: str
    supplier: str | None
    volume: int


@dataclass(frozen=True)
class BillingAccount:
    """A utility account billed on one day of the month, for `months` months up to today."""

    uid: str
    number: str
    authorization: Authorization
    meters: tuple[Meter, ...]
    bill_day: int
    months: int


class Uids:
    """Unique uids of one kind: mostly like integers, some not, some misleading."""

    def __init__(self, seed: int, kind: str) -> None:
        """Start over for a kind of object."""
        self._rng = Random(f"{seed}:uids:{kind}")
        self._taken: set[str] = set()

    def take(self) -> str:
        """Return a uid that was not returned before."""
        ordinal = len(self._taken)
        while (uid := self._candidate(ordinal)) in self._taken:
            pass
        self._taken.add(uid)
        return uid

    def _candidate(self, ordinal: int) -> str:
        number = self._rng.randint(10_000, 99_999_999)
        if ordinal >= _SHORT_UIDS:
            # Of the short forms below there are only a few hundred.
            return (str(number), f"f{number:07x}", f"00{number}", f"{number}e7")[ordinal % 4]
        match ordinal % 12:
            case 3:
                return f"{number % 90_000 + 10_000}b"
            case 5:
                return f"f{number:07x}"
            # Leading zeros and exponents are what a client loses by guessing types.
            case 7:
                return f"00{number}"
            case 9:
                return f"{number % 90 + 10}e{number % 70 + 10}"
            case _:
                return str(number)


def billing_accounts(seed: int, today: dt.date) -> Iterator[BillingAccount]:
    """Yield billing accounts without end, each with its authorization and meters."""
    uids = {kind: Uids(seed, kind) for kind in ("authorization", "account", "meter")}
    ordinals = itertools.count()
    for n in itertools.count():
        rng = Random(f"{seed}:customer:{n}")
        authorization = _authorization(rng, n, uids["authorization"].take(), today)
        for _ in range(_ACCOUNTS_A_CUSTOMER[n % len(_ACCOUNTS_A_CUSTOMER)]):
            yield _account(rng, next(ordinals), authorization, uids)


def _authorization(rng: Random, n: int, uid: str, today: dt.date) -> Authorization:
    utility = UTILITIES[n % len(UTILITIES)]
    street = f"{rng.randint(1, 999)} {STREETS[n % len(STREETS)]}"
    address = f"{street}, Anytown, {utility.state}, {rng.randint(10_000, 99_999)}"
    created = dt.datetime.combine(today, dt.time(), dt.UTC) - dt.timedelta(
        days=rng.randint(20, 400), microseconds=rng.randint(1, 86_399_999_999)
    )
    customer = Customer(ORGANISATIONS[n % len(ORGANISATIONS)], address)
    return Authorization(uid, customer, utility, created)


def _account(
    rng: Random, n: int, authorization: Authorization, uids: dict[str, Uids]
) -> BillingAccount:
    count = _METERS_AN_ACCOUNT[n % len(_METERS_AN_ACCOUNT)]
    return BillingAccount(
        uid=uids["account"].take(),
        number=f"{rng.randint(10**9, 10**10 - 1)}-{rng.randint(0, 9)}",
        authorization=authorization,
        meters=tuple(
            _meter(rng, i, authorization.utility, uids["meter"].take()) for i in range(count)
        ),
        bill_day=rng.randint(1, 28),
        months=_HISTORY_MONTHS[n % len(_HISTORY_MONTHS)],
    )


def _meter(rng: Random, n: int, utility: Utility, uid: str) -> Meter:
    services = tuple(utility.tariffs)
    service = services[n % len(services)]
    supplied = service == "electric" and utility.suppliers and rng.random() < 0.6
    return Meter(
        uid=uid,
        service=service,
        tariff=rng.choice(utility.tariffs[service]),
        supplier=rng.choice(utility.suppliers) if supplied else None,
        volume=rng.choice((900, 4_200, 18_500, 76_000)) // (1 if service == "electric" else 12),
    )
