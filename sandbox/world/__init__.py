"""The data behind both vendors: deterministic, consistent, independent of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.wire import to_json
from sandbox.world.customers import Uids, billing_accounts
from sandbox.world.digests import DigestMeter, Tenant
from sandbox.world.ledger import Statement, statements
from sandbox.world.summaries import billing_summary

if TYPE_CHECKING:
    from sandbox.options import SandboxOptions

__all__ = ["DigestMeter", "Summary", "World"]


@dataclass(frozen=True)
class Summary:
    """A Billing Summary as served (`body`) and what it can be filtered by."""

    uid: str
    authorization_uid: str
    billing_account_uid: str
    meter_uids: frozenset[str]
    body: bytes


class World:
    """Everything served; `summaries` and `statements` are newest created first."""

    def __init__(self, options: SandboxOptions) -> None:
        """Build the world that the options describe."""
        self._options = options
        self.statements = self._newest_first()
        uids = Uids(options.seed, "summary")
        self.summaries = [self._summary(uids.take(), s) for s in self.statements]
        self.tenant = Tenant(options)
        self._digests: dict[tuple[int, int], bytes] = {}

    def digest(self, meter: DigestMeter, years: int) -> bytes:
        """Return a meter's digest as served, drawn once."""
        key = (meter.id, years)
        if key not in self._digests:
            self._digests[key] = to_json(self.tenant.digest(meter, years))
        return self._digests[key]

    def _newest_first(self) -> list[Statement]:
        wanted, today = self._options.billing_summaries, self._options.today
        found: list[Statement] = []
        accounts = billing_accounts(self._options.seed, today)
        while len(found) < wanted:
            left = wanted - len(found)
            found += statements(next(accounts), self._options.seed, today, left, len(found))
        return sorted(found, key=lambda s: (s.created, s.ordinal), reverse=True)

    def _summary(self, uid: str, statement: Statement) -> Summary:
        record = billing_summary(statement, hard_numbers=self._options.hard_numbers)
        meters = record.get("meter_uids", [])
        return Summary(
            uid=uid,
            authorization_uid=statement.account.authorization.uid,
            billing_account_uid=statement.account.uid,
            meter_uids=frozenset(meters if isinstance(meters, list) else ()),
            body=to_json({"uid": uid, **record}),
        )
