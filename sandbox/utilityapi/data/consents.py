"""Authorizations and billing accounts as UtilityAPI would print them (docs/api/authorizations)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sandbox.utilityapi.data.clock import local_midnight, utc_stamp
from sandbox.utilityapi.data.meters import FILES
from sandbox.utilityapi.data.summaries import fails_audit, has_notes

if TYPE_CHECKING:
    from sandbox.utilityapi.data.platform import Summary
    from sandbox.utilityapi.data.services import Book, Consent

# What stands in the place of a date of expiry; the pages name no preset.
PRESET = "upon_revocation"


def filters_of(consent: Consent, today: dt.date) -> dict[str, str]:
    """Return what the listing can be filtered by, as written in a query."""
    n = consent.ordinal
    return {
        "uids": consent.uid,
        "forms": f"{87_251 + n % 3}",
        "templates": f"397hcu{30 + n % 2}",
        "users": consent.user_uid,
        "referrals": _referral(consent) or "",
        "utility": consent.authorization.utility.id,
        "is_archived": _flag(is_set=n % 8 == 6),
        "is_declined": _flag(is_set=consent.declined is not None),
        "is_test": _flag(is_set=consent.is_test),
        "is_revoked": _flag(is_set=consent.revoked is not None),
        "is_expired": _flag(is_set=consent.is_expired(today)),
    }


def authorization_record(consent: Consent, today: dt.date) -> dict[str, object]:
    """Print an authorization; the vendor's own example has no `referrals`."""
    n, keys = consent.ordinal, filters_of(consent, today)
    flags = {name: value == "true" for name, value in keys.items() if name.startswith("is_")}
    created = consent.authorization.created
    referral = _referral(consent)
    return {
        "uid": consent.uid,
        "created": utc_stamp(created),
        "customer_signature": None if n % 4 == 3 else _signature(consent),
        "customer_email": f"customer{n % 1_000}@example.com",
        "declined": _stamp(consent.declined),
        "expires": _stamp(consent.expires) or PRESET,
        "revoked": _stamp(consent.revoked),
        **flags,
        **_exports(consent),
        "template_uid": None if n % 6 == 5 else keys["templates"],
        "form_uid": keys["forms"],
        **({"referrals": [referral]} if referral else {}),
        "scope": {} if n % 3 else {"expires": "36_months", "ongoing_end": None},
        "nickname": f"Site {n}" if n % 5 == 1 else None,
        "notes": _notes(consent),
        "status": "errored" if consent.declined else "updated",
        "status_message": consent.status_message,
        "status_ts": utc_stamp(consent.status_ts or created + dt.timedelta(minutes=3)),
        "user_uid": consent.user_uid,
        "user_email": consent.user_email,
        "user_status": "active",
        "utility": keys["utility"],
    }


def account_record(book: Book, summaries: list[Summary]) -> dict[str, object]:
    """Print a billing account; the vendor's own example has no `notes`."""
    account, zone = book.account, book.account.authorization.utility.zone
    strange = [
        _strange_note(summary)
        for summary in summaries
        if fails_audit(summary.statement) and has_notes(summary.statement)
    ]
    record: dict[str, object] = {
        "uid": account.uid,
        "authorization_uid": account.authorization.uid,
        "meter_uids": [meter.uid for meter in account.meters],
        "notes": strange,
        "statement_dates": [local_midnight(zone, s.statement.end) for s in summaries],
        "blocks": ["base", "sources"],
        "base": {
            "billing_contact": account.authorization.customer.name,
            "billing_address": account.authorization.customer.address,
            "billing_account": account.number,
        },
        "sources": [{"type": "pdf", "raw_url": f"{FILES}/billing_account/{account.uid}.pdf"}],
    }
    if not strange:
        del record["notes"]
    return record


def _flag(*, is_set: bool) -> str:
    return "true" if is_set else "false"


def _stamp(moment: dt.datetime | None) -> str | None:
    return utc_stamp(moment) if moment else None


def _referral(consent: Consent) -> str | None:
    return f"r{consent.ordinal:05d}" if consent.is_test or consent.ordinal % 4 == 1 else None


def _signature(consent: Consent) -> dict[str, object]:
    created = consent.authorization.created
    return {
        "type": "text",
        "ts": utc_stamp(created - dt.timedelta(seconds=9)),
        "full_name": f"Authorized Signer {consent.ordinal % 1_000}",
    }


def _exports(consent: Consent) -> dict[str, object]:
    links = {"meters_csv": f"{FILES}/meters_csv?accounts={consent.uid}"}
    if consent.revoked or consent.declined:
        links = {}
    names = [{"name": name, "link": link} for name, link in links.items()]
    return {"exports": links, "exports_list": names}


def _notes(consent: Consent) -> list[dict[str, object]]:
    moment = consent.authorization.created + dt.timedelta(minutes=1)
    if consent.declined:
        return []
    texts = {
        "access_valid": "Succesfully registered with account number.",
        "meters_full": "Found all meters available.",
    }
    return [{"type": kind, "msg": msg, "ts": utc_stamp(moment)} for kind, msg in texts.items()]


def _strange_note(summary: Summary) -> dict[str, object]:
    return {
        "type": "billing_summaries_strange",
        "billing_summary_note_type": "audit_failed_on_new_charges",
        # Malformed as in the vendor's own example.
        "billing_summary_statement_date": f"{summary.statement.end}:17:00:00.000000+00:00",
        "billing_summary_uid": summary.uid,
        "msg": "One of the billing summaries has new charges that don't add up.",
        "ts": utc_stamp(summary.statement.created),
    }
