"""Consents and meters that every world has, whatever its size: the cases that are easy to miss."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from sandbox.utilityapi.data.catalogue import DEMO_UTILITY, PLAIN_UTILITY, UTILITIES
from sandbox.utilityapi.data.customers import Authorization, BillingAccount, Customer, Meter
from sandbox.utilityapi.data.ledger import statements
from sandbox.utilityapi.data.services import Book, Consent, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.options import SandboxOptions

# Oddities go by ordinal; these are far from those of a world of any sensible size.
FIRST_ORDINAL = 10_000_000
_SDGE = UTILITIES[3]


class _Case(NamedTuple):
    consent: str
    state: str
    months: int
    is_archived: bool = False


# A never-activated meter has an account of its own, which no listing names before it is collected.
_CONSENTS = {
    "new": _SDGE,
    "plain": PLAIN_UTILITY,
    "demo": DEMO_UTILITY,
    "expired": PLAIN_UTILITY,
    "revoked": _SDGE,
    "declined": _SDGE,
}
_CASES = (
    _Case("new", "new", 13),
    _Case("new", "new", 36),
    _Case("new", "new", 0),
    _Case("new", "pending", 13),
    _Case("new", "errored", 13),
    _Case("new", "new", 13, is_archived=True),
    _Case("plain", "new", 24),
    _Case("plain", "activated", 12, is_archived=True),
    _Case("demo", "new", 13),
    _Case("demo", "new", 13),
    _Case("demo", "activated", 12),
    _Case("expired", "new", 13),
    _Case("expired", "activated", 12),
    _Case("revoked", "new", 13),
    _Case("revoked", "activated", 12),
)


def edge_case_consents(options: SandboxOptions) -> dict[str, Consent]:
    """Return the consents of the special meters by the name of their case."""
    rng = Random(f"{options.seed}:special:consents")
    return {
        name: _consent(rng, i, name, options.today) for i, name in enumerate(_CONSENTS, start=1)
    }


def edge_case_services(options: SandboxOptions, consents: dict[str, Consent]) -> Iterator[Service]:
    """Yield the special meters; the bills of activated ones are still to be collected."""
    rng = Random(f"{options.seed}:special:meters")
    for i, case in enumerate(_CASES):
        consent = consents[case.consent]
        account = _account(rng, i, case, consent.authorization)
        first = FIRST_ORDINAL + 1_000 * (i + 1)
        created = consent.authorization.created + dt.timedelta(seconds=41 + i)
        service = Service(
            meter=account.meters[0],
            book=Book(account, consent, created),
            ordinal=first,
            created=created,
            status_ts=created + dt.timedelta(seconds=7),
            is_archived=case.is_archived,
        )
        service.book.statements += statements(
            account, options.seed, options.today, case.months, first
        )
        _set_state(service, case.state, options.today)
        yield service


def _consent(rng: Random, n: int, name: str, today: dt.date) -> Consent:
    utility = _CONSENTS[name]
    midnight = dt.datetime.combine(today, dt.time(), dt.UTC)
    created = midnight - dt.timedelta(
        days=rng.randint(30, 300), microseconds=rng.randint(1, 86_399_999_999)
    )
    address = (
        f"{rng.randint(1, 999)} Example Ct, Anytown, {utility.state}, 0{rng.randint(1001, 9999)}"
    )
    consent = Consent(
        Authorization(
            f"{rng.randint(10_000, 99_999)}-{n}",
            Customer(f"Sample Tenant {n}, Inc.", address),
            utility,
            created,
        ),
        ordinal=FIRST_ORDINAL + n,
        expires=created + dt.timedelta(days=1096),
        is_test=name == "demo",
    )
    match name:
        case "plain":
            consent.expires = None
        case "expired":
            consent.expires = midnight - dt.timedelta(days=3)
        case "revoked":
            consent.revoked = midnight - dt.timedelta(days=2, seconds=17)
        case "declined":
            consent.declined = created + dt.timedelta(minutes=1)
    return consent


def _account(rng: Random, n: int, case: _Case, authorization: Authorization) -> BillingAccount:
    tariffs = authorization.utility.tariffs["electric"]
    # Leading zeros are what a client loses by guessing types.
    uid = f"{'00' if n % 4 == 1 else ''}{rng.randint(10_000, 9_999_999)}-{n}"
    return BillingAccount(
        uid=f"{rng.randint(10_000, 99_999)}-{n}",
        number=f"{rng.randint(10**9, 10**10 - 1)}-{n % 10}",
        authorization=authorization,
        meters=(Meter(uid, "electric", tariffs[0], None, rng.choice((450, 900, 4_200))),),
        bill_day=rng.randint(1, 28),
        months=case.months,
    )


def _set_state(service: Service, state: str, today: dt.date) -> None:
    earlier = dt.datetime.combine(today, dt.time(2, 13), dt.UTC) - dt.timedelta(days=1)
    match state:
        case "pending":
            # The vendor goes on trying for up to seven days.
            text = "Data collection encountered errors, retrying in 20 hours."
            eta = f"{earlier + dt.timedelta(hours=20):%Y-%m-%dT%H:%M:%S.%f+00:00}"
            # The key is spelled with the space of the vendor's own example.
            service.note("retrying", text, earlier, **{"eta ": eta})
            service.turn("pending", "Found bill 1 of 13! Parsing...", earlier)
        case "errored":
            service.fail(earlier)
        case "activated":
            service.is_activated = True
