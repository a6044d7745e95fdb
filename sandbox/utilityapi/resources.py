"""What can be read without a filter: paths, parameters, rows and how they are printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.utilityapi.listing import PLACE, Row
from sandbox.utilityapi.params import read_flag
from sandbox.utilityapi.refusals import invalid
from sandbox.wire import to_json
from sandbox.world.consents import account_record, authorization_record, filters_of
from sandbox.world.meters import meter_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.utilityapi.params import Params
    from sandbox.world import Summary
    from sandbox.world.platform import Platform
    from sandbox.world.services import Book, Consent, Service


@dataclass(frozen=True)
class Asked:
    """What an object is printed for; `nest` prints an authorization's meters as a listing."""

    params: Params
    docs: str
    platform: Platform
    nest: Callable[[str], bytes]


@dataclass(frozen=True)
class Resource:
    """A listing and the objects in it.

    `lists` and `flags` are filters, by uids and by true or false; `single` are the parameters
    of one object's own path, and of the listing too.
    """

    path: str
    plural: str
    rows: Callable[[Platform], list[Row]]
    printer: Callable[[Asked], Callable[[Any], bytes]]
    lists: tuple[str, ...]
    flags: tuple[str, ...] = ()
    single: tuple[str, ...] = ()

    @property
    def docs(self) -> str:
        """The vendor's page of the listing."""
        return f"api{self.path}/list"


def _summary_rows(platform: Platform) -> list[Row]:
    return [
        Row(
            summary.uid,
            (summary.statement.created, summary.statement.ordinal),
            {
                "uids": frozenset({summary.uid}),
                "authorizations": frozenset({summary.authorization_uid}),
                "billing_accounts": frozenset({summary.billing_account_uid}),
                "meters": summary.meter_uids,
            },
            summary,
        )
        for summary in platform.summaries
    ]


def _print_summary(_: Asked) -> Callable[[Summary], bytes]:
    return lambda summary: summary.body


def _meter_rows(platform: Platform) -> list[Row]:
    return [
        Row(
            service.uid,
            (service.created, service.ordinal),
            {
                "uids": frozenset({service.uid}),
                "authorizations": frozenset({service.consent.uid}),
                "users": frozenset({"1337"}),
                "utility": frozenset({service.consent.authorization.utility.id}),
                "is_activated": _flag(is_set=service.is_activated),
                "is_archived": _flag(is_set=service.is_archived),
                "is_monitored": _flag(is_set=service.frequency != "off"),
            },
            service,
        )
        for service in platform.visible_services()
    ]


def _flag(*, is_set: bool) -> frozenset[str]:
    return frozenset({"true" if is_set else "false"})


def _print_meter(asked: Asked) -> Callable[[Service], bytes]:
    expand = read_flag(asked.params, "expand_meter_blocks", asked.docs)
    return lambda service: to_json(meter_record(service, expand=expand))


def _authorization_rows(platform: Platform) -> list[Row]:
    rows = [
        Row(
            consent.uid,
            (consent.authorization.created, consent.ordinal),
            {k: frozenset({v}) for k, v in filters_of(consent, platform.today).items()},
            consent,
        )
        for consent in platform.consents.values()
    ]
    return sorted(rows, key=PLACE, reverse=True)


def _print_authorization(asked: Asked) -> Callable[[Consent], bytes]:
    include = asked.params.get("include")
    if include and include.value != "meters":
        raise invalid("include takes meters only", asked.docs)
    if "expand_meter_blocks" in asked.params and not include:
        raise invalid("expand_meter_blocks goes with include=meters", asked.docs)

    def write(consent: Consent) -> bytes:
        body = to_json(authorization_record(consent, asked.platform.today))
        return b'%b, "meters": %b}' % (body[:-1], asked.nest(consent.uid)) if include else body

    return write


def _account_rows(platform: Platform) -> list[Row]:
    summaries: dict[str, list[Summary]] = {}
    for summary in platform.summaries:
        summaries.setdefault(summary.billing_account_uid, []).append(summary)
    books = [platform.books[uid] for uid in summaries]
    rows = [
        Row(
            book.account.uid,
            (book.created, book.account.uid),
            {
                "uids": frozenset({book.account.uid}),
                "authorizations": frozenset({book.consent.uid}),
                "meters": frozenset(meter.uid for meter in book.account.meters),
            },
            (book, summaries[book.account.uid]),
        )
        for book in books
    ]
    return sorted(rows, key=PLACE, reverse=True)


def _print_account(_: Asked) -> Callable[[tuple[Book, list[Summary]]], bytes]:
    return lambda pair: to_json(account_record(*pair))


METERS = Resource(
    "/meters",
    "meters",
    _meter_rows,
    _print_meter,
    ("uids", "authorizations", "users", "utility"),
    ("is_activated", "is_archived", "is_monitored"),
    ("expand_meter_blocks",),
)
RESOURCES = (
    METERS,
    Resource(
        "/authorizations",
        "authorizations",
        _authorization_rows,
        _print_authorization,
        ("uids", "forms", "templates", "users", "referrals", "utility"),
        ("is_archived", "is_declined", "is_test", "is_revoked", "is_expired"),
        ("include", "expand_meter_blocks"),
    ),
    Resource(
        "/accounting/billing-accounts",
        "billing_accounts",
        _account_rows,
        _print_account,
        ("uids", "authorizations", "meters"),
    ),
    Resource(
        "/accounting/billing-summaries",
        "billing_summaries",
        _summary_rows,
        _print_summary,
        ("uids", "authorizations", "billing_accounts", "meters"),
    ),
)
