"""The lists that need no filter: paths, parameters, rows and their JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.utilityapi.api.listing import PLACE, Row
from sandbox.utilityapi.api.params import read_flag
from sandbox.utilityapi.api.refusals import invalid
from sandbox.utilityapi.data.consents import account_record, authorization_record, filters_of
from sandbox.utilityapi.data.meters import meter_record
from sandbox.wire import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sandbox.utilityapi.api.listing import Facts
    from sandbox.utilityapi.api.params import Params
    from sandbox.utilityapi.data.platform import Platform
    from sandbox.utilityapi.data.services import Book, Consent, Service
    from sandbox.world import Summary


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
    facts: Facts
    printer: Callable[[Asked], Callable[[Any], bytes]]
    lists: tuple[str, ...]
    flags: tuple[str, ...] = ()
    single: tuple[str, ...] = ()

    @property
    def docs(self) -> str:
        """The vendor's page of the listing."""
        return f"api{self.path}/list"


def _summary_rows(platform: Platform) -> list[Row]:
    return [Row(summary.uid, summary.place, summary) for summary in reversed(platform.summaries)]


def _summary_facts(summary: Summary) -> Mapping[str, Collection[str]]:
    return {
        "uids": (summary.uid,),
        "authorizations": (summary.authorization_uid,),
        "billing_accounts": (summary.billing_account_uid,),
        "meters": summary.meter_uids,
    }


def _print_summary(asked: Asked) -> Callable[[Summary], bytes]:
    return asked.platform.print_summary


def _meter_rows(platform: Platform) -> list[Row]:
    return [
        Row(service.uid, (service.created, service.ordinal), service)
        for service in platform.visible_services()
    ]


def _meter_facts(service: Service) -> Mapping[str, Collection[str]]:
    return {
        "uids": (service.uid,),
        "authorizations": (service.consent.uid,),
        "users": (service.consent.user_uid,),
        "utility": (service.consent.authorization.utility.id,),
        "is_activated": _flag(is_set=service.is_activated),
        "is_archived": _flag(is_set=service.is_archived),
        "is_monitored": _flag(is_set=service.frequency != "off"),
    }


def _flag(*, is_set: bool) -> tuple[str]:
    return ("true" if is_set else "false",)


def _print_meter(asked: Asked) -> Callable[[Service], bytes]:
    expand = read_flag(asked.params, "expand_meter_blocks", asked.docs)
    return lambda service: to_json(meter_record(service, expand=expand))


def _authorization_rows(platform: Platform) -> list[Row]:
    rows = [
        Row(consent.uid, (consent.authorization.created, consent.ordinal), (consent, platform))
        for consent in platform.consents.values()
    ]
    return sorted(rows, key=PLACE, reverse=True)


def _authorization_facts(pair: tuple[Consent, Platform]) -> Mapping[str, Collection[str]]:
    consent, platform = pair
    return {name: (value,) for name, value in filters_of(consent, platform.today).items()}


def _print_authorization(asked: Asked) -> Callable[[tuple[Consent, Platform]], bytes]:
    include = asked.params.get("include")
    if include and include.value != "meters":
        raise invalid("include takes meters only", asked.docs)
    if "expand_meter_blocks" in asked.params and not include:
        raise invalid("expand_meter_blocks goes with include=meters", asked.docs)

    def write(pair: tuple[Consent, Platform]) -> bytes:
        consent, platform = pair
        body = to_json(authorization_record(consent, platform.today))
        return b'%b, "meters": %b}' % (body[:-1], asked.nest(consent.uid)) if include else body

    return write


def _account_rows(platform: Platform) -> list[Row]:
    summaries: dict[str, list[Summary]] = {}
    for summary in reversed(platform.summaries):
        summaries.setdefault(summary.billing_account_uid, []).append(summary)
    rows = [
        Row(uid, (platform.books[uid].created, uid), (platform.books[uid], found))
        for uid, found in summaries.items()
    ]
    return sorted(rows, key=PLACE, reverse=True)


def _account_facts(pair: tuple[Book, list[Summary]]) -> Mapping[str, Collection[str]]:
    book, _ = pair
    return {
        "uids": (book.account.uid,),
        "authorizations": (book.consent.uid,),
        "meters": [meter.uid for meter in book.account.meters],
    }


def _print_account(_: Asked) -> Callable[[tuple[Book, list[Summary]]], bytes]:
    return lambda pair: to_json(account_record(*pair))


METERS = Resource(
    "/meters",
    "meters",
    _meter_rows,
    _meter_facts,
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
        _authorization_facts,
        _print_authorization,
        ("uids", "forms", "templates", "users", "referrals", "utility"),
        ("is_archived", "is_declined", "is_test", "is_revoked", "is_expired"),
        ("include", "expand_meter_blocks"),
    ),
    Resource(
        "/accounting/billing-accounts",
        "billing_accounts",
        _account_rows,
        _account_facts,
        _print_account,
        ("uids", "authorizations", "meters"),
    ),
    Resource(
        "/accounting/billing-summaries",
        "billing_summaries",
        _summary_rows,
        _summary_facts,
        _print_summary,
        ("uids", "authorizations", "billing_accounts", "meters"),
    ),
)
